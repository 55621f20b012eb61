"""The rows of the laps table."""

import numpy as np

from pipeline.model import Laps, RaceFrames, RawRace, Rows
from pipeline.timing.rows import joined

MOMENTS = ("start_s", "end_s", "pit_in_s", "pit_out_s", "sector1_end_s", "sector2_end_s", "sector3_end_s")


def laps(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per driver and lap, by driver and lap; durations end in `_time_s`."""
    codes = {d.number: d.code for d in raw.drivers}
    return joined(
        _of_car(raw.laps[number], codes[number], frames.clock.t0)
        for number in sorted(raw.laps, key=lambda number: codes[number])
    )


def _of_car(own: Laps, code: str, t0: float) -> Rows:
    columns = own.columns()
    moments = {name: np.round(columns[name].astype(np.float64) - t0, 3) for name in MOMENTS}
    return {"driver": [code] * len(own), **columns, **moments}
