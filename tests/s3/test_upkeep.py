"""What status says of a folder and a bucket, and what remove leaves of them."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey, key_of, season_files, season_key
from pipeline.store.lock import only_run
from tests.conftest import cli
from tests.s3.support import Place
from tests.serve.support import serving

GONE = SessionKey(DEMO_YEAR, 2)
SPRINT = SessionKey(DEMO_YEAR, 2, "S")


def told(out: Path, place: Place | None = None) -> list[Any]:
    words = ("status", "--json", "--out", out)
    done = cli(*words) if place is None else place.cli(*words)
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def rounds(out: Path) -> set[tuple[int, str]]:
    """The sessions in the season's own laps."""
    rows = pq.read_table(out / key_of("season_laps", year=DEMO_YEAR), columns=["round", "session"])
    return {(row["round"], str(row["session"])) for row in rows.to_pylist()}


def test_status_of_a_folder_that_is_fine(out: Path) -> None:
    (here,) = told(out)
    (season,) = here["seasons"]
    assert (season["year"], season["sessions"]["final"], season["errors"]) == (DEMO_YEAR, 3, {})
    assert here["to_do"] == []
    assert here["bytes"] == sum(path.stat().st_size for path in out.rglob("[!.]*") if path.is_file())
    text = cli("status", "--out", out).stdout
    assert "newest: 1900 round 2 race, Mockania Grand Prix; held " in text
    assert "to do:" not in text


def test_status_names_what_is_wrong_and_what_to_do(out: Path) -> None:
    path = out / season_key(DEMO_YEAR)
    listing = json.loads(path.read_bytes())
    first, second = listing["events"][0]["sessions"][0], listing["events"][1]["sessions"][-1]
    first |= {"state": "failed", "manifest": None, "error": "there is no data of it yet"}
    second |= {"state": "upcoming", "manifest": None}
    path.write_text(json.dumps(listing))
    (out / SPRINT.manifest).unlink()
    manifest = json.loads((out / GONE.manifest).read_bytes())
    manifest["provenance"] |= {"version": "0.0.9", "revised_at": "2025-01-01T00:00:00Z"}
    (out / GONE.manifest).write_text(json.dumps(manifest))
    (here,) = told(out)
    season = here["seasons"][0]
    assert sum(season["sessions"].values()) == 3
    assert (season["sessions"]["failed"], season["sessions"]["missing"]) == (1, 1)
    advice = "\n".join(here["to_do"])
    assert "failed: there is no data of it yet" in advice
    assert "1900 lacks 1: `f1-precompute demo`" in advice


def test_status_of_nothing_says_how_to_begin(tmp_path: Path) -> None:
    assert "f1-precompute demo" in cli("status", "--out", tmp_path / "none").stdout
    assert not (tmp_path / "none").exists()


def test_status_says_who_is_at_work(out: Path) -> None:
    with only_run(out):
        assert "at work: " in cli("status", "--out", out).stdout


@pytest.mark.slow
def test_status_compares_with_the_bucket(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    here, there = told(out, s3)
    assert here["seasons"] == [{**there["seasons"][0], "bytes": here["seasons"][0]["bytes"]}]
    assert here["to_do"] == there["to_do"] == []
    cli("remove", str(DEMO_YEAR), "2", "--session", "S", "--out", out)
    cli("demo", "--out", out, "--frame-skip", "10", "--fps", "5")
    here, there = told(out, s3)
    assert here["to_do"] == ["1 are newer here than in the bucket: `f1-precompute publish`"]


def test_a_session_goes_and_the_rest_is_whole(out: Path) -> None:
    before = names(out)
    dry = cli("remove", str(DEMO_YEAR), "2", "--session", "r", "--dry-run", "--out", out)
    assert "1900 round 2 race, " in dry.stdout
    assert names(out) == before
    cli("remove", str(DEMO_YEAR), "2", "--session", "r", "--out", out)
    assert not any(name.startswith(GONE.prefix) and "/sprint/" not in name for name in names(out))
    assert (out / SPRINT.manifest).exists()
    assert rounds(out) == {(1, "R"), (2, "S")}
    cli("verify", "--out", out)
    with serving(out) as server, server.client() as client:
        assert client.get("/health/ready").json() == {"status": "ok", "reasons": []}
        assert client.get(f"/f1/races/{DEMO_YEAR}/2").status_code == 404
        assert client.get(f"/f1/races/{DEMO_YEAR}/2?session=S").status_code == 200


def test_a_season_goes_without_a_trace(out: Path) -> None:
    cli("remove", str(DEMO_YEAR), "--out", out)
    prefixes = (f"telemetry/{DEMO_YEAR}/", season_files(DEMO_YEAR), season_key(DEMO_YEAR))
    assert not [name for name in names(out) if name.startswith(prefixes)]
    assert json.loads((out / "catalog.json").read_bytes())["seasons"] == []
    again = cli("remove", str(DEMO_YEAR), "--out", out, expect=2)
    assert "season 1900 is not published" in again.stderr


def test_an_interrupted_removal_is_finished_by_the_next(out: Path) -> None:
    """No listing names it any more, but its files are there."""
    (out / GONE.manifest).rename(out / "manifest.json")
    cli("verify", "--mend", "--out", out, expect=1)
    cli("remove", str(DEMO_YEAR), "2", "--session", "R", "--out", out)
    cli("verify", "--out", out)
    assert not (out / GONE.frames_json(10)).exists()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "name a season"),
        (["1900", "--session", "S"], 2, "--session is one of a round"),
        (["1900", "7"], 2, "1900 round 7 is not published"),
        (["2024"], 2, "season 2024 is not published"),
        (["1900", "100"], 2, "1<=x<=99"),
    ],
)
def test_what_cannot_be_removed(out: Path, words: list[str], code: int, sentence: str) -> None:
    before = names(out)
    assert sentence in cli("remove", *words, "--out", out, expect=code).stderr
    assert names(out) == before


def test_nothing_is_removed_while_a_run_writes(out: Path) -> None:
    with only_run(out):
        assert "is in use by" in cli("remove", str(DEMO_YEAR), "--out", out, expect=75).stderr
    cli("verify", "--out", out)


@pytest.mark.thorough
def test_it_goes_from_the_bucket_too(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    s3.cli("remove", str(DEMO_YEAR), "2", "--session", "R", "--out", out)
    assert not [name for name in s3.names() if name.startswith(GONE.prefix) and "/sprint/" not in name]
    assert s3.published() == {SPRINT.manifest, SessionKey(DEMO_YEAR, 1).manifest}
    assert s3.lies() == []
    s3.cli("verify", "--s3")
    s3.cli("remove", str(DEMO_YEAR), "--out", out.parent / "none")  # from a machine without the folder
    assert not [name for name in s3.names() if name.startswith(("telemetry/", "seasons/", "sessions/"))]
    assert s3.json("catalog.json")["seasons"] == []
