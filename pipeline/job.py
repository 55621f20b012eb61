"""What one race's process is given, and what it gives back: plain values that cross processes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pipeline.contract import FPS, FRAME_SKIPS
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Grade
from pipeline.contract.sessions import SessionCode
from pipeline.network.trouble import Trouble

SETTLED = timedelta(hours=48)  # after the start of a session; stewards and jolpica have spoken by then


@dataclass(frozen=True)
class ScheduledSession:
    """A race or sprint. `name` is the schedule's own; `start` its scheduled UTC start, None if unknown."""

    code: SessionCode
    name: str
    start: datetime | None

    def is_over(self, now: datetime) -> bool:
        return self.start is not None and self.start < now


@dataclass(frozen=True)
class ScheduledEvent:
    """A race weekend. `row` holds fastf1's own columns, dates as ISO text, to build its Event again.

    numbered: whether the round comes from the usual schedule. Those that stand in for it when it is down may
    number a season otherwise.
    """

    year: int
    round: int
    name: str
    official_name: str
    country: str
    location: str
    date: str | None
    format: str
    sessions: tuple[ScheduledSession, ...]
    row: dict[str, Any] = field(repr=False, compare=False)
    meeting_key: int | None = None
    numbered: bool = True

    def session(self, code: SessionCode) -> ScheduledSession | None:
        return next((s for s in self.sessions if s.code == code), None)


@dataclass(frozen=True)
class Source:
    """Where sessions are loaded from.

    cache: fastf1's cache folder. offline: send nothing. recording: files of `fastf1.livetiming save`, in
    chronological order. patience_s: how long it may wait in all for hosts that fail. down: hosts that are
    known to be down. fresh: ask anew for results and timing that the HTTP cache holds.
    """

    cache: Path
    offline: bool = False
    recording: tuple[Path, ...] = ()
    patience_s: float = 0.0
    down: tuple[Trouble, ...] = ()
    fresh: bool = False


@dataclass(frozen=True)
class Job:
    """One race to compute. `threads` is how many it may keep busy.

    renew: fetch anew what fastf1 has parsed and cached of this session. keep_better: leave what is published
    where the new load is thinner.
    """

    key: SessionKey
    event: ScheduledEvent = field(repr=False)
    source: Source
    out: Path
    run: str
    fps: float = FPS
    frame_skips: tuple[int, ...] = FRAME_SKIPS
    threads: int = 1
    renew: bool = False
    keep_better: bool = False


State = Literal["published", "unchanged", "kept", "skipped", "failed"]
Blame = Literal["network", "blocked", "not_yet", "race"]


@dataclass(frozen=True)
class Outcome:
    """How one race went. `bytes` counts all its artifacts.

    note: why a race was kept. blame: what a failure is owed to; "network" passes by itself. waited_s: seconds
    spent waiting for hosts. down: hosts that were given up.
    """

    key: SessionKey
    state: State
    grade: Grade | None = None
    frames: int | None = None
    bytes: int | None = None
    seconds: float = 0.0
    provisional: bool | None = None
    error: str | None = None
    note: str | None = None
    blame: Blame = "race"
    waited_s: float = 0.0
    down: tuple[Trouble, ...] = ()
