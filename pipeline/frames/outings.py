"""When each car is out of the pits, and what it does there: by its pit exits and entries, laps and speed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contract.columns import GARAGE, IN, OUT, PIT, TIMED, TRACK
from pipeline.frames.laps import LapLine, inside
from pipeline.model import CREEPS_KMH, Bools, CarSamples, Floats, Laps, PosSamples

HALTED_S = 45.0  # cars that queue or wait for a gap stand for less
LEAST_STAND_S = 1.0
AROUND_S = 2.0  # before and after a sample, within which a car that drives is seen to
ROLLS_KMH = 20.0  # nobody pushes a car so fast
DRIVEN = 0.3  # of the way that its speed makes in them

Stretch = tuple[float, float]
"""Begin and end, session seconds."""


@dataclass(frozen=True)
class Outings:
    """One car's session, in stretches by time.

    lane: in the pits, driving or not. garage: the longest stand of each of these. halts: from a stop on the
    track until the car is back, or the session's end. halted: whether the last one lasts to the end.
    """

    lane: list[Stretch]
    garage: list[Stretch]
    halts: list[Stretch]
    halted: bool

    def status(self, own: Laps, line: LapLine, times: Floats) -> npt.NDArray[np.int8]:
        """The codes of `contract.columns.STATUSES` at session seconds `times`, (n,)."""
        status = _by_lap(own, line)[line.at(times)]
        for stretches, code in ((self.halts, TRACK), (self.lane, PIT), (self.garage, GARAGE)):
            status[inside(times, stretches)] = code
        return status


def lap_kinds(own: Laps) -> tuple[Bools, Bools]:
    """(n,) each: whether a lap began in the pits, as the first always does, and whether it ends there."""
    out, back = ~np.isnan(own.pit_out), ~np.isnan(own.pit_in)
    return out | (own.number == 1), back


def _by_lap(own: Laps, line: LapLine) -> npt.NDArray[np.int8]:
    out, back = lap_kinds(own)
    kind = np.select([out, back, own.completed], [OUT, IN, TIMED], TRACK).astype(np.int8)
    known = dict(zip(own.number.tolist(), kind.tolist(), strict=True))
    codes = [known.get(n, TRACK) if s == 1 else TRACK for n, s in zip(line.number, line.spans, strict=True)]
    return np.array(codes, dtype=np.int8)


def outings(own: Laps, car: CarSamples | None, pos: PosSamples | None, start: float, end: float) -> Outings:
    """What one car did between two session seconds."""
    told = _movement(car, pos)
    driving = None if told is None else told[0][told[1]]
    lane, halts, halted = [], list[Stretch](), False
    since = start
    for begin, back in _out(own, start, end):
        lane.append((since, begin))
        since = back
        stood = _halt(driving, begin, back)
        halted = stood is not None
        if stood is not None:
            halts.append((stood, back))
    lane = [stretch for stretch in [*lane, (since, end)] if stretch[1] > stretch[0]]
    garage = [stand for stretch in lane if (stand := _stand(told, stretch, start, end)) is not None]
    return Outings(lane, garage, halts, halted)


def _out(own: Laps, start: float, end: float) -> Iterator[Stretch]:
    """From each exit to the entry; who stopped on the track came back otherwise, or never."""
    exits, entries = (t[~np.isnan(t)] for t in (own.pit_out, own.pit_in))
    moments = sorted([(float(t), True) for t in exits] + [(float(t), False) for t in entries])
    out: float | None = None
    if moments and not moments[0][1]:  # the first exit is not told
        begun = own.start[~np.isnan(own.start)]
        out = float(begun[0]) if len(begun) and begun[0] < moments[0][0] else start
    elif not moments and own.completed.any():
        out = start
    for t, leaves in moments:
        if out is not None and t > start:
            yield max(out, start), min(t, end)
        out = t if leaves else None
    if out is not None and out < end:
        yield max(out, start), end


def _movement(car: CarSamples | None, pos: PosSamples | None) -> tuple[Floats, Bools] | None:
    """Session seconds at which a car is seen, and whether it drives, (n,) each; by its positions where it has
    no car data; None where it has neither."""
    t, drives = np.empty(0), np.empty(0, dtype=bool)
    if car is not None and (known := ~np.isnan(car.speed)).any():
        t, drives = car.t[known], (((car.speed > CREEPS_KMH) & ~turning(car, pos)) | rolling(car, pos))[known]
    if pos is not None:
        at = pos.t[~np.isnan(pos.x)]
        at = at[np.diff(np.searchsorted(t, (at - AROUND_S, at + AROUND_S)), axis=0)[0] == 0]
        moves = _way(pos, at) > CREEPS_KMH / 0.36 * 2 * AROUND_S
        order = np.argsort(np.concatenate((t, at)), kind="stable")
        t, drives = np.concatenate((t, at))[order], np.concatenate((drives, moves))[order]
    return (t, drives) if len(t) else None


def rolling(car: CarSamples, pos: PosSamples | None) -> Bools:
    """(n,) samples that say that a car stands which is seen to roll, in each second around."""
    ways = [_way(pos, car.t, second, second + 1.0) for second in np.arange(-AROUND_S, AROUND_S)]
    return np.asarray((car.speed <= CREEPS_KMH) & (np.min(ways, axis=0) > ROLLS_KMH / 0.36))


def turning(car: CarSamples, pos: PosSamples | None) -> Bools:
    """(n,) samples in which a car's wheels turn, or the feed says so, and it does not drive: on the jacks, or
    in a queue with its engine off, where the feed draws a line from what it had last to what comes next."""
    by_speed = car.speed / 0.36 * 2 * AROUND_S
    return np.asarray((car.speed > CREEPS_KMH) & (_way(pos, car.t) < DRIVEN * by_speed))


def _way(pos: PosSamples | None, times: Floats, since: float = -AROUND_S, until: float = AROUND_S) -> Floats:
    """(n,) how far a car gets by its positions from `since` seconds after each time to `until` seconds after,
    1/10 m; NaN where they do not tell."""
    if pos is None or (known := ~np.isnan(pos.x)).sum() < 2:
        return np.full(len(times), np.nan)
    t, begin, end = pos.t[known], times + since, times + until
    x, y = (np.interp(end, t, v[known]) - np.interp(begin, t, v[known]) for v in (pos.x, pos.y))
    row = np.clip(np.searchsorted(t, times), 1, len(t) - 1)
    seen = (t[row] - t[row - 1] <= AROUND_S) & (begin >= t[0]) & (end <= t[-1])
    return np.where(seen, np.hypot(x, y), np.nan)


def _halt(driving: Floats | None, begin: float, end: float) -> float | None:
    """When a car stopped that did not come in by itself; None where it drove to the end, or nobody knows."""
    own = np.empty(0) if driving is None else driving[(driving >= begin) & (driving <= end)]
    return float(own[-1]) if len(own) and end - own[-1] >= HALTED_S else None


def _stand(told: tuple[Floats, Bools] | None, lane: Stretch, start: float, end: float) -> Stretch | None:
    """The longest stretch in the pits in which the car does not drive, from where it is seen to where it is
    seen last; all of it where nobody knows. It was there from the session's start, and is to its end."""
    if told is None:
        return lane
    inside = (told[0] > lane[0]) & (told[0] < lane[1])
    t, drives = told[0][inside], told[1][inside]
    edges = np.concatenate(([lane[0]], t[drives], [lane[1]]))
    longest = int(np.argmax(np.diff(edges)))
    first, last = float(edges[longest]), float(edges[longest + 1])
    still = t[~drives & (t >= first) & (t <= last)]
    if not len(still):
        return None
    stand = (
        first if first == start or still[0] - first <= AROUND_S else float(still[0]),
        last if last == end or last - still[-1] <= AROUND_S else float(still[-1]),
    )
    return stand if stand[1] - stand[0] >= LEAST_STAND_S else None
