"""The events of a race whose truth is known, and of feeds that are broken."""

from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.columns import COLUMNS
from pipeline.contract.models import Circuit, RaceControlMessage
from pipeline.contract.tables import EVENT_KINDS, EVENTS, OVERTAKES
from pipeline.demo import Truth
from pipeline.model import (
    CarFrames,
    CarSamples,
    ClockWord,
    FrameClock,
    RaceFrames,
    Radio,
    ReplaySource,
    Status,
    Topics,
)
from pipeline.timing import tell
from pipeline.timing.clock import session_clock
from pipeline.timing.control import race_control
from pipeline.timing.events import events
from pipeline.timing.overtakes import LASTS_S, SURE_S, overtakes
from pipeline.timing.pits import pit_stops
from pipeline.timing.radio import radio
from pipeline.timing.rulings import rulings
from tests.timing.conftest import Told

Row = dict[str, Any]
NO_STATUS = Status(np.empty(0), [])


def _rows(told: Told, kind: str) -> list[Row]:
    table = events(told.raw, told.frames, pit_stops(told.raw, told.frames))
    rows = (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
    return [row for row in rows if row["kind"] == kind]


def test_what_is_told_is_what_is_declared(told: Told) -> None:
    table = events(told.raw, told.frames, pit_stops(told.raw, told.frames))
    assert set(table) == {column.name for column in EVENTS.columns} - {"year", "round", "session"}
    assert {len(values) for values in table.values()} == {len(table["t_s"])}
    assert set(table["kind"]) <= set(EVENT_KINDS)
    assert (np.diff(np.asarray(table["t_s"], dtype=float)) >= 0).all()


def test_the_order_is_explained_at_every_crossing(told: Told) -> None:
    """Of each pair: who was ahead on the grid and overtakes since say who is ahead, wherever that lasted."""
    rows, truth, t0 = _rows(told, "overtake"), told.truth, told.frames.clock.t0
    racing = [car.code for car in truth.cars if car.code not in truth.retired_s]
    crossings = np.array([t for times in truth.line_s.values() for t in times])
    checked = 0
    for first, second in combinations(racing, 2):
        between = [row for row in rows if {row["driver"], row["other"]} == {first, second}]
        for (since, ahead), until in _turns(truth, first, second):
            if until - since < SURE_S:
                continue  # whether that was an overtake is a matter of distance
            last = [row["driver"] for row in between if row["t_s"] + t0 <= since + 0.05][-1:]
            assert (last or [first]) == [first if ahead else second]
            checked += int(((crossings >= since) & (crossings < until)).sum())
    assert checked > 1000


def _turns(truth: Truth, first: str, second: str) -> list[tuple[tuple[float, bool], float]]:
    """Since when, whether the first of two was ahead, and until when."""
    ahead = [(t, order.index(first) < order.index(second)) for t, order in truth.orders]
    news = [ahead[0], *(b for a, b in pairwise(ahead) if a[1] != b[1])]
    return list(zip(news, [*(t for t, _ in news[1:]), np.inf], strict=True))


def test_overtakes_are_lasting_exchanges_of_the_official_order(told: Told) -> None:
    truth = told.truth
    found = Counter((row["driver"], row["other"]) for row in _rows(told, "overtake"))
    racing = [car.code for car in truth.cars if car.code not in truth.retired_s]
    assert told.frames.clock.t0 == pytest.approx(truth.start_s, abs=0.001)
    for first, second in combinations(racing, 2):
        turns = _turns(truth, first, second)
        if any(until - since < SURE_S for (since, _), until in turns[1:]):
            continue
        wanted = [side for (_, side), _ in turns[1:]]
        assert found[first, second] == wanted.count(True)
        assert found[second, first] == wanted.count(False)
    assert sum(found.values()) > 5


def test_the_way_of_an_overtake(told: Told) -> None:
    """In the pits where either car was there, past the retired one, on the first lap, or on the track."""
    truth, t0 = told.truth, told.frames.clock.t0
    ways = Counter(row["detail"] for row in _rows(told, "overtake"))
    assert set(ways) <= set(OVERTAKES)
    assert {"pits", "retirement", "track"} <= set(ways)
    for row in _rows(told, "overtake"):
        if row["detail"] == "pits":
            stays = [stay for code in (row["driver"], row["other"]) for stay in truth.pits.get(code, [])]
            assert any(a - 6 <= row["t_s"] + t0 <= b + 6 for a, b in stays)
        if row["detail"] == "retirement":
            assert row["other"] in truth.retired_s
        if row["detail"] == "start":
            assert row["lap"] == 1


def test_a_pass_on_the_track_is_where_the_cars_were_level(told: Told) -> None:
    truth = told.truth
    codes = [car.code for car in truth.cars]
    passes = [
        row for row in _rows(told, "overtake") if row["detail"] == "track" and row["dist"] == row["dist"]
    ]
    assert passes
    for row in passes:
        a, b = (truth.progress[codes.index(row[who])] * truth.length_m for who in ("driver", "other"))
        t = row["t_s"] + told.frames.clock.t0
        near = (truth.t > t - 10) & (truth.t < t + 10)
        level = np.flatnonzero(near & (np.abs(a - b) < 15.0))
        assert np.abs(a[level] - row["dist"]).min() < 60.0


def test_pit_stops(told: Told) -> None:
    stays = sorted(
        (round(entry - told.frames.clock.t0, 3), code, leave - entry)
        for code, pits in told.truth.pits.items()
        for entry, leave in pits
    )
    shown = [(row["t_s"], row["driver"], row["seconds"]) for row in _rows(told, "pit_stop")]
    assert len(shown) == len(stays) > 0
    for (t, code, seconds), (when, who, lasted) in zip(shown, stays, strict=True):
        assert (code, t) == (who, pytest.approx(when, abs=1.0))
        assert seconds == pytest.approx(lasted, abs=1.0)


def test_flags_start_and_end(told: Told) -> None:
    truth, t0 = told.truth, told.frames.clock.t0
    names = {"1": "green", "2": "yellow", "4": "safety_car"}
    wanted = [(pytest.approx(t - t0, abs=0.002), names[code]) for t, code in truth.track_status[1:]]
    shown = [(row["t_s"], row["detail"]) for row in _rows(told, "flag")]
    assert [one for one in shown if one[1] != "safety_car_ending"] == wanted
    assert [t for t, name in shown if name == "safety_car_ending"] == [
        pytest.approx((truth.sc_in_s or 0) - t0, abs=1.0)
    ]
    (start,) = _rows(told, "start")
    assert 0 <= start["t_s"] < 1
    (flag,) = _rows(told, "chequered_flag")
    winner = min(truth.finished_s, key=truth.finished_s.__getitem__)
    assert (flag["driver"], flag["position"]) == (winner, 1)
    assert flag["t_s"] == pytest.approx(truth.finished_s[winner] - t0, abs=0.002)


def test_retirement_and_penalty(told: Told) -> None:
    truth = told.truth
    (out,) = _rows(told, "retirement")
    assert out["t_s"] == pytest.approx(truth.retired_s[out["driver"]] - told.frames.clock.t0, abs=1.0)
    at = int(np.searchsorted(truth.t, truth.retired_s[out["driver"]]))
    progress = truth.progress[[car.code for car in truth.cars].index(out["driver"]), at]
    assert out["dist"] == pytest.approx(progress * truth.length_m, abs=15)
    (penalty,) = _rows(told, "penalty")
    assert (penalty["driver"], penalty["seconds"]) == (truth.penalised, 5)
    assert penalty["detail"] == "5 SECOND TIME PENALTY - FALSE START"


def test_fastest_laps(told: Told) -> None:
    """As the line was crossed; the first lap has no time."""
    laps = sorted(
        (times[i], round(times[i] - times[i - 1], 3), i + 1, code)
        for code, times in told.truth.line_s.items()
        for i in range(1, len(times))
    )
    best, wanted = np.inf, []
    for _, seconds, lap, code in laps:
        if seconds < best:
            best = seconds
            wanted.append((code, lap, pytest.approx(seconds, abs=0.0015)))
    assert [(r["driver"], r["lap"], r["seconds"]) for r in _rows(told, "fastest_lap")] == wanted


def test_rulings_of_cars_that_nobody_knows(told: Told) -> None:
    said = [
        "INCIDENT INVOLVING CARS 99 (XXX) AND 11 (ARN) NOTED - COLLISION",
        "FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 98 (YYY) - COLLISION",
        "CAR 11 (ARN) TIME 9:59.999 DELETED - TRACK LIMITS AT TURN 4",
        "CAR (",
    ]
    rows = [RaceControlMessage(t=100.0, message=text) for text in said]
    broken = replace(told, raw=replace(told.raw, race_control=rows))
    (noted,), (penalty,), (deleted,) = (_rows(broken, kind) for kind in ("noted", "penalty", "deleted_lap"))
    assert (noted["driver"], noted["other"], noted["detail"]) == ("ARN", None, "COLLISION")
    assert (penalty["driver"], penalty["seconds"]) == (None, 10)
    assert deleted["seconds"] == pytest.approx(599.999)


@pytest.mark.parametrize(("session", "lap"), [("R", 5), ("Q", 4), ("FP1", 4)])
def test_race_control_counts_a_lap_more_where_nobody_races(told: Told, session: str, lap: int) -> None:
    """As in all of 2022 to 2026: LAP 17 of a qualifying is what the timing has as lap 16."""
    text = "CAR 11 (ARN) TIME 1:15.921 DELETED - TRACK LIMITS AT TURN 4 LAP 5 16:50:18"
    raw = replace(
        told.raw,
        event=told.raw.event.model_copy(update={"session": session}),
        race_control=[RaceControlMessage(t=100.0, message=text)],
    )
    assert [row.lap for row in rulings(raw, 0.0)] == [lap]


def test_stops_and_restarts_by_the_sessions_status(told: Told) -> None:
    codes = ["Started", "Aborted", "Aborted", "Started", "Finished"]
    raw = replace(told.raw, session_status=Status(np.array([0.0, 50.0, 51.0, 90.0, 400.0]), codes))
    broken = replace(told, raw=raw)
    assert [row["t_s"] for row in _rows(broken, "stop")] == [50.0]
    assert [row["t_s"] for row in _rows(broken, "restart")] == [90.0]


def test_formation_laps_are_seen_in_the_cars(told: Told) -> None:
    """Most cars roll for long enough; one alone, a push, and what happened before the data began do not."""
    t = np.arange(-1200.0, 0.0, 0.5)
    rolls = ((t > -900) & (t < -800)) | ((t > -400) & (t < -300) & ~((t > -350) & (t < -345)))
    pushed = (t > -600) & (t < -580)
    zeros = np.zeros(len(t), dtype=np.int16)
    cars = {
        number: CarSamples(
            t,
            np.where(rolls | pushed | ((t > -200) & (i == 0)), 120.0, 0.0),
            t * 0,
            t * 0,
            zeros,
            zeros,
            zeros,
        )
        for i, number in enumerate(told.raw.cars)
    }
    seen = replace(told, raw=replace(told.raw, cars=cars))
    laps = [row["t_s"] for row in _rows(seen, "formation_lap")]
    assert laps == [pytest.approx(-900, abs=1.5), pytest.approx(-400, abs=1.5)]
    assert _rows(replace(told, raw=replace(told.raw, cars={})), "formation_lap") == []


def test_nothing_known_is_nothing_told(told: Told) -> None:
    empty = replace(
        told.raw,
        laps={},
        cars={},
        race_control=[],
        track_status=NO_STATUS,
        session_status=NO_STATUS,
        topics=Topics(),
    )
    frames = replace(told.frames, cars={}, drivers=[], lights_out=None, circuit=Circuit())
    tables = [told_by(empty, frames) for told_by in (session_clock, radio, race_control)]
    for rows in (*tables, events(empty, frames, pit_stops(empty, frames))):
        assert all(len(values) == 0 for values in rows.values())


def test_clock_and_radio(told: Told) -> None:
    t0 = told.frames.clock.t0
    words = [ClockWord(t0 + 5, 100.0, True), ClockWord(t0 + 1, 100.0, False), ClockWord(t0 + 6, 100.0, True)]
    said = [
        Radio(t0 + 9, "11", "b"),
        Radio(t0 + 2, "99", "a"),
        Radio(t0 + 9, "11", "b"),
        Radio(t0, "19", "c"),
    ]
    rows = tell(replace(told.raw, topics=Topics(radio=said, clock=words)), told.frames)
    assert rows["session_clock"] == {
        "t_s": [1.0, 5.0],
        "remaining_s": [100.0, 100.0],
        "running": [False, True],
    }
    assert rows["radio"] == {"t_s": [0.0, 9.0], "driver": ["BEC", "ARN"], "url": ["c", "b"]}


@st.composite
def _orders(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    """Frames a car leaves and orders of five cars, each for a while."""
    lengths = draw(st.lists(st.integers(1, 400), min_size=3, max_size=12))
    return [(length, list(draw(st.permutations(range(5))))) for length in lengths]


@given(_orders(), st.lists(st.integers(1, 4000), min_size=5, max_size=5))
def test_any_order_is_explained(orders: list[tuple[int, list[int]]], ends: list[int]) -> None:
    """Overtakes alternate between two cars, and lead from the first order to the last, whoever leaves."""
    n = sum(length for length, _ in orders)
    place = np.concatenate(
        [np.tile(np.array(order)[:, None] + 1, length) for length, order in orders], axis=1
    )
    cars = {}
    ends[0] = n
    for i, end in enumerate(ends):
        columns = {name: np.full(n, column.null, column.dtype) for name, column in COLUMNS.items()}
        columns |= {
            "position": place[i].astype(np.int8),
            "lap": np.ones(n, np.int16),
            "status": np.ones(n, np.int8),
        }
        cars["ABCDE"[i]] = CarFrames(
            {name: values[: max(1, min(end, n))] for name, values in columns.items()}
        )
    frames = RaceFrames(
        FrameClock(0.0, 25.0, n),
        cars,
        [],
        Circuit(),
        None,
        None,
        ReplaySource(np.empty(0), np.empty(0), {}),
        [],
    )
    found = overtakes(frames, NO_STATUS)
    for first, second in combinations(cars, 2):
        sides = [one.driver == first for one in found if {one.driver, one.other} == {first, second}]
        assert all(a != b for a, b in pairwise(sides))
        if len(cars[first]) == len(cars[second]) == n:
            i, j = "ABCDE".index(first), "ABCDE".index(second)
            moved = (place[i, 0] < place[j, 0]) != (place[i, -1] < place[j, -1])
            assert moved == (len(sides) % 2 == 1)
    assert all(0 < one.frame < n and LASTS_S > 0 for one in found)
