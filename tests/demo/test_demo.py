"""The demo race, loaded by fastf1 itself, is what its truth says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastf1
import numpy as np
import pandas as pd
import pytest
from fastf1 import _api
from fastf1.events import Event
from fastf1.livetiming.data import LiveTimingData

from pipeline.demo import DEMO_YEAR, DemoEvent, Truth, demo_season, simulate, write_recording

SESSIONS = [
    pytest.param(
        item, id=f"{item[0].round}{item[0].session}", marks=[pytest.mark.slow] * (item[0].session == "R")
    )
    for item in demo_season()
]


@dataclass
class Loaded:
    event: DemoEvent
    truth: Truth
    session: Any
    stream: pd.DataFrame
    recording: LiveTimingData


def get_session(event: DemoEvent) -> Any:
    """The fastf1 session of an event, without asking any server for a schedule."""
    start = pd.Timestamp(event.start_utc)
    fields: dict[str, Any] = {
        "RoundNumber": event.round,
        "Country": event.country,
        "Location": event.location,
        "OfficialEventName": event.official_name,
        "EventName": event.name,
        "EventDate": start.normalize(),
        "EventFormat": "conventional",
        "F1ApiSupport": True,
    }
    for k in range(1, 6):
        fields |= {f"Session{k}": "", f"Session{k}Date": pd.NaT, f"Session{k}DateUtc": pd.NaT}
    name = {"R": "Race", "S": "Sprint"}[event.session]
    fields |= {"Session5": name, "Session5Date": start, "Session5DateUtc": start}
    return Event(fields, year=event.year).get_session(event.session)


@pytest.fixture(scope="module", params=SESSIONS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    event, seed, laps = request.param
    folder = tmp_path_factory.mktemp("fastf1")
    truth = simulate(seed, laps)
    write_recording(truth, folder / "race.txt", event)
    fastf1.Cache.configure(cache_dir=str(folder))
    fastf1.Cache.offline_mode(True)
    session, recording = get_session(event), LiveTimingData(str(folder / "race.txt"))
    session.load(livedata=recording)
    _, stream = _api.timing_data(session.api_path, livedata=recording)
    return Loaded(event, truth, session, stream, recording)


def seconds(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(column.dt.total_seconds(), dtype=np.float64)


def laps_of(loaded: Loaded, code: str) -> pd.DataFrame:
    laps = loaded.session.laps
    return pd.DataFrame(laps[(laps["Driver"] == code) & ~laps["FastF1Generated"].astype(bool)])


def test_every_line_is_readable(loaded: Loaded) -> None:
    assert loaded.recording.has("TimingData")
    assert loaded.recording.errorcount == 0


def test_session_time_is_the_truths(loaded: Loaded) -> None:
    assert loaded.session.t0_date == pd.Timestamp(loaded.event.zero_utc)
    assert loaded.session.session_start_time.total_seconds() == loaded.truth.start_s


def test_laps_end_when_the_cars_cross_the_line(loaded: Loaded) -> None:
    for code, lines in loaded.truth.line_s.items():
        laps = laps_of(loaded, code)
        assert laps["LapNumber"].tolist() == list(range(1, len(lines) + 1))
        np.testing.assert_allclose(seconds(laps["Time"]), lines, atol=1e-3)
        np.testing.assert_allclose(seconds(laps["LapTime"])[1:], np.diff(lines), atol=1e-6)
        sectors = np.sum([seconds(laps[f"Sector{k}Time"]) for k in (1, 2, 3)], axis=0)
        np.testing.assert_allclose(sectors[1:], np.diff(lines), atol=1e-6)


def test_pit_stops(loaded: Loaded) -> None:
    for code, pits in loaded.truth.pits.items():
        laps = laps_of(loaded, code)
        entries, exits = laps.dropna(subset="PitInTime"), laps.dropna(subset="PitOutTime")
        np.testing.assert_allclose(seconds(entries["PitInTime"]), [begin for begin, _ in pits], atol=1e-3)
        np.testing.assert_allclose(seconds(exits["PitOutTime"]), [end for _, end in pits], atol=1e-3)
        assert (exits["LapNumber"].to_numpy() == entries["LapNumber"].to_numpy() + 1).all()


def test_tyres(loaded: Loaded) -> None:
    for code, stints in loaded.truth.stints.items():
        laps = pd.DataFrame(loaded.session.laps[loaded.session.laps["Driver"] == code])
        numbers = laps["LapNumber"].to_numpy()
        assert laps["Compound"].tolist() == loaded.truth.compounds[code]
        assert laps["TyreLife"].tolist() == loaded.truth.tyre_life[code]
        assert laps["Stint"].tolist() == [sum(s.first_lap <= n for s in stints) for n in numbers]


def test_the_stream_has_every_change_of_place_to_the_ms(loaded: Loaded) -> None:
    orders = loaded.truth.orders
    for car in loaded.truth.cars:
        rows = loaded.stream[loaded.stream["Driver"] == car.number]
        rows = rows[rows["Position"] != rows["Position"].shift()]
        places = [(when, order.index(car.code) + 1) for when, order in orders]
        changes = [
            now for before, now in zip([(0.0, 0), *places], places, strict=False) if before[1] != now[1]
        ]
        assert rows["Position"].astype(int).tolist() == [place for _, place in changes]
        np.testing.assert_allclose(seconds(rows["Time"]), [when for when, _ in changes], atol=1e-6)


def test_gaps_name_one_leader_and_are_ordered(loaded: Loaded) -> None:
    truth, times = loaded.truth, np.round(seconds(loaded.stream["Time"]), 3)
    wanted = np.isin(times, truth.looks[::2]) & (times < min(truth.finished_s.values()))
    retired = [car.number for car in truth.cars if car.code in truth.retired_s]  # has a place, but no gap
    wanted &= ~loaded.stream["Driver"].isin(retired).to_numpy()
    for _, rows in loaded.stream[wanted].groupby("Time"):
        gaps = {int(place): gap for place, gap in zip(rows["Position"], rows["GapToLeader"], strict=True)}
        assert all(gap.startswith("LAP") == (place == 1) for place, gap in gaps.items())
        behind = [float(gaps[place]) for place in sorted(gaps) if gaps[place].startswith("+")]
        assert behind == sorted(behind)


def test_positions_are_sampled_from_the_truth(loaded: Loaded) -> None:
    truth = loaded.truth
    wanted = [np.rint(truth.at(channel, truth.pos_t)) for channel in (truth.x, truth.y, truth.z)]
    for i, car in enumerate(truth.cars):
        data = loaded.session.pos_data[car.number]
        np.testing.assert_allclose(seconds(data["SessionTime"]), truth.pos_t, atol=1e-6)
        for axis, values in zip("XYZ", wanted, strict=True):
            np.testing.assert_array_equal(data[axis].to_numpy(), values[i])


def test_car_data_is_sampled_from_the_truth(loaded: Loaded) -> None:
    truth = loaded.truth
    wanted: dict[str, Any] = {
        "Speed": truth.at(truth.speed, truth.car_t),
        "RPM": truth.at(truth.rpm, truth.car_t),
        "Throttle": truth.at(truth.throttle, truth.car_t),
        "DRS": truth.held(truth.drs, truth.car_t),
        "nGear": truth.held(truth.gear, truth.car_t),
        "Brake": truth.held(truth.brake, truth.car_t) > 0,
    }
    for i, car in enumerate(truth.cars):
        data = loaded.session.car_data[car.number]
        np.testing.assert_allclose(seconds(data["SessionTime"]), truth.car_t, atol=1e-6)
        bad = np.isin(truth.car_t, [when for code, when in truth.bad_samples if code == car.code])
        for name, values in wanted.items():
            np.testing.assert_array_equal(data[name].to_numpy()[~bad], np.rint(values[i][~bad]))
        assert (data.loc[bad, "Throttle"] == 104).all()
        assert (data.loc[bad, "nGear"] == 12).all()


def test_clocks_are_irregular_with_one_hole_each(loaded: Loaded) -> None:
    truth = loaded.truth
    for times in (truth.pos_t, truth.car_t):
        gaps = np.diff(times)
        assert 3.8 <= gaps.max() <= 4.5
        normal = np.delete(gaps, np.argmax(gaps))
        assert normal.min() >= 0.2 - 1e-6
        assert normal.max() <= 0.32 + 1e-6
        assert times[0] < truth.start_s - 59
        assert times[-1] > max(truth.finished_s.values()) + 59


def test_status_weather_and_messages(loaded: Loaded) -> None:
    session, truth = loaded.session, loaded.truth
    assert session.total_laps == truth.laps
    status = session.track_status
    assert list(zip(seconds(status["Time"]), status["Status"], strict=True)) == truth.track_status
    assert session.session_status["Status"].tolist() == [
        "Inactive",
        "Started",
        "Finished",
        "Finalised",
        "Ends",
    ]
    assert np.allclose(np.diff(seconds(session.weather_data["Time"])), 60)
    assert session.weather_data["TrackTemp"].between(30, 45).all()
    messages = session.race_control_messages["Message"].tolist()
    assert any("5 SECOND TIME PENALTY" in message for message in messages)
    assert ("SAFETY CAR DEPLOYED" in messages) == any(status == "4" for _, status in truth.track_status)
    assert messages[-1] == "CHEQUERED FLAG"


def test_results_and_session_info(loaded: Loaded) -> None:
    results = loaded.session.results
    # without official results fastf1 counts the lap it makes up for a retired car, so only finishers are held
    finishers = [code for code in results["Abbreviation"] if code in loaded.truth.finished_s]
    assert finishers == [code for code in loaded.truth.orders[-1][1] if code in loaded.truth.finished_s]
    by_number = {car.number: car for car in loaded.truth.cars}
    for number, row in results.iterrows():
        car = by_number[str(number)]
        assert (row["TeamName"], row["TeamColor"]) == (car.team, car.color)
        assert row["FullName"] == f"{car.first_name} {car.last_name}"
    info = loaded.session.session_info
    assert (info["Key"], info["Meeting"]["Key"]) == (loaded.event.session_key, loaded.event.meeting_key)
    assert info["Path"] == loaded.session.api_path.removeprefix("/static/")


@pytest.fixture(scope="module", params=[1, 4, 7])
def race(request: pytest.FixtureRequest) -> Truth:
    return simulate(request.param)


def test_place_is_a_permutation_in_the_order_of_distance(race: Truth) -> None:
    cars = len(race.cars)
    assert all(len(set(order)) == len(order) == cars for _, order in race.orders)
    looks = race.looks[race.looks < min(race.finished_s.values())]
    ranked = np.argsort(np.argsort(-race.at(race.progress, looks), axis=0), axis=0) + 1
    since = np.array([when for when, _ in race.orders])
    published = [race.orders[k][1] for k in np.searchsorted(since, looks + 1e-6) - 1]
    for i, car in enumerate(race.cars):
        assert [order.index(car.code) + 1 for order in published] == ranked[i].tolist()


def test_every_race_has_every_event(race: Truth) -> None:
    index = {car.code: i for i, car in enumerate(race.cars)}
    leader_laps = max(len(lines) for lines in race.line_s.values())
    assert leader_laps == race.laps
    assert sorted(len(lines) for lines in race.line_s.values())[:2] == [2, race.laps - 1]
    assert len(race.retired_s) == 1
    assert sum(len(pits) for pits in race.pits.values()) >= 3
    assert [status for _, status in race.track_status] == ["1", "2", "4", "1"]
    for code, pits in race.pits.items():
        for begin, end in pits:
            inside = (race.t > begin) & (race.t < end)
            speed = race.speed[index[code], inside]
            assert speed.max() < 80.5
            assert min(speed[0], speed[-1]) > 0
            stands = np.flatnonzero(speed == 0)
            assert (np.diff(stands) == 1).all()  # once
            assert 2 <= race.t[inside][stands[-1]] - race.t[inside][stands[0]] <= 3.01
    on_grid = (race.t > race.start_s - 20) & (race.t < race.start_s)
    assert (race.speed[:, on_grid] == 0).all()
    assert overtakes(race) >= 1


def overtakes(race: Truth) -> int:
    """Swaps of neighbours, neither of them in the pit lane nor retired."""
    count = 0
    for (_, before), (when, after) in zip(race.orders, race.orders[1:], strict=False):
        absent = {code for code, end in race.retired_s.items() if when > end - 30}
        absent |= {code for code, pits in race.pits.items() for begin, end in pits if begin < when < end + 5}
        left = [code for code in before if code not in absent]
        count += left != [code for code in after if code not in absent]
    return count


def test_motion_is_that_of_racing_cars(race: Truth) -> None:
    assert 3500 < race.length_m < 4100
    assert 290 < race.speed.max() < 320
    acceleration = np.gradient(race.speed / 3.6, 0.02, axis=1)
    assert acceleration.min() > -46
    assert acceleration.max() < 20
    path = np.sqrt(sum(np.diff(c, axis=1) ** 2 for c in (race.x, race.y, race.z))) / 10
    np.testing.assert_allclose(path, (race.speed[:, 1:] + race.speed[:, :-1]) / 7.2 * 0.02, atol=0.01)
    assert (np.diff(race.progress, axis=1) >= 0).all()


def test_the_cars_bunch_up_behind_the_safety_car(race: Truth) -> None:
    at = int(np.searchsorted(race.t, race.track_status[-1][0]))
    progress = np.sort(race.progress[:, at])[::-1][:7] * race.length_m
    assert -np.diff(progress).max() < 60


def test_the_retired_car_stays_beside_the_track(race: Truth) -> None:
    ((code, when),) = race.retired_s.items()
    i = [car.code for car in race.cars].index(code)
    after = race.t >= when
    assert (race.speed[i, after] == 0).all()
    assert np.ptp(race.x[i, after]) == 0
    assert race.orders[-1][1][-1] == code


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "laps"), [(1, 5), (2, 3)])
def test_the_same_seed_makes_the_same_bytes(tmp_path: Path, seed: int, laps: int) -> None:
    event = demo_season()[0][0]
    for name in ("a", "b"):
        write_recording(simulate(seed, laps), tmp_path / name, event)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_too_short_a_race_is_refused() -> None:
    with pytest.raises(ValueError, match="3 laps"):
        simulate(laps=2)


def test_the_demo_season_is_never_a_real_one() -> None:
    assert DEMO_YEAR < 1950
    assert {event.year for event, _, _ in demo_season()} == {DEMO_YEAR}
    assert len({event.session_key for event, _, _ in demo_season()}) == 3
