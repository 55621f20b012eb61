"""Recordings of `python -m fastf1.livetiming save`: what they hold, and the event they tell of."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import SourceError
from pipeline.input.words import word
from pipeline.job import ScheduledEvent, ScheduledSession

_NEEDED = {
    "TimingData": "lap timing",
    "TimingAppData": "tyres",
    "Position.z": "car positions",
    "CarData.z": "car data",
    "SessionData": "the start of the session",
}
_TOPIC = re.compile(r"\[['\"]([A-Za-z.]+)['\"]")


def check(files: tuple[Path, ...], event: ScheduledEvent, key: SessionKey) -> None:
    """Raise SourceError for a recording that cannot be of this session, naming what it lacks."""
    names = ", ".join(file.name for file in files)
    topics, started = _topics(files)
    if not topics:
        raise SourceError(f"{key}: {names} is empty or no recording of `python -m fastf1.livetiming save`")
    lacking = [what for topic, what in _NEEDED.items() if topic not in topics]
    if not lacking and not started:
        lacking = [_NEEDED["SessionData"]]
    if lacking:
        raise SourceError(
            f"{key}: the recording {names} lacks {', '.join(lacking)}: record the whole session, from before "
            "the start"
        )
    info = session_info(files)
    if info is not None:
        _check_event(info, names, event, key)


def _topics(files: tuple[Path, ...]) -> tuple[set[str], bool]:
    topics, started = set(), False
    for file in files:
        with file.open(errors="replace") as stream:
            for line in stream:
                if found := _TOPIC.match(line):
                    topics.add(found[1])
                    started |= found[1] == "SessionData" and "Started" in line
    return topics, started


def session_info(files: tuple[Path, ...]) -> dict[str, Any] | None:
    """The first SessionInfo message of a recording."""
    for file in files:
        with file.open(errors="replace") as stream:
            for line in stream:
                if line.startswith(("['SessionInfo'", '["SessionInfo"')):
                    return _message(line)
    return None


def _message(line: str) -> dict[str, Any] | None:
    """The message of a line, read as leniently as fastf1 does; None where that fails."""
    text = line.replace("'", '"').replace("True", "true").replace("False", "false").replace("None", "null")
    try:
        message = json.loads(text)[1]
    except (json.JSONDecodeError, IndexError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("Meeting"), dict) else None


def _check_event(info: dict[str, Any], names: str, event: ScheduledEvent, key: SessionKey) -> None:
    start = _start(info, f"{key}: the recording {names}")
    told = f"{info['Meeting'].get('Name', 'another event')}, {info.get('Name', '')} of {start:%Y-%m-%d}"
    day = date.fromisoformat(event.date) if event.date else start.date()
    if abs(start.date() - day) > timedelta(days=3) or not _is_session(info, event, key):
        raise SourceError(f"{key} is {event.name} of {day}, but the recording {names} is of {told}")


def _is_session(info: dict[str, Any], event: ScheduledEvent, key: SessionKey) -> bool:
    """Whether the recording's name for its session fits; sprints had several, by which later others went."""
    name, scheduled = info.get("Name"), event.session(key.session)
    fits = [None, SESSIONS[key.session].name, scheduled.name if scheduled is not None else None]
    return name in fits or (key.session == "S" and name != SESSIONS["R"].name and info.get("Type") == "Race")


def _start(info: dict[str, Any], what: str) -> datetime:
    """UTC start of the session. Raises SourceError, about `what`, where it cannot be read."""
    date, offset = str(info.get("StartDate")), str(info.get("GmtOffset", "0:0:0"))
    try:
        hours, minutes, seconds = (int(part) for part in offset.lstrip("-").split(":"))
        ahead = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        local = datetime.fromisoformat(date).replace(tzinfo=UTC)
        return local + ahead if offset.startswith("-") else local - ahead
    except (ValueError, OverflowError):
        raise SourceError(
            f"{what} does not say when the session began (StartDate {date}, GmtOffset {offset}): "
            "its SessionInfo is damaged"
        ) from None


def event_of(files: tuple[Path, ...], key: SessionKey) -> ScheduledEvent:
    """The event that a recording itself tells of, for when the schedule cannot be had.

    Raises:
        SourceError: the recording does not say, or is of another season.
    """
    info, names = session_info(files), ", ".join(file.name for file in files)
    if info is None:
        raise SourceError(f"{key}: {names} is empty or does not say of which event it is (no SessionInfo)")
    meeting, start = info["Meeting"], _start(info, f"{key}: the recording {names}")
    if start.year not in (key.year, DEMO_YEAR):  # the demo's may be tried as any race
        raise SourceError(
            f"{key}: the recording {names} is of {meeting.get('Name', 'a race')} of {start:%Y-%m-%d}"
        )
    return event(
        key.year,
        key.round,
        name=word(meeting.get("Name")) or f"Round {key.round}",
        official_name=word(meeting.get("OfficialName")) or "",
        country=word((meeting.get("Country") or {}).get("Name")) or "",
        location=word(meeting.get("Location")) or "",
        starts={key.session: start},
    )


def event(
    year: int,
    round_number: int,
    *,
    name: str,
    official_name: str,
    country: str,
    location: str,
    starts: dict[SessionCode, datetime],
) -> ScheduledEvent:
    """An event made from plain values, with what fastf1 needs to build its own.

    Args:
        starts: UTC start of each session.
    """
    last = max(starts.values())
    row: dict[str, Any] = {
        "RoundNumber": round_number,
        "Country": country,
        "Location": location,
        "OfficialEventName": official_name or name,
        "EventName": name,
        "EventDate": last.date().isoformat(),
        "EventFormat": "sprint_qualifying" if "S" in starts else "conventional",
        "F1ApiSupport": True,
    }
    for i in range(1, 6):
        row |= {f"Session{i}": "", f"Session{i}Date": None, f"Session{i}DateUtc": None}
    in_order = sorted(starts, key=lambda code: starts[code])
    for i, code in enumerate(in_order, start=6 - len(starts)):  # the race is a weekend's fifth session
        text = starts[code].replace(tzinfo=None).isoformat()
        row |= {f"Session{i}": SESSIONS[code].name, f"Session{i}Date": text, f"Session{i}DateUtc": text}
    return ScheduledEvent(
        year=year,
        round=round_number,
        name=name,
        official_name=official_name or name,
        country=country,
        location=location,
        date=last.date().isoformat(),
        format=row["EventFormat"],
        sessions=tuple(ScheduledSession(code, SESSIONS[code].name, starts[code]) for code in sorted(starts)),
        row=row,
    )
