"""The demo's published qualifying and practice against what really happened in them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow.parquet as pq
import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.columns import STATUSES
from pipeline.demo import Truth, demo_timed, simulate, simulate_timed
from pipeline.demo.timed import bests, timed_laps
from tests.damage.known_timed import doing, standings

pytestmark = pytest.mark.slow
Floats = npt.NDArray[np.float64]
SESSIONS = [pytest.param(item, id=item[0].session) for item in demo_timed()]
NEAR_S = 1.5  # of a car's stop in its garage, which its samples tell of


@dataclass
class Published:
    """A session as published; arrays are (cars, frames) in the order of the truth's cars, NaN null."""

    truth: Truth
    folder: Path
    manifest: dict[str, Any]
    times: Floats
    columns: dict[str, Floats]
    status: npt.NDArray[np.object_]

    @property
    def codes(self) -> list[str]:
        return [car.code for car in self.truth.cars]

    @property
    def parts(self) -> npt.NDArray[np.intp]:
        """(frames,) the part whose times count."""
        starts = [part.start for part in self.truth.parts]
        return np.asarray(np.searchsorted(starts, self.times + 1e-6, "right") - 1)


@pytest.fixture(scope="module", params=SESSIONS)
def timed(request: pytest.FixtureRequest, timed_out: Path) -> Published:
    event, seed = request.param
    folder = timed_out / SessionKey(event.year, event.round, event.session).prefix
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    truth, clock = simulate_timed(event.session, seed), manifest["clock"]
    table = pq.read_table(folder / "frames.parquet").to_pandas()
    row = {car.code: i for i, car in enumerate(truth.cars)}
    rows = table["driver"].map(row).to_numpy().astype(int)
    index = np.rint(table["t_ms"].to_numpy() * clock["fps"] / 1000).astype(int)
    names = [name for name in table.columns if name not in ("t_ms", "driver", "status")]
    columns = {name: np.full((len(row), clock["frames"]), np.nan) for name in names}
    for name in names:
        columns[name][rows, index] = table[name].astype("float64").to_numpy()
    status = np.full((len(row), clock["frames"]), None, dtype=object)
    status[rows, index] = table["status"].astype(str).to_numpy()
    times = clock["t0_session_s"] + np.arange(clock["frames"]) / clock["fps"]
    return Published(truth, folder, manifest, times, columns, status)


def test_frames_go_from_the_green_light_to_the_last_car_in(timed: Published) -> None:
    assert timed.times[0] == timed.truth.parts[0].start
    last = max(runs[-1][1] for runs in timed.truth.runs.values() if runs)
    line = max(float(ends[-1]) for ends in timed.truth.line_s.values() if len(ends))
    assert last <= timed.times[-1] <= line + 0.05
    assert timed.manifest["quality"]["grade"] == "A"


def test_parts_are_those_of_the_truth(timed: Published) -> None:
    shown, parts = timed.manifest["parts"], timed.truth.parts
    assert [part["name"] for part in shown] == [part.name for part in parts]
    for part, k, following in zip(shown, range(len(parts)), [*parts[1:], None], strict=True):
        told = parts[k]
        assert (part["start"], part["end"]) == (told.start, told.end)
        assert [(stop["start"], stop["end"]) for stop in part.get("stops", [])] == list(told.stops)
        assert tuple(part.get("knocked_out", ())) == told.out
        if following is not None:
            best = bests(timed.truth, k, following.start)
            last = list(best)[len(following.entered) - 1]
            cutoff = {"driver": last, "position": len(following.entered), "time_s": best[last]}
            assert (part["goes_on"], part["cutoff"]) == (len(following.entered), cutoff)


def test_places_gaps_and_intervals_are_right_in_every_frame(timed: Published) -> None:
    place, gap, interval = standings(timed.truth, timed.times)
    np.testing.assert_array_equal(timed.columns["position"], place)
    np.testing.assert_allclose(timed.columns["gap"], gap, atol=6e-4)
    np.testing.assert_allclose(timed.columns["interval"], interval, atol=6e-4)


def test_status_is_what_each_car_does(timed: Published) -> None:
    for i, code in enumerate(timed.codes):
        wanted, near = _status(timed, code)
        wrong = (timed.status[i] != wanted) & ~near
        assert not wrong.any(), f"{code}: {timed.times[wrong][:5]}"
    assert {"garage", "pit", "out", "timed", "in"} == set(timed.status.ravel())


def _status(timed: Published, code: str) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """What a car did, and the frames around its stops, starts and crossings."""
    truth, times = timed.truth, timed.times
    wanted = np.array(STATUSES, dtype=object)[doing(truth, code, times).astype(int)]
    near = np.zeros(len(times), dtype=bool)
    stands = np.ravel(truth.stands[code])
    for moment in (*np.ravel(truth.in_lane(code)), *truth.line_s[code], *stands):
        near |= np.abs(times - moment) < (NEAR_S if moment in stands else 0.05)
    return wanted, near


def test_laps_results_and_bests_are_the_truths_to_the_ms(timed: Published) -> None:
    truth = timed.truth
    laps = pq.read_table(timed.folder / "laps.parquet").to_pandas()
    driven = {(code, lap): seconds for _, code, lap, seconds in timed_laps(truth)}
    shown = laps[laps["kind"] == "timed"]
    found = dict(zip(zip(shown["driver"], shown["lap"], strict=True), shown["lap_time_s"], strict=True))
    assert found == pytest.approx(driven, abs=6e-4)
    kinds = {(code, lap): truth.kind(code, lap) for code in truth.line_s for lap in _laps(truth, code)}
    assert dict(zip(zip(laps["driver"], laps["lap"], strict=True), laps["kind"], strict=True)) == kinds
    gone = laps[laps["deleted"].fillna(False).astype(bool)]
    assert list(zip(gone["driver"], gone["lap"], strict=True)) == [(c, lap) for _, c, lap in truth.deleted]
    results = pq.read_table(timed.folder / "results.parquet").to_pandas().set_index("driver")
    qualifying = len(truth.parts) > 1  # whose result has who set no time, at the end
    last = [code for code in truth.orders[-1][1] if qualifying or any(code == c for c, _ in driven)]
    placed = results["position"].dropna().sort_values()
    assert (list(placed.index), placed.tolist()) == (last, list(range(1, len(last) + 1)))
    if qualifying:
        for k in range(3):
            assert results[f"q{k + 1}_s"].dropna().to_dict() == pytest.approx(bests(truth, k, np.inf))


def _laps(truth: Truth, code: str) -> range:
    return range(1, len(truth.line_s[code]) + 1)


def test_cars_are_where_they_were(timed: Published) -> None:
    truth, speed = timed.truth, timed.columns["speed"]
    for name, channel in (("x", truth.x), ("y", truth.y)):
        error = np.abs(timed.columns[name] - truth.at(channel, timed.times))
        assert not np.isnan(error).any()
        assert np.percentile(error, 99) <= 5.0
    error = np.abs(speed - truth.at(truth.speed, timed.times))
    assert np.percentile(error[~np.isnan(error)], 99) <= 2.0
    moving = np.isin(timed.status, ["out", "timed", "in"])
    shown = timed.columns["dist"] / timed.manifest["circuit"]["length_m"]
    off = np.abs(shown - truth.at(truth.progress, timed.times))[moving] * truth.length_m
    assert np.isnan(off).mean() < 0.001
    assert np.nanpercentile(off, 99) <= 10.0
    assert np.isnan(timed.columns["dist"][timed.status == "garage"]).all()


def test_the_last_part_is_the_grid_of_the_race() -> None:
    event, seed = next(item for item in demo_timed() if item[0].session == "Q")
    assert event.round == 1
    best = bests(simulate_timed("Q", seed), 2, np.inf)
    assert list(best) == [car.code for car in simulate(seed).cars]
