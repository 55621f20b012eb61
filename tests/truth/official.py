"""A race's published files held against the official timing, by code that shares nothing with the pipeline.

It reads frames.parquet and manifest.json, and asks fastf1 for what the feed said: laps, tyres, places and
samples. Each check is a share or a distance with its bar; `violations` names those that do not hold.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

Floats = npt.NDArray[np.float64]
COMPOUNDS = {"SOFT": 1, "MEDIUM": 2, "HARD": 3, "INTERMEDIATE": 4, "WET": 5}
SETTLING_S = 5.0  # after the start, until the feed's places follow the cars


@dataclass(frozen=True)
class Check:
    """A figure and what it may be at the most."""

    name: str
    found: float
    most: float

    @property
    def holds(self) -> bool:
        return self.found <= self.most


@dataclass(frozen=True)
class Official:
    """What the feed said. `stream` has Driver (number), Position and t, in seconds of the session."""

    session: Any
    stream: pd.DataFrame

    @classmethod
    def load(cls, cache: Path, year: int, number: int, name: str = "R") -> "Official":
        """From a fastf1 cache, without a network."""
        import fastf1
        from fastf1 import _api

        fastf1.set_log_level("ERROR")
        fastf1.Cache.enable_cache(str(cache))
        fastf1.Cache.offline_mode(True)
        session = fastf1.get_session(year, number, name)
        session._track_status = pd.DataFrame({"Time": [], "Status": []})  # without one it finds no laps
        session.load(weather=False)
        stream = _api.timing_data(session.api_path)[1]
        return cls(session, stream.assign(t=seconds(stream["Time"])))

    def laps(self, number: str) -> pd.DataFrame:
        """Of one car, those that it began."""
        laps = self.session.laps
        return pd.DataFrame(laps[(laps["DriverNumber"] == number) & laps["LapStartTime"].notna()])


@dataclass(frozen=True)
class Car:
    """One driver's frames: session time of each, and its columns with NaN for null."""

    code: str
    number: str
    t: Floats
    columns: pd.DataFrame

    def column(self, name: str) -> Floats:
        return self.columns[name].to_numpy(dtype=float)

    def at_lap(self, laps: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
        """The lap's value in each frame, None outside of laps."""
        found = np.full(len(self.t), None, dtype=object)
        ends = seconds(laps["Time"])
        for start, end, value in zip(seconds(laps["LapStartTime"]), ends, laps[column], strict=True):
            found[(self.t >= start) & (self.t < end)] = value
        return found


def seconds(column: "pd.Series[Any]") -> Floats:
    return np.asarray(column.dt.total_seconds(), dtype=np.float64)


def violations(folder: Path, official: Official) -> list[Check]:
    """The checks that do not hold for the race published in `folder`."""
    return [check for check in checks(folder, official) if not check.holds]


def checks(folder: Path, official: Official) -> Iterator[Check]:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    cars = list(_cars(folder, manifest))
    yield from _clock(manifest, official)
    yield from _places(cars, official)
    yield from _laps(cars, official)
    yield from _distance(cars, float(manifest["circuit"]["length_m"]))
    yield from _samples(cars, official)


def _cars(folder: Path, manifest: dict[str, Any]) -> Iterator[Car]:
    table = pq.read_table(folder / "frames.parquet").to_pandas()
    numbers = {driver["code"]: driver["number"] for driver in manifest["drivers"]}
    for code, rows in table.groupby(table["driver"].astype(str), sort=True):
        t = manifest["clock"]["t0_session_s"] + rows["t_ms"].to_numpy(dtype=float) / 1000
        yield Car(str(code), numbers[str(code)], t, rows)


def _clock(manifest: dict[str, Any], official: Official) -> Iterator[Check]:
    clock, laps = manifest["clock"], official.session.laps
    first, last = np.nanmin(seconds(laps["LapStartTime"])), np.nanmax(seconds(laps["Time"]))
    end = clock["t0_session_s"] + (clock["frames"] - 1) / clock["fps"]
    yield Check("t = 0 is the start of lap 1, s off", abs(clock["t0_session_s"] - first), 0.1)
    yield Check("frames end before the last car's flag by, s", last - end, 0.1)


def _places(cars: list[Car], official: Official) -> Iterator[Check]:
    """Every frame has places 1..n; among the cars there, they are those of the feed within a second."""
    shown = pd.DataFrame({car.code: pd.Series(car.column("position"), car.t.round(3)) for car in cars})
    t, shown = shown.index.to_numpy(dtype=float), shown.reset_index(drop=True)
    ranked = np.sort(shown.to_numpy(), axis=1)
    dense = np.arange(1, len(cars) + 1) <= shown.notna().sum(axis=1).to_numpy()[:, None]
    wanted = np.where(dense, np.arange(1, len(cars) + 1), np.nan)
    yield Check(
        "frames whose places are not 1..n",
        float((~np.isclose(ranked, wanted, equal_nan=True)).any(1).mean()),
        0,
    )
    fed = [_feed(cars, official, t + late).where(shown.notna()) for late in (-1.0, 0.0, 1.0)]
    known = (fed[1].notna() | shown.isna()).all(axis=1).to_numpy() & (t > t[0] + SETTLING_S)
    asked = shown.notna().to_numpy() & known[:, None] & _racing(cars, official, t)
    right = np.any([frame.rank(axis=1).to_numpy() == shown.to_numpy() for frame in fed], axis=0)
    yield Check("frames in which the feed lacks a place", 1 - float(known.mean()), 0.25)
    yield Check("places that are not the feed's", 1 - float(right[asked].mean()), 0.005)


def _feed(cars: list[Car], official: Official, t: Floats) -> pd.DataFrame:
    """The place of each car at each moment as the feed told it last."""
    found = {}
    for car in cars:
        rows = official.stream[official.stream["Driver"] == car.number]
        at = np.searchsorted(rows["t"].to_numpy(), t, "right") - 1
        places = rows["Position"].to_numpy(dtype=float)
        found[car.code] = np.where(at >= 0, places[np.clip(at, 0, None)], np.nan) if len(rows) else np.nan
    return pd.DataFrame(found, index=range(len(t)))


def _racing(cars: list[Car], official: Official, t: Floats) -> npt.NDArray[np.bool_]:
    """Until its last lap ends a car is in the race."""
    ends = [seconds(official.laps(car.number)["Time"]).max(initial=-np.inf) for car in cars]
    return t[:, None] <= np.array(ends)


def _laps(cars: list[Car], official: Official) -> Iterator[Check]:
    wrong_lap, wrong_tyre = [], []
    for car in cars:
        laps = official.laps(car.number)
        number, compound = car.at_lap(laps, "LapNumber"), car.at_lap(laps, "Compound")
        on = number != None  # noqa: E711 - of each element
        wrong_lap.append(number[on].astype(float) != car.column("lap")[on])
        tyre = np.array([COMPOUNDS.get(str(name), 0) for name in compound[on]], dtype=float)
        wrong_tyre.append(np.nan_to_num(car.column("tyre")[on]) != tyre)
    yield Check(
        "frames with another lap than the official one", float(np.concatenate(wrong_lap).mean()), 0.001
    )
    yield Check("frames with another tyre", float(np.concatenate(wrong_tyre).mean()), 0.02)


def _distance(cars: list[Car], length: float) -> Iterator[Check]:
    steps = [np.diff(car.column("dist")) for car in cars]
    known = np.concatenate([step[~np.isnan(step)] for step in steps])
    yield Check("metres that a car goes back", float(-known.min()), 0.11)
    yield Check("metres between two frames", float(known.max()), 12.0)
    drift = [car.column("dist") - (car.column("lap") - 1 + car.column("rel_dist")) * length for car in cars]
    yield Check(
        "metres that dist and rel_dist disagree", float(np.nanmax(np.abs(np.concatenate(drift)))), 2.0
    )


def _samples(cars: list[Car], official: Official) -> Iterator[Check]:
    """Positions and speed lie on the line between two samples, but for the odd frame."""
    off: dict[str, list[float]] = {"X": [0.0], "Y": [0.0], "Speed": [0.0]}
    for car in cars:
        for data, names in ((official.session.pos_data, ("X", "Y")), (official.session.car_data, ("Speed",))):
            for name in names if car.number in data else ():
                off[name].append(_off(car, data[car.number], name, official))
    yield Check("1/10 m off the positions of the feed", max(off["X"] + off["Y"]), 2.0)
    yield Check("km/h off the speed of the feed", max(off["Speed"]), 1.01)


def _off(car: Car, samples: pd.DataFrame, name: str, official: Official) -> float:
    """How far the 999th of 1000 frames is away, outside holes of a second and after the start."""
    times, values = seconds(samples["SessionTime"]), samples[name].to_numpy(dtype=float)
    end = seconds(official.laps(car.number)["Time"]).max(initial=-np.inf)
    within = (car.t > times[0]) & (car.t < min(end - 1, times[-1]))
    at = np.clip(np.searchsorted(times, car.t, "right") - 1, 0, len(times) - 2)
    within &= np.diff(times)[at] < 1.0
    error = np.abs(car.column(name.lower()) - np.interp(car.t, times, values))[within]
    error = error[~np.isnan(error)]
    return float(np.percentile(error, 99.9)) if error.size else 0.0
