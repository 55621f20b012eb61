"""Nine seasons in one command, through hosts that fail and ten kills."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.cli.settings import years_of
from pipeline.contract.artifacts import SessionKey
from pipeline.run.backfill import Estimate, estimate, pause
from pipeline.store.local import LocalStore
from tests.command import start
from tests.conftest import cli
from tests.nightly import archive
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import QUICK, Nights
from tests.waiting import wait_for

FULL = 40  # requests of one race at most, with hosts that fail now and then


@pytest.mark.parametrize(
    ("text", "years"),
    [("2025", [2025]), ("2018-2020", [2020, 2019, 2018]), ("2024, 2018-2019", [2024, 2019, 2018])],
)
def test_seasons_newest_first(text: str, years: list[int]) -> None:
    assert years_of(text) == years


@pytest.mark.parametrize("text", ["", "25", "2020-2018", "2018-", "all", "2018..2020", "-2018"])
def test_what_is_no_season(text: str) -> None:
    with pytest.raises(ValueError, match="is no season: write a year, or several like 2018-2026"):
        years_of(text)


def test_an_estimate(small_out: Path) -> None:
    keys = [SessionKey(2025, number) for number in range(1, 25)]
    assert str(estimate(keys, LocalStore(small_out), 2, 150)) == (
        "24 to compute: about 480 requests, 2.3 GB and 2.2 GB of cache, 10 minutes where nothing is cached"
    )
    assert str(estimate([SessionKey(1900, 1)], LocalStore(small_out), 2, 150)).startswith("all there")
    assert "1.7 hours" in str(Estimate(240, 240, 1, 150)), "computing is what takes longer"


def test_what_came_from_the_cache_is_not_waited_for(small_out: Path) -> None:
    now, keys = datetime.now(UTC), [SessionKey(1900, 1), SessionKey(1900, 2)]
    assert pause(keys, LocalStore(small_out), now - timedelta(seconds=1), now, 150) == 0


def seasons(nights: Nights, scratch: Path) -> dict[int, Weekend]:
    """Nine seasons of one race each."""
    last = hours_ago(100)
    found = {
        last.year - i: Weekend(1, "Testland Grand Prix", last.replace(year=last.year - i, day=15), 9000 + i)
        for i in range(1, 9)
    } | {last.year: Weekend(1, "Testland Grand Prix", last, 9000)}
    content: dict[str, dict[str, bytes]] = {"schedule": {}, "timing": {}, "jolpica": {}}
    for year, weekend in found.items():
        content["schedule"][f"/schedule_{year}.json"] = archive.schedule([weekend])
        content["timing"] |= archive.timing(weekend, scratch)
        content["jolpica"] |= archive.results(weekend)
    nights.hosts.content = content
    return found


@pytest.mark.thorough
@pytest.mark.slow(60)
def test_nine_seasons_through_failures_and_kills(nights: Nights, tmp_path: Path) -> None:
    years = sorted(seasons(nights, tmp_path))
    where = ("--out", nights.out, "--fastf1-cache", nights.cache, "--rate", "100000")
    words = ("season", f"{years[0]}-{years[-1]}", *where, *QUICK)
    nights.hosts.hiccups = {"timing": ["reset", "status:503"], "jolpica": ["status:500"]}

    def there() -> set[int]:
        return {int(path.parts[-3]) for path in nights.out.glob("telemetry/*/1/manifest.json")}

    order: list[int] = []
    for _ in range(10):
        before = there()
        with start(*words, **nights.hosts.environment()) as running:
            wait_for(lambda: there() > before or not running.process.is_alive(), 240)  # noqa: B023
            running.kill()
        order += sorted(there() - before, reverse=True)
    for _ in range(3):
        done: subprocess.CompletedProcess[str] = cli(*words, expect=None, **nights.hosts.environment())
        if done.returncode == 0:
            break
    assert there() == set(years), done.stderr
    cli("verify", "--out", nights.out)
    catalog = json.loads((nights.out / "catalog.json").read_bytes())
    assert [season["year"] for season in catalog["seasons"]] == years
    assert order == sorted(order, reverse=True), "the newest first"
    assert nights.hosts.requests.total() < (len(years) + 13) * FULL
    nights.hosts.requests.clear()
    idle = cli(*words, expect=0, **nights.hosts.environment())
    assert idle.stdout.startswith(f"{len(years)} seasons, all there")
    assert not nights.hosts.requests


@pytest.mark.slow
def test_a_season_that_does_not_exist_keeps_no_other(nights: Nights) -> None:
    span = f"{nights.year}-{nights.year + 1}"
    where = ("--out", nights.out, "--fastf1-cache", nights.cache)
    done = cli("season", span, *where, *QUICK, expect=1, **nights.hosts.environment())
    assert f"{nights.year + 1} has no schedule (yet)" in done.stderr
    assert "1 seasons, 1 to compute: about 20 requests" in done.stdout
    assert nights.listing()["events"][0]["sessions"][0]["state"] == "published"
