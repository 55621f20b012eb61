"""Published results -> both championships after each round.

A tie goes to who has won more races, then to who was second more often, and so on; sprints do not count for
that. Where the points of one race or sprint are not known, nobody's sum is, from that round on.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import (
    DriverStanding,
    Results,
    SeasonEvent,
    SeasonListing,
    Standing,
    Standings,
    StandingsRound,
    TeamStanding,
)
from pipeline.contract.sessions import SessionCode

S = TypeVar("S", bound=Standing)
SCORING: tuple[SessionCode, ...] = ("S", "R")
_LAST = 99  # more places than a race has


@dataclass
class _Entry:
    """A driver or team so far. about: who it is, by the last race. places: how often it was at each."""

    about: dict[str, Any] = field(default_factory=dict)
    points: float = 0.0
    gained: float | None = None
    places: Counter[int] = field(default_factory=Counter)
    position: int | None = None

    def rank(self) -> tuple[float, ...]:
        return (-self.points, *(-self.places[place] for place in range(1, _LAST)))


def standings(listing: SeasonListing, results: Mapping[SessionKey, Results]) -> Standings:
    """The standings after each round that has results; results: those of races and sprints."""
    drivers: dict[str, _Entry] = {}
    teams: dict[str, _Entry] = {}
    rounds, complete, expected = [], True, 1
    for event in sorted(listing.events, key=lambda e: e.round):
        held = [] if event.round < 1 else [s for s in event.sessions if s.session in SCORING]
        complete &= event.round < 1 or event.round == expected
        expected = max(expected, event.round + 1)
        found = {
            code: results[key]
            for code in SCORING
            if (key := SessionKey(listing.year, event.round, code)) in results
        }
        wanted = [s.session for s in held if s.state != "cancelled"]
        complete &= all(code in found and _scored(found[code]) for code in wanted)
        if not found:
            continue
        for code, result in found.items():
            _count(result, code, drivers, _driver)
            _count(result, code, teams, _team)
        rounds.append(_round(event, list(found), complete, drivers, teams))
    return Standings(year=listing.year, rounds=rounds)


def _scored(result: Results) -> bool:
    return bool(result.rows) and all(row.points is not None for row in result.rows)


def _driver(row: Any) -> tuple[str, dict[str, Any]]:
    names = {"driver": row.driver, "driver_id": row.driver_id, "name": row.name, "team": row.team}
    return row.driver_id or row.driver, names


def _team(row: Any) -> tuple[str, dict[str, Any]]:
    return row.team_id or row.team, {"team": row.team, "team_id": row.team_id}


def _count(
    result: Results,
    code: SessionCode,
    entries: dict[str, _Entry],
    who: Callable[[Any], tuple[str, dict[str, Any]]],
) -> None:
    for row in result.rows:
        name, about = who(row)
        entry = entries.setdefault(name, _Entry())
        entry.about = about
        if row.points is not None:
            entry.points += row.points
            entry.gained = (entry.gained or 0.0) + row.points
        if code == "R" and row.position is not None:
            entry.places[row.position] += 1


def _round(
    event: SeasonEvent,
    sessions: list[SessionCode],
    complete: bool,
    drivers: dict[str, _Entry],
    teams: dict[str, _Entry],
) -> StandingsRound:
    return StandingsRound(
        round=event.round,
        name=event.name,
        sessions=sessions,
        complete=complete,
        drivers=list(_ranked(drivers, complete, DriverStanding)),
        teams=list(_ranked(teams, complete, TeamStanding)),
    )


def _ranked(entries: dict[str, _Entry], complete: bool, model: type[S]) -> Iterator[S]:
    """By place; forgets what this round brought."""
    groups: dict[tuple[float, ...], list[_Entry]] = defaultdict(list)
    for entry in entries.values():
        groups[entry.rank()].append(entry)
    place = 1
    for rank in sorted(groups):
        for entry in groups[rank]:
            before, entry.position = entry.position, place if complete else None
            moved = None if before is None or entry.position is None else before - entry.position
            sums = {"points": entry.points, "wins": entry.places[1], "position": place} if complete else {}
            yield model(**entry.about, **sums, gained=entry.gained, moved=moved)
            entry.gained = None
        place += len(groups[rank])
