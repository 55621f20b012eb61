"""The usual way to make frames of a race, written as most tools do it. Only here to compare with.

Telemetry of every driver lap by lap, put together; every channel drawn straight from sample to sample;
places by race distance; one dict for every driver and frame; one JSON text, gzipped at level 6.
"""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from bench.child import Cost, measured
from pipeline.contract.columns import TYRES
from pipeline.run import race
from pipeline.run.batch import Task

FPS = 25.0
# published name -> (telemetry channel, decimals kept)
CHANNELS: dict[str, tuple[str, int | None]] = {
    "x": ("X", 1),
    "y": ("Y", 1),
    "dist": ("Distance", 1),
    "rel_dist": ("RelativeDistance", 4),
    "speed": ("Speed", 1),
    "gear": ("nGear", None),
    "drs": ("DRS", None),
    "throttle": ("Throttle", 1),
    "brake": ("Brake", None),
}
COMPOUNDS = {name: code for code, name in enumerate(TYRES)}
Columns = dict[str, np.ndarray]


def measure(task: Task, minutes: float, out: Path) -> tuple[Cost, int, int, int]:
    """(cost after loading, frames, driver-frames, bytes) of the first `minutes` of a race, all if inf."""
    session = _loaded(task)
    with measured() as cost:
        frames = _frames(session, minutes)
        out.write_bytes(gzip.compress(orjson.dumps({"frames": frames}), 6))
    return cost, len(frames), sum(len(frame["drivers"]) for frame in frames), out.stat().st_size


def _loaded(task: Task) -> Any:
    from fastf1.livetiming.data import LiveTimingData  # noqa: PLC0415 - only this child needs fastf1

    from pipeline.input.load import captured_log, configure  # noqa: PLC0415
    from pipeline.input.seasons import to_fastf1  # noqa: PLC0415

    with race._own_cache(task.source) as given, captured_log():
        configure(given)
        session = to_fastf1(task.event, task.key.session)
        session.load(livedata=LiveTimingData(*map(str, given.recording)) if given.recording else None)
    return session


def _frames(session: Any, minutes: float) -> list[dict[str, Any]]:
    limit = session.laps["LapStartTime"].min().total_seconds() + minutes * 60
    drivers = {}
    for number in session.drivers:
        columns = _driver(session.laps.pick_drivers(number), limit)
        if columns is not None:
            drivers[session.get_driver(number)["Abbreviation"]] = columns
    first = min(own["t"][0] for own in drivers.values())
    last = min(max(own["t"][-1] for own in drivers.values()), limit)
    clock = np.arange(first, last, 1 / FPS)
    return _joined({code: _resampled(own, clock) for code, own in drivers.items()}, clock - first)


def _driver(laps: Any, limit: float) -> Columns | None:
    """All samples of one driver's laps that begin before `limit`."""
    parts: list[pd.DataFrame] = []
    driven = 0.0
    for _, lap in laps.iterlaps():
        if not lap["LapStartTime"].total_seconds() < limit:
            continue
        telemetry = lap.get_telemetry()
        if telemetry.empty:
            continue
        part = pd.DataFrame({name: telemetry[name].to_numpy(dtype=float) for name, _ in CHANNELS.values()})
        part["t"] = telemetry["SessionTime"].dt.total_seconds().to_numpy()
        part["Distance"] += driven
        part["lap"], part["tyre"] = lap["LapNumber"], COMPOUNDS.get(lap["Compound"], 0)
        driven = float(part["Distance"].iloc[-1])
        parts.append(part)
    if not parts:
        return None
    whole = pd.concat(parts).sort_values("t")
    return {name: whole[name].to_numpy() for name in whole.columns}


def _resampled(own: Columns, clock: np.ndarray) -> Columns:
    return {name: np.interp(clock, own["t"], values) for name, values in own.items() if name != "t"}


def _joined(drivers: dict[str, Columns], times: np.ndarray) -> list[dict[str, Any]]:
    frames = []
    for i, t in enumerate(times):
        cars = {code: _car(columns, i) for code, columns in drivers.items()}
        ranked = sorted(cars, key=lambda code: -cars[code]["dist"])
        for place, code in enumerate(ranked, 1):
            cars[code]["position"] = place
        frames.append({"t": round(float(t), 3), "lap": cars[ranked[0]]["lap"], "drivers": cars})
    return frames


def _car(columns: Columns, i: int) -> dict[str, Any]:
    car: dict[str, Any] = {
        name: round(float(columns[channel][i]), decimals) for name, (channel, decimals) in CHANNELS.items()
    }
    car["lap"], car["tyre"] = round(columns["lap"][i]), int(columns["tyre"][i])
    return car
