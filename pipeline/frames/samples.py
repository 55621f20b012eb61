"""The cleaned samples as the replay carries them: on two clocks that all cars share."""

import numpy as np

from pipeline.frames.race import Columns, Race
from pipeline.frames.resample import interpolate, make_index
from pipeline.model import Floats, ReplaySource


def replay_source(
    race: Race, cars: dict[str, Columns], along: dict[str, Floats], codes: dict[str, str]
) -> ReplaySource:
    positions, car_data = race.clean.positions, race.clean.cars
    pos_t = _common_clock([positions[n].t for n in cars if n in positions])
    car_t = _common_clock([car_data[n].t for n in cars if n in car_data])
    values: dict[str, dict[str, Floats]] = {codes[number]: {} for number in cars}
    for number in cars:
        own, until = values[codes[number]], race.stays[number].until
        if (pos := positions.get(number)) is not None:
            columns = {"x": pos.x, "y": pos.y, "z": pos.z}
            if number in along and race.line is not None:
                known = race.on_lap(number, pos.t, along[number])
                columns["dist"] = np.where(known, along[number], np.nan) * race.line.length_m
            own.update(_on_clock(columns, pos.t, pos_t, until))
        if (car := car_data.get(number)) is not None:
            columns = {"speed": car.speed, "rpm": car.rpm, "throttle": car.throttle}
            own.update(_on_clock(columns, car.t, car_t, until))
    return ReplaySource(pos_t, car_t, values)


def _common_clock(clocks: list[Floats]) -> Floats:
    """The clock most cars share; the feed stamps all cars at once."""
    if not clocks:
        return np.empty(0)
    counts = {id(t): sum(other is t for other in clocks) for t in clocks}
    return max(clocks, key=lambda t: (counts[id(t)], len(t)))


def _on_clock(columns: dict[str, Floats], t: Floats, clock: Floats, until: float) -> dict[str, Floats]:
    """The columns on a shared clock, unknown once the car is out for good."""
    gone = clock > until + 1.0
    if t is not clock:
        index = make_index(t, clock)
        columns = {name: interpolate(values, index) for name, values in columns.items()}
    return {name: np.where(gone, np.nan, values) for name, values in columns.items()}
