"""Intervals to the car ahead and laps behind the leader: the official timing, held as the gap is.

An interval is that to a certain car. It ends when another one is ahead, and when either of both is in the
pits or has come to its halt.
"""

import numpy as np
import numpy.typing as npt

from pipeline.frames.order import PENALTY_S, SETTLED_S, Finish, held, held_to_flag
from pipeline.model import Bools, Floats, OfficialTiming

Rows = npt.NDArray[np.int8]  # a row for every car and frame: four bytes each are 12 MB a race


def cars_ahead(ranks: npt.NDArray[np.int8]) -> Rows:
    """The row of the car one place ahead, (cars, frames); -1 for the leader and who is absent.

    Args:
        ranks: (cars, frames) places of `order.places`, 0 where absent.
    """
    changed = np.concatenate(([True], (ranks[:, 1:] != ranks[:, :-1]).any(axis=0)))
    place = ranks[:, changed].astype(np.intp)
    by_place = np.full((len(ranks) + 1, place.shape[1]), -1)
    np.put_along_axis(by_place, place, np.arange(len(ranks))[:, None], axis=0)
    by_place[0] = -1
    ahead = np.take_along_axis(by_place, np.maximum(place - 1, 0), axis=0).astype(np.int8)
    return np.repeat(ahead, np.diff(np.append(np.flatnonzero(changed), ranks.shape[1])), axis=1)


def interval(
    timing: OfficialTiming | None,
    times: Floats,
    ahead: Rows,
    standing: Bools,
    finish: dict[int, Finish],
    row: int,
) -> Floats:
    """Seconds behind the car ahead, float64 (m,), NaN for the leader and where unknown.

    From the flag on it is that at the flag, without penalties, as long as the same car is ahead.

    Args:
        times: (m,) session seconds of the frames. ahead: (m,) of `cars_ahead` for the car, which is `row`.
        standing: (cars, m or more) whether a car is in the pits, or has come to its halt.
        finish: by row, for finishers.
    """
    if timing is None or not len(timing.t):
        return np.full(len(times), np.nan)
    frames = np.arange(len(times))
    blocked = (ahead < 0) | standing[row, : len(times)] | standing[ahead, frames]
    over = np.concatenate(([False], (ahead[1:] != ahead[:-1]) | (blocked[:-1] & ~blocked[1:])))
    ends = np.sort(np.concatenate((timing.moved, times[over])))
    own = finish.get(row)
    if own is None:
        return np.where(blocked, np.nan, held(timing.t, timing.interval, times, ends))
    first = min(int(np.searchsorted(times, own.at)), len(times) - 1)
    front = int(ahead[first])
    keep = _without_penalties(timing, own, finish.get(front))
    shown = held_to_flag(timing.t[keep], timing.interval[keep], times, ends, own.at)
    home = frames >= first
    return np.where(np.where(home, (ahead != front) | (front < 0), blocked), np.nan, shown)


def _without_penalties(timing: OfficialTiming, own: Finish, front: Finish | None) -> Bools:
    """(n,) rows but those from the flag on whose interval is not that of the crossings."""
    if front is None or front.laps != own.laps:
        return np.ones(len(timing.t), dtype=bool)
    off = np.abs(timing.interval - (own.at - front.at)) > PENALTY_S
    return np.asarray(~((timing.t > own.at - SETTLED_S) & off))


def laps_down(
    timing: OfficialTiming | None,
    times: Floats,
    place: npt.NDArray[np.int8],
    ends: Floats,
    finished_at: float | None,
) -> Floats:
    """Laps behind the leader, float64 (m,), as the official gap says: 0 where it is in seconds, NaN unknown.

    Args:
        timing, times, place, ends, finished_at: as those of `order.gaps`; news of a gap is news of its laps.
    """
    if timing is None or not len(timing.t):
        return np.where(place == 1, 0.0, np.nan)
    shown = held_to_flag(timing.t, timing.laps_down, times, ends, finished_at, told=timing.gap)
    return np.where(place == 1, 0.0, shown)
