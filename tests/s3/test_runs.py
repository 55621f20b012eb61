"""Runs that publish as they compute, a whole season's cost, and races that have to go."""

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.contract.artifacts import SessionKey, season_key
from pipeline.contract.models import Manifest, SeasonListing
from pipeline.publish.bucket_listings import publish_listing
from pipeline.publish.documents import to_json
from pipeline.publish.listings import published_session
from pipeline.store.local import LocalStore
from tests.conftest import SMALL
from tests.s3.support import READER, Place, options

RACES = 24


@pytest.mark.slow
def test_a_run_publishes_each_race(s3: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = s3.cli("demo", *SMALL, "--publish", "--out", out)
    assert f"files uploaded to s3://{s3.bucket}/data/f1" in done.stdout
    assert s3.lies() == []
    assert s3.published() == {path.relative_to(out).as_posix() for path in out.rglob("manifest.json")}
    (log,) = out.glob("runs/*.jsonl")
    assert s3.get(f"runs/{log.name}") == log.read_bytes()
    again = s3.cli("demo", *SMALL, "--publish", "--out", out).stdout
    assert "Nothing to do: all up to date" in again
    assert "Nothing to upload" in again


@pytest.mark.slow
def test_a_race_that_cannot_be_uploaded_has_failed(s3: Place, small_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(small_out, out)
    s3.client.put_bucket_acl(Bucket=s3.bucket, ACL="public-read")
    done = s3.cli("demo", *SMALL, "--publish", "--out", out, user=READER, expect=1)
    assert "1900 round 1 race is computed, but not in S3: not allowed to write" in done.stdout
    assert "Traceback" not in done.stderr
    assert s3.names() == set()


@pytest.mark.thorough
def test_a_season_of_24_races(
    s3: Place, small_out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a season costs: requests and seconds, at first and when nothing has changed."""
    from pipeline.publish.sync import sync
    from pipeline.store.s3 import S3Store

    keys = [_copy(small_out, tmp_path, number) for number in range(1, RACES + 1)]
    files = sum(1 for path in tmp_path.glob("telemetry/**/*") if path.is_file())
    for what, most in (("first", 2 * files + 3 * RACES + 40), ("again", RACES + 21)):
        time.sleep(1.1)
        began = time.monotonic()
        with S3Store(options(s3)) as remote:
            report = sync(LocalStore(tmp_path), remote, keys)
            seconds, requests, uploads = time.monotonic() - began, remote.requests, len(remote.sent)
            size = sum(remote.sent) / 1e6
        with capsys.disabled():
            print(  # noqa: T201 - the figures are what it is for
                f"\n24 races, {what}: {uploads} uploads, {size:.0f} MB, {requests} requests, {seconds:.1f} s"
            )
        assert report.problems == {}
        assert requests <= most
    assert uploads == 0
    assert len(s3.published()) == RACES


def _copy(source: Path, out: Path, number: int) -> SessionKey:
    """The demo's first race under another round."""
    key, first = SessionKey(1900, number), SessionKey(1900, 1)
    text = (source / first.manifest).read_text().replace(first.prefix, key.prefix)
    manifest = json.loads(text)
    manifest["event"] |= {"round": number, "name": f"Round {number}"}
    for artifact in manifest["artifacts"]:
        (out / artifact["key"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / artifact["key"].replace(key.prefix, first.prefix), out / artifact["key"])
    (out / key.manifest).write_text(json.dumps(manifest))
    return key


def test_retire_leaves_the_others(s3: Place, out: Path) -> None:
    from pipeline.publish.sync import retire
    from pipeline.store.s3 import S3Store

    s3.cli("publish", "--out", out)
    gone = SessionKey(1900, 2)
    with S3Store(options(s3)) as remote:
        retire(LocalStore(out), remote, [gone])
    left = {name for name in s3.names() if name.startswith(gone.prefix)}
    assert left
    assert all(name.startswith(f"{gone.prefix}sprint/") for name in left)
    assert s3.published() == {SessionKey(1900, 1).manifest, SessionKey(1900, 2, "S").manifest}
    assert s3.lies() == []


def test_a_renumbered_round_does_not_show_anothers_race(small_out: Path, tmp_path: Path) -> None:
    """The bucket has the demo's round 1; this machine's schedule has another race under that number."""
    bucket, local = LocalStore(tmp_path / "bucket"), LocalStore(tmp_path / "local")
    shutil.copytree(small_out / "telemetry", bucket.root / "telemetry")
    data = (small_out / season_key(1900)).read_bytes()
    theirs = SeasonListing.model_validate_json(data)
    bucket.put_bytes(season_key(1900), data)
    events = [
        event.model_copy(
            update={
                "name": "Elsewhere Grand Prix",
                "location": "Elsewhere",
                "meeting_key": 1,
                "sessions": [
                    s.model_copy(update={"state": "upcoming", "manifest": None}) for s in event.sessions
                ],
            }
        )
        for event in theirs.events
        if event.round == 1
    ]
    ours = SeasonListing(year=1900, updated_at=datetime.now(UTC), events=events)
    local.put_bytes(season_key(1900), to_json(ours))
    in_bucket = {SessionKey(1900, 1), SessionKey(1900, 2), SessionKey(1900, 2, "S")}
    publish_listing(local, bucket, 1900, theirs, in_bucket, {})
    found = SeasonListing.model_validate_json(bucket.read(season_key(1900)) or b"")
    assert (found.events[0].round, found.events[0].name) == (1, "Elsewhere Grand Prix")
    assert [s.state for s in found.events[0].sessions] == ["upcoming"]
    assert found.events[1:] == theirs.events[1:]


def test_a_manifest_that_no_listing_names_is_listed(small_out: Path, tmp_path: Path) -> None:
    bucket = LocalStore(tmp_path / "bucket")
    shutil.copytree(small_out / "telemetry", bucket.root / "telemetry")
    key = SessionKey(1900, 1)
    publish_listing(LocalStore(tmp_path / "local"), bucket, 1900, None, {key}, {})
    found = SeasonListing.model_validate_json(bucket.read(season_key(1900)) or b"")
    manifest = Manifest.model_validate_json(bucket.read(key.manifest) or b"")
    assert found.events[0].name == manifest.event.name
    assert found.events[0].sessions == [published_session(manifest, manifest.event.date_utc)]


def test_a_race_that_has_moved_is_listed_once(small_out: Path, tmp_path: Path) -> None:
    """What is still in the bucket under an old number, such as where deleting it failed, is not listed."""
    bucket = LocalStore(tmp_path / "bucket")
    shutil.copytree(small_out / "telemetry", bucket.root / "telemetry")
    _copy(small_out, bucket.root, 7)
    moved = json.loads((bucket.root / SessionKey(1900, 7).manifest).read_bytes())
    first = Manifest.model_validate_json((small_out / SessionKey(1900, 1).manifest).read_bytes())
    moved["event"] |= {"name": "Under its sponsor's name", "meeting_key": first.event.meeting_key}
    (bucket.root / SessionKey(1900, 7).manifest).write_text(json.dumps(moved))
    in_bucket = {SessionKey(1900, 1), SessionKey(1900, 7)}
    publish_listing(LocalStore(small_out), bucket, 1900, None, in_bucket, {})
    found = SeasonListing.model_validate_json(bucket.read(season_key(1900)) or b"")
    assert [event.round for event in found.events] == [1, 2]
    publish_listing(LocalStore(tmp_path / "empty"), bucket, 1900, None, in_bucket, {})
    alone = SeasonListing.model_validate_json(bucket.read(season_key(1900)) or b"")
    assert [event.round for event in alone.events] == [1, 7]
