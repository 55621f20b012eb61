"""Season schedules through fastf1, as plain values; and fastf1's own sessions made from them.

Runs in a child process, like all that imports fastf1: the others see plain values.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import fastf1
import pandas as pd
from fastf1.events import Event

from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import BlockedError, SourceError, UnreachableError, UsageError
from pipeline.input.load import captured_log, configure
from pipeline.input.schedule import no_session
from pipeline.input.words import word
from pipeline.job import ScheduledEvent, ScheduledSession, Source, as_held
from pipeline.network.trouble import Trouble

# what a session was called over the years -> its name here
_CALLED = {"Sprint Race": "Sprint", "Sprint Shootout": "Sprint Qualifying"}
_FIRST_SPRINT_QUALIFYING = 2023  # the sprints of 2021 were called so themselves
_BACKENDS = ("fastf1", "f1timing", "ergast")  # fastf1's own order: the usual schedule, and two that stand in
_SHORT_PATIENCE_S = 10.0  # a hiccup is waited out; for longer the others are asked first


def season(year: int, source: Source) -> list[ScheduledEvent]:
    """All events of a season but tests, by round; empty where no host has one (yet).

    Raises:
        SourceError: the schedule cannot be had.
    """
    with captured_log() as log:
        for patience in dict.fromkeys((min(_SHORT_PATIENCE_S, source.patience_s), source.patience_s)):
            watch = configure(replace(source, patience_s=patience))
            for backend in _BACKENDS:
                if events := _ask(year, backend, log):
                    return events
            if not watch.lost:
                break
    if watch.lost:
        raise _lost_schedule(year, list(watch.lost.values()))
    if watch.answered:
        return []
    raise SourceError(_no_schedule(year, source, log), f"the schedule of {year} cannot be read")


def _ask(year: int, backend: str, log: list[str]) -> list[ScheduledEvent]:
    """The events as one of fastf1's backends has them; none where it fails."""
    try:
        schedule = fastf1.get_event_schedule(year, include_testing=False, backend=backend)
        rows = [row for _, row in schedule.iterrows() if int(row["RoundNumber"]) > 0]
        return [replace(_event(year, row), numbered=backend == _BACKENDS[0]) for row in rows]
    except Exception as error:
        log.append(str(error))
        return []


def _lost_schedule(year: int, lost: list[Trouble]) -> SourceError:
    """What to blame: the usual schedule's host, which is asked first; waiting helps if any may come back."""
    kind = UnreachableError if any(trouble.passing for trouble in lost) else BlockedError
    public = f"the schedule of {year} cannot be fetched"
    return kind(f"{public}; {lost[0]}", public)


def _no_schedule(year: int, source: Source, log: list[str]) -> str:
    if source.offline:
        return (
            f"the schedule of {year} is not in the cache {source.cache} and --offline forbids fetching it: "
            "run `f1-precompute schedule` once without --offline, or name the cache with --fastf1-cache"
        )
    return f"the schedule of {year} cannot be read ({log[-1].split(chr(10))[0]}): run again later"


def _event(year: int, row: Any) -> ScheduledEvent:
    plain = {name: _plain(value) for name, value in row.items()}
    sessions = [
        ScheduledSession(code, str(plain[f"Session{i}"]), _utc(plain.get(f"Session{i}DateUtc")))
        for i in range(1, 6)
        if (code := _code(str(plain.get(f"Session{i}")), year)) is not None
    ]
    return ScheduledEvent(
        year=year,
        round=int(plain["RoundNumber"]),
        name=word(plain["EventName"]) or f"Round {plain['RoundNumber']}",
        official_name=word(plain["OfficialEventName"]) or word(plain["EventName"]) or "",
        country=word(plain["Country"]) or "",
        location=word(plain["Location"]) or "",
        date=None if plain["EventDate"] is None else str(plain["EventDate"])[:10],
        format=str(plain["EventFormat"]),
        sessions=as_held(sessions),
        row=plain,
    )


def _code(name: str, year: int) -> SessionCode | None:
    if name == SESSIONS["SQ"].name and year < _FIRST_SPRINT_QUALIFYING:
        return "S"
    name = _CALLED.get(name, name)
    return next((session.code for session in SESSIONS.values() if session.name == name), None)


def _plain(value: Any) -> Any:
    """A cell as text, number, bool or None."""
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT are not themselves
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _utc(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def to_fastf1(event: ScheduledEvent, code: SessionCode) -> Any:
    """fastf1's own Session for a scheduled one, without a request."""
    row = {name: pd.Timestamp(value) if "Date" in name else value for name, value in event.row.items()}
    scheduled = event.session(code)
    if scheduled is None:
        raise UsageError(no_session(event, code))
    if code == "S":  # by this name alone fastf1 knows those of 2021, whatever the schedule calls them
        row = {name: SESSIONS["S"].name if value == scheduled.name else value for name, value in row.items()}
        return Event(row, year=event.year).get_session(SESSIONS["S"].name)
    return Event(row, year=event.year).get_session(scheduled.name)
