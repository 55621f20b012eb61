"""The parts of a session that is no race: Q1 to Q3, SQ1 to SQ3, or a practice as a whole.

The session's status says when a part starts, stops and ends; race control says the same where a client did
not record it. A red flag that ends a part looks like one that stops it: then the timing tells, which clears
the times of all before the next part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.contract.sessions import SESSIONS
from pipeline.model import Floats, FrameClock, Ints, Laps, RawRace

STARTED, ABORTED, FINISHED = "Started", "Aborted", "Finished"
_OVER = (FINISHED, "Finalised", "Ends")
MOST_PARTS = 3


@dataclass
class Span:
    """One part in session seconds. end: inf where the data end before; stops: red flags, by time."""

    name: str
    start: float
    end: float = np.inf
    stops: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Parts:
    """All of a session, by time, at least one. starts: (n,) from when each one's ranking holds."""

    spans: list[Span]

    @property
    def starts(self) -> Floats:
        return np.array([span.start for span in self.spans])

    def at(self, t: Floats) -> Ints:
        """(n,) the part that runs at session seconds `t`, or ran last; the first before it starts."""
        return np.maximum(np.searchsorted(self.starts, t, "right") - 1, 0)

    def in_frames(self, frames: Ints, clock: FrameClock) -> Ints:
        """(n,) the part whose ranking holds in each frame."""
        return np.searchsorted([clock.index(float(t)) for t in self.starts[1:]], frames, "right")

    def of(self, own: Laps) -> Ints:
        """(n,) the part in which each lap began: cars may cross the line in the pit lane before its start."""
        began = np.where(np.isnan(own.start), own.end, own.start)
        return self.at(np.where(np.isnan(own.pit_out), began, own.pit_out))


def parts_of(raw: RawRace) -> Parts:
    """The parts; where nobody tells of any, one from the first lap on."""
    spans = told_by_status(raw) or told_by_race_control(raw)
    if not spans:
        known = [own.pit_out for own in raw.laps.values()] + [own.start for own in raw.laps.values()]
        spans = [Span("", float(np.nanmin(np.concatenate(known))))]
    if SESSIONS[raw.event.session].kind == "practice":
        return Parts([_as_one(raw.event.session, spans)])
    last = spans[MOST_PARTS - 1 :]
    named = [*spans[: MOST_PARTS - 1], *([_as_one("", last)] if last else [])]
    for n, span in enumerate(named, 1):
        span.name = f"{raw.event.session}{n}"
    return Parts(named)


def _as_one(name: str, spans: list[Span]) -> Span:
    """Spans that are one part: it was said to be over, and went on."""
    stops = [stop for span in spans for stop in span.stops]
    return Span(name, spans[0].start, spans[-1].end, stops)


def told_by_status(raw: RawRace) -> list[Span]:
    """What the session's status says of its parts, not named yet; nothing where it does not say that any
    started."""
    status = raw.session_status
    words = list(zip(status.t.tolist(), status.code, strict=True))
    return list(_spans(words, _splits(raw))) if STARTED in status.code else []


def told_by_race_control(raw: RawRace, late: float = 0.0) -> list[Span]:
    """The same by race control's messages, which are `late` by seconds."""
    words = []
    for row in sorted(raw.race_control, key=lambda row: row.t):
        text = row.message.upper()
        if "PIT EXIT OPEN" in text or "GREEN LIGHT" in text:
            words.append((row.t, STARTED))
        elif text.startswith("RED FLAG"):
            words.append((row.t, ABORTED))
        elif row.flag == "CHEQUERED" or text.startswith("CHEQUERED"):
            words.append((row.t, FINISHED))
    return list(_spans([(t - late, word) for t, word in words], _splits(raw)))


def _splits(raw: RawRace) -> list[float]:
    """When the timing began to speak of a part but the first; of practice it says nothing that means any."""
    return [] if SESSIONS[raw.event.session].kind == "practice" else raw.splits[1:]


def _spans(words: list[tuple[float, str]], splits: list[float]) -> Iterator[Span]:
    """Args:
    words: Started, Aborted and Finished, by time. splits: see `RawRace`.
    """
    span: Span | None = None
    stopped: float | None = None
    for t, word in words:
        if word == STARTED and span is not None and stopped is not None:
            new = [split for split in splits if stopped < split <= t]
            if new:
                yield _closed(span, stopped, new[0])
                span, stopped = Span("", t), None
            else:
                span.stops.append((stopped, t))
                stopped = None
        elif word == STARTED and span is None:
            span = Span("", t)
        elif word == ABORTED and span is not None and stopped is None:
            stopped = t
        elif word in _OVER and span is not None:
            yield _closed(span, stopped, t)
            span, stopped = None, None
    if span is not None:
        yield span if stopped is None else _closed(span, stopped, np.inf)


def _closed(span: Span, stopped: float | None, end: float) -> Span:
    span.end = end
    if stopped is not None:
        span.stops.append((stopped, end))
    return span
