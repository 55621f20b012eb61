"""What is said of the demo season: true to what was driven, and published without a hole."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.demo import DemoEvent, Truth, demo_season, simulate
from pipeline.demo.answers import PENALTY_S, result
from pipeline.demo.track import MARSHAL_SECTORS, build_track, markers

RACES = [pytest.param(*item, id=f"{item[0].round}{item[0].session}") for item in demo_season()]


@pytest.mark.parametrize("seed", [1, 2])
def test_corners_are_on_the_track_and_their_numbers_beside_it(seed: int) -> None:
    track, (_, corners, sectors) = build_track(seed), markers(seed)
    line = np.stack([10 * track.x, 10 * track.y])
    found = []
    for number, x, y, angle in corners:
        away = np.hypot(*(line - np.array([[x], [y]])))
        found.append((number, int(away.argmin())))
        assert away.min() < 10, "a metre"
        beside = x + 300 * math.cos(math.radians(angle)), y + 300 * math.sin(math.radians(angle))
        assert np.hypot(*(line - np.array(beside)[:, None])).min() > 280
    assert [number for number, _ in found] == list(range(1, len(corners) + 1))
    assert found == sorted(found, key=lambda one: one[1]), "numbered as they are driven"
    assert [number for number, *_ in sectors] == list(range(1, MARSHAL_SECTORS + 1))
    assert sectors[0][1:3] == pytest.approx((10 * track.x[0], 10 * track.y[0]))


@pytest.mark.parametrize(("event", "seed", "laps"), RACES)
def test_the_result_is_what_was_driven_with_its_penalty(event: DemoEvent, seed: int, laps: int) -> None:
    truth = simulate(seed, laps)
    rows = result(event, truth)
    assert [int(row["position"]) for row in rows] == list(range(1, len(truth.cars) + 1))
    assert {row["Driver"]["code"]: int(row["grid"]) for row in rows} == {c.code: c.grid for c in truth.cars}
    on_lead_lap = [row for row in rows if "Time" in row]
    times = [int(row["Time"]["millis"]) / 1000 for row in on_lead_lap]
    assert times == sorted(times)
    for row, time in zip(on_lead_lap, times, strict=True):
        penalty = PENALTY_S if row["Driver"]["code"] == truth.penalised else 0.0
        assert time == pytest.approx(truth.finished_s[row["Driver"]["code"]] + penalty)
    assert {row["Driver"]["code"] for row in rows if row["positionText"] == "R"} == set(truth.retired_s)
    points = [float(row["points"]) for row in rows]
    assert points == sorted(points, reverse=True)
    assert points[0] == (25 if event.session == "R" else 8)
    _behind_the_flag(truth, rows)


def _behind_the_flag(truth: Truth, rows: list[dict[str, Any]]) -> None:
    """But for who was penalised, the order is that at the flag."""
    codes = [row["Driver"]["code"] for row in rows if row["Driver"]["code"] != truth.penalised]
    assert codes == [code for code in truth.orders[-1][1] if code != truth.penalised]


def test_a_frontend_finds_no_hole(small_out: Path) -> None:
    for event, _, _ in demo_season():
        key = SessionKey(event.year, event.round, event.session)
        manifest = json.loads((small_out / key.manifest).read_bytes())
        circuit = manifest["circuit"]
        assert circuit["rotation"]
        assert len(circuit["corners"]) >= 9
        assert len(circuit["marshal_sectors"]) == MARSHAL_SECTORS
        for driver in manifest["drivers"]:
            assert None not in [driver[name] for name in ("grid", "classified", "status", "color", "team")]
        rows = json.loads((small_out / key.file("results")).read_bytes())["rows"]
        always = ("driver_id", "team_id", "classified", "status", "grid", "points", "laps", "penalty_s")
        assert not [(row["driver"], name) for row in rows for name in always if row[name] is None]
        assert sum(row["time_s"] is not None for row in rows) >= 8
    standings = json.loads((small_out / "seasons/1900/standings.json").read_bytes())
    for after in standings["rounds"]:
        assert after["complete"]
        assert {row["points"] is None for row in [*after["drivers"], *after["teams"]]} == {False}
