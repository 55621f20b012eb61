"""Official results of a season, a page or two at a time, and standings: jolpica's as plain values.

Runs in a child process, like all that asks hosts through fastf1, whose cache and limits it shares.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastf1.req import Cache

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import DriverStanding, StandingsRound, TeamStanding
from pipeline.contract.sessions import SessionCode
from pipeline.network.hosts import RESULTS

ROWS = 100  # of a page: more than that jolpica does not give
_PAGES: dict[SessionCode, tuple[str, str]] = {"R": ("results", "Results"), "S": ("sprint", "SprintResults")}


@dataclass(frozen=True)
class OfficialRow:
    """One driver's result; what jolpica does not say is None. values: by the names of the results table."""

    ids: tuple[str | None, ...]
    values: dict[str, Any]


@dataclass(frozen=True)
class OfficialRace:
    """One session's result. at_edge: first or last of its page, where rows may be on the next one."""

    key: SessionKey
    name: str
    start: datetime | None
    rows: tuple[OfficialRow, ...]
    at_edge: bool


def page(year: int, code: SessionCode, offset: int) -> list[OfficialRace]:
    """The races of which a page has rows.

    Raises:
        Exception: it could not be had, or is no such page.
    """
    path, name = _PAGES[code]
    answer = Cache.requests_get(f"{RESULTS.url}/{year}/{path}.json?limit={ROWS}&offset={offset}")
    answer.raise_for_status()
    races = answer.json()["MRData"]["RaceTable"]["Races"]
    return list(_races(year, code, name, races))


def standings(year: int, number: int) -> StandingsRound | None:
    """Both championships after a round; None where there are none yet.

    Raises:
        Exception: they could not be had, or are no such standings.
    """
    drivers, teams = (_standings(year, number, what) for what in ("Driver", "Constructor"))
    if not drivers or not teams:
        return None
    return StandingsRound(
        round=number,
        name="",
        sessions=[],
        complete=True,
        official_at=datetime.now(UTC),
        drivers=[DriverStanding(**_driver(row), **_values(row)) for row in drivers],
        teams=[TeamStanding(**_team(row["Constructor"]), **_values(row)) for row in teams],
    )


def _standings(year: int, number: int, what: str) -> list[Any]:
    answer = Cache.requests_get(f"{RESULTS.url}/{year}/{number}/{what.lower()}Standings.json?limit={ROWS}")
    answer.raise_for_status()
    found = answer.json()["MRData"]["StandingsTable"]["StandingsLists"]
    rows = [row for told in found for row in told[f"{what}Standings"]]
    if any((int(told["season"]), int(told["round"])) != (year, number) for told in found):
        raise ValueError(f"standings of another round where those of {year} round {number} were asked for")
    if len({row[what][f"{what.lower()}Id"] for row in rows}) < len(rows):
        raise ValueError("one is in the standings twice")
    return rows


def _driver(row: Any) -> dict[str, Any]:
    driver, teams = row["Driver"], row.get("Constructors") or [{}]
    names = " ".join(driver.get(part) or "" for part in ("givenName", "familyName")).strip()
    letters = driver.get("code") or driver["driverId"]
    about = {"driver": letters, "driver_id": driver["driverId"], "name": names}
    return about | {"team": teams[-1].get("name") or ""}


def _team(team: Any) -> dict[str, Any]:
    return {"team": team.get("name") or team["constructorId"], "team_id": team["constructorId"]}


def _values(row: Any) -> dict[str, Any]:
    """Who has no place yet has none."""
    return {
        "position": _whole(row.get("position")),
        "points": float(row["points"]),
        "wins": int(row["wins"]),
    }


def _races(year: int, code: SessionCode, name: str, races: list[Any]) -> Iterator[OfficialRace]:
    for index, race in enumerate(races):
        if int(race["season"]) != year:
            raise ValueError(f"a result of {race['season']} where {year} was asked for")
        yield OfficialRace(
            key=SessionKey(year, int(race["round"]), code),
            name=str(race["raceName"]),
            start=_start(race),
            rows=tuple(_rows(race[name])),
            at_edge=index in (0, len(races) - 1),
        )


def _start(race: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(
            f"{race['date']}T{race.get('time', '12:00:00Z')}".replace("Z", "+00:00")
        )
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _rows(rows: Iterable[Any]) -> Iterator[OfficialRow]:
    for row in rows:
        driver, place = row["Driver"], str(row["positionText"])
        millis = (row.get("Time") or {}).get("millis")
        yield OfficialRow(
            ids=(driver.get("driverId"), driver.get("code"), row.get("number")),
            values={
                "classified": place,
                "status": row.get("status"),
                "points": _number(row.get("points")),
                "grid": _whole(row.get("grid")),
                "laps": _whole(row.get("laps")) or None,  # of disqualified cars it has 0
                "time_s": None if millis is None else int(millis) / 1000,
                "disqualified": place in ("D", "E"),
            },
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
