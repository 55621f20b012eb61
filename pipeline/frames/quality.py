"""RawRace, RaceFrames -> grade and reasons: what a reader should know before trusting the frames.

Two kinds of checks: what arrived (coverage, results, feed damage), and invariants of the frames
themselves, which hold for every race or mean a bug.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from pipeline.contract.models import Check, Grade, Level, Quality
from pipeline.contract.sessions import SESSIONS
from pipeline.frames.checks import distance, invariant, lap_times, present, seen, share, telemetry_of_all
from pipeline.frames.presence import TOOK_THE_FLAG
from pipeline.frames.quality_timed import by_lap_times, places_once
from pipeline.model import RaceFrames, RawRace

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
    "never_left": (np.inf, np.inf),
    "laps_taken_back": (1.0, np.inf),  # laps
    "lap_contradicted": (2.0, 5.0),  # seconds
    "car_data_false": (0.1, 1.0),  # seconds
    "order_contradicted": (1.0, 1.0),
}


def assess(raw: RawRace, frames: RaceFrames) -> Quality:
    """The grade of a session, and what it is for. What is asked of lap times alone is in `quality_timed`."""
    race = SESSIONS[raw.event.session].is_race
    asked = [*_coverage(raw, frames)] if race else [*by_lap_times(raw, frames)]
    places = invariant("places_not_1_to_n", _bad_places(frames)) if race else places_once(frames)
    checks = [*_arrived(raw), *asked, *_findings(raw, frames), *distance(frames), places]
    return Quality(grade=_grade(checks), checks=checks)


def _grade(checks: list[Check]) -> Grade:
    levels = {check.level for check in checks}
    if "bad" in levels:
        return "D"
    if "warn" in levels:
        return "C"
    return "B" if "note" in levels else "A"


def _arrived(raw: RawRace) -> Iterator[Check]:
    yield present("results", raw.official_results, "note", "the official classification is not out yet")
    yield present("track_status", bool(raw.track_status.code), "warn", "no track status: flags are unknown")
    yield present("race_control", bool(raw.race_control), "note", "no race control messages")
    yield present("weather", bool(raw.weather), "note", "no weather")
    yield present("corners", bool(raw.corners), "note", "no corner markers and map rotation")


def _coverage(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    yield from seen(frames, {code: np.ones(len(car), dtype=bool) for code, car in frames.cars.items()})
    yield share(
        "official_order",
        1.0 - _officially_placed(raw, frames),
        (0.05, 0.25),
        "of frames lack an official place",
    )
    yield telemetry_of_all(raw, frames)
    yield _laps(raw, frames)
    yield _result_agrees(frames)
    yield lap_times(raw, frames)


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


def _findings(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    samples = {"out_of_range": sum(len(car.t) for car in raw.cars.values())}
    for finding in frames.findings:
        note, warn = _FINDING_LIMITS[finding.name]
        size = finding.count / max(1, samples.get(finding.name, 1))
        level: Level = "warn" if size >= warn else "note" if size >= note else "ok"
        yield Check(name=finding.name, level=level, value=finding.count, message=finding.message)


def _bad_places(frames: RaceFrames) -> int:
    """Frames whose places are not 1..n: n cars with n different places up to n, as a bit set."""
    seen = np.zeros(frames.clock.frames, dtype=np.int64)
    count = np.zeros(frames.clock.frames, dtype=np.int64)
    for car in frames.cars.values():
        seen[: len(car)] |= np.int64(1) << (car.columns["position"].astype(np.int64) - 1)
        count[: len(car)] += 1
    return int((seen != (np.int64(1) << count) - 1).sum())
