"""`season`, `race` and `nightly` find the same races due: none turns final on data of race day."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import cli
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import QUICK, Nights
from tests.nightly.test_renumbered import serve


def season(nights: Nights, *more: str) -> subprocess.CompletedProcess[str]:
    where = ("--out", nights.out, "--fastf1-cache", nights.cache)
    environment = nights.hosts.environment()
    return cli("season", str(nights.year), *where, *QUICK, *more, expect=0, **environment)


def grade(nights: Nights) -> str:
    return str(nights.manifest(1)["quality"]["grade"])


def cut(timing: dict[str, bytes], share: float) -> dict[str, bytes]:
    """What the archive has of the laps while it is still being filled."""
    pages = ("TimingData.jsonStream", "TimingAppData.jsonStream")
    return {
        path: body[: body.rindex(b"\r\n", 0, int(len(body) * share)) + 2] if path.endswith(pages) else body
        for path, body in timing.items()
    }


def written_hours_after(nights: Nights, weekend: Weekend, hours: float) -> None:
    """Let what is cached be of so many hours after the race began, as far as the files tell."""
    then = weekend.start.timestamp() + hours * 3600
    for path in nights.cache.rglob("*.ff1pkl"):
        os.utime(path, (then, then))


@pytest.mark.slow
def test_partial_timing_of_race_day_never_turns_final(nights: Nights, weekend: Weekend) -> None:
    whole = nights.hosts.content["timing"]
    nights.hosts.content["timing"] = cut(whole, 0.6)
    season(nights)
    thin = grade(nights)
    # as it was made 5 hours after the start, by a version that asked when it was computed: final
    written_hours_after(nights, weekend, 5)
    path = nights.out / f"telemetry/{nights.year}/1/manifest.json"
    manifest = nights.aged(json.loads(path.read_bytes()), 30)
    del manifest["provenance"]["input"]["fetched_at"]
    path.write_text(json.dumps(manifest))
    nights.hosts.content["timing"] = whole
    offline = season(nights, "--offline")
    assert "up to date" in offline.stdout
    renewed = season(nights)
    assert grade(nights) < thin, renewed.stdout
    about = nights.manifest(1)["provenance"]
    assert (about["provisional"], about["reasons"]) == (False, [])
    assert "up to date" in season(nights).stdout


@pytest.mark.slow
def test_a_race_that_is_computed_late_from_an_early_cache_is_provisional(
    nights: Nights, weekend: Weekend
) -> None:
    season(nights)
    written_hours_after(nights, weekend, 5)
    season(nights, "--force", "--offline")
    about: dict[str, Any] = nights.manifest(1)["provenance"]
    assert about["reasons"] == ["fetched less than 48 hours after the race"]
    assert about["input"]["fetched_at"] < about["created_at"]
    assert "made less than an hour ago" in nights.run("--dry-run").stdout


@pytest.mark.parametrize("command", ["season", "race"])
def test_a_race_that_may_still_be_running_is_waited_for(nights: Nights, tmp_path: Path, command: str) -> None:
    """The rule of `nightly`, by which it is over 4 hours after its start."""
    serve(nights, tmp_path, Weekend(1, "Testland Grand Prix", hours_ago(3), 1))
    where = ("--out", nights.out, "--fastf1-cache", nights.cache)
    asked = (str(nights.year), "1") if command == "race" else (str(nights.year),)
    done = cli(command, *asked, *where, *QUICK, expect=None, **nights.hosts.environment())
    said = done.stderr if command == "race" else done.stdout
    expected = "may still be running, or not be online yet" if command == "race" else "no session that was"
    assert (done.returncode, expected in said) == (2 if command == "race" else 0, True)


@pytest.mark.slow
def test_an_altered_file_is_made_again(nights: Nights) -> None:
    """Same size, written after its manifest."""
    season(nights)
    path = nights.out / f"telemetry/{nights.year}/1/skip_10.json.gz"
    whole = path.read_bytes()
    time.sleep(0.02)
    path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    assert "1 of its files are missing, truncated or altered" in nights.run("--dry-run").stdout
    season(nights)
    assert path.read_bytes() == whole
