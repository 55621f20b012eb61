"""Laps that the timing lost or misplaced, told by the car: where it crossed the line and how far it drove.

When the feed's timing pauses, fastf1 still makes a table of laps of what is left, with crossings that never
were. Two witnesses know nothing of the timing: the positions show when a car passed the line, and its speed
how far it drove in between. Where both contradict the timing, the laps are counted by the positions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.frames.clean import HOLE_S
from pipeline.frames.flag import flag_of
from pipeline.model import CarSamples, Finding, Floats, Laps, PosSamples, RawRace

NEAR = 300.0  # 1/10 m around the line: crossings further from where most are say nothing of where it is
REACH = 2000.0  # 1/10 m before and behind the line between two samples of a crossing
BESIDE = 1000.0  # 1/10 m to the side: the pit lane is nearer
AGREES_S = 3.0  # between a crossing of the timing and of the positions
AGREES = 0.015  # of a lap, in driven distance: laps differ by less
WHOLE = 0.16  # of a lap, where positions count: a trip off the track, and the grid, are shorter
TOOK_IT_S = 1.0  # before the flag: the winner's crossing by position
VOTES = 3


@dataclass(frozen=True)
class _Gate:
    """The line across the track: a point in 1/10 m, and the direction of driving, of length 1."""

    x: float
    y: float
    ahead: tuple[float, float]

    def crossings(self, pos: PosSamples) -> Floats:
        """Session seconds at which a car passed, float64 (k,); none in a hole of its positions."""
        known = ~np.isnan(pos.x)
        t, x, y = pos.t[known], pos.x[known] - self.x, pos.y[known] - self.y
        along, side = x * self.ahead[0] + y * self.ahead[1], y * self.ahead[0] - x * self.ahead[1]
        first, last = along[:-1], along[1:]
        passed = (first < 0) & (last >= 0) & (first > -REACH) & (last < REACH) & (np.abs(side[1:]) < BESIDE)
        i = np.flatnonzero(passed & (np.diff(t) <= HOLE_S))
        return np.asarray(t[i] + (t[i + 1] - t[i]) * first[i] / (first[i] - last[i]))


@dataclass(frozen=True)
class _Car:
    """One car's witnesses: when it passed the line, and metres driven at session seconds."""

    pos: PosSamples
    passed: Floats
    path: tuple[Floats, Floats]

    def driven(self, t: Floats) -> Floats:
        return np.interp(t, *self.path)


def mended(
    raw: RawRace, positions: dict[str, PosSamples], cars: dict[str, CarSamples], start: float
) -> tuple[RawRace, list[Finding]]:
    """The race with the laps of each car that the timing has wrong as its positions count them.

    From the first lap on: what begins later has nothing to count from.
    """
    if min((int(own.number[0]) for own in raw.laps.values() if len(own)), default=1) > 1:
        return raw, []
    gate = _gate(positions, raw.laps)
    seen = (
        {} if gate is None else {n: _witness(gate, pos, cars[n]) for n, pos in positions.items() if n in cars}
    )
    steps = [np.diff(car.driven(car.passed)) for car in seen.values()]
    whole = np.concatenate([*steps, np.empty(0)])
    if gate is None or not len(whole := whole[whole > 1000.0]):
        return raw, []
    length, fell = float(np.median(whole)), flag_of(raw).fell
    found: dict[str, Laps] = {}
    for info in raw.drivers:
        car, own = seen.get(info.number), raw.laps.get(info.number)
        if car is None or (own is not None and not _contradicted(own, car, length, start, fell)):
            continue
        counted = _counted(own, car, length, start, fell)
        if counted is not None and len(counted):
            found[info.number] = _laps(own, counted, start)
    names = ", ".join(info.code for info in raw.drivers if info.number in found)
    text = f"the timing lost or misplaced laps of {names}: they are counted by positions, their tyres unknown"
    findings = [Finding("mended_laps", len(found), text)] if found else []
    return replace(raw, laps={**raw.laps, **found}), findings


def _gate(positions: dict[str, PosSamples], laps: dict[str, Laps]) -> _Gate | None:
    """Where most crossings of the timing are: false ones lie scattered about the track."""
    spots, later = [], []
    for number, own in laps.items():
        if (pos := positions.get(number)) is not None and len(pos.t):
            at = own.end[own.completed]
            spots.append(_at(pos, at))
            later.append(_at(pos, at + 0.5))
    if not spots:
        return None
    here, there = np.concatenate(spots), np.concatenate(later)
    known = ~np.isnan(here[:, 0]) & ~np.isnan(there[:, 0])
    here, there = here[known], there[known]
    if len(here) < VOTES:
        return None
    _, cell, votes = np.unique(np.rint(here / NEAR), axis=0, return_inverse=True, return_counts=True)
    centre = np.median(here[cell.ravel() == np.argmax(votes)], axis=0)
    near = np.hypot(*(here - centre).T) < NEAR
    way = np.median((there - here)[near], axis=0)
    far = float(np.hypot(*way))
    if near.sum() < VOTES or far == 0.0:
        return None
    point = np.median(here[near], axis=0)
    return _Gate(float(point[0]), float(point[1]), (float(way[0] / far), float(way[1] / far)))


def _at(pos: PosSamples, t: Floats) -> Floats:
    """x and y at session seconds `t`, float64 (n, 2); NaN next to an unknown sample or in a hole."""
    after = np.clip(np.searchsorted(pos.t, t), 1, len(pos.t) - 1) if len(pos.t) > 1 else np.zeros(len(t), int)
    joined = pos.t[after] - pos.t[after - 1] <= HOLE_S
    return np.column_stack([np.where(joined, np.interp(t, pos.t, v), np.nan) for v in (pos.x, pos.y)])


def _witness(gate: _Gate, pos: PosSamples, car: CarSamples) -> _Car:
    return _Car(pos, gate.crossings(pos), car.odometer or (np.zeros(1), np.zeros(1)))


def _contradicted(own: Laps, car: _Car, length: float, start: float, fell: float) -> bool:
    """Whether positions and driven distance both say that a crossing never was, or that one lacks."""
    ends, number = own.end[own.completed], own.number[own.completed]
    laps = np.diff(number, prepend=0)
    far = np.diff(car.driven(np.concatenate(([start], ends)))) / length - laps
    off = np.abs(far) > np.where(np.arange(len(ends)) > 0, AGREES, WHOLE)
    absent = np.abs(_nearest(car.passed, ends) - ends) > AGREES_S
    absent &= ~np.isnan(_at(car.pos, ends)[:, 0])
    off_the_grid = car.driven(car.passed) - car.driven(np.array([start])) > 0.5 * length
    unseen = car.passed[off_the_grid & (np.abs(_nearest(ends, car.passed) - car.passed) > AGREES_S)]
    holed = np.isin(np.arange(len(ends)), np.searchsorted(ends, unseen)) & (off | (laps > 1))
    if ((off | np.append(off[1:], False)) & absent | holed).any():
        return True
    last = ends[-1] if len(ends) else start
    later = _to_the_flag(unseen[unseen > last], fell) if last < fell - TOOK_IT_S else np.empty(0)
    return bool((car.driven(later) - car.driven(np.array([last])) > 0.5 * length).any())


def _to_the_flag(passed: Floats, fell: float) -> Floats:
    """The crossings up to that at which the car took the flag: the first from then on."""
    return passed[: np.searchsorted(passed, fell - TOOK_IT_S) + 1]


def _nearest(values: Floats, to: Floats) -> Floats:
    if not len(values):
        return np.full(len(to), np.inf)
    after = np.clip(np.searchsorted(values, to), 1, max(1, len(values) - 1))
    after = np.minimum(after, len(values) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(values[before] - to) < np.abs(values[after] - to), values[before], values[after])


def _counted(own: Laps | None, car: _Car, length: float, start: float, fell: float) -> Floats | None:
    """The crossings up to the flag by position, in a hole by driven distance; None where these disagree.

    One that the timing has within AGREES_S is taken from it, and one of which the positions tell nothing.
    """
    official = np.empty(0) if own is None else own.end[own.completed]
    passed = car.passed[car.passed > start]
    alone = official[np.abs(_nearest(passed, official) - official) > AGREES_S]
    both = np.concatenate((passed, alone))
    order = np.argsort(both, kind="stable")
    both, timed = both[order], order >= len(passed)
    at = np.concatenate((car.driven(np.array([start])), car.driven(both)))
    ends: list[float] = []
    last = at[0]
    for t, metres, only_timed in zip(both, at[1:], timed, strict=True):
        laps = (metres - last) / length
        whole = round(laps)
        off = abs(laps - whole)
        if whole < 1 or (only_timed and off > AGREES):  # off the grid, or one that never was
            continue
        if off > WHOLE:
            return None
        between = np.interp(last + np.arange(1, whole) / whole * (metres - last), car.path[1], car.path[0])
        ends += [*between.tolist(), float(t)]
        last = metres
    found = _to_the_flag(np.array(ends), fell)
    near = _nearest(official, found)
    return np.where(np.abs(near - found) <= AGREES_S, near, found)


def _laps(own: Laps | None, ends: Floats, start: float) -> Laps:
    """Laps that end at `ends`; what the timing says of a lap is kept where it has the lap."""
    n, begins = len(ends), np.concatenate(([start], ends[:-1]))
    known = np.full(n, -1)
    if own is not None and len(own):
        row = np.clip(np.searchsorted(own.end, ends - 1e-6), 0, len(own) - 1)
        known = np.where((own.end[row] == ends) & (own.number[row] == np.arange(1, n + 1)), row, -1)
    tyre, life = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    if own is not None and len(own):
        tyre, life = np.where(known >= 0, own.tyre[known], 0), np.where(known >= 0, own.tyre_life[known], -1)
    pit_in, pit_out = ((np.empty(0),) * 2) if own is None else (own.pit_in, own.pit_out)
    return Laps(
        number=np.arange(1, n + 1),
        start=begins,
        end=ends,
        pit_in=_by_lap(pit_in, ends),
        pit_out=_by_lap(pit_out, ends),
        tyre=tyre,
        tyre_life=life,
        generated=np.zeros(n, dtype=bool),
    )


def _by_lap(times: Floats, ends: Floats) -> Floats:
    """One of the known times for each lap, by its end; float64 like `ends`, NaN where there is none."""
    known = times[~np.isnan(times)]
    lap = np.searchsorted(ends, known)
    found = np.full(len(ends), np.nan)
    found[lap[lap < len(ends)]] = known[lap < len(ends)]
    return found
