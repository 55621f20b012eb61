"""Damaged, thin and odd input: frames stay true, and quality says what is wrong."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.columns import COLUMNS, FINISHED
from pipeline.contract.models import Quality
from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.model import CarFrames, CarSamples, Floats, Ints, Laps, PosSamples, RaceFrames, RawRace, Status
from tests.cases import examples

FPS = 10.0
S = TypeVar("S", CarSamples, PosSamples)


def hold_invariants(frames: RaceFrames) -> None:
    """What no input may break."""
    n = frames.clock.frames
    seen = np.zeros((len(frames.cars), n), dtype=int)
    for i, car in enumerate(frames.cars.values()):
        assert 1 <= len(car) <= n
        seen[i, : len(car)] = car.columns["position"]
        assert (car.columns["position"] > 0).all()
        dist = known(car, "dist")
        assert (np.diff(dist) >= 0).all()
        assert (np.diff(car.columns["lap"]) >= 0).all()
        for name, low, high in (
            ("rel_dist", 0, 10_000),
            ("gear", 0, 8),
            ("throttle", 0, 100),
            ("brake", 0, 1),
        ):
            values = known(car, name)
            assert ((values >= low) & (values <= high)).all()
    absent = (seen == 0).sum(axis=0)
    one_to_n = np.maximum(np.arange(1, len(seen) + 1)[:, np.newaxis] - absent, 0)
    assert (np.sort(seen, axis=0) == one_to_n).all()


def known(car: CarFrames, name: str) -> Ints:
    values = car.columns[name].astype(np.int64)
    return np.asarray(values[values != COLUMNS[name].null])


def level(quality: Quality, name: str) -> str:
    return next(check.level for check in quality.checks if check.name == name)


def without(raw: RawRace, **fields: set[str]) -> RawRace:
    """`raw` without some drivers' laps, cars, positions or timing."""
    kept: dict[str, Any] = {
        field: {number: value for number, value in getattr(raw, field).items() if number not in gone}
        for field, gone in fields.items()
    }
    return replace(raw, **kept)


def numbers(raw: RawRace) -> list[str]:
    return [d.number for d in raw.drivers if d.number in raw.laps]


def test_an_undamaged_race_holds(demo_raw: RawRace) -> None:
    frames = compute(demo_raw, FPS)
    hold_invariants(frames)
    quality = assess(demo_raw, frames)
    assert quality.grade in ("A", "B")


@pytest.mark.parametrize("wrong", [(1, 1, 4, 4), (2, 3, 4, 5), (1, 2, 3, 3), (0, 1, 2, 3)])
def test_positions_that_are_not_1_to_n_are_found(demo_raw: RawRace, wrong: tuple[int, ...]) -> None:
    frames = compute(demo_raw, FPS)
    last = {code: car for code, car in frames.cars.items() if len(car) == frames.clock.frames}
    some = dict(sorted(last.items(), key=lambda item: item[1].columns["position"][-1])[:4])
    for right, car in enumerate(some.values(), 1):
        car.columns["position"] = np.full(frames.clock.frames, right, dtype=np.int8)
    frames = replace(frames, cars=some)
    hold_invariants(frames)
    for position, car in zip(wrong, some.values(), strict=True):
        car.columns["position"][-1] = position
    with pytest.raises(AssertionError):
        hold_invariants(frames)


def test_one_hole_is_one_whatever_the_clocks(demo_raw: RawRace) -> None:
    """Cars whose samples have times of their own lose the same 4.1 s: that is one hole, not one a car."""
    start = min(float(np.nanmin(own.start)) for own in demo_raw.laps.values()) + 50.0
    raw = _cut(demo_raw, start, start + 4.1)
    own = {n: replace(pos, t=pos.t + 0.01 * i) for i, (n, pos) in enumerate(raw.positions.items())}
    alike, apart = (
        next(f for f in compute(r, FPS).findings if f.name == "position_holes")
        for r in (raw, replace(raw, positions=own))
    )
    assert apart.message.split(",")[0] == alike.message.split(",")[0]
    assert apart.count == pytest.approx(alike.count, abs=0.5)


@pytest.mark.slow
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_may_be_missing(demo_raw: RawRace, data: st.DataObject) -> None:
    """Drivers lose car data, positions, official places or all; laps lose times; the feed has holes."""
    some = st.sets(st.sampled_from(numbers(demo_raw)), max_size=8)
    raw = without(demo_raw, cars=data.draw(some), positions=data.draw(some), timing=data.draw(some))
    raw = replace(raw, laps={n: _damage(own, data) for n, own in raw.laps.items()})
    hole = data.draw(st.floats(0, 300))
    raw = _cut(raw, hole, hole + data.draw(st.floats(0, 120)))
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assess(raw, frames)


def _damage(own: Laps, data: st.DataObject) -> Laps:
    """Make one lap's end, start or pit times unknown, or drop a lap."""
    if len(own) < 2 or not data.draw(st.booleans()):
        return own
    i = data.draw(st.integers(1, len(own) - 1))
    kind = data.draw(st.sampled_from(["end", "start", "pit_in", "pit_out", "drop"]))
    if kind == "drop":
        keep = np.arange(len(own)) != i
        names = ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")
        kept = {name: getattr(own, name)[keep] for name in names}
        return replace(own, **kept, extra={name: values[keep] for name, values in own.extra.items()})
    values = getattr(own, kind).copy()
    values[i] = np.nan
    return replace(own, **{kind: values})


def _cut(raw: RawRace, start: float, end: float) -> RawRace:
    """Take all samples between two session seconds out."""

    def cut(samples: S) -> S:
        keep = (samples.t < start) | (samples.t > end)
        return replace(samples, **{name: values[keep] for name, values in samples.__dict__.items()})

    return replace(
        raw,
        cars={n: cut(s) for n, s in raw.cars.items()},
        positions={n: cut(s) for n, s in raw.positions.items()},
    )


def test_a_driver_without_telemetry_is_ranked_and_null(demo_raw: RawRace) -> None:
    leader = numbers(demo_raw)[0]
    raw = without(demo_raw, cars={leader}, positions={leader})
    frames = compute(raw, FPS)
    hold_invariants(frames)
    code = next(d.code for d in raw.drivers if d.number == leader)
    car = frames.cars[code]
    for name in ("x", "y", "z", "dist", "rel_dist", "speed", "rpm", "gear", "throttle", "brake", "drs"):
        assert not len(known(car, name)), name
    whole = compute(demo_raw, FPS).cars[code]
    assert (car.columns["position"] == whole.columns["position"]).all()
    assert (car.columns["lap"] == whole.columns["lap"]).all()
    quality = assess(raw, frames)
    assert level(quality, "telemetry_of_all") == "warn"
    assert quality.grade == "C"


def test_without_the_official_timing_race_distance_ranks(demo_raw: RawRace) -> None:
    frames = compute(replace(demo_raw, timing={}), FPS)
    hold_invariants(frames)
    official = compute(demo_raw, FPS)
    wrong = total = 0
    for code, car in frames.cars.items():
        wrong += int((car.columns["position"] != official.cars[code].columns["position"]).sum())
        total += len(car)
        assert not (known(car, "gap") > 0).any()
    assert wrong / total < 0.06
    assert level(assess(replace(demo_raw, timing={}), frames), "official_order") == "warn"


def test_one_driver_without_an_official_place_stays_where_he_is(demo_raw: RawRace) -> None:
    lost = numbers(demo_raw)[4]
    frames = compute(without(demo_raw, timing={lost}), FPS)
    hold_invariants(frames)
    code = next(d.code for d in demo_raw.drivers if d.number == lost)
    official = compute(demo_raw, FPS).cars[code].columns["position"]
    assert np.mean(np.abs(frames.cars[code].columns["position"] - official)) < 0.2


@pytest.mark.slow
def test_no_laps_without_a_hole_means_no_distance(demo_raw: RawRace) -> None:
    short = {
        n: replace(own, pit_in=own.start) for n, own in demo_raw.laps.items()
    }  # every lap ends in the pits
    raw = replace(demo_raw, laps=short)
    frames = compute(raw, FPS)
    assert frames.circuit.length_m is None
    assert all(not len(known(car, "dist")) for car in frames.cars.values())
    assert level(assess(raw, frames), "no_reference_line") == "warn"


def test_a_lap_that_the_timing_lost_has_no_distance(demo_raw: RawRace) -> None:
    """Without car data nothing but the positions speaks against the timing: who is right is not known."""
    number = numbers(demo_raw)[0]
    own = demo_raw.laps[number]
    keep = np.arange(len(own)) != 2
    fields = ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")
    extra = {name: values[keep] for name, values in own.extra.items()}
    shorter = replace(own, **{name: getattr(own, name)[keep] for name in fields}, extra=extra)
    raw = without(replace(demo_raw, laps={**demo_raw.laps, number: shorter}), cars={number})
    frames = compute(raw, FPS)
    hold_invariants(frames)
    code = next(d.code for d in raw.drivers if d.number == number)
    car = frames.cars[code]
    lost = car.columns["lap"] == 4  # the row after the lost third lap now stands for both
    assert (car.columns["dist"][lost] == COLUMNS["dist"].null).all()
    assert level(assess(raw, frames), "lost_laps") == "warn"


def test_a_frozen_feed_is_null_and_says_so(demo_raw: RawRace) -> None:
    number = numbers(demo_raw)[0]
    pos = demo_raw.positions[number]
    stuck = (pos.t > 60) & (pos.t < 75)
    x, y = pos.x.copy(), pos.y.copy()
    x[stuck], y[stuck] = x[stuck][0], y[stuck][0]
    raw = replace(demo_raw, positions={**demo_raw.positions, number: replace(pos, x=x, y=y)})
    frames = compute(raw, FPS)
    hold_invariants(frames)
    code = next(d.code for d in raw.drivers if d.number == number)
    times = frames.clock.times()
    inside = (times > 61) & (times < 74)
    assert (frames.cars[code].columns["x"][inside] == COLUMNS["x"].null).all()
    assert any(check.name == "frozen" for check in assess(raw, frames).checks)


def test_results_missing_and_grid_unknown(demo_raw: RawRace) -> None:
    bare = [
        replace(d, grid=None, classified=None, result=None, laps=None, color=None) for d in demo_raw.drivers
    ]
    raw = replace(demo_raw, drivers=bare, official_results=False)
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert level(assess(raw, frames), "results") == "note"
    assert sum(d.finished_at is not None for d in frames.drivers) == 9
    assert sum(d.retired_at is not None for d in frames.drivers) == 1


def test_the_whole_race_without_drs_is_null(demo_raw: RawRace) -> None:
    frames = compute(replace(demo_raw, has_drs=False), FPS)
    assert all(not len(known(car, "drs")) for car in frames.cars.values())


def test_a_red_flag_keeps_distance_and_order(demo_raw: RawRace) -> None:
    """Everything after the second lap happens ten minutes later; in between all stand still."""
    frames = compute(_red_flagged(demo_raw, at=190.0, pause=600.0), FPS)
    hold_invariants(frames)
    calm = compute(demo_raw, FPS)
    assert frames.clock.frames == pytest.approx(calm.clock.frames + 600 * FPS, abs=2)
    for code, car in frames.cars.items():
        assert car.columns["lap"].max() == calm.cars[code].columns["lap"].max()
        assert known(car, "dist")[-1] == pytest.approx(known(calm.cars[code], "dist")[-1], abs=200)
        assert car.columns["position"][-1] == calm.cars[code].columns["position"][-1]


def _red_flagged(raw: RawRace, at: float, pause: float) -> RawRace:
    """`raw` with a pause after session second `at`, in which the feed is silent."""

    def late(t: Floats) -> Floats:
        return np.where(t > at, t + pause, t)

    return replace(
        raw,
        laps={
            n: replace(
                o, start=late(o.start), end=late(o.end), pit_in=late(o.pit_in), pit_out=late(o.pit_out)
            )
            for n, o in raw.laps.items()
        },
        cars={n: replace(s, t=late(s.t)) for n, s in raw.cars.items()},
        positions={n: replace(s, t=late(s.t)) for n, s in raw.positions.items()},
        timing={n: replace(s, t=late(s.t)) for n, s in raw.timing.items()},
        track_status=Status(late(raw.track_status.t), raw.track_status.code),
    )


def test_a_race_stopped_on_lap_one(demo_raw: RawRace) -> None:
    """The red flag comes half-way round the first lap."""
    raw = _red_flagged(demo_raw, at=40.0, pause=1800.0)
    frames = compute(raw, FPS)
    hold_invariants(frames)
    calm = compute(demo_raw, FPS)
    for code, car in frames.cars.items():
        stopped = car.columns["lap"][: int((40 + 1800) * FPS)]
        assert (stopped == 1).all(), code
        assert frames.circuit.length_m == calm.circuit.length_m


def test_a_car_that_retires_on_lap_one(demo_raw: RawRace) -> None:
    number = numbers(demo_raw)[5]
    own, car, pos = demo_raw.laps[number], demo_raw.cars[number], demo_raw.positions[number]
    speed = np.where(car.t > 30, 0.0, car.speed)
    still = pos.t > 30
    x, y = (np.where(still, v[~still][-1], v) for v in (pos.x, pos.y))
    only = {
        name: getattr(own, name)[:1]
        for name in ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life")
    }
    raw = replace(
        demo_raw,
        laps={
            **demo_raw.laps,
            number: replace(
                own,
                **only,
                generated=np.array([True]),
                extra={name: values[:1] for name, values in own.extra.items()},
            ),
        },
        cars={**demo_raw.cars, number: replace(car, speed=speed)},
        positions={**demo_raw.positions, number: replace(pos, x=x, y=y)},
    )
    frames = compute(raw, FPS)
    hold_invariants(frames)
    driver = next(d for d in frames.drivers if d.number == number)
    assert driver.laps == 0
    assert driver.retired_at == pytest.approx(30.0, abs=1.0)
    gone = len(frames.cars[driver.code]) / FPS
    assert 30 <= gone <= 30 + 150


def test_cars_keep_finished_to_the_end(demo_raw: RawRace) -> None:
    frames = compute(demo_raw, FPS)
    for driver in frames.drivers:
        if driver.finished_at is not None:
            car = frames.cars[driver.code]
            assert len(car) == frames.clock.frames
            assert car.columns["status"][-1] == FINISHED


@pytest.mark.parametrize("fps", [1.0, 7.0, 25.0, 50.0])
def test_any_frame_rate(demo_raw: RawRace, fps: float) -> None:
    frames = compute(demo_raw, fps)
    hold_invariants(frames)
    assert frames.clock.frames == pytest.approx(frames.clock.duration * fps + 1, abs=0.01)


@pytest.mark.parametrize("part", ["race_control", "weather", "corners"])
def test_missing_parts_are_noted(demo_raw: RawRace, part: str) -> None:
    nothing: dict[str, Any] = {part: []}
    raw = replace(demo_raw, **nothing)
    assert level(assess(raw, compute(raw, FPS)), part) == "note"
