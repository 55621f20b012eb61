"""The steps from RawRace to RaceFrames, in order."""

import numpy as np
import numpy.typing as npt

from pipeline.contract import FPS
from pipeline.contract.columns import COLUMNS, FINISHED, GRID, PIT, TRACK
from pipeline.frames import laps as lap_rules
from pipeline.frames.about import circuit, driver, findings
from pipeline.frames.clean import clean
from pipeline.frames.laps import lap_line, pit_stretches
from pipeline.frames.order import before_penalties, gaps, official_keys, order_at_flag, places
from pipeline.frames.presence import Stay, laps_run, lights_out, stays
from pipeline.frames.race import AnyInts, Columns, Race
from pipeline.frames.resample import Index, fixed, interpolate, make_index, step
from pipeline.frames.samples import replay_source
from pipeline.frames.track import Line, progress, reference_line
from pipeline.model import CarFrames, Floats, FrameClock, OfficialTiming, RaceFrames, RawRace


def compute(raw: RawRace, fps: float = FPS) -> RaceFrames:
    """Compute all frames of a race.

    Args:
        raw: as loaded; needs laps with at least one start time.
        fps: frames a second, 1 to 50.
    """
    race = _prepare(raw, fps)
    indices: dict[int, Index] = {}
    along = _all_progress(race)
    cars = {number: _car_columns(race, number, along.get(number), indices) for number in race.numbers}
    _add_places(race, cars, along, indices)
    for number, columns in cars.items():
        _add_status(race, number, columns)
    codes = {d.number: d.code for d in raw.drivers}
    return RaceFrames(
        clock=race.clock,
        cars={codes[number]: CarFrames(columns) for number, columns in cars.items()},
        drivers=[driver(race, d.number) for d in raw.drivers],
        circuit=circuit(raw, race.line),
        lights_out=None if race.lights_out is None else race.lights_out - race.clock.t0,
        total_laps=raw.total_laps or laps_run(raw),
        replay=replay_source(race, cars, along, codes),
        findings=[*race.clean.findings, *findings(race)],
    )


def _prepare(raw: RawRace, fps: float) -> Race:
    starts = [float(np.nanmin(own.start)) for own in raw.laps.values() if not np.isnan(own.start).all()]
    ends = [float(np.nanmax(own.end)) for own in raw.laps.values() if not np.isnan(own.end).all()]
    t0, last = min(starts), max(ends)
    clock = FrameClock(t0, fps, int(np.ceil((last - t0) * fps - 1e-6)) + 1)
    cleaned = clean(raw, t0, last)
    who = stays(raw, cleaned, t0, last)
    return Race(
        raw=raw,
        clock=clock,
        times=clock.times(),
        clean=cleaned,
        stays=who,
        laps={number: lap_line(own) for number, own in raw.laps.items()},
        line=reference_line(cleaned.positions, raw.laps),
        lights_out=lights_out(who),
    )


def _all_progress(race: Race) -> dict[str, Floats]:
    """Race progress at each car's position samples, for the cars that can be placed on the track."""
    if race.line is None:
        return {}
    return {
        number: progress(
            race.line,
            race.clean.positions[number],
            race.clean.cars.get(number),
            race.laps[number],
            race.clock.t0,
            race.stays[number].until + 3.0,
        )
        for number in race.numbers
        if number in race.clean.positions
    }


def _index(race: Race, samples: Floats, indices: dict[int, Index]) -> Index:
    """The frames' index on a sample clock, computed once for each clock."""
    if id(samples) not in indices:
        indices[id(samples)] = make_index(samples, race.times)
    return indices[id(samples)]


def _head(index: Index, n: int) -> Index:
    return Index(index.before[:n], index.after[:n], index.weight[:n], index.joined[:n], index.fresh[:n])


def _car_columns(race: Race, number: str, along: Floats | None, indices: dict[int, Index]) -> Columns:
    n = race.frames_of(number)
    out: Columns = {name: np.full(n, c.null, dtype=c.dtype) for name, c in COLUMNS.items() if c.nullable}
    lap = race.laps[number]
    row = lap.at(race.times[:n])
    out["lap"] = lap.number[row].astype(np.int16)
    out["tyre"] = lap.tyre[row].astype(np.int8)
    life = lap.tyre_life[row]
    out["tyre_life"] = np.where(life < 0, COLUMNS["tyre_life"].null, life).astype(np.int16)
    _add_positions(race, number, along, out, indices)
    _add_car_data(race, number, out, indices)
    return out


def _add_positions(
    race: Race, number: str, along: Floats | None, out: Columns, indices: dict[int, Index]
) -> None:
    pos = race.clean.positions.get(number)
    if pos is None or not len(pos.t):
        return
    n = len(out["lap"])
    index = _head(_index(race, pos.t, indices), n)
    for name, values in (("x", pos.x), ("y", pos.y), ("z", pos.z)):
        out[name] = fixed(interpolate(values, index), 0, COLUMNS[name].dtype)
    if along is None or race.line is None:
        return
    out["rel_dist"], out["dist"] = _distance(race, race.line, number, interpolate(along, index), out["lap"])


def _distance(race: Race, line: Line, number: str, along: Floats, lap: AnyInts) -> tuple[AnyInts, AnyInts]:
    """rel_dist and dist as published: inside the official lap, from the start/finish line on."""
    base = lap.astype(np.float64) - 1.0
    rel = np.clip(along - base, 0.0, 1.0)
    own = race.laps[number]
    unsure = own.spans[own.at(race.times[: len(lap)])] > 1
    rel = np.where(unsure, np.nan, rel)
    dist = (base + rel) * line.length_m
    return fixed(rel, 4, COLUMNS["rel_dist"].dtype), fixed(dist, 1, COLUMNS["dist"].dtype)


def _add_car_data(race: Race, number: str, out: Columns, indices: dict[int, Index]) -> None:
    car = race.clean.cars.get(number)
    if car is None or not len(car.t):
        return
    index = _head(_index(race, car.t, indices), len(out["lap"]))
    for name, values in (("speed", car.speed), ("rpm", car.rpm), ("throttle", car.throttle)):
        out[name] = fixed(interpolate(values, index), 0, COLUMNS[name].dtype)
    for name, codes in (("gear", car.gear), ("drs", car.drs), ("brake", car.brake)):
        out[name] = step(codes, index, COLUMNS[name].dtype)


def _add_places(
    race: Race, cars: dict[str, Columns], along: dict[str, Floats], indices: dict[int, Index]
) -> None:
    numbers, frames = list(cars), race.clock.frames
    keys = np.full((len(numbers), frames), np.nan, dtype=np.float32)
    far = np.full((len(numbers), frames), np.nan, dtype=np.float32)
    present = np.zeros((len(numbers), frames), dtype=bool)
    for i, number in enumerate(numbers):
        present[i, : len(cars[number]["lap"])] = True
        keys[i] = official_keys(race.raw.timing.get(number), race.times)
        far[i] = _far(race, number, along.get(number))
    finish = {
        i: (race.raw.laps[number].done, finished)
        for i, number in enumerate(numbers)
        if (finished := race.stays[number].finished) is not None
    }
    ranks = places(order_at_flag(keys, finish, race.clock), far, present)
    for i, number in enumerate(numbers):
        n = len(cars[number]["lap"])
        cars[number]["position"] = ranks[i, :n]
        timing = _timing_to_the_flag(race, number, min(finish.values(), default=None, key=_by_flag))
        gap = gaps(timing, race.times[:n], ranks[i, :n], race.stays[number].finished)
        cars[number]["gap"] = fixed(gap, 3, COLUMNS["gap"].dtype)


def _by_flag(finish: tuple[int, float]) -> tuple[int, float]:
    return -finish[0], finish[1]


def _timing_to_the_flag(race: Race, number: str, winner: tuple[int, float] | None) -> OfficialTiming | None:
    """A car's official timing, of those on the winner's lap without what the stewards add after the flag."""
    timing, finished = race.raw.timing.get(number), race.stays[number].finished
    if timing is None or winner is None or finished is None or race.raw.laps[number].done < winner[0]:
        return timing
    return before_penalties(timing, finished, finished - winner[1])


def _far(race: Race, number: str, along: Floats | None) -> npt.NDArray[np.float32]:
    """Progress in laps at every frame for ranking, bridged over holes; by the lap count where unknown.

    A car that never started is behind all that did.
    """
    lap = race.laps[number]
    if along is not None and (known := ~np.isnan(along)).sum() > 1:
        t = race.clean.positions[number].t
        return np.asarray(np.interp(race.times, t[known], along[known]), dtype=np.float32)
    if race.stays[number].until <= race.clock.t0:
        return np.full(len(race.times), -1.0, dtype=np.float32)
    crossed = ~np.isnan(lap.ends)
    begin = np.concatenate(([race.clock.t0], lap.begin[1:], lap.ends[crossed][-1:]))
    count = np.concatenate((lap.number - 1.0, lap.number[crossed][-1:]))
    return np.asarray(np.interp(race.times, begin, count), dtype=np.float32)


def _add_status(race: Race, number: str, out: Columns) -> None:
    n = len(out["lap"])
    times, stay = race.times[:n], race.stays[number]
    status = np.full(n, TRACK, dtype=np.int8)
    status[: _grid_frames(race, stay, n)] = GRID
    pits = pit_stretches(race.raw.laps[number], race.clock.t0, race.times[-1] + 1.0)
    status[lap_rules.inside(times, pits)] = PIT
    if stay.finished is not None:
        status[race.clock.index(stay.finished) :] = FINISHED
    out["status"] = status


def _grid_frames(race: Race, stay: Stay, n: int) -> int:
    if stay.until <= race.clock.t0:  # never started
        return n
    off = stay.moved_off or race.lights_out or race.clock.t0
    return min(n, race.clock.index(off))
