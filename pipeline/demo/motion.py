"""From a drive along the track to what a feed can see: coordinates, car channels, sample clocks."""

from collections.abc import Sequence

import numpy as np

from pipeline.demo.drive import FEED_LEAD_S, STEP_S, Moving, Race
from pipeline.demo.track import (
    DRAG,
    DRS_ZONES,
    PIT_ENTRY_M,
    PIT_EXIT_M,
    PIT_SIDE_M,
    PIT_SIDE_RAMP_M,
    POWER,
    TRACTION,
    Track,
)
from pipeline.demo.truth import Flags, Floats, Ints

TICK_S = 0.02
JERK_S = 0.5
_PER_STEP = round(STEP_S / TICK_S)
_GEARS = (0.5, 75, 110, 145, 180, 215, 250, 283)  # km/h from which each is used
_DRS_WITHIN_M = 70.0
_GRID_SIDE_M, _RUN_OFF_M = 3.5, 9.0


def fine(cars: Sequence[Moving]) -> tuple[Floats, Floats, Floats, Floats]:
    """The knots' constant accelerations, written out every 0.02 s: t (n,), then s, v, a (cars, n).

    A running mean over the last JERK_S eases every change of acceleration: no pedal works at once.
    """
    table = np.array([car.knots for car in cars])
    rows, knots, _ = table.shape
    tau = np.arange(_PER_STEP) * TICK_S
    s0, v0, a0 = (table[:, :, k, None] for k in range(3))
    s = _eased((s0 + v0 * tau + a0 * tau**2 / 2).reshape(rows, -1))
    v = _eased((v0 + a0 * tau).reshape(rows, -1))
    a = _eased(np.repeat(table[:, :, 2], _PER_STEP, axis=1))
    v[v < 1e-9] = 0.0  # what is left of a sum that should be nothing
    t = np.round(np.arange(knots * _PER_STEP) * TICK_S - FEED_LEAD_S, 2)[-v.shape[1] :]
    return t, np.maximum.accumulate(s, axis=1), v, a


def _eased(values: Floats) -> Floats:
    """The mean of each tick and the ones before it, (cars, n) without the first, which lack some."""
    windows = np.lib.stride_tricks.sliding_window_view(values, round(JERK_S / TICK_S), axis=1)
    return np.asarray(windows.mean(axis=2))


def _ramp(s: Floats, low: float, high: float) -> Floats:
    """0 before low, 1 after high, smooth between."""
    u = np.clip((s - low) / (high - low), 0, 1)
    return np.asarray(u * u * (3 - 2 * u))


def paths(race: Race, s: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Coordinates (cars, n) in 1/10 m: the track, and each car's own way beside its centre line."""
    side = np.empty_like(s)
    lines = rng.uniform(-2.5, 2.5, len(race.cars))
    for i, car in enumerate(race.cars):
        plan = car.plan
        slot = _GRID_SIDE_M if i % 2 == 0 else -_GRID_SIDE_M
        d = slot + (lines[i] - slot) * _ramp(s[i], 0, 180)
        if plan.pit_lap is not None:
            d = _through_the_pits(s[i], d, plan.pit_lap * race.track.length_m)
        stop = plan.retires_at if plan.retires_at is not None else car.parked
        if stop is not None:
            d = d + (_RUN_OFF_M - d) * _ramp(s[i], stop - 160, stop - 20)
        side[i] = d
    return race.track.xyz(s, side)


def _through_the_pits(s: Floats, d: Floats, line: float) -> Floats:
    """Beside the track where the pit lane is, around a line `line` metres from the first."""
    inside = _ramp(s, line - PIT_ENTRY_M - PIT_SIDE_RAMP_M, line - PIT_ENTRY_M) - _ramp(
        s, line + PIT_EXIT_M, line + PIT_EXIT_M + PIT_SIDE_RAMP_M
    )
    return d + (PIT_SIDE_M - d) * inside


def paths_from_garages(
    track: Track, s: Floats, visits: list[list[int]], rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """As `paths`, where each car comes in at the line of the given laps."""
    side = np.empty_like(s)
    for i, line in enumerate(rng.uniform(-2.5, 2.5, len(s))):
        side[i] = line
        for lap in visits[i]:
            side[i] = _through_the_pits(s[i], side[i], lap * track.length_m)
    return track.xyz(s, side)


def path_speed(x: Floats, y: Floats, z: Floats, v: Floats) -> Floats:
    """Speed (cars, n) in km/h along the coordinates, exactly 0 where the car stands."""
    squares = sum(np.gradient(c, TICK_S, axis=1) ** 2 for c in (x, y, z))
    speed = np.sqrt(squares) / 10 * 3.6
    speed[v == 0] = 0.0
    return np.asarray(speed)


def pedals(v: Floats, a: Floats) -> tuple[Floats, Ints]:
    """Throttle 0..100 and brake 0 or 100 (cars, n) that go with the motion."""
    wheels = a + DRAG * v * v
    throttle = np.clip(100 * wheels / np.minimum(TRACTION, POWER / np.maximum(v, 1.0)), 0, 100)
    throttle[throttle > 92] = 100.0
    throttle[v == 0] = 0.0
    return throttle, np.where((wheels < -2.5) & (v > 0), 100, 0).astype(np.int16)


def gearbox(speed: Floats) -> tuple[Floats, Ints]:
    """rpm and gear (cars, n); neutral at rest."""
    edges = np.array(_GEARS)
    gear = np.searchsorted(edges, speed, side="right").astype(np.int16)
    low = np.concatenate([[0, 0], edges[1:]])[gear]
    high = np.concatenate([[1], edges[1:], [325]])[gear]
    return np.where(gear == 0, 4200.0, 7600 + 4200 * (speed - low) / (high - low)), gear


def drs_codes(track: Track, s: Floats, enabled: Flags) -> Ints:
    """Open in a zone for a car closely behind another, on the road, at the zone's beginning."""
    lap = np.mod(s / track.length_m, 1.0)
    drs = np.zeros(s.shape, dtype=np.int16)
    for low, high in DRS_ZONES:
        inside = (lap >= low) & (lap < high)
        for i in range(len(s)):
            edges = np.flatnonzero(inside[i][1:] & ~inside[i][:-1]) + 1
            for edge in edges[enabled[edges]]:
                ahead = np.mod(np.delete(s[:, edge], i) - s[i, edge], track.length_m).min()
                end = edge + int(np.argmin(inside[i, edge:]))
                if ahead < _DRS_WITHIN_M and end > edge:
                    drs[i, edge - 40 : edge] = 8
                    drs[i, edge:end] = 12
                    drs[i, edge : min(edge + 15, end)] = 10
    return drs


def clock(rng: np.random.Generator, end: float, hole: float) -> Floats:
    """Sample stamps (ms) 0.2 to 0.32 s apart, and the hole of about 4 s in them."""
    gaps = rng.integers(200, 321, size=int((end + FEED_LEAD_S) / 0.26 * 1.1))
    ms = -round(FEED_LEAD_S * 1000) + 80 + np.cumsum(gaps)
    begin = round(hole * 1000)
    ms = ms[(ms < end * 1000) & ((ms <= begin) | (ms > begin + 3800))]
    return np.asarray(np.round(ms / 1000, 3))
