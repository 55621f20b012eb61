"""The phases of a race: formation laps, lights out, stops and restarts, the chequered flag."""

from collections.abc import Iterator

import numpy as np

from pipeline.contract.models import Part
from pipeline.model import Floats, RaceFrames, RawRace
from pipeline.timing.moment import Moment

FORMATION_S = 1500.0  # before the start; the laps to the grid are longer ago
ROLLING_KMH = 30.0
FIELD = 0.25  # of the cars: no single one that is late or early decides
LONGEST_PAUSE_S = 15.0  # of one lap behind the safety car
SHORTEST_S = 45.0  # cars that are pushed, or fired up, are not on a lap


def phases(raw: RawRace, frames: RaceFrames) -> Iterator[Moment]:
    yield from (Moment(t, "formation_lap") for t in _formation_laps(raw, frames.clock.t0))
    if frames.lights_out is not None:
        yield Moment(frames.lights_out, "start")
    yield from _stops(raw, frames.clock.t0)
    flags = [(driver.finished_at, driver.code) for driver in frames.drivers if driver.finished_at is not None]
    if flags:
        t, first = min(flags)
        yield Moment(t, "chequered_flag", first)


def phases_of(parts: list[Part]) -> Iterator[Moment]:
    """The same of qualifying and practice: `detail` is the part."""
    for part in parts:
        yield Moment(part.start, "start", detail=part.name)
        for stop in part.stops:
            yield Moment(stop.start, "stop", detail=part.name)
            if part.end is None or stop.end < part.end:
                yield Moment(stop.end, "restart", detail=part.name)
        if part.end is not None:
            yield Moment(part.end, "chequered_flag", detail=part.name)


def _stops(raw: RawRace, t0: float) -> Iterator[Moment]:
    """The session's status says them; older clients record none, and a red flag is then all that is known."""
    stopped = False
    for t, code in zip(raw.session_status.t - t0, raw.session_status.code, strict=True):
        if t > 0 and code == "Aborted" and not stopped:
            stopped = True
            yield Moment(float(t), "stop")
        elif code == "Started" and stopped:
            stopped = False
            yield Moment(float(t), "restart")


def _formation_laps(raw: RawRace, t0: float) -> Iterator[float]:
    """When the field moved off before the start, on the frame clock; none where no speeds are known."""
    seen = [car for car in raw.cars.values() if len(car.t)]
    grid = np.arange(max(t0 - FORMATION_S, *(car.t[0] for car in seen)), t0) if seen else np.empty(0)
    if not len(grid):
        return
    rolling = np.mean([_speed_at(car.t, car.speed, grid) > ROLLING_KMH for car in seen], axis=0)
    under_way = np.flatnonzero(rolling > FIELD)
    breaks = np.flatnonzero(np.diff(under_way) > LONGEST_PAUSE_S)
    for stretch in np.split(under_way, breaks + 1):
        if len(stretch) and stretch[0] > 0 and stretch[-1] - stretch[0] >= SHORTEST_S:
            yield float(grid[stretch[0]] - t0)


def _speed_at(t: Floats, speed: Floats, times: Floats) -> Floats:
    known = ~np.isnan(speed)
    return np.interp(times, t[known], speed[known]) if known.any() else np.zeros(len(times))
