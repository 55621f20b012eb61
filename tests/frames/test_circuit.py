"""What the cars show of the track: sector lines, pit lane, DRS zones, against the demo's exact circuit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastf1.mvapi import CircuitInfo

from pipeline.contract.models import Circuit
from pipeline.demo import demo_season
from pipeline.demo.track import (
    DRS_ZONES,
    PIT_ENTRY_M,
    PIT_EXIT_M,
    PIT_SIDE_M,
    PIT_SIDE_RAMP_M,
    SECTOR_ENDS,
    Track,
    build_track,
)
from pipeline.frames import compute
from pipeline.input import tables
from pipeline.model import Floats, MapMarker, RawRace


@pytest.fixture(scope="module")
def track() -> Track:
    return build_track(demo_season()[0][1])


@pytest.fixture(scope="module")
def circuit(demo_raw: RawRace) -> Circuit:
    return compute(demo_raw).circuit


def test_sector_lines(circuit: Circuit, track: Track) -> None:
    assert [line.number for line in circuit.sectors] == [1, 2]
    for line, end in zip(circuit.sectors, SECTOR_ENDS, strict=True):
        assert line.dist == pytest.approx(end * track.length_m, abs=10)
        x, y = (np.interp(end * track.length_m, _s(track), values) for values in (track.x, track.y))
        assert np.hypot(line.x / 10 - x, line.y / 10 - y) < 10
        assert line.laps > 10


def test_elevation(circuit: Circuit, track: Track) -> None:
    at = np.linspace(0, track.length_m, len(circuit.z), endpoint=False)
    assert len(circuit.z) == len(circuit.x)
    assert np.abs(np.array(circuit.z) / 10 - np.interp(at, _s(track), track.z)).max() < 0.5


def test_pit_lane(circuit: Circuit, track: Track) -> None:
    """Where it runs, where it leaves the track and joins it, and its speed limit from line to line."""
    lane = circuit.pit_lane
    assert lane is not None
    s = np.linspace(-PIT_ENTRY_M, PIT_EXIT_M, 400)
    x, y, _ = track.xyz(s % track.length_m, np.full(len(s), PIT_SIDE_M))
    px, py = np.array(lane.x), np.array(lane.y)
    off = np.hypot(px[:, None] - x, py[:, None] - y).min(axis=1) / 10
    along = np.linspace(0, lane.length_m, len(px))
    assert off[(along > lane.limit_from) & (along < lane.limit_to)].max() < 1.0
    assert lane.limit_to - lane.limit_from == pytest.approx(PIT_ENTRY_M + PIT_EXIT_M, abs=10)
    assert track.length_m - PIT_ENTRY_M - PIT_SIDE_RAMP_M < lane.entry < track.length_m - PIT_ENTRY_M
    assert PIT_EXIT_M < lane.exit < PIT_EXIT_M + PIT_SIDE_RAMP_M
    assert (lane.speed_limit, lane.visits, lane.cars) == (80, 4, 4)


def test_drs_zones(circuit: Circuit, track: Track) -> None:
    """Cars open it once the zone begins, and shut it at its end."""
    found = [(zone.start / track.length_m, zone.end / track.length_m) for zone in circuit.drs_zones]
    assert found == [pytest.approx(zone, abs=0.008) for zone in sorted(DRS_ZONES)]
    assert all(zone.openings >= zone.cars > 2 for zone in circuit.drs_zones)
    before = [zone.start - (zone.detection or np.nan) for zone in circuit.drs_zones]
    assert all(0 < metres < 120 for metres in before)


def test_what_too_few_have_shown_is_not_known(demo_raw: RawRace) -> None:
    laps = {
        number: replace(own, pit_in=np.full(len(own), np.nan), pit_out=np.full(len(own), np.nan))
        for number, own in demo_raw.laps.items()
    }
    gone = {"sector1_s": np.full(99, np.nan)}
    laps = {
        n: replace(own, extra={**own.extra, "sector1_s": gone["sector1_s"][: len(own)]})
        for n, own in laps.items()
    }
    found = compute(replace(demo_raw, laps=laps, has_drs=False)).circuit
    assert (found.pit_lane, found.sectors, found.drs_zones) == (None, [], [])


def test_one_car_that_is_elsewhere_moves_nothing(demo_raw: RawRace, circuit: Circuit) -> None:
    number = next(n for n, own in demo_raw.laps.items() if (~np.isnan(own.pit_in)).any())
    pos = demo_raw.positions[number]
    positions = {**demo_raw.positions, number: replace(pos, x=pos.x + 900, y=pos.y - 700)}
    found = compute(replace(demo_raw, positions=positions)).circuit
    assert found.pit_lane is not None
    assert circuit.pit_lane is not None
    assert found.pit_lane.entry == pytest.approx(circuit.pit_lane.entry, abs=30)
    for there, here in zip(found.sectors, circuit.sectors, strict=True):
        assert there.dist == pytest.approx(here.dist, abs=5)


def test_without_positions_there_are_marks_alone(demo_raw: RawRace) -> None:
    marks = [MapMarker(1, "", 10.4, -3.0, 12.34)]
    found = compute(replace(demo_raw, positions={}, corners=marks, marshal_sectors=marks)).circuit
    (sector,) = found.marshal_sectors
    assert (sector.number, sector.x, sector.y, sector.angle, sector.dist) == (1, 10, -3, 12, None)
    assert (found.pit_lane, found.sectors, found.drs_zones, found.z) == (None, [], [], [])


def test_marks_lie_along_the_track(demo_raw: RawRace, track: Track) -> None:
    marks = [MapMarker(2, "A", float(track.x[2000] * 10), float(track.y[2000] * 10))]
    found = compute(replace(demo_raw, marshal_sectors=marks, marshal_lights=marks)).circuit
    assert found.marshal_sectors == found.marshal_lights
    assert found.marshal_sectors[0].dist == pytest.approx(2000 * track.step_m, abs=10)


def _s(track: Track) -> Floats:
    return np.asarray(np.arange(len(track.x)) * track.step_m)


def _info(rotation: float, sectors: int) -> CircuitInfo:
    def markers(n: int) -> pd.DataFrame:
        rows = [(float(i), 2.0, i, "", 90.0) for i in range(n, 0, -1)]
        return pd.DataFrame(rows, columns=["X", "Y", "Number", "Letter", "Angle"])

    return CircuitInfo(markers(2), markers(0), markers(sectors), rotation)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[CircuitInfo | None]:
    """What fastf1 says of the circuit."""
    said: list[CircuitInfo | None] = []
    monkeypatch.setattr(tables, "get_circuit_info", lambda **_: said[0])
    return said


INFO = {"Meeting": {"Circuit": {"Key": 10}}}


@pytest.mark.parametrize(
    ("rotation", "sectors", "meant"),
    [(44.0, 0, 44.0), (0.0, 0, None), (0.0, 3, 0.0)],
    ids=["turned", "never drawn", "not turned"],
)
def test_a_rotation_of_0_is_believed_of_a_finished_map(
    answers: list[CircuitInfo | None], rotation: float, sectors: int, meant: float | None
) -> None:
    answers.append(_info(rotation, sectors))
    found = tables.circuit(2025, INFO)
    assert found["rotation"] == meant
    assert [marker.number for marker in found["corners"]] == [1, 2]
    assert [marker.number for marker in found["marshal_sectors"]] == list(range(1, sectors + 1))


def test_marks_that_say_nothing_are_left_out(answers: list[CircuitInfo | None]) -> None:
    info = _info(1.0, 3)
    info.marshal_sectors["Number"] = [3, None, 1]
    info.marshal_sectors.loc[2, "X"] = np.nan
    answers.append(info)
    assert [marker.number for marker in tables.circuit(2025, INFO)["marshal_sectors"]] == [3]


@pytest.mark.parametrize("info", [{}, {"Meeting": None}, {"Meeting": {"Circuit": {"Key": "x"}}}, INFO])
def test_a_circuit_that_nobody_knows(answers: list[CircuitInfo | None], info: dict[str, object]) -> None:
    answers.append(None)
    assert tables.circuit(2025, info) == {"corners": [], "rotation": None}
