"""Published results -> both championships after each round; the official ones in their place where known.

A tie goes to who has won more races, then to who was second more often, and so on; sprints do not count for
that. Where the points of one race or sprint are not known, nobody's sum is, from that round on. Official
standings hold as long as the results add up to what they did when they were taken.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
_WHO: dict[type, tuple[str, ...]] = {
    DriverStanding: ("driver", "driver_id", "name", "team"),
    TeamStanding: ("team", "team_id"),
}


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


def standings(
    listing: SeasonListing,
    results: Mapping[SessionKey, Results],
    before: Standings | None = None,
    told: StandingsRound | None = None,
) -> Standings:
    """The standings after each round that has results.

    Args:
        results: those of races and sprints. before: what is published. told: official ones, just taken.
    """
    official = {r.round: r for r in (before.rounds if before else ()) if r.official_at is not None}
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
        known = official.get(event.round)
        if told is not None and told.round == event.round:
            known = told
        elif known is not None and not _holds(known, complete, drivers, teams):
            known = None
        rounds.append(_round(event, list(found), complete, drivers, teams, known))
    return Standings(year=listing.year, rounds=rounds)


def _holds(
    known: StandingsRound, complete: bool, drivers: dict[str, _Entry], teams: dict[str, _Entry]
) -> bool:
    """Whether the results add up to what they did when the official standings were taken."""
    if known.complete != complete:
        return False
    for rows, entries in ((known.drivers, drivers), (known.teams, teams)):
        then = {_name(row, entries): row.points if row.summed is None else row.summed for row in rows}
        now = {name: entry.points for name, entry in entries.items()}
        if complete and {name: p for name, p in then.items() if p} != {n: p for n, p in now.items() if p}:
            return False
    return True


def _name(row: Any, entries: Mapping[str, _Entry]) -> str:
    """By which a driver or team of the standings is counted: the id, where that was known."""
    own, other = (row.driver_id, row.driver) if isinstance(row, DriverStanding) else (row.team_id, row.team)
    known = next((name for name in (own, other) if name in entries), own or other)
    return str(known)


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
    known: StandingsRound | None,
) -> StandingsRound:
    if known is not None and not (_has_all(known.drivers, drivers) and _has_all(known.teams, teams)):
        known = None
    return StandingsRound(
        round=event.round,
        name=event.name,
        sessions=sessions,
        complete=complete,
        official_at=None if known is None else known.official_at,
        drivers=_ranked(drivers, complete, DriverStanding, None if known is None else known.drivers),
        teams=_ranked(teams, complete, TeamStanding, None if known is None else known.teams),
    )


def _has_all(rows: Sequence[Standing], entries: Mapping[str, _Entry]) -> bool:
    """Whether everyone who has points is in official standings."""
    names = {_name(row, entries) for row in rows}
    return all(name in names for name, entry in entries.items() if entry.points)


def _ranked(
    entries: dict[str, _Entry], complete: bool, model: type[S], official: Sequence[S] | None
) -> list[S]:
    """By place; forgets what this round brought."""
    places = _places(entries) if complete else {}
    said = {_name(row, entries): row for row in official or ()}
    for name, row in said.items():  # of races that are not published
        entries.setdefault(name, _Entry(about={field: getattr(row, field) for field in _WHO[model]}))
    rows: list[tuple[tuple[float, ...], S]] = []
    for name, entry in entries.items():
        own = {"points": entry.points, "wins": entry.places[1], "position": places.get(name)}
        values: dict[str, Any] = own if complete else {}
        if official is not None:
            values = _official(said.get(name), entry.points if complete else None)
        before, entry.position = entry.position, values.get("position")
        moved = None if before is None or entry.position is None else before - entry.position
        row = model(**entry.about, **values, gained=entry.gained, moved=moved)
        rows.append(((entry.position or _LAST, *entry.rank()), row))
        entry.gained = None
    return [row for _, row in sorted(rows, key=lambda ranked: ranked[0])]


def _official(row: Standing | None, summed: float | None) -> dict[str, Any]:
    """Of who is not among them nothing is known but the sum."""
    if row is None:
        return {"summed": summed}
    values = {"points": row.points, "wins": row.wins, "position": row.position}
    return values if summed in (None, row.points) else values | {"summed": summed}


def _places(entries: Mapping[str, _Entry]) -> dict[str, int]:
    """Who is level in all shares a place."""
    ranks = sorted(entry.rank() for entry in entries.values())
    return {name: ranks.index(entry.rank()) + 1 for name, entry in entries.items()}
