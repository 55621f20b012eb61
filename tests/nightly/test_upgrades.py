"""What an older version made is right, and lacks something: it is made anew as there is time for it."""

import json
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.contract import MADE_SINCE
from pipeline.contract.freshness import is_older
from tests.conftest import cli
from tests.nightly import archive
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import QUICK, Nights
from tests.nightly.test_renumbered import serve


@pytest.mark.parametrize(
    ("version", "older"),
    [("0.1.0", True), (MADE_SINCE, False), ("0.10.0", False), ("9.0", False), ("", True)],
)
def test_versions(version: str, older: bool) -> None:
    assert is_older(version) is older
    assert not is_older(__version__), "what this version makes is what it would make"


def as_of_before(nights: Nights, year: int, number: int) -> None:
    path = nights.out / f"telemetry/{year}/{number}/manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["provenance"]["version"] = "0.1.0"
    path.write_text(json.dumps(manifest))


def version(nights: Nights, year: int, number: int) -> str:
    path = nights.out / f"telemetry/{year}/{number}/manifest.json"
    return str(json.loads(path.read_bytes())["provenance"]["version"])


@pytest.mark.slow
def test_races_of_an_older_version_are_made_anew_within_a_nights_time(nights: Nights, tmp_path: Path) -> None:
    serve(
        nights,
        tmp_path,
        Weekend(1, "Testland Grand Prix", hours_ago(300), 1),
        Weekend(2, "Mockania Grand Prix", hours_ago(100), 2),
    )
    nights.run()
    for number in (1, 2):
        as_of_before(nights, nights.year, number)
    asked = nights.hosts.requests["timing"]
    assert "2 up to date" in nights.run().stdout, "they had their turn tonight"
    never = nights.run_a_day_later("--upgrade-budget", "0")
    assert "2 up to date" in never.stdout
    first = nights.run_a_day_later("--upgrade-budget", "0.0001")
    assert "upgrade: version 0.1.0 made it" in first.stdout
    assert ": 1 upgraded, 1 waiting in " in first.stdout.splitlines()[-1]
    assert (version(nights, nights.year, 1), version(nights, nights.year, 2)) == ("0.1.0", __version__)
    second = nights.run_a_day_later()
    assert ": 1 upgraded, 1 up to date in " in second.stdout.splitlines()[-1]
    assert nights.hosts.requests["timing"] == asked, "all from the cache"


@pytest.mark.slow
def test_seasons_that_nobody_asks_for_any_more(nights: Nights, tmp_path: Path) -> None:
    last = nights.year - 1
    weekend = Weekend(1, "Testland Grand Prix", hours_ago(100).replace(year=last, day=15), 7)
    nights.hosts.content["timing"] |= archive.timing(weekend, tmp_path)
    nights.hosts.content["jolpica"] |= archive.results(weekend)
    nights.hosts.content["schedule"][f"/schedule_{last}.json"] = archive.schedule([weekend])
    where: tuple[str | Path, ...] = ("--out", nights.out, "--fastf1-cache", nights.cache)
    cli("season", str(last), *where, *QUICK, expect=0, **nights.hosts.environment())
    as_of_before(nights, last, 1)
    told = json.loads(cli("status", "--json", "--out", nights.out).stdout)
    assert told["to_do"] == [f"{last} has 1 of an older version: nightly makes some anew a night"]
    run = nights.run()
    assert f"{last} round 1 race (Testland Grand Prix): upgrade: version 0.1.0 made it" in run.stdout
    assert ": 1 published, 1 upgraded in " in run.stdout.splitlines()[-1]
    assert version(nights, last, 1) == __version__
    assert json.loads(cli("status", "--json", "--out", nights.out).stdout)["to_do"] == []
    cli("verify", "--out", nights.out)
