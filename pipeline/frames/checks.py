"""Checks that sessions of every kind share, and how one is written."""

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.contract.models import Check, Level
from pipeline.model import Bools, CarFrames, Ints, Laps, RaceFrames, RawRace

MAX_SPEED_MS = 300.0
LAP_TIME_S = 0.5  # more than a lap time and its line crossings ever differ by


def present(name: str, there: bool, level: Level, message: str) -> Check:
    return Check(name=name, level="ok") if there else Check(name=name, level=level, message=message)


def unknown(car: CarFrames, column: str) -> Bools:
    return np.asarray(car.columns[column] == COLUMNS[column].null)


def share(name: str, lost: float, limits: tuple[float, float], what: str) -> Check:
    note, warn = limits
    level: Level = "ok" if lost <= note else "note" if lost <= warn else "warn"
    message = "" if level == "ok" else f"{lost:.1%} {what}"
    return Check(name=name, level=level, value=round(1.0 - lost, 5), message=message)


def telemetry_of_all(raw: RawRace, frames: RaceFrames) -> Check:
    """Drivers who completed laps and have no samples of a kind at all."""
    racing = [d for d in frames.drivers if d.laps > 0]
    lost = [d.code for d in racing if d.number not in raw.positions or d.number not in raw.cars]
    if not lost:
        return Check(name="telemetry_of_all", level="ok", value=len(racing))
    level: Level = "warn" if len(lost) <= 2 else "bad"
    message = f"no telemetry of {', '.join(lost)}"
    return Check(name="telemetry_of_all", level=level, value=len(lost), message=message)


def lap_times(raw: RawRace, frames: RaceFrames) -> Check:
    """Laps whose time is not that between the line crossings, driver by driver."""
    off = {d.code: _contradicted(raw.laps[d.number]) for d in frames.drivers if d.number in raw.laps}
    wrong = sum(off.values())
    if not wrong:
        return Check(name="lap_times", level="ok", value=0)
    laps = ", ".join(f"{code} {count}" for code, count in off.items() if count)
    message = f"lap times that are not the time between the line crossings: {laps}"
    return Check(name="lap_times", level="note" if wrong <= 2 else "warn", value=wrong, message=message)


def _contradicted(own: Laps) -> int:
    took = np.diff(own.end)
    both = own.completed[1:] & own.completed[:-1] & (np.diff(own.number) == 1)
    times = own.floats("lap_time_s")
    return int((both & (np.abs(times[1:] - took) > LAP_TIME_S)).sum())


def steps(car: CarFrames) -> Ints:
    """Steps of race distance in 1/10 m between neighbouring frames that both know it."""
    dist = car.columns["dist"].astype(np.int64)
    known = dist != COLUMNS["dist"].null
    return np.asarray(np.diff(dist)[known[1:] & known[:-1]])


def invariant(name: str, broken: int, level: Level = "bad") -> Check:
    if not broken:
        return Check(name=name, level="ok", value=0)
    return Check(name=name, level=level, value=broken, message=f"{broken} driver-frames break this")


def seen(frames: RaceFrames, asked: Mapping[str, Bools]) -> Iterator[Check]:
    """How much is known of the cars that drove a lap. asked: code -> (n,) the frames that count."""
    racing = [d.code for d in frames.drivers if d.laps > 0 and d.code in frames.cars]
    total = sum(int(asked[code].sum()) for code in racing)

    def lost(column: str, value: int) -> float:
        return sum(
            int((asked[code] & (frames.cars[code].columns[column] == value)).sum()) for code in racing
        ) / max(1, total)

    for name, column in (("positions", "x"), ("car_data", "speed"), ("race_distance", "dist")):
        missing = lost(column, COLUMNS[column].null) if total else 1.0
        yield share(name, missing, (0.01, 0.05), f"of driver-frames have no {column}")
    yield share("tyres", lost("tyre", 0), (0.02, 0.25), "of driver-frames have no known tyres")


def distance(frames: RaceFrames) -> Iterator[Check]:
    """What no car may break: race distance never falls, and does not jump while it is known."""
    back = sum(int((steps(car) < 0).sum()) for car in frames.cars.values())
    yield invariant("distance_runs_backwards", back)
    limit = MAX_SPEED_MS / frames.clock.fps * 10.0
    jumps = sum(int((steps(car) > limit).sum()) for car in frames.cars.values())
    yield invariant("distance_jumps", jumps, "warn")
