"""Messages of another form than their topic's, all at once: each costs itself, not its topic or the race."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.frames import compute
from tests.frames.test_damage import FPS, hold_invariants
from tests.input.test_stamps import loaded, middle, written

ROWS = ("TimingData", "TimingAppData")
OF_A_CAR: dict[str, list[Any]] = {
    "GapToLeader": [[], {}, "+" + "9" * 1000],
    "IntervalToPositionAhead": [5, {"Value": []}, {"Value": "1e999"}],
    "Position": [[], {}, "x", "9" * 5000, 1],
    "NumberOfLaps": ["x", [], None, 1.5],
    "NumberOfPitStops": [{}],
    "InPit": ["x", []],
    "PitOut": [{}],
    "Retired": [7],
    "Stopped": [{}],
    "LastLapTime": [5, {"Value": 5}, {"Value": []}, {"Value": "x:y"}, {"Value": "99999999:59.999"}],
    "BestLapTime": [[], {"Value": {}}],
    "Speeds": [5, {"I1": 5}, {"I1": {"Value": []}}, {"ST": {"Value": "fast"}}, {"FL": {"Value": "1.2.3"}}],
    "Sectors": [5, {"0": 5}, {"x": {"Value": "5"}}, {"0": {"Value": []}}, [{"Segments": 5}]],
    "Stints": [5, {"0": 5}, {"x": {}}, {"0": {"Compound": []}}, {"0": {"TotalLaps": "x"}}, {"9" * 5000: {}}],
}
OF_A_TOPIC: dict[str, list[Any]] = {
    "SessionData": [
        {"Series": 5},
        {"StatusSeries": 5},
        {"StatusSeries": [5]},
        {"StatusSeries": [{"Utc": "2024-01-01T00:00:00", "TrackStatus": ["x"]}]},
    ],
    "RaceControlMessages": [{"Messages": 5}, {"Messages": [{"Utc": 5}]}, {"Messages": [{"Message": []}]}],
    "TrackStatus": [{"Status": []}],
    "SessionStatus": [{"Status": {}}],
    "LapCount": [{"CurrentLap": "x", "TotalLaps": {}}],
    "WeatherData": [{"AirTemp": [], "Rainfall": {}}],
    "TyreStintSeries": [{"Stints": 5}],
}


def odd(car: str) -> list[tuple[str, Any]]:
    """(topic, message)"""
    cars: list[Any] = [{name: value} for name, values in OF_A_CAR.items() for value in values]
    cars += [None, 5, [1]]
    lines: list[Any] = [{car: told} for told in cars]
    lines += [None, 5, []]
    people: list[Any] = [None, 5, {"Tla": []}, {"TeamName": 5}]
    stints: list[Any] = [5, {"x": {}}, [5]]
    found = [(topic, {"Lines": told}) for topic in ROWS for told in lines]
    found += [("TyreStintSeries", {"Stints": {car: told}}) for told in stints]
    found += [("DriverList", {car: told}) for told in people]
    return found + [(topic, message) for topic, messages in OF_A_TOPIC.items() for message in messages]


@pytest.mark.slow
def test_a_message_of_another_form_costs_itself(tmp_path: Path) -> None:
    lines = written()
    clean = loaded(tmp_path / "clean", lines)
    i = middle(lines, "TimingData")
    stamp = re.findall(r"'([^']+)'\]\s*$", lines[i])[0]
    strange = [json.dumps([topic, told, stamp]) + "\n" for topic, told in odd(next(iter(clean.laps)))]
    raw = loaded(tmp_path / "damaged", [*lines[:i], *strange, *lines[i:]])
    damaged = next(found.count for found in raw.noticed if found.name == "recording_damaged")
    assert len(strange) / 2 < damaged < len(strange)
    assert len(raw.race_control) == len(clean.race_control)
    for number, laps in clean.laps.items():
        np.testing.assert_allclose(raw.laps[number].end, laps.end, atol=1.0)
        assert len(raw.cars[number].t) == len(clean.cars[number].t)
    hold_invariants(compute(raw, FPS))
