"""The ends of a race: who stands where on the grid, who took the flag, and what nobody knows of it."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.contract.columns import FINISHED, GRID, TRACK
from pipeline.frames import compute
from pipeline.frames.order import places
from pipeline.frames.quality import assess
from pipeline.model import CarFrames, Laps, RaceFrames, RawRace, Status
from tests.frames.test_damage import FPS, hold_invariants, level, numbers, without


def car_of(frames: RaceFrames, number: str) -> CarFrames:
    return frames.cars[next(d.code for d in frames.drivers if d.number == number)]


def retired_of(raw: RawRace) -> str:
    return next(d.number for d in compute(raw, FPS).drivers if d.retired_at is not None)


def first_rows(own: Laps, n: int) -> Laps:
    fields = ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")
    kept = {name: getattr(own, name)[:n] for name in fields}
    return replace(own, **kept, extra={name: values[:n] for name, values in own.extra.items()})


def cut_off(raw: RawRace, at: float) -> RawRace:
    """`raw` as a recording that stopped at session second `at` would tell it."""
    laps = {n: first_rows(own, int((own.end <= at).sum())) for n, own in raw.laps.items()}
    return replace(
        raw,
        laps=laps,
        cars={n: type(s)(**{k: v[s.t <= at] for k, v in s.__dict__.items()}) for n, s in raw.cars.items()},
        positions={
            n: type(s)(**{k: v[s.t <= at] for k, v in s.__dict__.items()}) for n, s in raw.positions.items()
        },
        race_control=[row for row in raw.race_control if row.t <= at],
        session_status=until(raw.session_status, at),
    )


def until(status: Status, at: float) -> Status:
    return Status(status.t[status.t <= at], status.code[: int((status.t <= at).sum())])


@pytest.mark.slow
def test_nobody_finishes_a_race_that_is_cut_off(demo_raw: RawRace) -> None:
    clock = compute(demo_raw, FPS).clock
    raw = cut_off(demo_raw, clock.t0 + 265.0)  # the leader is on lap 4 of 5
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert all(d.finished_at is None for d in frames.drivers)
    assert [d.number for d in frames.drivers if d.retired_at is not None] == [retired_of(demo_raw)]
    assert not any((car.columns["status"] == FINISHED).any() for car in frames.cars.values())
    quality = assess(raw, frames)
    assert quality.grade == "C"
    check = next(check for check in quality.checks if check.name == "before_the_flag")
    assert check.message == "the timing ends after lap 3 of 5, before the flag: nobody finished"


def test_a_race_that_a_red_flag_ends_is_over_once_the_result_says_so(demo_raw: RawRace) -> None:
    t0 = compute(demo_raw, FPS).clock.t0
    raw = cut_off(demo_raw, t0 + 265.0)
    counted = [replace(d, laps=3, result="Finished") for d in raw.drivers]
    frames = compute(replace(raw, drivers=counted), FPS)
    assert sum(d.finished_at is not None for d in frames.drivers) >= 8
    assert all(check.name != "before_the_flag" for check in assess(raw, frames).checks)


def test_a_lap_begun_after_the_flag_does_not_count(demo_raw: RawRace) -> None:
    """fastf1 adds a row for the lap that was under way when a race ended; not every car has one."""
    calm = compute(demo_raw, FPS)
    fifth = next(d for d in calm.drivers if car_of(calm, d.number).columns["position"][-1] == 5)
    own = demo_raw.laps[fifth.number]
    later = {
        "number": own.number[-1] + 1,
        "start": own.end[-1],
        "end": own.end[-1] + 150.0,
        "generated": True,
    }
    more = {
        name: np.append(getattr(own, name), later.get(name, getattr(own, name)[-1]))
        for name in ("number", "start", "end", "tyre", "tyre_life", "generated")
    }
    pits = {name: np.append(getattr(own, name), np.nan) for name in ("pit_in", "pit_out")}
    extra = {name: np.append(values, values[-1:]) for name, values in own.extra.items()}
    raw = replace(demo_raw, laps={**demo_raw.laps, fifth.number: replace(own, **more, **pits, extra=extra)})
    assert car_of(compute(raw, FPS), fifth.number).columns["position"][-1] == 5


def test_a_finisher_whose_last_lap_the_timing_lost(demo_raw: RawRace) -> None:
    """Its positions show when it finished; without them it did, and nobody knows when."""
    number = numbers(demo_raw)[2]
    own = demo_raw.laps[number]
    end = own.end.copy()
    end[-1] = np.nan
    counted = [replace(d, result="Finished", laps=5) if d.number == number else d for d in demo_raw.drivers]
    raw = replace(demo_raw, laps={**demo_raw.laps, number: replace(own, end=end)}, drivers=counted)
    seen = next(d for d in compute(raw, FPS).drivers if d.number == number)
    flag = next(d for d in compute(demo_raw, FPS).drivers if d.number == number).finished_at
    assert seen.finished_at == pytest.approx(flag, abs=0.2)
    raw = without(raw, positions={number})
    frames = compute(raw, FPS)
    hold_invariants(frames)
    driver = next(d for d in frames.drivers if d.number == number)
    assert (driver.finished_at, driver.retired_at) == (None, None)
    car = car_of(frames, number)
    assert len(car) == frames.clock.frames
    assert not (car.columns["status"] == FINISHED).any()
    assert level(assess(raw, frames), "laps") == "warn"


def test_a_retired_car_without_telemetry_leaves_the_grid_with_the_others(demo_raw: RawRace) -> None:
    number = retired_of(demo_raw)
    frames = compute(without(demo_raw, cars={number}, positions={number}), FPS)
    status = car_of(frames, number).columns["status"]
    lights_out = frames.lights_out
    assert lights_out is not None
    moved = int(np.ceil(lights_out * FPS))
    assert (status[:moved] == GRID).all()
    assert (status[moved:] == TRACK).all()


def test_a_car_that_never_moves_is_last_on_the_grid(demo_raw: RawRace) -> None:
    """It has neither a place in the official timing nor one on the track, and leaves after frame 0."""
    number = numbers(demo_raw)[0]
    own, car, pos = demo_raw.laps[number], demo_raw.cars[number], demo_raw.positions[number]
    lost = replace(
        without(demo_raw, timing={number}),
        laps={**demo_raw.laps, number: replace(first_rows(own, 1), generated=np.array([True]))},
        cars={**demo_raw.cars, number: replace(car, speed=np.zeros(len(car.t)))},
        positions={**demo_raw.positions, number: replace(pos, x=np.full(len(pos.t), np.nan))},
    )
    frames = compute(lost, FPS)
    only = car_of(frames, number)
    assert len(only) == 1
    assert only.columns["position"][0] == len(frames.cars)
    assert only.columns["status"][0] == GRID


def test_gaps_after_the_flag_are_those_at_the_flag(demo_raw: RawRace) -> None:
    """The official timing adds penalties once a car is home; the order at the flag does not count them."""
    plain = compute(demo_raw, FPS)
    third = next(d for d in plain.drivers if car_of(plain, d.number).columns["position"][-1] == 3)
    assert third.finished_at is not None
    timing = demo_raw.timing[third.number]
    at_flag = car_of(plain, third.number).columns["gap"][-1]
    later = replace(
        timing,
        t=np.append(timing.t, plain.clock.t0 + third.finished_at + 2.0),
        place=np.append(timing.place, 8),
        gap=np.append(timing.gap, at_flag / 1000 + 10.0),
        interval=np.append(timing.interval, 10.0),
        laps_down=np.append(timing.laps_down, 0.0),
    )
    frames = compute(replace(demo_raw, timing={**demo_raw.timing, third.number: later}), FPS)
    car = car_of(frames, third.number)
    assert car.columns["position"][-1] == 3
    assert car.columns["gap"][-1] == at_flag


def test_who_lacks_official_places_still_ends_in_the_order_at_the_flag(demo_raw: RawRace) -> None:
    winner = next(d for d in compute(demo_raw, FPS).drivers if d.finished_at is not None)
    frames = compute(
        without(demo_raw, timing={winner.number}, cars={winner.number}, positions={winner.number}), FPS
    )
    hold_invariants(frames)
    finished = sorted(
        (d for d in frames.drivers if d.finished_at is not None),
        key=lambda d: (-d.laps, d.finished_at or 0.0),
    )
    last = {d.code: int(frames.cars[d.code].columns["position"][-1]) for d in finished}
    assert [last[d.code] for d in finished] == list(range(1, len(finished) + 1))


def test_a_pit_lane_starter_further_round_does_not_move_the_grid() -> None:
    """Cars on the official places 0, 1, 2 and 3; the last stands in the pit lane, ahead of the grid."""
    keys = np.array([[0.0], [1.0], [2.0], [3.0], [np.nan]], dtype=np.float32)
    far = np.array([[-0.01], [-0.02], [-0.04], [0.01], [-0.03]], dtype=np.float32)
    assert places(keys, lambda _: far, np.ones((5, 1), dtype=bool))[:, 0].tolist() == [1, 2, 4, 5, 3]


def test_the_grid_is_where_the_cars_stand(demo_raw: RawRace) -> None:
    """An official first crossing that is late by 0.2 s does not move the car on the grid."""
    number = numbers(demo_raw)[0]
    own = demo_raw.laps[number]
    late = replace(own, end=np.concatenate((own.end[:1] + 0.2, own.end[1:])))
    frames = compute(demo_raw, FPS)
    shifted = compute(replace(demo_raw, laps={**demo_raw.laps, number: late}), FPS)
    before, after = (car_of(f, number).columns for f in (frames, shifted))
    off_the_line = int(np.flatnonzero(before["dist"] > 0)[0])
    assert after["dist"][off_the_line] == pytest.approx(before["dist"][off_the_line], abs=10)  # 1/10 m
