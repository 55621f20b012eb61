"""What the parts of qualifying and practice are asked: status, race control, timing and who drove in them."""

from collections.abc import Iterator

import numpy as np

from pipeline.contract.models import Check
from pipeline.contract.sessions import SESSIONS
from pipeline.frames.parts import MOST_PARTS, Span, told_by_race_control, told_by_status
from pipeline.model import Floats, RaceFrames, RawRace

WORD_S = 10.0  # within which status, race control and timing say the same; a flag was 8 s late


def parts(raw: RawRace, frames: RaceFrames) -> Check:
    """Parts against what else is known of them."""
    wrong = [*_told_otherwise(raw)]
    if SESSIONS[raw.event.session].kind == "qualifying":
        wrong += [*_of_timing(raw, frames), *_drove_on(raw, frames)]
    return Check(
        name="parts", level="warn" if wrong else "ok", value=len(frames.parts), message="; ".join(wrong)
    )


def _told_otherwise(raw: RawRace) -> list[str]:
    """Where race control says otherwise than the status, whatever the clock of its messages."""
    status, control = told_by_status(raw), told_by_race_control(raw)
    if not status or not control:
        return []
    late = control[0].start - status[0].start
    return min((_other(status, told_by_race_control(raw, by)) for by in (0.0, late)), key=len)


def _other(status: list[Span], control: list[Span]) -> list[str]:
    """What differs. Cars leave the pits after the last flag, too, to try the start."""
    while len(control) > len(status) and control[-1].end == np.inf:
        control.pop()
    counts = [[len(span.stops) for span in spans] for spans in (status, control)]
    if counts[0] != counts[1]:
        told = ["/".join(map(str, count)) for count in counts]
        return [f"the status has parts with {told[0]} red flags, race control with {told[1]}"]
    late = int((np.abs(_moments(control) - _moments(status)) > WORD_S).sum())
    return [f"status and race control disagree on {late} starts, ends and red flags"] if late else []


def _moments(spans: list[Span]) -> Floats:
    """All starts and ends; NaN where nobody says."""
    told = np.array([t for span in spans for t in (span.start, span.end, *np.ravel(span.stops))])
    return np.where(np.isinf(told), np.nan, told)


def _of_timing(raw: RawRace, frames: RaceFrames) -> Iterator[str]:
    """Against the times of the result, and when the timing began to speak of each: after the one before."""
    official = max((k + 1 for d in raw.drivers for k, part in enumerate(d.parts) if part), default=0)
    if official > len(frames.parts):
        yield f"the result has times of {official} parts, the session's status {len(frames.parts)}"
    if len(frames.parts) < MOST_PARTS and official < len(frames.parts):
        yield f"the data end with {frames.parts[-1].name}, and nobody says that it was the last one"
    if len(raw.splits) > len(frames.parts):
        yield f"the timing speaks of {len(raw.splits)} parts, the session's status of {len(frames.parts)}"
    for part, following, split in zip(frames.parts, frames.parts[1:], raw.splits[1:], strict=False):
        spoken = split - frames.clock.t0
        if spoken > following.start + WORD_S or (part.end is not None and spoken < part.end - WORD_S):
            yield f"the timing speaks of {following.name} while {part.name} runs, or after its start"


def _drove_on(raw: RawRace, frames: RaceFrames) -> Iterator[str]:
    """Laps that were driven by who was out."""
    out = {code: k for k, part in enumerate(frames.parts) for code in part.knocked_out}
    for driver in raw.drivers:
        own = raw.laps.get(driver.number)
        if own is not None and driver.code in out:
            later = (frames.lap_times[driver.number].part > out[driver.code]) & (own.floats("lap_time_s") > 0)
            if later.any():
                yield f"{driver.code} was knocked out and drove on"


def result(frames: RaceFrames, place: Floats) -> Check:
    """Places in the last frame against the result: penalties come later."""
    last = {code: row[-1] for code, row in zip(frames.cars, place, strict=True)}
    official = {d.code: int(d.classified) for d in frames.drivers if d.classified and d.classified.isdigit()}
    other = [
        code
        for code, due in official.items()
        if not np.isnan(place_ := last.get(code, np.nan)) and place_ != due
    ]
    text = f"the result has another place than the timing at its end: {', '.join(other)}" if other else ""
    return Check(name="result_agrees", level="note" if other else "ok", value=len(other), message=text)


def flag(frames: RaceFrames) -> Check:
    """Whether the data reach the flag of the last part."""
    over = bool(frames.parts) and frames.parts[-1].end is not None
    text = "" if over else "the timing ends before the flag, or nobody says when it fell"
    return Check(name="chequered_flag", level="ok" if over else "warn", message=text)
