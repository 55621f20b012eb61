"""Samples as recorded -> samples that may be believed: out-of-range and frozen values become unknown."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.model import Bools, CarSamples, Finding, Floats, PosSamples, RawRace

HOLE_S = 1.5  # the feed sends about 4 samples a second and now and then skips a second
FROZEN_S = 5.0  # a moving car that repeats the very same sample this long is a feed that hangs
MOVING_KMH = 50.0


@dataclass(frozen=True)
class Clean:
    cars: dict[str, CarSamples]
    positions: dict[str, PosSamples]
    findings: list[Finding]


def clean(raw: RawRace, start: float, end: float) -> Clean:
    """Replace values that cannot be by unknown, and count them between session seconds `start` and `end`."""
    cars: dict[str, CarSamples] = {}
    positions: dict[str, PosSamples] = {}
    out_of_range = frozen = 0
    for number, car in raw.cars.items():
        cars[number], bad = _in_range(car, start, end, raw.has_drs)
        out_of_range += bad
    for number, pos in raw.positions.items():
        stuck = _frozen(pos, raw.cars.get(number))
        frozen += int((stuck & (pos.t >= start) & (pos.t <= end)).sum())
        positions[number] = pos if not stuck.any() else _without(pos, stuck)
    return Clean(cars, positions, list(_findings(out_of_range, frozen)))


def _findings(out_of_range: int, frozen: int) -> Iterator[Finding]:
    if out_of_range:
        yield Finding(
            "out_of_range", out_of_range, f"{out_of_range} car samples were out of range and are null"
        )
    if frozen:
        yield Finding("frozen", frozen, f"{frozen} position samples repeat while the car moves and are null")


def _in_range(car: CarSamples, start: float, end: float, has_drs: bool) -> tuple[CarSamples, int]:
    gear_bad = (car.gear < 0) | (car.gear > 8)
    throttle_bad = ~((car.throttle >= 0) & (car.throttle <= 100))
    speed_bad = ~((car.speed >= 0) & (car.speed < 450))
    rpm_bad = ~((car.rpm >= 0) & (car.rpm < 20000))
    drs_bad = (car.drs < 0) | (car.drs > 14) if has_drs else np.ones(len(car.t), dtype=bool)
    within = (car.t >= start) & (car.t <= end)
    bad = sum(int((b & within).sum()) for b in (gear_bad, throttle_bad, speed_bad, rpm_bad))
    return replace(
        car,
        speed=np.where(speed_bad, np.nan, car.speed),
        rpm=np.where(rpm_bad, np.nan, car.rpm),
        throttle=np.where(throttle_bad, np.nan, car.throttle),
        gear=np.where(gear_bad, -1, car.gear).astype(np.int16),
        drs=np.where(drs_bad, -1, car.drs).astype(np.int16),
    ), bad


def _frozen(pos: PosSamples, car: CarSamples | None) -> Bools:
    """(n,) samples of a stretch that repeats one point while the car's own speed says that it moves."""
    stuck = np.zeros(len(pos.t), dtype=bool)
    if car is None or len(pos.t) < 2 or not len(car.t):
        return stuck
    for first, last in _runs((np.diff(pos.x) == 0) & (np.diff(pos.y) == 0)):
        if pos.t[last] - pos.t[first] < FROZEN_S:
            continue
        inside = (car.t >= pos.t[first]) & (car.t <= pos.t[last])
        if inside.any() and np.nanmedian(car.speed[inside]) > MOVING_KMH:
            stuck[first + 1 : last + 1] = True
    return stuck


def _runs(same: Bools) -> Iterator[tuple[int, int]]:
    """(first, last) sample of each stretch of equal neighbours."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], same.view(np.int8), [0]))))
    for first, last in edges.reshape(-1, 2):
        yield int(first), int(last)


def _without(pos: PosSamples, stuck: Bools) -> PosSamples:
    x, y, z = (np.where(stuck, np.nan, v) for v in (pos.x, pos.y, pos.z))
    return PosSamples(pos.t, x, y, z)


def holes(t: Floats, start: float, end: float) -> list[tuple[float, float]]:
    """Stretches between `start` and `end` without samples, as session seconds."""
    gaps = np.flatnonzero(np.diff(t) > HOLE_S)
    return [(float(t[i]), float(t[i + 1])) for i in gaps if t[i + 1] > start and t[i] < end]
