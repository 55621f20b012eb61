"""Samples as recorded -> samples that can be at all: out-of-range and repeated values become unknown.

Whether a car can have been where its positions say is judged later, in `plausible`, once the track is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.frames import driven
from pipeline.frames.laps import inside, pit_stretches
from pipeline.model import Bools, CarSamples, Finding, Floats, Laps, PosSamples, RawRace

HOLE_S = 1.5  # the feed sends about 4 samples a second and now and then skips a second
REPEAT_M = 25.0  # driven since the first of some equal samples: the feed hangs, or is thin
MOVING_KMH = 10.0
JACKED_M = 40.0  # the same in the pits
PARKED_M = 100.0  # the same for a car that stands by now, after it rolled out
WORLD = 200_000.0  # 1/10 m: no circuit reaches 20 km from the origin of its map

Parked = Mapping[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Clean:
    """Samples by racing number, unknown where they cannot be, and how many became so."""

    cars: dict[str, CarSamples]
    positions: dict[str, PosSamples]
    findings: list[Finding]


def clean(raw: RawRace, start: float, end: float, parked: Parked | None = None) -> Clean:
    """Replace values that cannot be by unknown, and count them between session seconds `start` and `end`.

    Args:
        parked: by racing number the stretches in which a car waits in garages and queues, or has halted:
            sensors are off, and wheels turn on the jacks. Nothing is counted there, and positions that repeat
            are true.
    """
    at_rest = parked or {}
    cars: dict[str, CarSamples] = {}
    positions: dict[str, PosSamples] = {}
    out_of_range = 0
    wild: dict[str, int] = {}
    frozen: dict[str, int] = {}
    for number, car in raw.cars.items():
        cars[number], bad = _in_range(car, start, end, raw.has_drs, at_rest.get(number, []))
        out_of_range += bad
    for number, pos in raw.positions.items():
        resting = inside(pos.t, at_rest.get(number, []))
        within = (pos.t >= start) & (pos.t <= end) & ~resting
        far = np.abs([pos.x, pos.y, pos.z]).max(axis=0) > WORLD
        known = without(pos, far)
        stuck = _repeats(known, cars.get(number), raw.laps.get(number), end, resting)
        wild[number], frozen[number] = int((far & within).sum()), int((stuck & (within | resting)).sum())
        positions[number] = without(known, stuck)
    found = [
        by_car(raw, "wild_positions", wild, "position samples that are nowhere on earth and are null"),
        by_car(raw, "frozen", frozen, "position samples that repeat while the car moves and are null"),
    ]
    if out_of_range:
        text = f"{out_of_range} car samples were out of range and are null"
        found.append(Finding("out_of_range", out_of_range, text))
    return Clean(cars, positions, [finding for finding in found if finding.count])


def by_car(raw: RawRace, name: str, counts: Mapping[str, float], what: str) -> Finding:
    """A finding that says how much of it each car has: a count, or seconds."""
    codes = {d.number: d.code for d in raw.drivers}
    cars = ", ".join(f"{codes.get(n, n)} {round(count, 1):g}" for n, count in counts.items() if count)
    return Finding(name, round(sum(counts.values()), 1), f"{what}: {cars}")


def _in_range(
    car: CarSamples, start: float, end: float, has_drs: bool, parked: list[tuple[float, float]]
) -> tuple[CarSamples, int]:
    gear_bad = (car.gear < 0) | (car.gear > 8)
    throttle_bad = ~((car.throttle >= 0) & (car.throttle <= 100))
    speed_bad = ~((car.speed >= 0) & (car.speed < 450))
    rpm_bad = ~((car.rpm >= 0) & (car.rpm < 20000))
    drs_bad = (car.drs < 0) | (car.drs > 14) if has_drs else np.ones(len(car.t), dtype=bool)
    within = (car.t >= start) & (car.t <= end) & ~inside(car.t, parked)
    bad = sum(int((b & within).sum()) for b in (gear_bad, throttle_bad, speed_bad, rpm_bad))
    return replace(
        car,
        speed=np.where(speed_bad, np.nan, car.speed),
        rpm=np.where(rpm_bad, np.nan, car.rpm),
        throttle=np.where(throttle_bad, np.nan, car.throttle),
        gear=np.where(gear_bad, -1, car.gear).astype(np.int16),
        drs=np.where(drs_bad, -1, car.drs).astype(np.int16),
    ), bad


def _repeats(pos: PosSamples, car: CarSamples | None, laps: Laps | None, end: float, resting: Bools) -> Bools:
    """(n,) samples that repeat the one before although the car has driven on, by its own speed; a little more
    in the pits, where wheels turn in the air. Where it may rest, only before a leap on to where it is."""
    same = np.zeros(len(pos.t), dtype=bool)
    same[1:] = (np.diff(pos.x) == 0) & (np.diff(pos.y) == 0)
    if car is None or not same.any():
        return np.zeros(len(pos.t), dtype=bool)
    path = driven.metres(car, pos)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(same))))
    stops = [] if laps is None else pit_stretches(laps, float(pos.t[0]), end)
    moves = car.speed[np.minimum(np.searchsorted(car.t, pos.t), len(car.t) - 1)] > MOVING_KMH
    limit = np.where(inside(pos.t, stops), JACKED_M, REPEAT_M)
    stuck = path - path[first] > np.where(moves, limit, PARKED_M)
    if resting.any():
        onward = np.append(np.where(same, len(same), np.arange(len(same)))[1:], len(same))
        onward = np.minimum(np.minimum.accumulate(onward[::-1])[::-1], len(same) - 1)
        leapt = np.hypot(pos.x[onward] - pos.x, pos.y[onward] - pos.y) / 10.0
        caught_up = moves & (path - path[first] > REPEAT_M) & (leapt > (path[onward] - path[first]) / 2)
        stuck = np.where(resting, caught_up, stuck)
    return same & stuck


def without(pos: PosSamples, false: Bools) -> PosSamples:
    """The samples with those that are `false`, (n,), unknown."""
    if not false.any():
        return pos
    return PosSamples(pos.t, *(np.where(false, np.nan, v) for v in (pos.x, pos.y, pos.z)))


def holes(t: Floats, start: float, end: float) -> list[tuple[float, float]]:
    """Stretches between `start` and `end` without samples, as session seconds."""
    gaps = np.flatnonzero(np.diff(t) > HOLE_S)
    return [(float(t[i]), float(t[i + 1])) for i in gaps if t[i + 1] > start and t[i] < end]
