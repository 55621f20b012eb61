"""A season whose rounds are renumbered: no race is ever found under another's number."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import cli
from tests.nightly import archive
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import QUICK, Nights

pytestmark = pytest.mark.slow


def serve(nights: Nights, scratch: Path, *weekends: Weekend) -> None:
    """Let this be the season."""
    content = nights.hosts.content
    content["schedule"] = {f"/schedule_{nights.year}.json": archive.schedule(list(weekends))}
    content["timing"], content["jolpica"] = {}, {}
    for weekend in weekends:
        content["timing"] |= archive.timing(weekend, scratch)
        content["jolpica"] |= archive.results(weekend)


def states(listing: Any) -> list[tuple[int, str, str]]:
    return [(e["round"], e["name"], s["state"]) for e in listing["events"] for s in e["sessions"]]


def test_what_moves_up_is_moved_and_what_was_cancelled_is_listed(nights: Nights, tmp_path: Path) -> None:
    lost = Weekend(1, "Lost Grand Prix", hours_ago(-400), 1)
    first, second = hours_ago(300), hours_ago(100)
    serve(
        nights,
        tmp_path,
        lost,
        Weekend(2, "Testland Grand Prix", first, 2),
        Weekend(3, "Mockania Grand Prix", second, 3),
    )
    nights.run()
    asked = nights.hosts.requests["jolpica"], nights.hosts.requests["timing"]
    assert states(nights.listing()) == [
        (1, "Lost Grand Prix", "upcoming"),
        (2, "Testland Grand Prix", "published"),
        (3, "Mockania Grand Prix", "published"),
    ]
    serve(
        nights,
        tmp_path,
        Weekend(1, "Testland Grand Prix", first, 2),
        Weekend(2, "Mockania Grand Prix", second, 3),
    )
    nights.forget_schedule()
    run = nights.run()
    assert run.stdout.splitlines()[-1].startswith(
        f"nightly {nights.year}: 2 moved, 2 retired, 1 cancelled in "
    )
    assert states(nights.listing()) == [
        (0, "Lost Grand Prix", "cancelled"),
        (1, "Testland Grand Prix", "published"),
        (2, "Mockania Grand Prix", "published"),
    ]
    names = [nights.manifest(number)["event"]["name"] for number in (1, 2)]
    assert names == ["Testland Grand Prix", "Mockania Grand Prix"]
    assert not (nights.out / f"telemetry/{nights.year}/3").exists() or not any(
        path.is_file() for path in (nights.out / f"telemetry/{nights.year}/3").rglob("*")
    )
    catalog = json.loads((nights.out / "catalog.json").read_bytes())
    assert catalog["newest"]["manifest"] == f"telemetry/{nights.year}/2/manifest.json"
    cli("verify", "--out", nights.out)
    jolpica, timing = nights.hosts.requests["jolpica"], nights.hosts.requests["timing"]
    # by number, so cached answers were another race's; the season's results were compared already tonight
    assert jolpica == asked[0] + 4
    assert timing == asked[1]  # by name and day, so the cached files are the right ones
    assert "2 up to date" in nights.run().stdout


def test_a_race_moves_without_a_network(nights: Nights, tmp_path: Path) -> None:
    start = hours_ago(100)
    serve(nights, tmp_path, Weekend(2, "Testland Grand Prix", start, 2))
    nights.run()
    serve(nights, tmp_path, Weekend(1, "Testland Grand Prix", start, 2))
    nights.forget_schedule()
    nights.hosts.fault = {"timing": "refused", "mirror": "refused", "jolpica": "refused"}
    run = nights.run("--network-budget", "0.01")
    assert "1 moved, 1 retired" in run.stdout.splitlines()[-1]
    assert states(nights.listing()) == [(1, "Testland Grand Prix", "published")]
    assert nights.manifest(1)["provenance"]["provisional"] is True


@pytest.mark.thorough
def test_a_season_is_not_fooled_by_a_number(nights: Nights, tmp_path: Path) -> None:
    """`season` knows a race by its event too, and makes the one that has the number now."""
    first, second = hours_ago(300), hours_ago(100)
    serve(nights, tmp_path, Weekend(2, "Testland Grand Prix", first, 2))
    nights.run()
    serve(
        nights,
        tmp_path,
        Weekend(1, "Testland Grand Prix", first, 2),
        Weekend(2, "Mockania Grand Prix", second, 3),
    )
    nights.forget_schedule()
    where = ("--out", nights.out, "--fastf1-cache", nights.cache)
    cli("season", str(nights.year), *where, *QUICK, expect=0, **nights.hosts.environment())
    assert [nights.manifest(number)["event"]["name"] for number in (1, 2)] == [
        "Testland Grand Prix",
        "Mockania Grand Prix",
    ]
    assert states(nights.listing()) == [
        (1, "Testland Grand Prix", "published"),
        (2, "Mockania Grand Prix", "published"),
    ]


def test_a_race_that_cannot_be_moved_stays_until_it_can(nights: Nights, tmp_path: Path) -> None:
    """The one after it, which wants its number, waits too; listings name both where they are."""
    first, second = hours_ago(300), hours_ago(100)
    testland, mockania = "Testland Grand Prix", "Mockania Grand Prix"
    serve(nights, tmp_path, Weekend(2, testland, first, 2), Weekend(3, mockania, second, 3))
    nights.run()
    serve(nights, tmp_path, Weekend(1, testland, first, 2), Weekend(2, mockania, second, 3))
    nights.forget_schedule()
    cached = next(nights.cache.glob(f"{nights.year}/*Testland*/*Race"))
    aside = tmp_path / "aside"
    cached.rename(aside)
    nights.hosts.fault = {"timing": "refused", "mirror": "refused"}
    failed = nights.run("--network-budget", "0.01", expect=75)
    assert "given up for tonight" in failed.stdout.splitlines()[-1]
    assert states(nights.listing()) == [(1, testland, "published"), (2, mockania, "published")]
    places = [s["manifest"] for e in nights.listing()["events"] for s in e["sessions"]]
    assert places == [f"telemetry/{nights.year}/{number}/manifest.json" for number in (2, 3)]
    cli("verify", "--out", nights.out)
    cached.parent.mkdir(exist_ok=True)
    aside.rename(cached)
    nights.hosts.fault = {}
    nights.age(hours=30)
    run = nights.run()
    assert "2 moved, 2 retired" in run.stdout.splitlines()[-1]
    assert [nights.manifest(number)["event"]["name"] for number in (1, 2)] == [testland, mockania]
    assert not list((nights.out / f"telemetry/{nights.year}/3").rglob("*.json*"))
