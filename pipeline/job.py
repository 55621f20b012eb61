"""What one race's process is given, and what it gives back: plain values that cross processes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pipeline.contract import FPS, FRAME_SKIPS
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Grade, Manifest, Options
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import PipelineError
from pipeline.network.trouble import Trouble

AS_USUAL = Options(fps=FPS, frame_skips=list(FRAME_SKIPS))
Word = Literal["going on", "over"]  # of a session, by F1's feed
SETTLED = timedelta(hours=48)  # after a session is over; stewards and jolpica have spoken by then


def settles_at(start: datetime, code: SessionCode) -> datetime:
    """When what a host has of a session that began at `start` is taken for final."""
    return start + SESSIONS[code].lasts + SETTLED


@dataclass(frozen=True)
class ScheduledSession:
    """`name` is the schedule's own; `start` its scheduled UTC start, None if unknown."""

    code: SessionCode
    name: str
    start: datetime | None

    def not_over(self, now: datetime, said: Word | None = None) -> str | None:
        """Why there can be nothing of it yet; None where it is over. said: what the feed says of it."""
        if self.start is None:
            return "its start is not known yet"
        if now < self.start:
            return f"it starts at {self.start:%Y-%m-%d %H:%M} UTC"
        if said == "going on":
            return f"it began at {self.start:%H:%M} UTC and is not over: F1's feed says so"
        if said is None and now < self.start + SESSIONS[self.code].lasts:
            return f"it began at {self.start:%H:%M} UTC and may still be running, or not be online yet"
        return None


def as_held(sessions: Iterable[ScheduledSession]) -> tuple[ScheduledSession, ...]:
    """In the order they are held: by their starts, or as they come where one is not known."""
    given = tuple(sessions)
    starts = {session.code: session.start for session in given if session.start is not None}
    return tuple(sorted(given, key=lambda s: starts[s.code])) if len(starts) == len(given) else given


@dataclass(frozen=True)
class ScheduledEvent:
    """A race weekend, its sessions in the order they are held.

    row: fastf1's own columns, dates as ISO text, to build its Event again.
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
    numbered: bool = True

    def session(self, code: SessionCode) -> ScheduledSession | None:
        return next((s for s in self.sessions if s.code == code), None)


@dataclass(frozen=True)
class Source:
    """Where sessions are loaded from.

    cache: fastf1's cache folder. offline: send nothing. recording: files of `fastf1.livetiming save`, in
    any order. patience_s: how long it may wait in all for hosts that fail. down: hosts that are
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
    options: Options = AS_USUAL
    threads: int = 1
    renew: bool = False
    keep_better: bool = False


State = Literal["published", "unchanged", "kept", "skipped", "waiting", "failed"]
Blame = Literal["network", "blocked", "not_yet", "race"]


@dataclass(frozen=True)
class Outcome:
    """How one race went. `bytes` counts all its artifacts.

    public: what may be published of the error. note: why a race was kept. blame: what a failure is owed to;
    "network" passes by itself. waited_s: seconds spent waiting for hosts. down: hosts that were given up.
    """

    key: SessionKey
    state: State
    grade: Grade | None = None
    frames: int | None = None
    bytes: int | None = None
    seconds: float = 0.0
    provisional: bool | None = None
    error: str | None = None
    public: str | None = None
    note: str | None = None
    blame: Blame = "race"
    waited_s: float = 0.0
    down: tuple[Trouble, ...] = ()

    @classmethod
    def failed(
        cls, key: SessionKey, error: PipelineError, message: str = "", blame: Blame = "race"
    ) -> "Outcome":
        """About a race that an error ended; `message` is the error's own where it is not given."""
        return cls(key, "failed", error=message or str(error), public=error.public, blame=blame)

    @classmethod
    def of(cls, manifest: Manifest, state: State, note: str | None = None) -> "Outcome":
        """About a race as its manifest tells of it."""
        return cls(
            key=manifest.event_key,
            state=state,
            grade=manifest.quality.grade,
            frames=manifest.clock.frames,
            bytes=sum(artifact.bytes for artifact in manifest.artifacts),
            provisional=manifest.provenance.provisional,
            note=note,
        )
