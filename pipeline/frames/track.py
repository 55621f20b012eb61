"""Where each car is along the reference line, and its race progress.

Progress is counted in laps: 2.25 is a quarter into the third lap. Positions are projected on one line, so it
is comparable between cars; the official line crossings then pin it, so that it agrees with the lap count to
the sample.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.frames import driven
from pipeline.frames.driven import MAX_SPEED_MS
from pipeline.frames.laps import LapLine, inside
from pipeline.frames.line import Line, project
from pipeline.model import CarSamples, Floats, PosSamples

WINDOW, UNSURE = 0.05, (0.10, 0.5)  # of a lap, on either side of the place the driven distance suggests
OFF_LINE = 1000.0  # 1/10 m: further from the line than any pit lane or run-off that still counts
LEAD_IN_S = 3.0
MEDIAN_SAMPLES = 9  # about two seconds
AROUND = 0.06  # of a lap before the pit lane and after it: what the crossing in it is off by fades there
PINNED = 0.05  # of a lap: a crossing that disagrees with the projection by more is not believed


@dataclass(frozen=True)
class Placed:
    """One car's position samples on the reference line; all (n,), NaN where the sample is unknown or
    not wanted.

    at: progress in laps of the nearest point. side, height: 1/10 m from it, to the left and up. driven:
    metres by speed. ahead: metres beyond what the driven distance and the line crossings suggest. slack:
    metres that these two leave open there, inf where they contradict each other or say nothing.
    """

    at: Floats
    side: Floats
    height: Floats
    driven: Floats
    ahead: Floats
    slack: Floats


def place(
    line: Line | None, pos: PosSamples, car: CarSamples | None, lap: LapLine, start: float, end: float
) -> Placed:
    """Project a car's samples on the line, from the few seconds before `start` that frame 0 needs to `end`.

    Without a line all are at its side 0, and nowhere along it.

    Args:
        start, end: session seconds.
    """
    path = driven.metres(car, pos)
    known = np.flatnonzero((pos.t >= start - LEAD_IN_S) & (pos.t <= end) & ~np.isnan(pos.x))
    out = np.full((4, len(pos.t)), np.nan)
    out[1:3, known] = 0.0
    if line is None:
        return Placed(out[0], out[1], out[2], path, out[3], np.full(len(pos.t), np.inf))
    path = driven.mended(path, pos, lap, line.driven_m)
    by_speed, slack = driven.expected(path, pos.t, lap, line.driven_m, start)
    guess = line.place(by_speed[known])
    x, y = pos.x[known], pos.y[known]
    at, side = project(line, x, y, guess, WINDOW)
    lost = np.isinf(slack[known])
    for window in UNSURE:
        at[lost], side[lost] = project(line, x[lost], y[lost], guess[lost], window)
        lost &= np.abs(side) > OFF_LINE
    height = pos.z[known] - np.interp(at % 1.0, np.arange(len(line.z)) / len(line.z), line.z, period=1.0)
    out[:, known] = at, side, height, (at - guess) * line.length_m
    return Placed(out[0], out[1], out[2], path, out[3], slack)


def progress(
    placed: Placed, t: Floats, lap: LapLine, line: Line, pits: list[tuple[float, float]], until: float
) -> Floats:
    """Race progress in laps at each position sample, float64 (n,), never falling; NaN where unknown.

    Negative on the grid, behind the line.

    Args:
        pits: stays in the pit lane, session seconds. until: session second after which the car is out.
    """
    near = np.abs(placed.side) <= OFF_LINE  # not where it is NaN
    raw = np.where(near & (t <= until), placed.at, np.nan)
    known = np.flatnonzero(~np.isnan(raw))
    if len(known):
        steady = _steady(raw[known] * line.length_m, t[known], placed.driven[known])
        raw[known] = steady / line.length_m
    return _pin(raw, t, lap, pits)


def _steady(metres: Floats, t: Floats, by_speed: Floats) -> Floats:
    """Take the jitter of late and early position stamps out, with the speed the car itself reports.

    What the projection says beyond the integrated speed drifts slowly; its running median leaves single
    stamps that are off by tens of metres without effect. The result never falls, nor rises faster than
    any car drives.
    """
    metres = by_speed + _running_median(metres - by_speed)
    rising = np.maximum.accumulate(metres)
    return np.minimum.accumulate(rising - MAX_SPEED_MS * t) + MAX_SPEED_MS * t


def _running_median(values: Floats) -> Floats:
    """Median of MEDIAN_SAMPLES neighbours, shorter windows reflected at the ends; float64 (n,)."""
    half = MEDIAN_SAMPLES // 2
    if len(values) <= half:
        return values
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="reflect"), MEDIAN_SAMPLES)
    return np.asarray(np.partition(windows, half, axis=1)[:, half])


def _pin(raw: Floats, t: Floats, lap: LapLine, pits: list[tuple[float, float]]) -> Floats:
    """Map raw progress so that it equals the lap count at each official crossing, and itself on the grid.

    What it is off by at a crossing in the pit lane says nothing of the track before and after.
    """
    known = ~np.isnan(raw)
    crossed = lap.ends[~np.isnan(lap.ends)]
    count = lap.number[~np.isnan(lap.ends)].astype(np.float64)
    if known.sum() < 2 or not len(crossed):
        return raw
    at = np.interp(crossed, t[known], raw[known], left=np.nan, right=np.nan)
    believed = np.abs(at - count) <= PINNED
    visits = [(entry, out) for entry, out in pits if ((crossed > entry) & (crossed < out)).any()]
    plain = believed & ~inside(crossed, visits)
    if visits and plain.any():
        edges = np.unique(np.interp(visits, t[known], raw[known]) + np.array([-AROUND, AROUND]))
        off = np.interp(edges, at[plain], (count - at)[plain])
        at, count = np.append(at[believed], edges), np.append(count[believed], edges + off)
        order = np.lexsort((count, at))
        at, count = at[order], np.maximum.accumulate(count[order])
    else:
        at, count = at[believed], count[believed]
    rising = np.concatenate(([True], np.diff(at) > 0)) if len(at) else np.empty(0, dtype=bool)
    at, count = at[rising], count[rising]
    if not len(at):
        return raw
    # on the grid the projection itself is right: what it is off by at the first crossing comes with speed
    grid = raw[known][0]
    seen = at[0] - grid > 0.5
    knots = np.concatenate(([grid if seen else at[0] - 2], at, [at[-1] + 2]))
    values = np.concatenate(([grid if seen else count[0] - 2], count, [count[-1] + 2]))
    return np.where(known, np.interp(raw, knots, values), np.nan)
