"""Qualifying and practice: places by lap times, parts and garages; and input that is damaged or absent."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.columns import COLUMNS, DRIVES, GARAGE, IN, OUT, PIT, TIMED, TRACK
from pipeline.contract.models import Head
from pipeline.encode.parquet import write_tables
from pipeline.encode.timing import timing
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.frames.quality import assess
from pipeline.model import Laps, RaceFrames, RawRace, Status
from pipeline.timing import tell
from tests.cases import examples
from tests.frames.qualifying import PARTS, deleted, message, qualifying, seconds_of, timing_of

FPS = 5.0
RAW = qualifying()
FRAMES = compute(RAW, FPS)


def shown(frames: RaceFrames, code: str, name: str, t: float) -> float | None:
    """A car's value at a session second."""
    column = COLUMNS[name]
    value = int(frames.cars[code].columns[name][round((t - frames.clock.t0) * frames.clock.fps)])
    return None if value == column.null else value / 10**column.decimals


def named(raw: RawRace, frames: RaceFrames) -> set[str]:
    return {check.name for check in assess(raw, frames).checks if check.level != "ok"}


def test_a_whole_qualifying_has_nothing_to_say_but_what_was_left_out() -> None:
    assert named(RAW, FRAMES) == {"results", "weather", "corners"}
    assert FRAMES.clock.t0 == PARTS[0][0]
    assert FRAMES.clock.duration == PARTS[2][1] - PARTS[0][0]  # all are in as the last flag falls
    assert FRAMES.circuit.length_m == pytest.approx(3000.0, abs=5.0)


def test_parts_and_who_was_knocked_out() -> None:
    assert [(part.name, part.start, part.end, part.goes_on) for part in FRAMES.parts] == [
        ("Q1", 0.0, 360.0, 15),
        ("Q2", 460.0, 800.0, 10),
        ("Q3", 900.0, 1240.0, None),
    ]
    assert [part.knocked_out for part in FRAMES.parts] == [
        [f"C{n}" for n in range(16, 21)],
        [f"C{n}" for n in range(11, 16)],
        [],
    ]
    cutoff = FRAMES.parts[0].cutoff
    assert cutoff is not None
    assert (cutoff.driver, cutoff.position, cutoff.time_s) == ("C15", 15, 51.4)


def test_a_place_is_that_of_the_part_and_null_before_a_lap_time() -> None:
    first = RAW.laps["1"]
    assert shown(FRAMES, "C1", "position", first.end[1] - 0.2) is None
    assert shown(FRAMES, "C1", "position", first.end[1] + 0.4) == 1
    assert shown(FRAMES, "C1", "gap", first.end[1] + 0.4) == 0.0
    assert shown(FRAMES, "C3", "position", PARTS[1][0] - 1.0) == 3
    assert shown(FRAMES, "C3", "gap", PARTS[1][0] - 1.0) == pytest.approx(0.2)
    assert shown(FRAMES, "C3", "interval", PARTS[1][0] - 1.0) == pytest.approx(0.1)
    assert shown(FRAMES, "C3", "position", PARTS[1][0] + 1.0) is None  # Q2 begins anew
    assert shown(FRAMES, "C18", "position", PARTS[2][1]) == 18  # who is out keeps its place
    assert shown(FRAMES, "C18", "gap", PARTS[2][1]) == pytest.approx(1.7)


def test_status_follows_the_laps() -> None:
    out, timed, back = ((RAW.laps["5"].start[i] + RAW.laps["5"].end[i]) / 2 for i in range(3))
    times = (PARTS[0][0] + 1.0, RAW.laps["5"].pit_out[0] - 3.0, out, timed, back, RAW.laps["5"].end[2] - 2.0)
    assert [shown(FRAMES, "C5", "status", t) for t in times] == [GARAGE, PIT, OUT, TIMED, IN, PIT]
    assert shown(FRAMES, "C20", "status", PARTS[2][1]) == GARAGE
    assert shown(FRAMES, "C5", "dist", PARTS[0][0] + 1.0) is None


def test_distance_is_what_the_car_drove() -> None:
    own = RAW.laps["7"]
    for i in range(2):
        t = round((own.start[i] + 0.6 * (own.end[i] - own.start[i])) * FPS) / FPS
        angle = np.arctan2(
            np.interp(t, RAW.positions["7"].t, RAW.positions["7"].y),
            np.interp(t, RAW.positions["7"].t, RAW.positions["7"].x),
        )
        rel = shown(FRAMES, "C7", "rel_dist", t)
        assert rel == pytest.approx(angle / (2 * np.pi) % 1.0, abs=0.005)


def test_a_lap_counts_until_it_is_deleted() -> None:
    """The only lap of the first part: then the car has no place and no gap, and is knocked out."""
    when = float(RAW.laps["3"].end[1]) + 30.0
    raw = deleted(RAW, "3", 2, when)
    frames = compute(raw, FPS)
    assert shown(frames, "C3", "gap", when - 1.0) is not None
    assert shown(frames, "C3", "position", when + 1.0) is None
    assert shown(frames, "C3", "gap", when + 1.0) is None
    laps = tell(raw, frames)["laps"]
    at = [i for i, code in enumerate(laps["driver"]) if code == "C3"][1]
    assert laps["counts"][at]
    assert laps["deleted_s"][at] == pytest.approx(when - frames.clock.t0)


def test_a_lap_that_the_order_takes_back_does_not_count() -> None:
    """Nobody says that it was deleted, but its driver is last since a moment."""
    when, rows = 430.0, [(1.0, 2)]
    rows += [
        (float(t), int(p)) for t, p in zip(RAW.timing["2"].t, RAW.timing["2"].place, strict=True) if t > 1
    ]
    mine = [row for row in rows if row[0] < when] + [(when, 20)]
    others = {
        n: timing_of(
            [(float(t), int(p)) for t, p in zip(own.t, own.place, strict=True) if t < when]
            + ([(when, int(n) - 1)] if int(n) > 2 else [])
        )
        for n, own in RAW.timing.items()
        if n != "2"
    }
    raw = replace(qualifying(parts=1), timing={**others, "2": timing_of(mine)})
    frames = compute(raw, FPS)
    assert "laps_taken_back" in named(raw, frames)
    assert shown(frames, "C2", "gap", when - 5.0) is not None
    assert shown(frames, "C2", "gap", when + 5.0) is None
    assert shown(frames, "C3", "position", when + 5.0) == 2


def test_laps_say_part_attempt_and_improvement() -> None:
    laps = tell(RAW, FRAMES)["laps"]
    rows = [i for i, code in enumerate(laps["driver"]) if code == "C1"]
    assert [laps["kind"][i] for i in rows] == ["out", "timed", "in"] * 3
    assert [laps["part"][i] for i in rows] == ["Q1"] * 3 + ["Q2"] * 3 + ["Q3"] * 3
    assert [laps["attempt"][i] for i in rows[:3]] == [None, "completed", None]
    assert laps["lap_best_s"][rows[1]] == seconds_of(0, 0)
    assert np.isnan(laps["lap_best_s"][rows[3]])  # of Q2 there is none yet


def test_the_result_is_the_timing_s_where_nobody_publishes_one() -> None:
    rows = tell(RAW, FRAMES)["results"]
    assert rows["driver"] == [f"C{n}" for n in range(1, 21)]
    assert rows["position"] == list(range(1, 21))
    assert (rows["q1_s"][19], rows["q2_s"][19], rows["q3_s"][0]) == (51.9, None, 49.0)
    assert set(rows["classified"]) == {None}


def test_a_part_that_never_ran_is_not_there() -> None:
    frames = compute(qualifying(parts=1), FPS)
    assert [(part.name, part.knocked_out, part.goes_on) for part in frames.parts] == [("Q1", [], None)]
    assert shown(frames, "C20", "position", PARTS[0][1]) == 20


def test_a_red_flag_that_ends_a_part_is_told_from_one_that_stops_it() -> None:
    words = [
        (100.0, "Started"),
        (250.0, "Aborted"),
        (270.0, "Started"),
        (450.0, "Aborted"),
        (560.0, "Started"),
    ]
    words += [(900.0, "Finished"), (1000.0, "Started"), (1200.0, "Aborted")]
    status = Status(np.array([t for t, _ in words]), [word for _, word in words])
    frames = compute(replace(RAW, session_status=status), FPS)
    stops = [[(stop.start, stop.end) for stop in part.stops] for part in frames.parts]
    assert [part.name for part in frames.parts] == ["Q1", "Q2", "Q3"]
    assert stops[0] == [(150.0, 170.0), (350.0, 380.0)]  # the timing spoke of Q2 from then on
    assert stops[2][0][0] == 1100.0  # stopped, and not resumed
    assert frames.parts[2].end is None
    assert "chequered_flag" in named(RAW, frames)


def test_race_control_tells_the_parts_where_the_status_is_not_recorded() -> None:
    told = [
        row
        for start, end in PARTS
        for row in (
            message(start, "GREEN LIGHT - PIT EXIT OPEN", "GREEN"),
            message(end, "CHEQUERED FLAG", "CHEQUERED"),
        )
    ]
    raw = replace(RAW, session_status=Status(np.empty(0), []), race_control=told)
    assert compute(raw, FPS).parts == FRAMES.parts


def test_a_practice_is_one_part() -> None:
    raw = replace(RAW, event=RAW.event.model_copy(update={"session": "FP1"}), official_results=True)
    frames = compute(raw, FPS)
    assert [(part.name, part.goes_on) for part in frames.parts] == [("FP1", None)]
    assert named(raw, frames) <= {"weather", "corners", "places_by_best_laps", "laps_taken_back"}
    assert set(tell(raw, frames)["results"]["q1_s"]) == {None}


def test_a_car_that_never_left_stands_in_its_garage() -> None:
    raw = replace(RAW, laps={n: own for n, own in RAW.laps.items() if n != "20"})
    still = RAW.positions["20"]
    raw = replace(
        raw,
        positions={**RAW.positions, "20": replace(still, x=still.x * 0 + 5.0, y=still.y * 0)},
        cars={**RAW.cars, "20": replace(RAW.cars["20"], speed=RAW.cars["20"].speed * 0)},
    )
    frames = compute(raw, FPS)
    assert set(frames.cars["C20"].columns["status"]) == {GARAGE}
    assert set(frames.cars["C20"].columns["position"]) == {COLUMNS["position"].null}
    assert "C20" in frames.parts[0].knocked_out
    assert any(finding.name == "never_left" and "C20" in finding.message for finding in frames.findings)
    assert named(raw, frames) == {"results", "weather", "corners"}  # which is no fault


def stopped(number: str, laps: int, halt: float) -> RawRace:
    """A car that stands from a moment on, after so many laps."""
    car, pos = RAW.cars[number], RAW.positions[number]
    gone = pos.t > halt
    here = int(np.flatnonzero(gone)[0])
    x, y = (np.where(gone, v[here], v) for v in (pos.x, pos.y))
    return replace(
        RAW,
        laps={**RAW.laps, number: _rows(RAW.laps[number], laps)},
        cars={**RAW.cars, number: replace(car, speed=np.where(car.t > halt, 0.0, car.speed))},
        positions={**RAW.positions, number: replace(pos, x=x, y=y)},
    )


def test_who_stands_after_the_flag_has_not_stopped() -> None:
    """Cars that the feed loses on their way in, and those that park before the podium."""
    own = RAW.laps["10"]
    halt = float(own.pit_in[-1]) - 20.0
    raw = stopped("10", len(own), halt)
    raw = replace(raw, laps={**raw.laps, "10": replace(own, pit_in=np.append(own.pit_in[:-1], np.nan))})
    for flag, retired in ((halt + 20.0, False), (halt + 60.0, True)):
        words = Status(np.append(RAW.session_status.t[:-1], flag), RAW.session_status.code)
        told = [*RAW.race_control[:-1], RAW.race_control[-1].model_copy(update={"t": flag})]
        frames = compute(replace(raw, session_status=words, race_control=told), FPS)
        driver = next(d for d in frames.drivers if d.number == "10")
        assert (driver.retired_at is not None) is retired


def test_a_car_that_stops_on_the_track_halts_there() -> None:
    halt = float(RAW.laps["9"].end[0]) + 20.0
    frames = compute(stopped("9", 1, halt), FPS)
    driver = next(d for d in frames.drivers if d.code == "C9")
    assert driver.retired_at == pytest.approx(halt - frames.clock.t0, abs=0.5)
    assert shown(frames, "C9", "status", halt + 60.0) == TRACK
    assert shown(frames, "C9", "x", halt + 60.0) is not None
    assert shown(frames, "C9", "position", halt + 60.0) is None


def _rows(own: Laps, n: int) -> Laps:
    """The first laps."""
    cut = {f.name: getattr(own, f.name)[:n] for f in fields(own) if f.name != "extra"}
    return Laps(**cut, extra={name: values[:n] for name, values in own.extra.items()})


def damaged(data: st.DataObject) -> RawRace:
    """A qualifying or practice of which anything may be absent, cut off or unknown."""
    draw = data.draw
    raw = replace(
        RAW, event=RAW.event.model_copy(update={"session": draw(st.sampled_from(["Q", "SQ", "FP2"]))})
    )
    for name in draw(st.sets(st.sampled_from(["laps", "cars", "positions", "timing"]))):
        lost = draw(st.sets(st.sampled_from(list(RAW.laps)), max_size=19))
        kept: Any = {n: own for n, own in getattr(raw, name).items() if n not in lost}
        raw = replace(raw, **{name: kept})
    if draw(st.booleans()):
        raw = replace(raw, session_status=Status(np.empty(0), []))
    if draw(st.booleans()):
        raw = replace(raw, race_control=[], splits=[])
    laps = dict(raw.laps)
    for number in draw(st.sets(st.sampled_from(list(raw.laps)), max_size=4)):
        own = laps[number]
        row = draw(st.integers(0, len(own) - 1))
        names = draw(st.sets(st.sampled_from(["start", "end", "pit_in", "pit_out"]), min_size=1))
        blank: Any = {
            name: np.where(np.arange(len(own)) == row, np.nan, getattr(own, name)) for name in names
        }
        laps[number] = replace(own, **blank)
    if draw(st.booleans()):
        laps = {n: _rows(own, draw(st.integers(1, len(own)))) for n, own in laps.items()}
    return replace(raw, laps=laps)


@pytest.mark.slow(10)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_breaks_no_promise(data: st.DataObject) -> None:
    raw = damaged(data)
    frames = compute(raw, 2.0)
    assess(raw, frames)
    about = head(raw, frames)
    told = tell(raw, frames)
    assert Head.model_validate(about.model_dump()) == about
    assert timing(told, about)
    null = COLUMNS["position"].null
    every = np.array([car.columns["position"] for car in frames.cars.values()])
    for column in every.T:
        ranked = column[column != null]
        assert len(set(ranked.tolist())) == len(ranked)
    for car in frames.cars.values():
        unknown = car.columns["gap"] == COLUMNS["gap"].null
        assert (car.columns["position"][unknown] == null).all()
        assert (car.columns["gap"][~unknown] >= 0).all()
        dist = car.columns["dist"][car.columns["dist"] != COLUMNS["dist"].null]
        assert (np.diff(dist) >= 0).all()
        assert np.isin(car.columns["status"], [GARAGE, PIT, *DRIVES]).all()
    for part in frames.parts:
        assert 0 <= part.start <= (part.end or frames.clock.duration) <= frames.clock.duration
        assert len(part.knocked_out) == len(set(part.knocked_out))


def test_every_table_is_written(tmp_path: Path) -> None:
    write_tables(tmp_path, tell(RAW, FRAMES), FRAMES, head(RAW, FRAMES))
    assert len(list(tmp_path.iterdir())) == 10
