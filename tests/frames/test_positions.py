"""Positions that no car can have driven: they become null and are named, and no other car notices."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract.columns import COLUMNS
from pipeline.frames import compute
from pipeline.frames.clean import clean
from pipeline.frames.quality import assess
from pipeline.frames.reference import reference_line
from pipeline.model import CarFrames, Floats, PosSamples, RaceFrames, RawRace
from tests.cases import examples
from tests.damage.blows import strike
from tests.damage.catalogue import KINDS
from tests.damage.trial import World, demo, drawn

FPS = 5.0
POSITIONS = {name: kind for name, kind in KINDS.items() if name.startswith("positions")}
GAPS = ("gap", "interval", "laps_down")  # are held against race distance
Change = Callable[[PosSamples], PosSamples]


@cache
def whole() -> tuple[World, RaceFrames]:
    world = demo()
    return world, compute(world.raw, FPS)


def changed(raw: RawRace, number: str, change: Change) -> RawRace:
    return replace(raw, positions={**raw.positions, number: change(raw.positions[number])})


def racing(raw: RawRace) -> list[str]:
    """Numbers of the cars that finish."""
    most = max(own.done for own in raw.laps.values())
    return [number for number, own in raw.laps.items() if own.done >= most - 1]


def code(raw: RawRace, number: str) -> str:
    return next(d.code for d in raw.drivers if d.number == number)


def values(car: CarFrames, name: str) -> Floats:
    column = car.columns[name]
    return np.where(column == COLUMNS[name].null, np.nan, column.astype(np.float64))


def said(raw: RawRace, frames: RaceFrames, name: str) -> str:
    """What the quality table says under a name; empty where nothing."""
    checks = [c for c in assess(raw, frames).checks if c.name == name and c.level != "ok"]
    return checks[0].message if checks else ""


def fastest_lap(raw: RawRace) -> tuple[str, float, float]:
    laps = [
        (own.end[i] - own.start[i], number, own.start[i], own.end[i])
        for number, own in raw.laps.items()
        for i in np.flatnonzero(own.completed & (own.number > 1) & np.isnan(own.pit_in))
        if np.isnan(own.pit_out[i])
    ]
    _, number, start, end = min(laps)
    return number, float(start), float(end)


def test_nothing_is_false_in_a_clean_race() -> None:
    world, frames = whole()
    known = {"wild_positions", "frozen", "impossible_positions", "misplaced_positions", "position_jumps"}
    assert not {finding.name for finding in frames.findings} & (known | {"crossings", "track_length"})
    holes = [np.isnan(values(car, "x")).sum() / FPS for car in frames.cars.values()]
    assert max(holes) < 5.0  # the demo's one hole
    assert world.quality.grade == "B"


def place_without(absent: set[str], frames: RaceFrames, code: str) -> npt.NDArray[np.int64]:
    """A car's place, had some others never been there: when they are out moves those behind them up."""
    own = frames.cars[code].columns["position"].astype(np.int64)
    ahead = np.zeros_like(own)
    for other in absent:
        places = frames.cars[other].columns["position"][: len(own)]
        ahead[: len(places)] += places < own[: len(places)]
    return own - ahead


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(name=st.sampled_from(sorted(POSITIONS)), seed=st.integers(0, 10_000))
def test_one_cars_damage_changes_no_other_cars_values(name: str, seed: int) -> None:
    """Exactly; race distance within a metre, and three at most: the track is what one car less agrees on."""
    world, before = whole()
    blow = drawn(world, POSITIONS[name], seed)
    blow = replace(blow, cars=blow.cars[:2])
    after = compute(strike(world.raw, blow), FPS)
    hit = {code(world.raw, number) for number in blow.cars}
    for other in set(before.cars) - hit:
        assert np.array_equal(place_without(hit, before, other), place_without(hit, after, other)), other
        for column in set(COLUMNS) - {"dist", "rel_dist", "position", *GAPS}:
            same = np.array_equal(before.cars[other].columns[column], after.cars[other].columns[column])
            assert same, (other, column)
        dist, was = values(after.cars[other], "dist"), values(before.cars[other], "dist")
        assert np.array_equal(np.isnan(dist), np.isnan(was)), other
        off = np.abs(dist - was)[~np.isnan(was)]
        assert np.mean(off) <= 10.0, other  # 1/10 m
        assert np.max(off) <= 30.0, other


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(name=st.sampled_from(sorted(POSITIONS)), seed=st.integers(0, 10_000))
def test_a_car_is_where_it_was_or_nowhere(name: str, seed: int) -> None:
    """Or the quality table warns; what is over within a second a viewer does not see.

    Of a car that has halted for good nobody can tell whether a crane moved it or the feed.
    """
    world, before = whole()
    blow = drawn(world, POSITIONS[name], seed)
    raw = strike(world.raw, blow)
    after = compute(raw, FPS)
    grade = assess(raw, after).grade
    halts = {driver.number: driver.retired_at for driver in before.drivers}
    for number in blow.cars:
        if number not in raw.positions:
            continue
        one, was = after.cars[code(raw, number)], before.cars[code(raw, number)]
        n = min(len(one), len(was))
        x, y = (values(one, name)[:n] - values(was, name)[:n] for name in ("x", "y"))
        off = np.hypot(x, y) / 10.0
        halt = halts[number]
        wrong = int((off[: None if halt is None else int(halt * FPS)] > 60.0).sum())
        assert wrong == 0 or grade in "CD" or wrong <= FPS, (wrong, grade)


@pytest.mark.parametrize("away", [2_000.0, 5_000.0, 2e7, np.inf])
def test_one_wild_sample_in_the_fastest_lap_spoils_nothing(away: float) -> None:
    world, before = whole()
    number, start, end = fastest_lap(world.raw)
    t = world.raw.positions[number].t
    wild = np.arange(len(t)) == np.searchsorted(t, (start + end) / 2)
    raw = changed(world.raw, number, lambda p: replace(p, x=np.where(wild, p.x + away, p.x)))
    after = compute(raw, FPS)
    assert after.circuit.length_m == before.circuit.length_m
    for name, car in after.cars.items():
        off = np.abs(values(car, "dist") - values(before.cars[name], "dist"))
        assert np.nanmax(off) <= 10.0, name  # 1/10 m
    text = said(raw, after, "wild_positions" if away > 1e6 else "misplaced_positions")
    assert f"{code(raw, number)} 1" in text
    lost = np.isnan(values(after.cars[code(raw, number)], "x")) & ~np.isnan(
        values(before.cars[code(raw, number)], "x")
    )
    assert 1 <= lost.sum() <= FPS


def test_half_the_field_cannot_move_the_track() -> None:
    """Four of ten cars report another circuit all race long."""
    world, before = whole()
    raw = world.raw
    for number in racing(raw)[:4]:
        raw = changed(raw, number, lambda p: replace(p, x=-p.x + 3_000.0))
    after = compute(raw, FPS)
    assert after.circuit.length_m == before.circuit.length_m
    text = said(raw, after, "misplaced_positions")
    for number in racing(raw)[:4]:
        assert code(raw, number) in text
    for number in racing(raw)[4:]:
        off = values(after.cars[code(raw, number)], "dist") - values(before.cars[code(raw, number)], "dist")
        assert np.nanmax(np.abs(off)) <= 50.0


@pytest.mark.slow
def test_two_cars_swapped_are_nowhere() -> None:
    """From some moment on, the leader's positions are the last car's, and the other way round."""
    world, before = whole()
    first, last = racing(world.raw)[0], racing(world.raw)[-1]
    a, b = world.raw.positions[first], world.raw.positions[last]
    since = a.t > 250.0
    raw = world.raw
    for number, own, other in ((first, a, b), (last, b, a)):
        mixed = PosSamples(
            own.t, *(np.where(since, getattr(other, n), getattr(own, n)) for n in ("x", "y", "z"))
        )
        raw = replace(raw, positions={**raw.positions, number: mixed})
    after = compute(raw, FPS)
    text = said(raw, after, "misplaced_positions")
    assert assess(raw, after).grade == "C"
    for number in (first, last):
        assert code(raw, number) in text
        car = after.cars[code(raw, number)]
        late = before.clock.times()[: len(car)] > 255.0
        assert np.isnan(values(car, "x")[late]).mean() > 0.95
        assert np.isnan(values(car, "dist")[late]).mean() > 0.95


@pytest.mark.parametrize("seconds", [1.5, 3.1, 6.0])
def test_a_thin_feed_is_null_between_its_points(seconds: float) -> None:
    """Each point is sent again and again until the next: between them nobody knows where the car is."""
    world, before = whole()
    number = racing(world.raw)[1]

    def thin(pos: PosSamples) -> PosSamples:
        source = np.minimum(np.searchsorted(pos.t, pos.t // seconds * seconds), np.arange(len(pos.t)))
        return PosSamples(pos.t, pos.x[source], pos.y[source], pos.z[source])

    raw = changed(world.raw, number, thin)
    after = compute(raw, FPS)
    assert code(raw, number) in said(raw, after, "frozen")
    assert assess(raw, after).grade in "CD"
    car, was = after.cars[code(raw, number)], before.cars[code(raw, number)]
    off = np.hypot(values(car, "x") - values(was, "x"), values(car, "y") - values(was, "y"))
    assert np.nanmax(off) <= 450.0  # 1/10 m
    assert after.circuit.length_m == before.circuit.length_m


def test_a_lap_counts_by_its_distinct_points() -> None:
    """Where all have 26 points a lap there is no line to go by, and no race distance."""
    raw = whole()[0].raw

    def thin(pos: PosSamples) -> PosSamples:
        source = np.minimum(np.searchsorted(pos.t, pos.t // 3.1 * 3.1), np.arange(len(pos.t)))
        return PosSamples(pos.t, pos.x[source], pos.y[source], pos.z[source])

    for number in raw.positions:
        raw = changed(raw, number, thin)
    cleaned = clean(raw, 0.0, 600.0)
    assert reference_line(cleaned.positions, cleaned.cars, raw.laps) is None


def test_a_late_crossing_costs_no_position() -> None:
    """The positions and the speed agree; it is the timing that is wrong, and the quality table says so."""
    world, before = whole()
    number = racing(world.raw)[2]
    own = world.raw.laps[number]
    row = 3
    end, start = own.end.copy(), own.start.copy()
    end[row] += 8.0
    start[row + 1] += 8.0
    raw = replace(world.raw, laps={**world.raw.laps, number: replace(own, start=start, end=end)})
    after = compute(raw, FPS)
    car, was = after.cars[code(raw, number)], before.cars[code(raw, number)]
    assert np.array_equal(car.columns["x"], was.columns["x"])
    assert code(raw, number) in said(raw, after, "crossings") + said(raw, after, "mended_laps")
    assert f"{code(raw, number)} 2" in said(raw, after, "lap_times")


@pytest.mark.slow
def test_speed_in_other_units_costs_no_position() -> None:
    world, before = whole()
    number = racing(world.raw)[0]
    car = world.raw.cars[number]
    raw = replace(world.raw, cars={**world.raw.cars, number: replace(car, speed=car.speed / 1.609)})
    after = compute(raw, FPS)
    lost = np.isnan(values(after.cars[code(raw, number)], "x")).mean()
    assert lost <= np.isnan(values(before.cars[code(raw, number)], "x")).mean() + 0.02
