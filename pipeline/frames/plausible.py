"""Which position samples a car can have been at: by its speed, by the track, and by its own line crossings.

A car's samples fall into stretches wherever a step is more than the car can have driven. A stretch beside the
track, or elsewhere on it than the car's own speed and line crossings say, is false; of the others those stay
that join to the most samples. How far is too far depends on the feed: limits are multiples of what half its
samples are off by, and about twice what clean races show.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.track import OFF_LINE, Placed
from pipeline.model import Bools, Floats, PosSamples

WORST_M = 6.0  # a feed that is off by more is not believed to be
SIDE_STEP = 150.0  # 1/10 m sideways
DRIFT_M_S = 20.0  # on both for each second more than half a one between two samples
SLIDE_M = 250.0  # no car slides this far whose speed is lost in a crash
STEP_COST, NEVER_COST, SLIDE_COST = 2, 60, 100  # samples that a stretch must gain to be worth such a step
LOOK_BACK = 60  # stretches that may be skipped at once
BESIDE = 120.0  # 1/10 m: beyond the edge of any track, seen from the line that most drive
SHARE = 0.4  # of a stretch
HIGH = 250.0  # 1/10 m above or below the track
TELLING = 60  # samples, fewer say nothing of where a car is in the long run
SILENT = 61  # samples that a stretch counts for in which the car never drives


@dataclass(frozen=True)
class Limits:
    """Metres that are too far in a feed of which half the samples are off by `usual`.

    step, never: beyond the driven distance, where a stamp may be late, and where no stamp is so late. few,
    many: from where speed and line crossings put the car on a plain lap, for some samples and for most of a
    lap. odd: the same on the first lap, and on those with a stop, as pit lanes are shorter and longer.
    """

    usual: float

    def _at_least(self, least: float, times: float) -> float:
        return max(least, times * min(self.usual, WORST_M))

    @property
    def step(self) -> float:
        return self._at_least(10.0, 12.0)

    @property
    def never(self) -> float:
        return self._at_least(30.0, 25.0)

    @property
    def few(self) -> float:
        return self._at_least(20.0, 25.0)

    @property
    def many(self) -> float:
        return self._at_least(8.0, 6.0)

    @property
    def odd(self) -> float:
        return self._at_least(40.0, 50.0)


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


def judge(pos: PosSamples, placed: Placed, sight: Sight, length_m: float, limits: Limits) -> Verdict:
    """Find one car's impossible samples among those that were placed on the line."""
    verdict = Verdict(np.abs(placed.height) > HIGH, *np.zeros((2, len(pos.t)), dtype=bool))
    known = np.flatnonzero(~np.isnan(placed.side) & ~verdict.leaps)
    if not len(known):
        return verdict
    steps = _Steps(pos, placed, known, length_m, limits)
    rows = np.arange(len(known))
    first = np.flatnonzero(np.concatenate(([True], steps.cost(rows[:-1], rows[1:]) > 0)))
    stretch = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(known))))
    drives = sight.drives[known]
    false = _false(placed, sight, known, stretch, limits)
    verdict.elsewhere[known] = false
    good, size, telling = (np.bincount(stretch, weights) for weights in (~false, None, drives))
    weight = np.where(telling > 0, size, np.minimum(size, SILENT) * (good.sum() > size.sum() / 2))
    stays = np.flatnonzero((good > 0) & (weight > 0))
    last = np.append(first[1:], len(known)) - 1
    kept = stays[_chain(steps, first[stays], last[stays], weight[stays])]
    verdict.leaps[known] = ~np.isin(stretch, kept) & ~false
    before, after = last[kept[:-1]], first[kept[1:]]
    verdict.jumps[known[before[steps.excess(before, after) > limits.never]]] = True
    return verdict


def _false(placed: Placed, sight: Sight, known: Indices, stretch: Indices, limits: Limits) -> Bools:
    """(m,) samples of stretches, and of laps, most of which are beside the track or elsewhere than expected.

    A few samples say little of where the car is in the long run, and may be further off.
    """
    drives, slack, plain = sight.drives[known], placed.slack[known], sight.plain[known]
    told = drives & np.isfinite(slack)
    beside = drives & (np.abs(placed.side[known]) > BESIDE)
    change = (np.diff(stretch) != 0) | (np.diff(sight.lap[known]) != 0)
    lap = np.concatenate(([0], np.cumsum(change)))
    false = np.zeros(len(known), dtype=bool)
    for group, least, furthest in (
        (stretch, 1, limits.few),
        (stretch, TELLING, limits.many),
        (lap, TELLING, limits.many),
    ):
        far = told & (np.abs(placed.ahead[known]) > slack + np.where(plain, furthest, limits.odd))
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

    def __init__(
        self, pos: PosSamples, placed: Placed, known: Indices, length_m: float, limits: Limits
    ) -> None:
        self._limits = limits
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
        over = (excess > SLIDE_M, excess > self._limits.never, (excess > self._limits.step) | aside)
        return np.select(over, (SLIDE_COST, NEVER_COST, STEP_COST), 0)
