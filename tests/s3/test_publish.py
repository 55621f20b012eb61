"""Publishing to a real S3 server: what arrives, how it is labelled, and that a second time sends nothing."""

import json
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.artifacts import is_public
from tests.conftest import SMALL, cli
from tests.s3.support import Place

MEDIA = {
    "catalog.json": ("application/json", None),
    "frames.parquet": ("application/vnd.apache.parquet", None),
    "skip_10.json.gz": ("application/json", "gzip"),
    "progress.jsonl": ("application/x-ndjson", None),
    "manifest.schema.json": ("application/schema+json", None),
}


@pytest.mark.slow
def test_everything_public_arrives_labelled_and_once(s3: Place, out: Path) -> None:
    """All that is public and nothing else; a second time uploads nothing and says so."""
    done = s3.cli("publish", "--out", out)
    local = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    versions = s3.versions()
    assert set(versions) == {key for key in local if is_public(key)}
    assert s3.lies() == []
    assert s3.published() == {key for key in versions if key.endswith("/manifest.json")}
    assert re.fullmatch(
        rf"{len(versions)} files uploaded to s3://{s3.bucket}/data/f1, [\d.]+ MB "
        r"\(\d+ S3 requests, [\d.]+ s\)\.\n",
        done.stdout,
    )
    for key in versions:
        _is_labelled(s3.head(key), key)
        assert key == "catalog.json" or s3.get(key) == (out / key).read_bytes(), key
    again = s3.cli("publish", "--out", out)
    assert again.stdout.startswith(f"Nothing to upload: s3://{s3.bucket}/data/f1 is up to date (")
    assert s3.versions() == versions


def _is_labelled(head: dict[str, Any], key: str) -> None:
    name = key.rpartition("/")[2]
    if name in MEDIA:
        assert (head["ContentType"], head.get("ContentEncoding")) == MEDIA[name]
    forever = "public, max-age=31536000, immutable"
    brief = "public, max-age=60, must-revalidate"
    assert head["CacheControl"] == (forever if "/replay/" in key else brief)
    assert re.fullmatch("[0-9a-f]{64}", head["Metadata"]["sha256"])


@pytest.mark.thorough
def test_one_round_is_not_listed_with_the_others(s3: Place, out: Path) -> None:
    """What is only here must not be listed there."""
    manifests = sorted(out.glob("telemetry/*/*/manifest.json"))
    year, number = manifests[0].parts[-3:-1]
    s3.cli("publish", year, number, "--out", out)
    assert s3.published() == {key for key in s3.names() if key.endswith("manifest.json")}
    assert f"telemetry/{year}/{number}/manifest.json" in s3.published()
    assert all(key.startswith(f"telemetry/{year}/{number}/") for key in s3.published())
    s3.cli("publish", "--out", out)
    assert len(s3.published()) == len(list(out.rglob("manifest.json")))


@pytest.mark.slow
def test_large_files_go_in_parts_and_leave_none_behind(s3: Place, out: Path) -> None:
    from pipeline.store.s3_upload import PART_BYTES

    big = out / "runs" / "20260101T000000Z-beef.jsonl"
    big.write_bytes(b"x" * (2 * PART_BYTES + 1))
    s3.cli("publish", "--out", out)
    head = s3.head("runs/20260101T000000Z-beef.jsonl")
    assert head["ETag"].strip('"').endswith("-3")
    assert head["ContentType"] == "application/x-ndjson"
    assert s3.get("runs/20260101T000000Z-beef.jsonl") == big.read_bytes()
    assert s3.unfinished() == []
    assert "Nothing to upload" in s3.cli("publish", "--out", out).stdout


@pytest.mark.slow
def test_an_object_that_differs_is_put_right(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    parquet = next(key for key in sorted(s3.names()) if key.endswith("frames.parquet"))
    chunk = next(key for key in sorted(s3.names()) if "/replay/" in key)
    good = s3.get(parquet)
    time.sleep(1.1)  # S3 tells whole seconds
    s3.put(parquet, bytes(len(good)))
    s3.client.delete_object(**s3.name(chunk))
    assert s3.lies() != []
    done = s3.cli("publish", "--out", out)
    assert done.stdout.startswith("2 files uploaded")
    assert s3.lies() == []


@pytest.mark.slow
def test_a_damaged_race_stays_out_and_the_others_go(s3: Place, out: Path) -> None:
    first, *others = sorted(out.rglob("manifest.json"))
    data = (first.parent / "laps.parquet").read_bytes()
    (first.parent / "laps.parquet").write_bytes(bytes(len(data)))
    done = s3.cli("publish", "--out", out, expect=1)
    assert "laps.parquet is not what its manifest says: compute it again with --force" in done.stderr
    assert s3.lies() == []
    assert len(s3.published()) == len(others)


@pytest.mark.slow
def test_two_machines_share_a_bucket(s3: Place, out: Path, tmp_path: Path) -> None:
    """Each has races that the other lacks; both stay listed, whoever publishes last."""
    import shutil

    other = tmp_path / "other"
    shutil.copytree(out, other)
    rounds = sorted({path.parts[-2] for path in out.glob("telemetry/*/*/manifest.json")})
    assert len(rounds) > 1
    year = next(out.glob("telemetry/*")).name
    shutil.rmtree(out / "telemetry" / year / rounds[0])
    shutil.rmtree(other / "telemetry" / year / rounds[1])
    (other / "sessions" / f"{year}.json").unlink()
    for folder in (out, other, out):
        s3.cli("publish", "--out", folder)
        assert s3.lies() == []
    assert {key.split("/")[2] for key in s3.published()} == set(rounds)
    catalog = s3.json("catalog.json")
    assert catalog["seasons"][0]["published"] == len(s3.published())


@pytest.mark.thorough
def test_two_machines_with_the_same_races_do_not_replace_each_others(
    s3: Place, out: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    cli("demo", "--out", other, *SMALL)
    runs = {path.relative_to(other).as_posix() for path in other.glob("runs/*.jsonl")}
    s3.cli("publish", "--out", out)
    before = s3.versions()
    time.sleep(1.1)  # S3 tells whole seconds
    s3.cli("publish", "--out", other)
    assert {key: version for key, version in s3.versions().items() if key not in runs} == before
    assert s3.lies() == []
    for listed in s3.json("sessions/1900.json")["events"]:
        for session in listed["sessions"]:
            made = s3.json(session["manifest"])["provenance"]["created_at"]
            assert datetime.fromisoformat(session["updated_at"]) == datetime.fromisoformat(made)


@pytest.mark.slow
def test_seasons_that_only_the_bucket_has_stay_in_the_catalog(s3: Place, out: Path) -> None:
    old = {"year": 1999, "key": "sessions/1999.json", "published": 1, "updated_at": "2020-01-01T00:00:00Z"}
    catalog = {"schema_version": 1, "updated_at": "2020-01-01T00:00:00Z", "seasons": [old], "newest": None}
    s3.put("catalog.json", json.dumps(catalog).encode())
    listing = {"schema_version": 1, "year": 1999, "updated_at": "2020-01-01T00:00:00Z", "events": []}
    s3.put("sessions/1999.json", json.dumps(listing).encode())
    s3.cli("publish", "--out", out)
    assert 1999 in [season["year"] for season in s3.json("catalog.json")["seasons"]]
