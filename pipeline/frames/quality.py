"""RawRace, RaceFrames -> grade and reasons: what a reader should know before trusting the frames.

Two kinds of checks: what arrived (coverage, results, feed damage), and invariants of the frames
themselves, which hold for every race or mean a bug.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.contract.models import Check, Grade, Level, Quality
from pipeline.frames.presence import TOOK_THE_FLAG
from pipeline.model import Bools, CarFrames, Ints, Laps, RaceFrames, RawRace

MAX_SPEED_MS = 300.0
LAP_TIME_S = 0.5  # more than a lap time and its line crossings ever differ by
_FINDING_LIMITS = {  # finding -> (from here on a note, from here on a warning)
    "out_of_range": (0.01, 0.05),  # share of all samples
    "wild_positions": (1.0, 100.0),  # samples
    "frozen": (1.0, 100.0),
    "impossible_positions": (1.0, 100.0),
    "misplaced_positions": (1.0, 20.0),
    "position_jumps": (3.0, 30.0),
    "field_moved": (1.0, 1.0),  # cars
    "crossings": (1.0, 3.0),
    "position_holes": (2.0, 60.0),  # seconds
    "car_data_holes": (2.0, 60.0),
    "lost_laps": (1.0, 1.0),  # a lap number is wrong for a lap
    "no_laps": (1.0, 1.0),  # cars
    "crossings_false": (1.0, 1.0),
    "pit_visits_false": (1.0, 1.0),
    "places_false": (1.0, 1.0),
    "tyres_contradicted": (1.0, 1.0),  # laps
    "before_the_flag": (1.0, 1.0),
    "lost_finish": (1.0, 1.0),
    "mended_laps": (1.0, 1.0),
    "no_reference_line": (1.0, 1.0),
    "track_length": (1.0, 1.0),
    "recording_damaged": (1.0, 3.0),  # lines; one is what a recorder leaves that is killed
    "stamps": (1.0, 100.0),  # moments, messages
    "begins_late": (1.0, 1.0),  # lap
    "recording_order": (1.0, np.inf),  # times
    "topics_damaged": (1.0, np.inf),
    **dict.fromkeys(  # cars
        ("first_stint", "result_twice", "result_missing", "nameless", "never_drove"), (1.0, np.inf)
    ),
    "lap_contradicted": (2.0, 5.0),  # seconds
    "car_data_false": (0.1, 1.0),  # seconds
    "order_contradicted": (1.0, 1.0),
}


def assess(raw: RawRace, frames: RaceFrames) -> Quality:
    checks = [*_arrived(raw), *_coverage(raw, frames), *_findings(raw, frames), *_invariants(frames)]
    return Quality(grade=_grade(checks), checks=checks)


def _grade(checks: list[Check]) -> Grade:
    levels = {check.level for check in checks}
    if "bad" in levels:
        return "D"
    if "warn" in levels:
        return "C"
    return "B" if "note" in levels else "A"


def _arrived(raw: RawRace) -> Iterator[Check]:
    yield _present("results", raw.official_results, "note", "the official classification is not out yet")
    yield _present("track_status", bool(raw.track_status.code), "warn", "no track status: flags are unknown")
    yield _present("race_control", bool(raw.race_control), "note", "no race control messages")
    yield _present("weather", bool(raw.weather), "note", "no weather")
    yield _present("corners", bool(raw.corners), "note", "no corner markers and map rotation")


def _present(name: str, there: bool, level: Level, message: str) -> Check:
    return Check(name=name, level="ok") if there else Check(name=name, level=level, message=message)


def _coverage(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    racing = {d.code for d in frames.drivers if d.laps > 0}
    total = sum(len(frames.cars[c]) for c in racing if c in frames.cars)
    for name, column, limits in (
        ("positions", "x", (0.01, 0.05)),
        ("car_data", "speed", (0.01, 0.05)),
        ("race_distance", "dist", (0.01, 0.05)),
    ):
        lost = sum(int(_unknown(frames.cars[c], column).sum()) for c in racing if c in frames.cars)
        yield _share(name, lost / total if total else 1.0, limits, f"of driver-frames have no {column}")
    lost = sum(int((frames.cars[c].columns["tyre"] == 0).sum()) for c in racing if c in frames.cars)
    yield _share(
        "tyres", lost / total if total else 0.0, (0.02, 0.25), "of driver-frames have no known tyres"
    )
    yield _share(
        "official_order",
        1.0 - _officially_placed(raw, frames),
        (0.05, 0.25),
        "of frames lack an official place",
    )
    yield _drivers_without(raw, frames)
    yield _laps(raw, frames)
    yield _result_agrees(frames)
    yield _lap_times(raw, frames)


def _unknown(car: CarFrames, column: str) -> Bools:
    return np.asarray(car.columns[column] == COLUMNS[column].null)


def _share(name: str, lost: float, limits: tuple[float, float], what: str) -> Check:
    note, warn = limits
    level: Level = "ok" if lost <= note else "note" if lost <= warn else "warn"
    message = "" if level == "ok" else f"{lost:.1%} {what}"
    return Check(name=name, level=level, value=round(1.0 - lost, 5), message=message)


def _officially_placed(raw: RawRace, frames: RaceFrames) -> float:
    """Share of frames in which every car present has an official place."""
    clock = frames.clock
    numbers = {d.code: d.number for d in frames.drivers}
    covered = np.ones(clock.frames, dtype=bool)
    for code, car in frames.cars.items():
        timing = raw.timing.get(numbers[code])
        first = clock.frames if timing is None or not len(timing.t) else clock.index(float(timing.t[0]))
        covered[: min(first, len(car))] = False
    return float(covered.mean())


def _drivers_without(raw: RawRace, frames: RaceFrames) -> Check:
    """Drivers who completed laps and have no samples of a kind at all."""
    racing = [d for d in frames.drivers if d.laps > 0]
    lost = [d.code for d in racing if d.number not in raw.positions or d.number not in raw.cars]
    if not lost:
        return Check(name="telemetry_of_all", level="ok", value=len(racing))
    level: Level = "warn" if len(lost) <= 2 else "bad"
    message = f"no telemetry of {', '.join(lost)}"
    return Check(name="telemetry_of_all", level=level, value=len(lost), message=message)


def _laps(raw: RawRace, frames: RaceFrames) -> Check:
    """The laps that the result and the timing count, driver by driver."""
    said = {d.number: d.laps for d in raw.drivers if d.laps}  # 0 is also given to the disqualified
    differ = {
        "fewer": [d.code for d in frames.drivers if d.number in said and d.laps < said[d.number]],
        "more": [d.code for d in frames.drivers if d.number in said and d.laps > said[d.number]],
    }
    count = sum(map(len, differ.values()))
    if not count:
        return Check(name="laps", level="ok", value=sum(d.laps for d in frames.drivers))
    message = "; ".join(
        f"{how} laps than in the result: {', '.join(who)}" for how, who in differ.items() if who
    )
    return Check(name="laps", level="warn", value=count, message=message)


def _result_agrees(frames: RaceFrames) -> Check:
    """What the result says of the finish and the frames do not, and places that it gives twice."""
    places = Counter(d.classified for d in frames.drivers if (d.classified or "").isdigit())
    wrong = {
        "the result says that they finished, their timing that they did not": [
            d.code
            for d in frames.drivers
            if d.retired_at is not None and (d.status or "").lower().startswith(TOOK_THE_FLAG)
        ],
        "the result says that they retired, their timing that they finished": [
            d.code for d in frames.drivers if d.finished_at is not None and d.classified == "R"
        ],
        "the result gives them one place": [d.code for d in frames.drivers if places[d.classified] > 1],
    }
    count = sum(map(len, wrong.values()))
    message = "; ".join(f"{what}: {', '.join(who)}" for what, who in wrong.items() if who)
    return Check(name="result_agrees", level="note" if count else "ok", value=count, message=message)


def _lap_times(raw: RawRace, frames: RaceFrames) -> Check:
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


def _findings(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    samples = {"out_of_range": sum(len(car.t) for car in raw.cars.values())}
    for finding in frames.findings:
        note, warn = _FINDING_LIMITS[finding.name]
        size = finding.count / max(1, samples.get(finding.name, 1))
        level: Level = "warn" if size >= warn else "note" if size >= note else "ok"
        yield Check(name=finding.name, level=level, value=finding.count, message=finding.message)


def _invariants(frames: RaceFrames) -> Iterator[Check]:
    """What no race may break."""
    back = sum(int((_steps(car) < 0).sum()) for car in frames.cars.values())
    yield _invariant("distance_runs_backwards", back)
    limit = MAX_SPEED_MS / frames.clock.fps * 10.0
    jumps = sum(int((_steps(car) > limit).sum()) for car in frames.cars.values())
    yield _invariant("distance_jumps", jumps, "warn")
    yield _invariant("places_not_1_to_n", _bad_places(frames))


def _steps(car: CarFrames) -> Ints:
    """Steps of race distance in 1/10 m between neighbouring frames that both know it."""
    dist = car.columns["dist"].astype(np.int64)
    known = dist != COLUMNS["dist"].null
    return np.asarray(np.diff(dist)[known[1:] & known[:-1]])


def _bad_places(frames: RaceFrames) -> int:
    """Frames whose places are not 1..n: n cars with n different places up to n, as a bit set."""
    seen = np.zeros(frames.clock.frames, dtype=np.int64)
    count = np.zeros(frames.clock.frames, dtype=np.int64)
    for car in frames.cars.values():
        seen[: len(car)] |= np.int64(1) << (car.columns["position"].astype(np.int64) - 1)
        count[: len(car)] += 1
    return int((seen != (np.int64(1) << count) - 1).sum())


def _invariant(name: str, broken: int, level: Level = "bad") -> Check:
    if not broken:
        return Check(name=name, level="ok", value=0)
    return Check(name=name, level=level, value=broken, message=f"{broken} driver-frames break this")
