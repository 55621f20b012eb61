"""The rows of the events table: everything that happened, by time, with where it was."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.contract.sessions import SESSIONS
from pipeline.model import Floats, Ints, RaceFrames, RawRace, Rows
from pipeline.timing.laps import valid
from pipeline.timing.moment import Moment
from pipeline.timing.overtakes import overtakes
from pipeline.timing.phases import phases, phases_of
from pipeline.timing.rulings import rulings

FLAGS: Final = {
    "1": "green",
    "2": "yellow",
    "4": "safety_car",
    "5": "red",
    "6": "vsc",
    "7": "vsc_ending",
}


def events(raw: RawRace, frames: RaceFrames, stops: Rows) -> Rows:
    """Every event of the session, by time; stops: the rows of the pit stops table."""
    t0 = frames.clock.t0
    race = SESSIONS[raw.event.session].is_race
    told = [
        *(phases(raw, frames) if race else phases_of(frames.parts)),
        *_flags(raw, t0),
        *(_overtakes(raw, frames) if race else ()),
        *_pit_stops(stops),
        *_retirements(frames),
        *_fastest_laps(raw, frames),
        *rulings(raw, t0),
    ]
    return _rows(sorted(told, key=lambda one: round(one.t, 3)), frames)


def _overtakes(raw: RawRace, frames: RaceFrames) -> Iterator[Moment]:
    fps = frames.clock.fps
    for one in overtakes(frames, raw.track_status):
        yield Moment(
            one.frame / fps, "overtake", one.driver, one.other, detail=one.way, passed=one.passed / fps
        )


def _flags(raw: RawRace, t0: float) -> Iterator[Moment]:
    """Every change of the track's status; who reads them on needs no code."""
    before = "1"
    for t, code in zip(raw.track_status.t, raw.track_status.code, strict=True):
        if code != before and code in FLAGS:
            yield Moment(float(t) - t0, "flag", detail=FLAGS[code])
        before = code


def _pit_stops(stops: Rows) -> Iterator[Moment]:
    """Each visit to the pit lane whose beginning is known, with its time in there and what it was for."""
    names = ("pit_in_s", "driver", "lap", "lane_time_s", "kind")
    for t, code, lap, stay, kind in zip(*(stops.get(name, ()) for name in names), strict=True):
        if not np.isnan(t):
            yield Moment(t, "pit_stop", code, lap=lap, seconds=None if np.isnan(stay) else stay, detail=kind)


def _retirements(frames: RaceFrames) -> Iterator[Moment]:
    for driver in frames.drivers:
        if driver.retired_at is not None:
            yield Moment(driver.retired_at, "retirement", driver.code, detail=driver.status)


def _fastest_laps(raw: RawRace, frames: RaceFrames) -> Iterator[Moment]:
    """Each lap that was the fastest so far, in qualifying of its part, of those not deleted since."""
    codes = {driver.number: driver.code for driver in raw.drivers}
    laps = []
    for number, own in raw.laps.items():
        times = own.floats("lap_time_s")
        known = frames.lap_times.get(number)
        part = np.zeros(len(own), dtype=np.int64) if known is None else known.part
        laps += [
            (int(part[i]), float(own.end[i]), float(times[i]), int(own.number[i]), number)
            for i in np.flatnonzero(valid(raw, frames, number) & (times > 0))
        ]
    best: dict[int, float] = {}
    for part_, end, seconds, lap, number in sorted(laps):
        if seconds < best.get(part_, np.inf):
            best[part_] = seconds
            yield Moment(
                end - frames.clock.t0, "fastest_lap", codes[number], lap=lap, seconds=round(seconds, 3)
            )


def _rows(told: list[Moment], frames: RaceFrames) -> Rows:
    """The moments with what the frames say of them: lap, position, and how far round the race."""
    at = _frame_of(np.array([one.t for one in told]), frames)
    passed = _frame_of(np.array([one.t if one.passed is None else one.passed for one in told]), frames)
    who = {code: i for i, code in enumerate(frames.cars)}
    row = np.array([who.get(one.driver or "", -1) for one in told], dtype=np.int64)
    lap, place, down = (_of_cars(frames, name, at) for name in ("lap", "position", "laps_down"))
    dist, rel = (_of_cars(frames, name, passed) for name in ("dist", "rel_dist"))
    laps = _own(lap, row) if frames.parts else np.where(np.isnan(_own(lap, row)), _most(lap), _own(lap, row))
    named = np.array([np.nan if one.lap is None else one.lap for one in told], dtype=np.float64)
    return {
        "t_s": np.array([round(one.t, 3) for one in told], dtype=np.float64),
        "lap": np.where(np.isnan(named), laps, named),
        "kind": [one.kind for one in told],
        "driver": [one.driver for one in told],
        "other": [one.other for one in told],
        "position": _own(place, row),
        "laps_down": _own(down, row),
        "dist": _own(dist, row),
        "rel_dist": _own(rel, row),
        "seconds": [one.seconds for one in told],
        "detail": [one.detail for one in told],
    }


def _frame_of(t: Floats, frames: RaceFrames) -> Ints:
    """The first frame at or after each moment; -1 before frame 0 and after the last."""
    clock = frames.clock
    at = np.ceil(t * clock.fps - 1e-3).astype(np.int64)
    return np.where((t < -1e-6) | (at >= clock.frames), -1, at)


def _of_cars(frames: RaceFrames, name: str, at: Ints) -> Floats:
    """(cars, n) a column at the given frames, NaN where a car is not there or nobody knows."""
    column = COLUMNS[name]
    out = np.full((len(frames.cars), len(at)), np.nan)
    for own, car in zip(out, frames.cars.values(), strict=True):
        there = (at >= 0) & (at < len(car))
        values = car.columns[name][at[there]]
        own[there] = np.where(values == column.null, np.nan, values / 10.0**column.decimals)
    return out


def _own(values: Floats, row: Ints) -> Floats:
    """Of each moment the value of its driver; NaN where it has none."""
    out = np.full(len(row), np.nan)
    has = np.flatnonzero(row >= 0)
    out[has] = values[row[has], has]
    return out


def _most(values: Floats) -> Floats:
    """Of each moment the value of the car that is furthest; NaN where nobody knows."""
    most = np.where(np.isnan(values), -np.inf, values).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(most), most, np.nan)
