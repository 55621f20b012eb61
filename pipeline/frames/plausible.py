"""Which position samples a car can have been at: by its speed, by the track, and by its own line crossings.

A car's samples fall into stretches wherever a step is more than the car can have driven. A stretch beside the
track, or elsewhere on it than the car's own speed and line crossings say, is false; of the others those stay
that join to the most samples. All limits are about twice what clean races show.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.track import OFF_LINE, Placed
from pipeline.model import Bools, Floats, PosSamples

STEP_M = 35.0  # beyond the driven distance: samples are stamped up to half a second early or late
SIDE_STEP = 150.0  # 1/10 m sideways
DRIFT_M_S = 20.0  # on both for each second more than half a one between two samples
NEVER_M = 75.0  # no late stamp makes a step this much longer than what was driven
SLIDE_M = 250.0  # nor does a car slide this far whose speed is lost in a crash
STEP_COST, NEVER_COST, SLIDE_COST = 2, 60, 100  # samples that a stretch must gain to be worth such a step
LOOK_BACK = 60  # stretches that may be skipped at once
USUAL = 5.0  # times as far as usual from where the car's own speed and line crossings put it, but
ELSEWHERE_M = (25.0, 75.0)  # at least and at most that much, on a plain lap
ELSEWHERE_STOP_M = 150.0  # the same on laps with a stop, and the first: pit lanes are shorter and longer
BESIDE = 120.0  # 1/10 m: beyond the edge of any track, seen from the line that most drive
SHARE = 0.4  # of a stretch
HIGH = 250.0  # 1/10 m above or below the track
TELLING = 60  # samples, fewer say nothing of where a car is in the long run
SILENT = 61  # samples that a stretch counts for in which the car never drives

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Sight:
    """What a car's laps tell of its samples, all (n,).

    lap: row of the lap each is on. plain: the lap is neither the first nor one with a stop. drives: the car
    drives, away from the pits; only then it must be on the track.
    """

    lap: Indices
    plain: Bools
    drives: Bools


@dataclass(frozen=True)
class Verdict:
    """(n,) false samples of one car.

    leaps: at places that it cannot have reached. elsewhere: on stretches beside the track, or contrary to its
    line crossings. jumps: the last before a step that no car can drive, between stretches that both stay.
    """

    leaps: Bools
    elsewhere: Bools
    jumps: Bools

    @property
    def false(self) -> Bools:
        return self.leaps | self.elsewhere | self.jumps


def judge(pos: PosSamples, placed: Placed, sight: Sight, length_m: float, usual_m: float) -> Verdict:
    """Find one car's impossible samples among those that were placed on the line.

    Args:
        usual_m: metres that half the field's samples are off from where speed and line crossings put them.
    """
    verdict = Verdict(np.abs(placed.height) > HIGH, *np.zeros((2, len(pos.t)), dtype=bool))
    known = np.flatnonzero(~np.isnan(placed.side) & ~verdict.leaps)
    if not len(known):
        return verdict
    steps = _Steps(pos, placed, known, length_m)
    rows = np.arange(len(known))
    first = np.flatnonzero(np.concatenate(([True], steps.cost(rows[:-1], rows[1:]) > 0)))
    stretch = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(known))))
    drives = sight.drives[known]
    false = _false(placed, sight, known, stretch, np.clip(USUAL * usual_m, *ELSEWHERE_M))
    verdict.elsewhere[known] = false
    good, size, telling = (np.bincount(stretch, weights) for weights in (~false, None, drives))
    weight = np.where(telling > 0, size, np.minimum(size, SILENT) * (good.sum() > size.sum() / 2))
    stays = np.flatnonzero((good > 0) & (weight > 0))
    last = np.append(first[1:], len(known)) - 1
    kept = stays[_chain(steps, first[stays], last[stays], weight[stays])]
    verdict.leaps[known] = ~np.isin(stretch, kept) & ~false
    before, after = last[kept[:-1]], first[kept[1:]]
    verdict.jumps[known[before[steps.excess(before, after) > NEVER_M]]] = True
    return verdict


def _false(placed: Placed, sight: Sight, known: Indices, stretch: Indices, limit: float) -> Bools:
    """(m,) samples of stretches, and of laps, most of which are beside the track or elsewhere than expected.

    A few samples say little of where the car is in the long run: only many must mostly be within `limit`.
    """
    drives, slack, plain = sight.drives[known], placed.slack[known], sight.plain[known]
    told = drives & np.isfinite(slack)
    beside = drives & (np.abs(placed.side[known]) > BESIDE)
    change = (np.diff(stretch) != 0) | (np.diff(sight.lap[known]) != 0)
    lap = np.concatenate(([0], np.cumsum(change)))
    false = np.zeros(len(known), dtype=bool)
    for group, least, furthest in ((stretch, 1, NEVER_M), (stretch, TELLING, limit), (lap, TELLING, limit)):
        far = told & (np.abs(placed.ahead[known]) > slack + np.where(plain, furthest, ELSEWHERE_STOP_M))
        false |= (_mostly(far, told, group, least) | _mostly(beside, drives, group, least))[group]
    return false


def _mostly(wrong: Bools, telling: Bools, group: Indices, least: int) -> Bools:
    """Whether more than SHARE of each group's telling samples, at least `least` of them, are wrong."""
    count = np.bincount(group, telling)
    return np.asarray((count >= least) & (np.bincount(group, wrong) > SHARE * count))


def _chain(steps: "_Steps", first: Indices, last: Indices, weight: Floats) -> Indices:
    """The stretches to keep: those that weigh the most, less what the steps between them cost."""
    n = len(first)
    if n < 2:
        return np.arange(n)
    best, before = weight.copy(), np.full(n, -1)
    for i in range(1, n):
        earlier = np.arange(max(0, i - LOOK_BACK), i)
        gain = best[earlier] - steps.cost(last[earlier], np.full(len(earlier), first[i]))
        if (most := gain.max()) > 0:
            before[i] = earlier[len(earlier) - 1 - gain[::-1].argmax()]
            best[i] += most
    kept, i = [], int(best.argmax())
    while i >= 0:
        kept.append(i)
        i = int(before[i])
    return np.array(kept[::-1])


class _Steps:
    """The steps between a car's known samples, given as (m,) rows of them."""

    def __init__(self, pos: PosSamples, placed: Placed, known: Indices, length_m: float) -> None:
        self._t, self._x, self._y = pos.t[known], pos.x[known], pos.y[known]
        self._driven, self._side = placed.driven[known], placed.side[known]
        self._drift: Floats = placed.at[known] * length_m - self._driven
        self._near = np.abs(self._side) <= OFF_LINE

    def excess(self, a: Indices, b: Indices) -> Floats:
        """Metres by which the straight line from a to b is longer than what was driven."""
        chord = np.hypot(self._x[b] - self._x[a], self._y[b] - self._y[a]) / 10.0
        return np.asarray(chord - (self._driven[b] - self._driven[a]))

    def cost(self, a: Indices, b: Indices) -> npt.NDArray[np.int64]:
        """0 for a step that the car can have driven; what it costs to believe another."""
        more = DRIFT_M_S * np.clip(self._t[b] - self._t[a] - 0.5, 0.0, 5.0)
        near = self._near[a] & self._near[b]
        excess = np.fmax(
            self.excess(a, b), np.where(near, np.abs(self._drift[b] - self._drift[a]) - more, 0.0)
        )
        aside = near & (np.abs(self._side[b] - self._side[a]) > SIDE_STEP + 10.0 * more)
        limits = (excess > SLIDE_M, excess > NEVER_M, (excess > STEP_M) | aside)
        return np.select(limits, (SLIDE_COST, NEVER_COST, STEP_COST), 0)
