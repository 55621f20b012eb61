"""Lap boundaries of one driver, and what is stepped by them: lap number, tyre, tyre life, pit lane."""

from dataclasses import dataclass

import numpy as np

from pipeline.model import Bools, Floats, Ints, Laps


@dataclass(frozen=True)
class LapLine:
    """One driver's laps as half-open stretches of time that leave no gap.

    begin: float64 (n,) session seconds, strictly increasing; begin[0] is -inf. number, tyre, tyre_life:
    int64 (n,). `spans` is the number of laps a row stands for: above 1 where the timing lost laps.
    ends: float64 (n,), the line crossing that ends the lap, NaN where there was none.
    """

    begin: Floats
    number: Ints
    spans: Ints
    ends: Floats
    tyre: Ints
    tyre_life: Ints

    def at(self, times: Floats) -> Ints:
        """Row of each time, intp (m,)."""
        return np.searchsorted(self.begin, times, "right") - 1


def lap_line(laps: Laps, goes_on: bool) -> LapLine:
    """A lap begins where the one before ended: the official line crossing.

    Args:
        goes_on: the car did not end its race with its last crossing; a lap that has no row follows.

    After a red flag fastf1 starts the next lap at the restart; the time in between belongs to the lap
    that is under way, so the crossing is preferred to the restart.
    """
    begin = _begins(laps)
    keep = _increasing(begin)
    number = laps.number[keep]
    completed = np.where(laps.completed, laps.end, np.nan)[keep]
    line = LapLine(
        begin=begin[keep],
        number=number,
        spans=np.diff(number, prepend=0),
        ends=completed,
        tyre=laps.tyre[keep],
        tyre_life=laps.tyre_life[keep],
    )
    return _with_open_lap(line) if goes_on and not np.isnan(completed[-1]) else line


def _with_open_lap(line: LapLine) -> LapLine:
    """The laps and the one that was under way when the car stopped, or the timing did."""
    life = line.tyre_life[-1]
    return LapLine(
        begin=np.append(line.begin, line.ends[-1]),
        number=np.append(line.number, line.number[-1] + 1),
        spans=np.append(line.spans, 1),
        ends=np.append(line.ends, np.nan),
        tyre=np.append(line.tyre, line.tyre[-1]),
        tyre_life=np.append(line.tyre_life, life + 1 if life >= 0 else life),
    )


def _begins(laps: Laps) -> Floats:
    previous = np.concatenate(([-np.inf], laps.end[:-1]))
    begin = np.where(np.isnan(previous), laps.start, previous)
    begin[0] = -np.inf
    return begin


def _increasing(begin: Floats) -> Ints:
    """Rows whose begin is known and above all before it; a damaged row joins the lap before."""
    known = ~np.isnan(begin)
    ceiling = np.maximum.accumulate(np.where(known, begin, -np.inf))
    rising = np.concatenate(([True], begin[1:] > ceiling[:-1]))
    return np.flatnonzero(known & rising)


def pit_stretches(laps: Laps, start: float, end: float) -> list[tuple[float, float]]:
    """Stays in the pit lane as (in, out) session seconds; `end` where the car never came out.

    A car that leaves the pits on its first lap without having entered them started there.
    """
    entries = np.sort(laps.pit_in[~np.isnan(laps.pit_in)])
    exits = np.sort(laps.pit_out[~np.isnan(laps.pit_out)])
    stretches = []
    first = entries[0] if len(entries) else np.inf
    early = exits[(exits < first) & (exits > start)]
    if len(early) and np.nanmin(laps.pit_out) == early[0] and laps.number[np.nanargmin(laps.pit_out)] == 1:
        stretches.append((start, float(early[0])))
    for i, entry in enumerate(entries):
        following = entries[i + 1] if i + 1 < len(entries) else np.inf
        out = exits[(exits > entry) & (exits < following)]
        stretches.append(
            (float(entry), float(out[0]) if len(out) else _assumed_exit(laps, entry, following, end))
        )
    return stretches


def _assumed_exit(laps: Laps, entry: float, following: float, end: float) -> float:
    """Without an exit: the end of the lap after the stop if the car went on, else it stayed."""
    later = laps.end[laps.completed & (laps.end > entry)]
    return float(min(later[1], following)) if len(later) > 1 else end


def inside(times: Floats, stretches: list[tuple[float, float]]) -> Bools:
    """Whether each time lies in one of the stretches (in included, out excluded)."""
    found = np.zeros(len(times), dtype=bool)
    for entry, out in stretches:
        found[np.searchsorted(times, entry) : np.searchsorted(times, out)] = True
    return found
