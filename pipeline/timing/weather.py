"""The rows of the weather table, and the weather of a moment."""

import numpy as np

from pipeline.contract.models import WeatherSample
from pipeline.contract.tables import WEATHER_COLUMNS
from pipeline.model import Floats, RaceFrames, RawRace, Rows
from pipeline.timing.rows import of_models

HOLDS_S = 300.0  # the station measures once a minute


def weather(raw: RawRace, frames: RaceFrames) -> Rows:
    """Every sample of the session, by time."""
    return of_models(raw.weather, frames.clock.t0)


def weather_at(samples: list[WeatherSample], times: Floats) -> Rows:
    """What the weather station had measured last at each session second; None where that is long ago."""
    known = sorted(samples, key=lambda sample: sample.t)
    measured = np.array([sample.t for sample in known])
    last = np.searchsorted(measured, times, "right") - 1
    then = [
        known[i] if i >= 0 and t - measured[i] <= HOLDS_S else None for i, t in zip(last, times, strict=True)
    ]
    return {
        column.name: [sample and getattr(sample, column.name) for sample in then]
        for column in WEATHER_COLUMNS
    }
