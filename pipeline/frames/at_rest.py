"""What cars report that stand in garages, or have halted: wheels turn on the jacks, trucks carry them."""

from dataclasses import replace

import numpy as np

from pipeline.frames.agree import without_data
from pipeline.frames.clean import Clean, without
from pipeline.frames.laps import inside
from pipeline.frames.outings import AROUND_S, Outings, Stretch, rolling, turning
from pipeline.frames.plausible import Verdict
from pipeline.model import Bools, PosSamples

MOVED = 300.0  # 1/10 m from where it halted: the car is on a truck
LEAPS, STANDS = 200.0, 100.0  # 1/10 m, at once, and between two places that are one: cars are pushed slowly
LANE = 250.0  # 1/10 m a second


def at_rest(possible: Clean, who: dict[str, Outings]) -> Clean:
    """Without car data of wheels that turn where the car stands, or stand where it drives, and positions
    of cars that had halted and were moved since."""
    positions, cars = dict(possible.positions), dict(possible.cars)
    for number, own in who.items():
        pos, car = positions.get(number), cars.get(number)
        if car is not None:
            cars[number] = without_data(
                car, (turning(car, pos) | rolling(car, pos)) & inside(car.t, own.lane)
            )
        if pos is not None and own.halts:
            positions[number] = without(pos, _carried(pos, own))
    return replace(possible, positions=positions, cars=cars)


def unjudged(
    cleaned: Clean, verdicts: dict[str, Verdict], possible: Clean, who: dict[str, Outings]
) -> tuple[Clean, dict[str, Verdict]]:
    """With what cannot be judged: nothing tells where a car in its garage is but its positions, which must
    not leap, and cars are pushed and towed in the pits."""
    positions, told = dict(cleaned.positions), dict(verdicts)
    for number, verdict in verdicts.items():
        pos, own = possible.positions[number], who[number]
        false = np.isnan(positions[number].x) & ~inside(pos.t, own.garage)
        stray = np.zeros(len(pos.t), dtype=bool)
        for stand in own.garage:
            stray |= _stray(pos, stand)
        positions[number] = without(pos, false | stray)
        asked = ~inside(pos.t, [*own.lane, *own.halts])
        leaps = (verdict.leaps & asked) | stray
        told[number] = Verdict(leaps, verdict.elsewhere & asked, verdict.jumps & asked)
    return replace(cleaned, positions=positions), told


def _stray(pos: PosSamples, stand: Stretch) -> Bools:
    """Samples of a car that stands, comes or goes that leap away from where it was, and back: it was where it
    came from and went to, or else for the longest."""
    rows = np.flatnonzero((pos.t >= stand[0] - AROUND_S) & (pos.t < stand[1] + AROUND_S) & ~np.isnan(pos.x))
    t, x, y = pos.t[rows], pos.x[rows], pos.y[rows]
    cuts = np.flatnonzero(np.hypot(np.diff(x), np.diff(y)) > LEAPS) + 1
    begins, ends = np.append(0, cuts), np.append(cuts, len(rows)) - 1

    def strays(home: int) -> tuple[Bools, bool]:
        """By the stretch it is believed to stand in; and whether it leaves from there."""
        found, leaves = np.zeros(len(rows), dtype=bool), home == len(begins) - 1
        for onward in (range(home + 1, len(begins)), range(home - 1, -1, -1)):
            last = home
            for k in onward:
                i, j = sorted((last, k))
                a, b = ends[i], begins[j]
                if np.hypot(x[b] - x[a], y[b] - y[a]) <= STANDS + LANE * min(t[b] - t[a], AROUND_S):
                    found[a + 1 : b] = True
                    last = k
                    leaves |= k == len(begins) - 1
        return found, leaves

    away, back = strays(0)
    false = np.zeros(len(pos.t), dtype=bool)
    false[rows] = away if back else strays(int(np.argmax(ends - begins)))[0]
    return false


def _carried(pos: PosSamples, own: Outings) -> Bools:
    false = np.zeros(len(pos.t), dtype=bool)
    for begin, end in own.halts:
        there = np.flatnonzero((pos.t >= begin) & (pos.t <= end) & ~np.isnan(pos.x))
        if len(there):
            x, y = pos.x[there] - pos.x[there[0]], pos.y[there] - pos.y[there[0]]
            moved = np.flatnonzero(np.hypot(x, y) > MOVED)
            if len(moved):
                false[there[moved[0]] : there[-1] + 1] = True
    return false
