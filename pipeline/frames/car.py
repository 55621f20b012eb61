"""One car's own columns: what its laps, positions and car data say in each frame."""

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.frames.laps import pit_stretches
from pipeline.frames.line import Line
from pipeline.frames.race import AnyInts, Columns, Race
from pipeline.frames.resample import Index, fixed, interpolate, make_index, step
from pipeline.frames.track import progress
from pipeline.model import Floats


def all_progress(race: Race) -> dict[str, Floats]:
    """Race progress at each car's position samples, for the cars that can be placed on the track."""
    if race.line is None:
        return {}
    return {
        number: progress(
            placed,
            race.clean.positions[number].t,
            race.laps[number],
            race.line,
            pit_stretches(race.raw.laps[number], race.clock.t0, race.times[-1]),
            race.stays[number].until + 3.0,
        )
        for number in race.numbers
        if (placed := race.placed.get(number)) is not None
    }


def _index(race: Race, samples: Floats, indices: dict[int, Index]) -> Index:
    """The frames' index on a sample clock, computed once for each clock."""
    if id(samples) not in indices:
        indices[id(samples)] = make_index(samples, race.times)
    return indices[id(samples)]


def _head(index: Index, n: int) -> Index:
    return Index(index.before[:n], index.after[:n], index.weight[:n], index.joined[:n], index.fresh[:n])


def all_columns(race: Race, along: dict[str, Floats]) -> dict[str, Columns]:
    """Racing number -> the columns that no other car and no ranking has a say in.

    Args:
        along: of `all_progress`.
    """
    indices: dict[int, Index] = {}
    return {number: _car_columns(race, number, along.get(number), indices) for number in race.numbers}


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
    rel = np.where(race.on_lap(number, race.times[: len(lap)], along), rel, np.nan)
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
