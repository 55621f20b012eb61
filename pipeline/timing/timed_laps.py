"""What laps of qualifying and practice say beside those of a race: part, attempts, bests of the part.

Everything begins anew with each part. A sector counts as soon as it is driven, whatever becomes of the lap; a
lap time where the feed counts it; both until race control deletes the lap.
"""

from typing import Any

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.contract.tables import ATTEMPTS
from pipeline.frames.outings import lap_kinds
from pipeline.model import CarFrames, Floats, FrameClock, Laps, RaceFrames, RawRace, Rows
from pipeline.timing.bests import TIMED
from pipeline.timing.rows import rounded

RANKED_S = 1.0  # after a crossing, within which the feed has ranked the lap
PACE = 1.05  # of the best sector of the part so far: a car that drives slower is not on an attempt
COMPLETED, CANCELLED = ATTEMPTS


class Told:
    """Lap and sector times of a session that count, by part: (when, until when, seconds, driver) each."""

    def __init__(self, raw: RawRace, frames: RaceFrames) -> None:
        self.known = frames.lap_times
        self.times: dict[tuple[str, int], list[tuple[float, float, float, str]]] = {}
        for number, own in raw.laps.items():
            known_ = self.known[number]
            part, until = known_.part, np.where(np.isnan(known_.until), np.inf, known_.until)
            for name in TIMED:
                seconds, when = own.floats(name), moment(own, name)
                known = ~np.isnan(seconds) & ~np.isnan(when) & (seconds > 0)
                known &= known_.counts if name == "lap_time_s" else True
                for i in np.flatnonzero(known):
                    row = (float(when[i]), float(until[i]), float(seconds[i]), number)
                    self.times.setdefault((name, int(part[i])), []).append(row)

    def best(self, name: str, part: int, at: float, number: str | None = None, before: bool = False) -> float:
        """The least time of a part at session second `at`, of one driver or all; NaN where there is none.

        Args:
            before: without what came to count then.
        """
        known = [
            seconds
            for when, until, seconds, who in self.times.get((name, part), ())
            if (when < at if before else when <= at) and until > at and number in (None, who)
        ]
        return min(known, default=np.nan)


def moment(own: Laps, name: str) -> Floats:
    """(n,) when a time of each lap was known, session seconds."""
    if name in ("lap_time_s", "sector3_s"):
        return own.end
    return np.where(np.isnan(own.floats(f"{name[:7]}_end_s")), own.end, own.floats(f"{name[:7]}_end_s"))


def told(raw: RawRace, frames: RaceFrames, number: str, session: Told) -> Rows:
    """One driver's further columns."""
    own = raw.laps[number]
    code = next(d.code for d in raw.drivers if d.number == number)
    known = session.known[number]
    part, deleted = known.part, known.until
    bests: Rows = {}
    for name in TIMED:
        short = name.removesuffix("_s").removesuffix("_time")
        for whose, who in (("best", number), ("overall", None)):
            bests[f"{short}_{whose}_s"] = np.array(
                [session.best(name, int(k), t, who) for k, t in zip(part, own.end, strict=True)]
            )
    return {
        **bests,
        **_ranked(own, frames.cars.get(code), frames.clock),
        "kind": kinds(own),
        "part": [frames.parts[k].name for k in part],
        "counts": known.counts,
        "deleted_s": rounded(np.where(np.isinf(deleted), np.nan, deleted) - frames.clock.t0),
        "improved_s": _improved(session, own, number, part.tolist()),
        "attempt": [_attempt(session, own, i, int(part[i])) for i in range(len(own))],
    }


def kinds(own: Laps) -> list[str]:
    """One of `LAP_KINDS` for each lap."""
    out, back = lap_kinds(own)
    return [("timed", "in", "out", "out_in")[2 * o + b] for o, b in zip(out, back, strict=True)]


def _ranked(own: Laps, car: CarFrames | None, clock: FrameClock) -> Rows:
    """Place, gap and interval once the feed has ranked each lap, as the frames have them."""
    ends = np.where(own.completed, own.end, np.nan)
    at = np.array([clock.frames if np.isnan(t) else clock.index(t + RANKED_S) for t in ends], dtype=np.int64)
    found: dict[str, Any] = {"laps_down": np.full(len(own), np.nan)}
    for name, column in (("position", "position"), ("gap_s", "gap"), ("interval_s", "interval")):
        values = np.full(len(own), np.nan)
        if car is not None:
            there, declared = at < len(car), COLUMNS[column]
            shown = car.columns[column][at[there]].astype(np.float64)
            values[there] = np.where(shown == declared.null, np.nan, shown / 10.0**declared.decimals)
        found[name] = values
    return found


def _improved(session: Told, own: Laps, number: str, part: list[int]) -> Floats:
    """(n,) how much faster each lap that counts was than the driver's best of the part before, else NaN."""
    times, found = own.floats("lap_time_s"), np.full(len(own), np.nan)
    for i in np.flatnonzero(session.known[number].counts):
        before = session.best("lap_time_s", part[i], float(own.end[i]), number, before=True)
        if before > times[i]:
            found[i] = round(before - times[i], 3)
    return found


def _attempt(session: Told, own: Laps, i: int, part: int) -> str | None:
    """Whether a lap from line to line began at the pace of a timed one, and what became of it."""
    if lap_kinds(own)[0][i]:
        return None
    at_pace = [_at_pace(session, own, i, part, f"sector{n}_s") for n in (1, 2, 3)]
    if not at_pace[0]:
        return None
    return COMPLETED if own.completed[i] and np.isnan(own.pit_in[i]) and all(at_pace) else CANCELLED


def _at_pace(session: Told, own: Laps, i: int, part: int, name: str) -> bool:
    seconds, when = float(own.floats(name)[i]), float(moment(own, name)[i])
    return seconds <= PACE * session.best(name, part, when)
