"""How far a car has driven by the speed it reports: its positions and line crossings are held against it."""

import numpy as np
import numpy.typing as npt

from pipeline.frames.laps import LapLine
from pipeline.model import Bools, CarSamples, Floats, PosSamples

MAX_SPEED_MS = 110.0
LOOSE = 0.01  # of the way since the last crossing
AGREES = 0.04  # of a lap: more than weaving, pit lanes and run-off roads make of it


def metres(car: CarSamples | None, pos: PosSamples) -> Floats:
    """Metres driven at each position sample, float64 (n,), rising; by the path for a car without speed."""
    at = None if car is None else car.odometer
    return path(pos) if at is None else np.interp(pos.t, *at)


def mended(driven: Floats, pos: PosSamples, lap: LapLine, length: float) -> Floats:
    """Metres driven, float64 (n,), by the path on laps where it is as long as the lap and the speed is not.

    Where these are most laps, all is by the path.
    """
    crossed = ~np.isnan(lap.ends)
    ends, laps = lap.ends[crossed], np.diff(lap.number[crossed])
    off = np.abs(np.diff(np.interp(ends, pos.t, driven)) / length - laps) > AGREES * laps
    if not off.any():
        return driven
    along = path(pos)
    off &= np.abs(np.diff(np.interp(ends, pos.t, along)) / length - laps) <= AGREES * laps
    if off.sum() > len(off) / 2:
        return along
    by_path = np.concatenate(([False], off, [False]))[np.searchsorted(ends, pos.t[1:])]
    steps = np.where(by_path, np.diff(along), np.diff(driven))
    return np.concatenate((driven[:1], driven[0] + np.cumsum(steps)))


def path(pos: PosSamples) -> Floats:
    """The length of the path through the known samples; a step counts as what a car can drive at most."""
    known = np.flatnonzero(~np.isnan(pos.x))
    if not len(known):
        return np.zeros(len(pos.t))
    steps = np.hypot(np.diff(pos.x[known]), np.diff(pos.y[known])) / 10.0
    path = np.cumsum(np.minimum(steps, MAX_SPEED_MS * np.diff(pos.t[known])))
    return np.interp(pos.t, pos.t[known], np.concatenate(([0.0], path)))


def believed(driven: Floats, number: npt.NDArray[np.floating], length: float) -> Bools:
    """(n,) whether each line crossing agrees with the distance driven between its neighbours.

    A crossing that is stamped late or early is off by itself. Where the speed was lost for a while, all that
    come after are off by the same, and stay.

    Args:
        driven: metres driven at each crossing. number: laps completed there. length: of the lap by speed, m.
    """
    off = driven / length - number
    if len(off) < 3:
        return np.ones(len(off), dtype=bool)
    padded = np.pad(off, 2, mode="reflect")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.asarray(np.abs(off - usual) <= AGREES)


def expected(driven: Floats, t: Floats, lap: LapLine, length: float, start: float) -> tuple[Floats, Floats]:
    """Progress in laps that the distance driven between the line crossings suggests, float64 (n,), and how
    well it is known, float64 (n,): metres by which that distance is not that of whole laps.

    Before the first crossing it goes back by the length of the lap, and after the last on, with less and less
    to hold it; crossings beyond the samples do not count. Where the distance is off by more than AGREES, and
    a lap after the last crossing, it is not known, inf. Without any crossing it begins at the race's `start`.
    """
    seen = (lap.ends >= t[0]) & (lap.ends <= t[-1])  # not what is NaN
    at, number = np.interp(lap.ends[seen], t, driven), lap.number[seen].astype(np.float64)
    keep = believed(at, number, length) & (np.diff(at, prepend=-np.inf) > 0)
    at, number = at[keep], number[keep]
    if not len(at):
        return (driven - np.interp(start, t, driven)) / length, np.full(len(t), np.inf)
    far = 1e3 * length
    knots = np.concatenate(([at[0] - far], at, [at[-1] + far]))
    values = np.concatenate(([number[0] - 1e3], number, [number[-1] + 1e3]))
    laps = np.diff(number)
    off = np.abs(np.diff(at) / length - laps)
    slack = np.concatenate(([0.0], np.where(off <= AGREES * laps, off * length, np.inf), [0.0]))
    since = driven - at[-1]
    loose = np.where(since > length, np.inf, LOOSE * np.maximum(since, 0.0))
    return np.interp(driven, knots, values), slack[np.searchsorted(at, driven)] + loose
