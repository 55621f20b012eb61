"""The published demo season against what really happened in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow.parquet as pq
import pytest

from pipeline.demo import DemoEvent, Truth, demo_season, simulate

Floats = npt.NDArray[np.float64]
SESSIONS = [pytest.param(item, id=f"{item[0].round}{item[0].session}") for item in demo_season()]


@dataclass
class Published:
    """A race as published, as arrays (cars, frames) with NaN where a car is absent or a value null."""

    truth: Truth
    manifest: dict[str, Any]
    times: Floats
    columns: dict[str, Floats]
    status: npt.NDArray[np.object_]
    present: npt.NDArray[np.bool_]

    @property
    def codes(self) -> list[str]:
        return [car.code for car in self.truth.cars]

    def driver(self, code: str) -> dict[str, Any]:
        return next(d for d in self.manifest["drivers"] if d["code"] == code)


@pytest.fixture(scope="module", params=SESSIONS)
def race(request: pytest.FixtureRequest, demo_out: Path) -> Published:
    event, seed, laps = request.param
    folder = _folder(demo_out, event)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    truth = simulate(seed, laps)
    clock = manifest["clock"]
    table = pq.read_table(folder / "frames.parquet").to_pandas()
    frames = clock["frames"]
    index = np.rint(table["t_ms"].to_numpy() * clock["fps"] / 1000).astype(int)
    rows = table["driver"].map({car.code: i for i, car in enumerate(truth.cars)}).to_numpy().astype(int)
    names = [n for n in table.columns if n not in ("t_ms", "driver", "status")]
    columns = {n: np.full((len(truth.cars), frames), np.nan) for n in names}
    for name in names:
        columns[name][rows, index] = table[name].astype("float64").to_numpy()
    status = np.full((len(truth.cars), frames), None, dtype=object)
    status[rows, index] = table["status"].astype(str).to_numpy()
    times = clock["t0_session_s"] + np.arange(frames) / clock["fps"]
    return Published(truth, manifest, times, columns, status, ~np.isnan(columns["position"]))


def _folder(out: Path, event: DemoEvent) -> Path:
    return out / "telemetry" / str(event.year) / str(event.round) / ("sprint" if event.session == "S" else "")


def _outside(times: Floats, stamps: Floats) -> npt.NDArray[np.bool_]:
    """Which times lie outside the one hole in a feed's stamps."""
    k = int(np.argmax(np.diff(stamps)))
    return np.asarray((times <= stamps[k]) | (times >= stamps[k + 1]))


def test_clock_starts_at_lights_out_and_ends_with_the_last_flag(race: Published) -> None:
    assert race.times[0] == pytest.approx(race.truth.start_s, abs=0.001)
    last = max(race.truth.finished_s.values())
    assert last <= race.times[-1] <= last + 0.05
    assert race.manifest["clock"]["lights_out_s"] < 1.0


def test_positions_and_speed(race: Published) -> None:
    """x and y within half a metre, speed within 2 km/h, at the 99th percentile outside holes."""
    keep = _outside(race.times, race.truth.pos_t)
    for name, channel in (("x", race.truth.x), ("y", race.truth.y)):
        error = np.abs(race.columns[name] - race.truth.at(channel, race.times))[:, keep]
        known = race.present[:, keep]
        assert not np.isnan(error[known]).any()
        assert np.percentile(error[known], 99) <= 5.0
    keep = _outside(race.times, race.truth.car_t)
    error = np.abs(race.columns["speed"] - race.truth.at(race.truth.speed, race.times))[:, keep]
    assert np.percentile(error[race.present[:, keep]], 99) <= 2.0


def test_holes_are_null(race: Published) -> None:
    for name, stamps in (
        ("x", race.truth.pos_t),
        ("dist", race.truth.pos_t),
        ("speed", race.truth.car_t),
    ):
        inside = ~_outside(race.times, stamps)
        assert inside.any()
        assert np.isnan(race.columns[name][:, inside]).all()


def test_stepped_channels_hold_a_value_of_a_sample(race: Published) -> None:
    samples = race.truth.car_t
    before = np.searchsorted(samples, race.times + 1e-6, "right") - 1
    bad = {(code, round(t, 3)) for code, t in race.truth.bad_samples}
    for name, channel, scale in (
        ("gear", race.truth.gear, 1),
        ("drs", race.truth.drs, 1),
        ("brake", race.truth.brake, 100),
    ):
        fed = race.truth.held(channel, samples)[:, before] / scale
        shown = race.columns[name]
        known = race.present & ~np.isnan(shown)
        assert (shown[known] == fed[known]).all()
    gear = race.columns["gear"]
    for code, t in bad:
        i = race.codes.index(code)
        frames = np.flatnonzero(race.present[i] & (np.round(samples[before], 3) == t))
        assert np.isnan(gear[i, frames]).all()


def test_order_is_right_in_every_frame(race: Published) -> None:
    moments = np.array([t for t, _ in race.truth.orders])
    at = np.searchsorted(moments, race.times + 1e-6, "right") - 1
    for frame, change in enumerate(at):
        shown = [
            race.codes[i] for i in np.argsort(race.columns["position"][:, frame]) if race.present[i, frame]
        ]
        official = [c for c in race.truth.orders[change][1] if race.present[race.codes.index(c), frame]]
        assert shown == official, f"frame {frame}"


def test_laps_change_within_a_frame_of_the_line(race: Published) -> None:
    for i, code in enumerate(race.codes):
        lap = race.columns["lap"][i][race.present[i]]
        crossings = race.truth.line_s[code]
        changed = race.times[np.flatnonzero(np.diff(lap) == 1) + 1]
        expected = crossings if code in race.truth.retired_s else crossings[:-1]
        assert len(changed) == len(expected)
        assert np.abs(changed - expected).max(initial=0) <= 1 / race.manifest["clock"]["fps"] + 0.002


def test_race_distance(race: Published) -> None:
    """Within 10 m of the truth at the 99th percentile, and within a metre in the median.

    The track is measured along the line of one car, which is up to 2.5 m beside the centre line.
    """
    truth = np.clip(race.truth.at(race.truth.progress, race.times), 0, None)
    for i, code in enumerate(race.codes):
        if code in race.truth.finished_s:  # distance ends at the flag
            truth[i] = np.minimum(truth[i], len(race.truth.line_s[code]))
    shown = race.columns["dist"] / race.manifest["circuit"]["length_m"]
    error = np.abs(shown - truth)[race.present & ~np.isnan(shown)] * race.truth.length_m
    assert np.percentile(error, 99) <= 10.0
    assert np.median(error) <= 1.0
    assert race.manifest["circuit"]["length_m"] == pytest.approx(race.truth.length_m, abs=2 * np.pi * 2.5 + 1)


def test_retirements_flags_and_pit_stops(race: Published) -> None:
    t0 = race.times[0]
    for code in race.codes:
        driver = race.driver(code)
        if code in race.truth.retired_s:
            assert driver["retired_at"] == pytest.approx(race.truth.retired_s[code] - t0, abs=1.0)
            assert driver["finished_at"] is None
        else:
            assert driver["finished_at"] == pytest.approx(race.truth.finished_s[code] - t0, abs=0.002)
            assert driver["retired_at"] is None
        _check_pits(race, code)


def _check_pits(race: Published, code: str) -> None:
    i = race.codes.index(code)
    pit = (race.status[i] == "pit").astype(int)
    entries = race.times[np.flatnonzero(np.diff(pit) == 1) + 1]
    exits = race.times[np.flatnonzero(np.diff(pit) == -1) + 1]
    stops = race.truth.pits.get(code, [])
    assert len(entries) == len(exits) == len(stops)
    for (entry, out), shown_in, shown_out in zip(stops, entries, exits, strict=True):
        assert shown_in == pytest.approx(entry, abs=1.0)
        assert shown_out == pytest.approx(out, abs=1.0)


def test_tyres(race: Published) -> None:
    compounds = {"SOFT": 1, "MEDIUM": 2, "HARD": 3, "INTERMEDIATE": 4, "WET": 5}
    for i, code in enumerate(race.codes):
        lap = race.columns["lap"][i][race.present[i]].astype(int)
        wanted = np.array([compounds[c] for c in race.truth.compounds[code]])
        life = np.array(race.truth.tyre_life[code])
        assert (race.columns["tyre"][i][race.present[i]] == wanted[lap - 1]).all()
        assert (race.columns["tyre_life"][i][race.present[i]] == life[lap - 1]).all()


def test_gap_is_the_time_behind_at_the_line(race: Published) -> None:
    """At each crossing of a car on the lead lap, its gap is the time since the leader was there."""
    leader = np.min([race.truth.line_s[c][:3] for c in race.codes if len(race.truth.line_s[c]) >= 3], axis=0)
    checked = 0
    for i, code in enumerate(race.codes):
        for lap, crossed in enumerate(race.truth.line_s[code][:3]):
            frame = min(int(np.searchsorted(race.times, crossed + 1.5)), len(race.times) - 1)
            gap = race.columns["gap"][i, frame]
            if race.present[i, frame] and not np.isnan(gap) and gap > 0:
                assert gap == pytest.approx(crossed - leader[lap], abs=2.0)
                checked += 1
    assert checked > 5


def test_track_status_and_race_control(race: Published) -> None:
    t0 = race.times[0]
    shown = [(s["start_time"], s["status"]) for s in race.manifest["track_statuses"]]
    expected = [(max(0.0, t - t0), code) for t, code in race.truth.track_status]
    assert [code for _, code in shown] == [code for _, code in expected]
    assert np.allclose([t for t, _ in shown], [t for t, _ in expected], atol=0.002)
    assert any("CHEQUERED" in m["message"] for m in race.manifest["race_control"])
    assert race.driver(race.truth.penalised)["penalties"]


def test_distance_never_runs_backwards(race: Published) -> None:
    for i in range(len(race.codes)):
        dist = race.columns["dist"][i]
        dist = dist[~np.isnan(dist)]
        assert (np.diff(dist) >= 0).all()
