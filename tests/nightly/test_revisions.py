"""Results that jolpica changes after they were published: a night writes them anew, and nothing else."""

import gzip
import json
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Standings, StandingsRound
from pipeline.run.revise import REST, pages, standings_round
from tests.cases import some
from tests.command import cli
from tests.nightly import archive
from tests.nightly.archive import Weekend
from tests.nightly.conftest import Nights


def season_page(nights: Nights, weekend: Weekend, change: Any = lambda races: None) -> None:
    """Let jolpica give the season's results, after a change of them."""
    own = archive.results(weekend)[f"/{nights.year}/1/results.json"]
    answer = json.loads(own)
    change(answer["MRData"]["RaceTable"]["Races"])
    nights.hosts.content["jolpica"][f"/{nights.year}/results.json"] = json.dumps(answer).encode()


def folder(nights: Nights) -> Any:
    return nights.out / f"telemetry/{nights.year}/1"


def state(nights: Nights) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder(nights).iterdir() if path.is_file()}


def results(nights: Nights) -> Any:
    return json.loads((folder(nights) / "results.json").read_bytes())


def disqualify(races: list[Any]) -> None:
    """The winner loses his place, and all behind him gain one."""
    rows = races[0]["Results"]
    first = rows.pop(0)
    for place, row in enumerate(rows, 1):
        if row["positionText"].isdigit():
            row["position"] = row["positionText"] = str(place)
        row["points"] = "25" if place == 1 else row["points"]
    gone = {"positionText": "D", "status": "Disqualified", "laps": "0"}  # as jolpica has it
    rows.append(first | gone | {"position": str(len(rows) + 1)})


def test_a_disqualification_is_published_whatever_the_age(nights: Nights, weekend: Weekend) -> None:
    season_page(nights, weekend)
    nights.run_a_day_later()
    before, first = state(nights), results(nights)
    winner, second = (row["driver"] for row in first["rows"][:2])
    asked = nights.hosts.requests["jolpica"]
    idle = nights.run_a_day_later()
    assert "revised" not in idle.stdout
    assert nights.hosts.requests["jolpica"] - asked <= 3
    assert state(nights) == before

    season_page(nights, weekend, disqualify)
    told = nights.run_a_day_later()
    assert "results revised" in told.stdout
    assert any("results revised" in note for note in nights.summary()["notes"])
    now = results(nights)
    assert (now["revision"], now["rows"][0]["driver"], now["rows"][-1]["driver"]) == (2, second, winner)
    assert (now["rows"][0]["position"], now["rows"][0]["points"]) == (1, 25.0)
    assert (now["rows"][-1]["position"], now["rows"][-1]["disqualified"]) == (None, True)
    assert {"driver": winner, "column": "classified", "before": "1", "after": "D"} in now["changes"]
    ranks = [row["fastest_lap_rank"] for row in now["rows"] if row["fastest_lap_rank"]]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    assert [row["gap_s"] for row in now["rows"] if row["driver"] == second] == [0.0]
    assert "laps" not in {change["column"] for change in now["changes"]}
    manifest = nights.manifest(1)
    assert next(driver["code"] for driver in manifest["drivers"]) == second
    assert next(d for d in manifest["drivers"] if d["code"] == winner)["classified"] == "D"
    assert manifest["provenance"]["revised_at"] == now["revised_at"]
    after = state(nights)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"manifest.json", "results.json", "results.parquet", "timing.json.gz"}
    table = pq.read_table(folder(nights) / "results.parquet").to_pylist()
    assert [row["driver"] for row in table] == [row["driver"] for row in now["rows"]]
    timing = json.loads(gzip.decompress(after["timing.json.gz"]))["results"]
    assert timing["driver"] == [row["driver"] for row in now["rows"]]
    season = pq.read_table(nights.out / f"seasons/{nights.year}/results.parquet").to_pylist()
    assert [row["driver"] for row in season] == [row["driver"] for row in now["rows"]]

    assert "revised" not in nights.run_a_day_later().stdout
    assert results(nights) == now


@pytest.mark.parametrize("more", [("--offline",), ()])
def test_a_race_that_is_computed_again_keeps_its_revision(
    nights: Nights, weekend: Weekend, more: tuple[str, ...]
) -> None:
    """Its own result is in the cache as it was before, for half a day also where hosts may be asked."""
    season_page(nights, weekend)
    nights.run_a_day_later()
    season_page(nights, weekend, disqualify)
    nights.run_a_day_later()
    before, told = nights.manifest(1), results(nights)
    assert told["revision"] == 2
    nights.run_a_day_later("--fps", "4", *more)
    after = nights.manifest(1)
    assert (after["clock"]["fps"], results(nights)) == (4, told)
    assert after["provenance"]["revised_at"] == told["revised_at"]
    official = [[(d["code"], d["classified"], d["status"]) for d in m["drivers"]] for m in (before, after)]
    assert official[0] == official[1]
    table = pq.read_table(folder(nights) / "results.parquet").to_pylist()
    assert [(row["driver"], row["points"]) for row in table] == [
        (row["driver"], row["points"]) for row in told["rows"]
    ]


def thinner(races: list[Any]) -> None:
    del races[0]["Results"][0]


def twice(races: list[Any]) -> None:
    races[0]["Results"].insert(0, dict(races[0]["Results"][0]))


def without_points(races: list[Any]) -> None:
    del races[0]["Results"][0]["points"]


def of_another_race(races: list[Any]) -> None:
    disqualify(races)
    races[0] |= {"date": f"{races[0]['season']}-01-01", "raceName": "Elsewhere"}


@pytest.mark.parametrize("change", some([thinner, twice, without_points, of_another_race], 4))
def test_what_is_worse_or_of_another_race_is_not_taken(nights: Nights, weekend: Weekend, change: Any) -> None:
    nights.run_a_day_later()
    before = state(nights)

    def in_the_middle(races: list[Any]) -> None:
        change(races)
        races[:] = [races[0] | {"round": "77"}, races[0], races[0] | {"round": "78"}]

    season_page(nights, weekend, in_the_middle)
    nights.run_a_day_later()
    assert state(nights) == before
    assert any("kept as it was" in note for note in nights.summary()["notes"])


def standings_pages(nights: Nights, points: list[float], number: int = 1) -> None:
    """Let jolpica have both championships after round 1, with these points of the drivers in order."""
    rows = results(nights)["rows"]
    drivers = [
        {
            "position": str(place), "points": str(won), "wins": str(int(place == 1)),
            "Driver": {"driverId": row["driver_id"], "code": row["driver"]},
            "Constructors": [{"constructorId": row["team_id"], "name": row["team"]}],
        }
        for place, (row, won) in enumerate(zip(rows, points, strict=False), 1)
    ]  # fmt: skip
    teams = [
        {"position": "1", "points": "99", "wins": "1", "Constructor": {"constructorId": team, "name": team}}
        for team in sorted({row["team_id"] for row in rows})
    ]
    for what, ranked in (("Driver", drivers), ("Constructor", teams)):
        told = {"season": str(nights.year), "round": str(number), f"{what}Standings": ranked}
        answer = {"MRData": {"StandingsTable": {"StandingsLists": [told]}}}
        address = f"/{nights.year}/1/{what.lower()}Standings.json"
        nights.hosts.content["jolpica"][address] = json.dumps(answer).encode()


def standings(nights: Nights) -> Any:
    path = nights.out / f"seasons/{nights.year}/standings.json"
    return json.loads(path.read_bytes())["rounds"][0]


def test_official_standings_are_taken_once_they_are_there(nights: Nights, weekend: Weekend) -> None:
    season_page(nights, weekend)
    nights.run_a_day_later()
    plain = standings(nights)
    assert "official_at" not in plain
    standings_pages(nights, [30.0, 20.5])
    asked = nights.hosts.requests["jolpica"]
    nights.run_a_day_later()
    assert nights.hosts.requests["jolpica"] - asked <= 5
    told = standings(nights)
    assert told["official_at"]
    assert [(d["position"], d["points"], d["summed"]) for d in told["drivers"][:2]] == [
        (1, 30, 0),
        (2, 20.5, 0),
    ]
    assert nights.listing()["files"]["artifacts"]
    verified = cli("verify", str(nights.year), "--out", nights.out)
    assert "damaged" not in verified.stdout
    nights.run_a_day_later()
    assert standings(nights) == told
    nights.run_a_day_later("--offline", "--fps", "4")  # computed again: they stay
    assert standings(nights) == told
    season_page(nights, weekend, disqualify)
    nights.run_a_day_later()
    assert "official_at" not in standings(nights)


def test_standings_of_another_round_are_not_taken(nights: Nights, weekend: Weekend) -> None:
    season_page(nights, weekend)
    nights.run_a_day_later()
    before = standings(nights)
    standings_pages(nights, [30.0, 20.5], number=2)
    nights.run_a_day_later()
    assert standings(nights) == before
    assert any("standings" in note and "stay" in note for note in nights.summary()["notes"])


def test_after_which_round_standings_are_asked_for() -> None:
    """The newest at once; each in some weeks; none on most nights once all are known."""
    published = [SessionKey(2025, n) for n in range(1, 25)]
    known = Standings.model_validate({"year": 2025, "rounds": []})
    for day in range(2 * 24):
        number = standings_round(published, known, day)
        assert number is not None
        if day % 2 == 0:
            assert {r.round for r in known.rounds} >= set(range(number + 1, 25))
        taken = {"round": number, "name": "", "sessions": [], "complete": True, "official_at": 0}
        round_ = StandingsRound.model_validate(taken | {"drivers": [], "teams": []})
        known = known.model_copy(update={"rounds": [*known.rounds, round_]})
        if len({r.round for r in known.rounds}) == 24:
            break
    asked = [standings_round(published, known, day) for day in range(24 * REST)]
    assert {number for number in asked if number} == set(range(1, 25))
    assert sum(number is not None for number in asked) == 24
    assert standings_round([], None, 0) is None


@pytest.mark.parametrize(
    "content", some([b"<html>", b"{}", b'{"MRData": {"RaceTable": {"Races": [{}]}}}', None], 4)
)
def test_an_answer_of_no_use_changes_nothing(nights: Nights, content: bytes | None) -> None:
    nights.run_a_day_later()
    before = state(nights)
    if content is not None:
        nights.hosts.content["jolpica"][f"/{nights.year}/results.json"] = content
    else:
        nights.hosts.fault = {"jolpica": "refused"}
    nights.run_a_day_later("--network-budget", "0.02")
    assert state(nights) == before
    assert any("could not be compared" in note for note in nights.summary()["notes"])


@pytest.mark.parametrize("cars", [18, 20, 22])
def test_a_week_of_nights_has_seen_every_race_whole(cars: int) -> None:
    """Of 24 races and six sprints, though a driver may have been missing in some."""
    drivers = SimpleNamespace(drivers=range(cars))
    published: Any = {SessionKey(2025, n): drivers for n in range(1, 25)}
    published |= {SessionKey(2025, n, "S"): drivers for n in (2, 6, 13, 19, 21, 23)}
    practice = SimpleNamespace(drivers=range(cars + 6))  # where reserves drive too
    published |= {SessionKey(2025, n, "FP1"): practice for n in range(1, 25)}
    for code, races in (("R", 24), ("S", 6)):
        for missing in (0, 4):
            begins = [max(0, n * cars - missing) for n in range(races + 1)]
            asked = {at for day in range(9) for c, at in pages(published, day) if c == code}
            for first, last in pairwise(begins):
                assert any(at <= first and last <= at + 100 for at in asked), (first, last)
    for day in range(9):
        assert len(pages(published, day)) <= 3
        assert any(at <= cars * 23 and cars * 24 <= at + 100 for c, at in pages(published, day) if c == "R")
    assert pages({}, 1) == []
