"""Intervals and laps behind the leader: held as gaps are, to the car that is one place ahead."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import FPS
from pipeline.contract.columns import COLUMNS, FINISHED, PIT
from pipeline.frames import compute
from pipeline.frames.interval import cars_ahead
from pipeline.input import tables
from pipeline.model import Floats, RaceFrames, RawRace


@pytest.fixture(scope="module")
def frames(demo_raw: RawRace) -> RaceFrames:
    return compute(demo_raw, FPS)


def real(frames: RaceFrames, name: str) -> Floats:
    """(cars, frames) in the order of frames.cars, NaN unknown and absent."""
    out = np.full((len(frames.cars), frames.clock.frames), np.nan)
    for row, car in zip(out, frames.cars.values(), strict=True):
        values = car.columns[name]
        known = values != COLUMNS[name].null
        row[: len(car)] = np.where(known, values / 10.0 ** COLUMNS[name].decimals, np.nan)
    return out


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=8), st.integers(1, 6))
def test_the_car_ahead_is_that_of_one_place_less(orders: list[list[int]], present: int) -> None:
    places = np.array(orders, dtype=np.int8).T + 1
    places[places > present] = 0  # who retired has none, and is behind all others
    ahead = cars_ahead(places)
    for frame in range(places.shape[1]):
        for car, place in enumerate(places[:, frame]):
            front = ahead[car, frame]
            assert (front == -1) if place <= 1 else places[front, frame] == place - 1


def test_an_interval_is_the_difference_of_gaps(frames: RaceFrames) -> None:
    """Within what both are old by; at the flag to the millisecond, where both finished in one lap."""
    place, gap, interval, status = (real(frames, n) for n in ("position", "gap", "interval", "status"))
    ahead = cars_ahead(np.nan_to_num(place).astype(np.int8))
    between = gap - np.where(ahead >= 0, np.take_along_axis(gap, np.maximum(ahead, 0), axis=0), np.nan)
    off = np.abs(between - interval)
    assert np.isfinite(off).sum() > 0.5 * (place > 1).sum()
    assert np.nanquantile(off, 0.99) < 3.0
    assert np.nanmax(off[:, -1]) < 2e-3
    assert np.isnan(interval[place == 1]).all()
    home = (status[:, -1] == FINISHED) & (place[:, -1] > 1)
    assert (~np.isnan(interval[home, -1]) | np.isnan(gap[home, -1])).all()


def test_an_interval_ends_in_the_pits_of_either_car(frames: RaceFrames) -> None:
    place, interval, status = (real(frames, n) for n in ("position", "interval", "status"))
    ahead = cars_ahead(np.nan_to_num(place).astype(np.int8))
    in_pits = np.take_along_axis(status, np.maximum(ahead, 0), axis=0) == PIT
    racing = status != FINISHED
    assert (racing & in_pits & (ahead >= 0)).any()
    assert np.isnan(interval[racing & (ahead >= 0) & (in_pits | (status == PIT))]).all()


def test_laps_down_are_none_where_the_gap_is_in_seconds(frames: RaceFrames) -> None:
    gap, laps = real(frames, "gap"), real(frames, "laps_down")
    assert ((laps == 0) == ~np.isnan(gap)).all()
    assert (laps[~np.isnan(laps)] >= 0).all()
    assert (laps > 0).any()


def test_a_penalty_after_the_flag_is_not_in_the_interval(demo_raw: RawRace, frames: RaceFrames) -> None:
    fourth = next(d for d in frames.drivers if frames.cars[d.code].columns["position"][-1] == 4)
    assert fourth.finished_at is not None
    own, at_flag = demo_raw.timing[fourth.number], frames.cars[fourth.code].columns["interval"][-1]
    for later, added in ((0.3, 5.0), (0.3, -5.0), (2.0, 5.0)):
        t = np.append(own.t, frames.clock.t0 + fourth.finished_at + later)
        keep = np.append(np.argsort(t[:-1]), len(own.t))  # the last row once more
        rows = own.rows(np.ones(len(own.t), dtype=bool))
        more = {name: np.append(values, values[-1])[keep] for name, values in vars(rows).items()}
        more |= {"t": t, "interval": np.append(own.interval, at_flag / 1000 + added)}
        changed = compute(replace(demo_raw, timing={**demo_raw.timing, fourth.number: replace(own, **more)}))
        assert changed.cars[fourth.code].columns["interval"][-1] == at_flag


@pytest.mark.parametrize(
    ("text", "gap", "laps", "interval"),
    [
        ("+1.234", 1.234, 0.0, 1.234),
        ("+1:02.345", 62.345, 0.0, 62.345),
        ("LAP 12", 0.0, np.nan, np.nan),
        ("1 L", np.nan, 1.0, np.nan),
        ("12L", np.nan, 12.0, np.nan),
        ("+1 LAP", np.nan, 1.0, np.nan),
        ("+2 LAPS", np.nan, 2.0, np.nan),
        ("", np.nan, np.nan, np.nan),
        ("STOPPED", np.nan, np.nan, np.nan),
    ],
)
def test_what_the_feed_writes(text: str, gap: float, laps: float, interval: float) -> None:
    told = (tables._gap(text), tables._laps_down(text), tables._behind(text))
    np.testing.assert_equal(told, (gap, laps, interval))
