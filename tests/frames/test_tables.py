"""fastf1's tables as they come on bad days: missing, doubled, out of order."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.contract.columns import COLUMNS
from pipeline.demo.season import recorded
from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.input import tables
from pipeline.input.load import _to_raw, configure, load
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from tests.frames.test_damage import FPS, hold_invariants, known, level


def test_samples_out_of_order_doubled_and_without_a_time() -> None:
    t = pd.to_timedelta([3.0, 1.0, 2.0, 2.0, np.nan], unit="s")
    samples = pd.DataFrame(
        {"SessionTime": t, "X": [3, 1, 2, 22, 5], "Y": [3, 1, 0, 0, 5], "Z": [0, 0, 0, 0, 5]}
    )
    positions = tables.position_samples(samples)
    assert positions.t.tolist() == [1.0, 2.0, 3.0]
    assert positions.x.tolist() == [1.0, 2.0, 3.0]


def test_messages_that_are_told_again_are_there_once() -> None:
    row = {
        "Time": pd.Timestamp("2024-03-02T15:00:00"),
        "Category": "Flag",
        "Message": "RED FLAG",
        "Flag": "None",
    }
    frame = pd.DataFrame([row, row, row | {"Message": "CLEAR", "Lap": np.nan, "Scope": pd.NA}])
    rows, _ = tables.race_control(frame, pd.Timestamp("2024-03-02T14:00:00"))
    assert [(r.t, r.message, r.flag, r.lap, r.scope) for r in rows] == [
        (3600.0, "RED FLAG", None, None, None),
        (3600.0, "CLEAR", None, None, None),
    ]


@pytest.mark.slow
def test_a_driver_with_nothing_but_empty_tables(tmp_path: Path) -> None:
    """Lap rows without a number: its positions count the car's laps. Telemetry without a sample is none."""
    with recorded() as (tasks, _):
        task = tasks[0]
        given = Source(tmp_path, offline=True, recording=task.source.recording)
        configure(given)
        session = to_fastf1(task.event, task.key.session)
        load(task.key, session, given)
        first, second = session.drivers[:2]
        session.laps.loc[session.laps["DriverNumber"] == first, "LapNumber"] = np.nan
        session.car_data[second] = session.car_data[second].iloc[:0]
        session.pos_data[second] = session.pos_data[second].iloc[:0]
        raw = _to_raw(task.key, session, given, [], [])
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert first not in raw.laps
    codes = {d.number: d.code for d in frames.drivers}
    assert known(frames.cars[codes[first]], "dist").max() > 0
    assert level(assess(raw, frames), "mended_laps") == "warn"
    assert (frames.cars[codes[second]].columns["x"] == COLUMNS["x"].null).all()
    assert level(assess(raw, frames), "telemetry_of_all") == "warn"
