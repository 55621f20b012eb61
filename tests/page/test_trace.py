"""trace(code, lap) of f1-replay.js: a lap over its distance is the frames' own."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.page.node import node
from tests.page.truth import Truth

READ = """
const [key, laps] = given;
const race = await open(key);
const traces = [];
for (const [code, lap] of laps) traces.push(await race.trace(code, lap));
answer(traces);
"""
STEPS = ("gear", "brake", "drs")
LEAST = {"x": 2, "y": 2, "speed": 1.01, "throttle": 1.01}  # the frames are rounded


def check(tmp_path: Path, out: Path, key: str, count: int) -> None:
    truth = Truth.read(out / key)
    length = truth.manifest.circuit.length_m
    assert length is not None
    rows = pq.read_table(out / key / "laps.parquet").to_pylist()
    done = [row for row in rows if row["start_s"] is not None and row["end_s"] is not None]
    done = [row for row in done if not row["generated"]]
    chosen = [done[i] for i in np.random.default_rng(14).permutation(len(done))[:count]]
    asked = [(row["driver"], row["lap"]) for row in chosen] + [(done[0]["driver"], 999), ("XXX", 1)]
    *traces, none, nobody = node(tmp_path, out, READ, [key, asked])
    assert (none, nobody) == (None, None)
    for row, trace in zip(chosen, traces, strict=True):
        assert (trace["start_s"], trace["end_s"]) == (row["start_s"], row["end_s"])
        t, dist = np.array(trace["t"]), np.array(trace["dist"])
        assert (dist[0], dist[-1]) == (0, length)
        assert np.all(np.diff(t) > -1e-9)
        assert np.all(np.diff(dist) > -1.01)
        car = truth.cars[row["driver"]]
        frames = np.arange(np.ceil(row["start_s"] * truth.fps), row["end_s"] * truth.fps).astype(int)[1:-1]
        at = frames / truth.fps - row["start_s"]
        after = np.searchsorted(t, at + 1e-6, side="right")
        joined = (t[after] - t[after - 1]) * 1000 <= truth.manifest.replay.hole_ms
        assert joined.mean() > 0.9
        frames, at = frames[joined], at[joined]
        driven = car["dist"][frames] - (row["lap"] - 1) * length
        assert np.nanmax(np.abs(np.interp(at, t, dist) - driven)) < 2.5, asked
        for name, least in LEAST.items():
            values = np.array(trace[name], dtype=float)
            apart = np.abs(np.interp(at, t, values) - car[name][frames])
            assert np.nanquantile(apart, 0.99) <= least, (asked, name)
        for name in STEPS:
            values = np.array(trace[name], dtype=float)
            held = values[np.searchsorted(t, at + 1e-6, side="right") - 1]
            same = (held == car[name][frames]) | np.isnan(car[name][frames])
            assert same.mean() > 0.99, (asked, name)


@pytest.mark.parametrize("key", ["telemetry/1900/1/", "telemetry/1900/2/sprint/"])
def test_is_what_the_frames_say(tmp_path: Path, demo_out: Path, key: str) -> None:
    check(tmp_path, demo_out, key, 12)


@pytest.mark.thorough
def test_is_what_the_frames_of_a_real_race_say(tmp_path: Path, real_out: Path) -> None:
    check(tmp_path, real_out, "telemetry/2025/1/", 24)
