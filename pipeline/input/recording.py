"""Recordings of `python -m fastf1.livetiming save`: what they hold, and the event they tell of."""

import ast
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import SourceError
from pipeline.input.words import word
from pipeline.job import ScheduledEvent, ScheduledSession, as_held
from pipeline.network.answer import LARGEST

_NEEDED: dict[str, tuple[str, ...]] = {  # what -> the topics that hold it, any of them
    "lap timing": ("TimingData",),
    "tyres": ("TimingAppData", "TyreStintSeries"),
    "car positions": ("Position.z",),
    "car data": ("CarData.z",),
    "the start of the session": ("SessionData", "SessionStatus"),
}
LONGEST = 2_000_000  # characters of a line; the feed's longest tell the state of all cars in 40,000
SHOWN = 1000  # of a longer one, which is no line that can be read
_LAST_SHOOTOUT = 2023
_LATE = timedelta(minutes=30)  # whoever begins by then records this session; later, it may be for the next
_NEAR = timedelta(hours=12)  # of its start a session is recorded, however late it began
_JSON = {"True": "true", "False": "false", "None": "null"}
_STAMP = re.compile(r"['\"](\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[.\d]*Z?['\"]\]")
_TOPIC = re.compile(r"\[['\"]([A-Za-z.]+)['\"]")


def check(files: tuple[Path, ...], event: ScheduledEvent, key: SessionKey) -> None:
    """Raise SourceError for a recording that cannot be of this session, naming what it is or lacks."""
    names = ", ".join(file.name for file in files)
    topics, started, first = _topics(files)
    if not topics:
        raise SourceError(f"{key}: {names} is empty or no recording of `python -m fastf1.livetiming save`")
    info = session_info(files)
    if info is not None:
        _check_event(info, names, event, key)
    elif first is not None:
        _check_time(first, names, event, key)
    lacking = [what for what, holders in _NEEDED.items() if not topics.intersection(holders)]
    if not lacking and not started:
        lacking = ["the start of the session"]
    if lacking:
        raise SourceError(
            f"{key}: the recording {names} lacks {', '.join(lacking)}: record the whole session, from before "
            "the start"
        )


def lines(file: Path) -> Iterator[str]:
    """The lines of a file of a recording; of one that is longer than any of the feed only the beginning.

    Raises:
        SourceError: it is larger than that of any session.
    """
    if (size := file.stat().st_size) > LARGEST:
        raise SourceError(
            f"the recording {file.name} has {size / 1e6:,.0f} MB: one of a session has some 50 MB, and "
            f"{LARGEST / 1e6:.0f} MB are read; cut it to the session's"
        )
    with file.open(encoding="utf-8", errors="replace") as stream:
        while line := stream.readline(LONGEST):
            rest = line
            while len(rest) == LONGEST and not rest.endswith("\n"):
                line, rest = line[:SHOWN], stream.readline(LONGEST)
            yield line


def _topics(files: tuple[Path, ...]) -> tuple[set[str], bool, datetime | None]:
    """The topics of a recording, whether it tells of the start, and when its first line was sent."""
    topics, started, first = set(), False, None
    for file in files:
        for line in lines(file):
            if found := _TOPIC.match(line):
                topics.add(found[1])
                started |= found[1] in ("SessionData", "SessionStatus") and "Started" in line
                if first is None and (stamp := _STAMP.search(line[-40:])):
                    with suppress(ValueError):
                        first = datetime.fromisoformat(stamp[1]).replace(tzinfo=UTC)
    return topics, started, first


def _check_time(first: datetime, names: str, event: ScheduledEvent, key: SessionKey) -> None:
    """A recording without SessionInfo is of whatever was on when it was made."""
    scheduled = event.session(key.session)
    start = None if scheduled is None else scheduled.start
    if start is not None and abs(first - start) > _NEAR:
        raise SourceError(
            f"{key} of {event.name} starts at {start:%Y-%m-%d %H:%M} UTC, but the recording {names} begins "
            f"at {first:%Y-%m-%d %H:%M}"
        )
    likely = list(_on(first, event))
    if likely and key.session not in likely:
        words = " or ".join(SESSIONS[code].word for code in likely)
        raise SourceError(
            f"{key} of {event.name}: the recording {names} begins at {first:%Y-%m-%d %H:%M} UTC, "
            f"when {words} was on"
        )


def _on(moment: datetime, event: ScheduledEvent) -> Iterator[SessionCode]:
    """The sessions that a recording may be of that begins then: the one under way, and the next."""
    for session in as_held(event.sessions):
        if session.start is None or session.start < moment - SESSIONS[session.code].lasts:
            continue
        if session.start < moment + _NEAR:
            yield session.code
        if session.start > moment - _LATE:
            return


def session_info(files: tuple[Path, ...]) -> dict[str, Any] | None:
    """The first SessionInfo message of a recording."""
    for file in files:
        for line in lines(file):
            if line.startswith(("['SessionInfo'", '["SessionInfo"')):
                return _message(line)
    return None


def _message(line: str) -> dict[str, Any] | None:
    """The message of a line that tells of a meeting."""
    found = parse(line)
    message = found[1] if found is not None else None
    return message if isinstance(message, dict) and isinstance(message.get("Meeting"), dict) else None


def parse(line: str) -> tuple[str, Any, str] | None:
    """Topic, message and stamp of a line, which is JSON or Python's own writing of it; None for any other."""
    text = line.strip()
    if text.startswith("['") and '"' not in text:  # no apostrophe in it: as good as JSON
        text = text.replace("'", '"')
        for constant in ("True", "False", "None"):
            text = text.replace(f": {constant}", f": {_JSON[constant]}")
    for read, given in ((json.loads, text), (ast.literal_eval, line.strip())):
        try:
            topic, message, stamp = read(given)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(topic, str) and isinstance(stamp, str):
            return topic, message, stamp
    return None


def _check_event(info: dict[str, Any], names: str, event: ScheduledEvent, key: SessionKey) -> None:
    start = _start(info, f"{key}: the recording {names}")
    told = f"{info['Meeting'].get('Name', 'another event')}, {info.get('Name', '')} of {start:%Y-%m-%d}"
    day = date.fromisoformat(event.date) if event.date else start.date()
    if abs(start.date() - day) > timedelta(days=3) or not _is_session(info, event, key):
        raise SourceError(f"{key} is {event.name} of {day}, but the recording {names} is of {told}")


def _is_session(info: dict[str, Any], event: ScheduledEvent, key: SessionKey) -> bool:
    """Whether the recording's name and type for its session fit.

    Names of sprint and sprint qualifying changed over the years, and one went from the first to the second.
    """
    name, scheduled, session = info.get("Name"), event.session(key.session), SESSIONS[key.session]
    kinds = {known.kind.title(): known.kind for known in SESSIONS.values()}
    kind = kinds.get(str(info.get("Type")))
    if kind not in (None, session.kind):
        return False
    if kind is not None and key.session in ("S", "SQ"):
        return name not in (SESSIONS["R"].name, SESSIONS["Q"].name)
    return name in (None, session.name, scheduled.name if scheduled is not None else None)


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
        "EventFormat": "sprint_qualifying" if {"S", "SQ"} & starts.keys() else "conventional",
        "F1ApiSupport": True,
    }
    for i in range(1, 6):
        row |= {f"Session{i}": "", f"Session{i}Date": None, f"Session{i}DateUtc": None}
    sessions = as_held(ScheduledSession(code, _name(code, year), start) for code, start in starts.items())
    for i, session in enumerate(sessions, start=6 - len(starts)):  # the race is a weekend's fifth session
        text = starts[session.code].replace(tzinfo=None).isoformat()
        row |= {f"Session{i}": session.name, f"Session{i}Date": text, f"Session{i}DateUtc": text}
    return ScheduledEvent(
        year=year,
        round=round_number,
        name=name,
        official_name=official_name or name,
        country=country,
        location=location,
        date=last.date().isoformat(),
        format=row["EventFormat"],
        sessions=sessions,
        row=row,
    )


def _name(code: SessionCode, year: int) -> str:
    """By which fastf1 knows a session: until 2023 it takes a sprint qualifying for a sprint of 2021."""
    return "Sprint Shootout" if code == "SQ" and year <= _LAST_SHOOTOUT else SESSIONS[code].name
