"""Official results of a season, a page or two at a time: jolpica's as plain values.

Runs in a child process, like all that asks hosts through fastf1, whose cache and limits it shares.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastf1.req import Cache

from pipeline.contract.artifacts import SessionKey
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
