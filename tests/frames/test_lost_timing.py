"""Timing that pauses, ends or loses laps: what the cars themselves show decides, or nothing is said."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.columns import COLUMNS, FINISHED
from pipeline.frames import compute
from pipeline.frames.order import Finish, finishing_order, held
from pipeline.frames.quality import assess
from pipeline.model import Ints, Laps, OfficialTiming, RaceFrames, RawRace, Status
from tests.cases import examples
from tests.frames.test_damage import FPS, hold_invariants, level, without
from tests.frames.test_start_and_flag import car_of, cut_off, retired_of

OFF_M = 15.0
FIELDS = ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")


def rows(own: Laps, keep: Ints, **changed: Any) -> Laps:
    kept = {name: getattr(own, name)[keep] for name in FIELDS}
    return replace(own, **{**kept, **changed}, extra={})


def merged(own: Laps, first: int, last: int) -> Laps:
    """What fastf1 makes of a pause in which the crossings of rows `first` to `last` - 1 were lost."""
    keep = np.array([i for i in range(len(own)) if not first <= i < last])
    start = own.start[keep].copy()
    start[first] = own.start[first]
    return rows(own, keep, start=start, number=np.arange(1, len(keep) + 1))


def stamped(own: Laps, row: int, late: float) -> Laps:
    end = own.end.copy()
    end[row] += late
    return replace(own, end=end)


def lost_last(own: Laps) -> Laps:
    """The last crossing lost, and the row that fastf1 then adds."""
    generated, end = own.generated.copy(), own.end.copy()
    generated[-1], end[-1] = True, own.end[-2] + 150.0
    return replace(own, generated=generated, end=end)


def with_laps(raw: RawRace, **changed: Laps) -> RawRace:
    return replace(raw, laps={**raw.laps, **changed})


def agree(frames: RaceFrames, whole: RaceFrames, who: list[str]) -> None:
    """Distance is within OFF_M of what it was or null, the lap as it was but at the line; nobody retired."""
    hold_invariants(frames)
    drivers = {d.number: d for d in frames.drivers}
    for number in who:
        shown, true = car_of(frames, number), car_of(whole, number)
        n = min(len(shown), len(true))
        a, b = (c.columns["dist"][:n].astype(np.float64) for c in (shown, true))
        null = COLUMNS["dist"].null
        both = (a != null) & (b != null)
        assert both.mean() > 0.9, number
        assert np.percentile(np.abs(a - b)[both], 99) <= OFF_M * 10, number
        assert (shown.columns["lap"][:n] != true.columns["lap"][:n]).mean() < 0.01
        assert drivers[number].retired_at is None


def finishers(raw: RawRace) -> list[str]:
    """By place at the flag, of those on the winner's lap."""
    whole = compute(raw, FPS)
    there = [d for d in whole.drivers if d.finished_at is not None and d.laps == whole.total_laps]
    return [d.number for d in sorted(there, key=lambda d: d.finished_at or 0.0)]


@pytest.mark.slow
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_laps_that_the_timing_lost_are_counted_by_positions(demo_raw: RawRace, data: st.DataObject) -> None:
    """One car or all of them; fastf1 numbers what is left anew, so the table itself shows no gap."""
    whole, home = compute(demo_raw, FPS), finishers(demo_raw)
    who = data.draw(st.sampled_from([home[:1], home[3:4], home]))
    first = data.draw(st.integers(0, 3))
    last = data.draw(st.integers(first + 1, 4))
    raw = with_laps(demo_raw, **{n: merged(demo_raw.laps[n], first, last) for n in who})
    frames = compute(raw, FPS)
    agree(frames, whole, who)
    quality = assess(raw, frames)
    check = next(check for check in quality.checks if check.name == "mended_laps")
    assert all(d.code in check.message for d in frames.drivers if d.number in who)
    assert quality.grade in "CD"


@pytest.mark.parametrize("late", [-30.0, -5.0, 5.0, 40.0])
@pytest.mark.parametrize("row", [0, 2])
def test_a_crossing_that_never_was_is_where_the_car_crossed(demo_raw: RawRace, row: int, late: float) -> None:
    whole, number = compute(demo_raw, FPS), finishers(demo_raw)[2]
    raw = with_laps(demo_raw, **{number: stamped(demo_raw.laps[number], row, late)})
    frames = compute(raw, FPS)
    agree(frames, whole, [number])
    assert level(assess(raw, frames), "mended_laps") == "warn"


def test_laps_of_one_car_alone(demo_raw: RawRace) -> None:
    """fastf1 adds one row for each of the others, that ends as the first lap of all did."""
    whole, home = compute(demo_raw, FPS), finishers(demo_raw)
    one = min(float(own.end[0]) for own in demo_raw.laps.values())
    none = {
        n: rows(own, np.arange(1), end=np.array([one]), generated=np.array([True]))
        for n, own in demo_raw.laps.items()
        if n != home[0]
    }
    raw = without(with_laps(demo_raw, **none), timing=set(none))
    frames = compute(raw, FPS)
    agree(frames, whole, home)
    assert sum(d.retired_at is not None for d in frames.drivers) == 1
    assert assess(raw, frames).grade == "C"


def test_laps_of_all_but_one_car(demo_raw: RawRace) -> None:
    """Where the table has no row of a car at all, it is in the frames all the same."""
    whole, home = compute(demo_raw, FPS), finishers(demo_raw)
    raw = without(demo_raw, laps={home[1]})
    frames = compute(raw, FPS)
    agree(frames, whole, home)


@pytest.mark.parametrize("status", [True, False])
def test_the_last_laps_of_the_first_three(demo_raw: RawRace, status: bool) -> None:
    """With the session's status and without it: they finished, as their positions show."""
    whole, home = compute(demo_raw, FPS), finishers(demo_raw)
    raw = with_laps(demo_raw, **{n: lost_last(demo_raw.laps[n]) for n in home[:3]})
    if not status:
        raw = replace(raw, session_status=Status(np.empty(0), []))
    frames = compute(raw, FPS)
    agree(frames, whole, home)
    for number in home[:3]:
        shown, true = (next(d for d in f.drivers if d.number == number) for f in (frames, whole))
        assert shown.finished_at == pytest.approx(true.finished_at, abs=0.3)
        assert shown.laps == true.laps
        assert car_of(frames, number).columns["position"][-1] == home.index(number) + 1


def test_the_last_laps_of_the_first_three_that_nothing_shows(demo_raw: RawRace) -> None:
    home = finishers(demo_raw)
    raw = with_laps(demo_raw, **{n: lost_last(demo_raw.laps[n]) for n in home[:3]})
    raw = without(raw, positions=set(home[:3]))
    frames = compute(raw, FPS)
    hold_invariants(frames)
    lost = [d for d in frames.drivers if d.number in home[:3]]
    assert [(d.finished_at, d.retired_at) for d in lost] == [(None, None)] * 3
    check = next(check for check in assess(raw, frames).checks if check.name == "lost_finish")
    assert check.level == "warn"
    assert all(d.code in check.message for d in lost)


def test_timing_that_ends_before_the_flag_while_the_race_goes_on(demo_raw: RawRace) -> None:
    """The other topics go on: cars drive to the flag, and nobody takes it before."""
    whole, home = compute(demo_raw, FPS), finishers(demo_raw)
    stop = whole.clock.t0 + 265.0
    raw = replace(demo_raw, laps=cut_off(demo_raw, stop).laps)
    frames = compute(raw, FPS)
    agree(frames, whole, home)
    flag = min(d.finished_at for d in whole.drivers if d.finished_at is not None)
    for driver in frames.drivers:
        assert driver.finished_at is None or driver.finished_at > flag - 0.3
    times = np.arange(frames.clock.frames) / FPS
    for car in frames.cars.values():
        assert not (car.columns["status"][times[: len(car)] < flag - 0.3] == FINISHED).any()


@pytest.mark.parametrize("messages", [True, False])
def test_a_race_that_the_clock_ended_is_over(demo_raw: RawRace, messages: bool) -> None:
    """61 laps were planned, and the winner took the flag after five; without results, as on race day."""
    whole = compute(demo_raw, FPS)
    raw = replace(demo_raw, total_laps=61)
    if not messages:
        raw = replace(raw, race_control=[])
    frames = compute(raw, FPS)
    assert [d.finished_at for d in frames.drivers] == [d.finished_at for d in whole.drivers]
    assert [d.retired_at for d in frames.drivers] == [d.retired_at for d in whole.drivers]
    assert all(check.name != "before_the_flag" for check in assess(raw, frames).checks)


def test_a_race_that_a_red_flag_ended_is_over(demo_raw: RawRace) -> None:
    """Aborted and never started again; all cars halt, and only one of them because it is out."""
    t0 = compute(demo_raw, FPS).clock.t0
    red = t0 + 265.0
    raw = cut_off(demo_raw, red)
    cars = {
        n: replace(car, speed=np.where(car.t > red + 30, 0.0, car.speed)) for n, car in demo_raw.cars.items()
    }
    status = Status(np.array([t0, red, red + 600.0]), ["Started", "Aborted", "Finalised"])
    raw = replace(raw, cars=cars, session_status=status)
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert [d.number for d in frames.drivers if d.retired_at is not None] == [retired_of(demo_raw)]
    assert sum(d.finished_at is not None for d in frames.drivers) == len(frames.drivers) - 1
    assert all(check.name != "before_the_flag" for check in assess(raw, frames).checks)


def test_a_recording_that_stops_in_a_red_flag_retires_nobody(demo_raw: RawRace) -> None:
    t0 = compute(demo_raw, FPS).clock.t0
    red = t0 + 265.0
    raw = cut_off(demo_raw, red + 300.0)
    laps = cut_off(demo_raw, red).laps
    cars = {n: replace(car, speed=np.where(car.t > red + 20, 0.0, car.speed)) for n, car in raw.cars.items()}
    raw = replace(
        raw,
        cars=cars,
        laps=laps,
        race_control=[],
        session_status=Status(np.array([t0, red]), ["Started", "Aborted"]),
    )
    frames = compute(raw, FPS)
    assert all(d.finished_at is None for d in frames.drivers)
    assert [d.number for d in frames.drivers if d.retired_at is not None] == [retired_of(demo_raw)]


def test_a_car_that_stood_for_laps_did_not_finish(demo_raw: RawRace) -> None:
    """Whatever the result's status says; and one that halts after its last lap did."""
    number = retired_of(demo_raw)
    winner = finishers(demo_raw)[0]
    said = [replace(d, result="Finished", laps=5) for d in demo_raw.drivers]
    whole = compute(demo_raw, FPS)
    flag = next(d.finished_at for d in whole.drivers if d.number == winner)
    assert flag is not None
    car = demo_raw.cars[winner]
    halts = replace(car, speed=np.where(car.t > whole.clock.t0 + flag + 1.0, 0.0, car.speed))
    frames = compute(replace(demo_raw, drivers=said, cars={**demo_raw.cars, winner: halts}), FPS)
    before, after = ({d.number: d for d in f.drivers} for f in (whole, frames))
    assert after[number].finished_at is None
    assert after[number].retired_at == before[number].retired_at
    assert after[winner].finished_at == before[winner].finished_at


def timing(*at: tuple[float, int, float]) -> OfficialTiming:
    t, place, gap = zip(*at, strict=True)
    unknown = np.full(len(t), np.nan)
    return OfficialTiming(np.array(t), np.array(place), np.array(gap), unknown, unknown)


def finishes(
    crossed: tuple[float, float], *rows: list[tuple[float, int, float]], ahead: float = np.nan
) -> dict[int, Finish]:
    """Two cars at the flag. ahead: laps by which the positions of the first are ahead when it crossed."""
    t = np.arange(90.0, 110.0)
    seen = [(t, np.full(len(t), 5.0 + ahead)), (t, np.full(len(t), 5.0))]
    return {i: Finish(5, crossed[i], timing(*rows[i]), seen[i]) for i in (0, 1)}


@pytest.mark.parametrize(
    ("crossed", "places", "gaps", "order"),
    [
        ((100.0, 100.006), (2, 1), (0.1, 0.0), [1, 0]),  # within the jitter: the official place
        ((100.0, 100.006), (1, 2), (0.0, 0.1), [0, 1]),
        ((100.0, 103.0), (2, 1), (1.0, 0.0), [1, 0]),  # stamped late, as the gaps say
        ((100.0, 103.0), (2, 1), (0.0, 3.0), [0, 1]),  # places that count penalties in
    ],
)
def test_order_at_the_flag(
    crossed: tuple[float, float], places: tuple[int, int], gaps: tuple[float, float], order: list[int]
) -> None:
    rows = [[(50.0, places[i], 9.0), (crossed[i], places[i], gaps[i])] for i in (0, 1)]
    assert finishing_order(finishes(crossed, *rows)) == order


@pytest.mark.parametrize(("ahead", "order"), [(0.01, [0, 1]), (-0.01, [1, 0]), (np.nan, [1, 0])])
def test_positions_decide_between_crossings_and_gaps(ahead: float, order: list[int]) -> None:
    """Two cars exchanged in all that the timing says of them, but for their crossings."""
    rows = [[(50.0, place, 9.0), (at, place, gap)] for place, at, gap in ((2, 100.0, 0.7), (1, 100.7, 0.0))]
    assert finishing_order(finishes((100.0, 100.7), *rows, ahead=ahead)) == order


def test_an_official_place_that_is_no_news_decides_nothing() -> None:
    """The timing of both ends with a lap to go, and they change places in it."""
    rows = [[(50.0, 3, 9.0)], [(50.0, 2, 8.0)]]
    assert finishing_order(finishes((100.0, 100.05), *rows)) == [0, 1]


def test_a_car_that_passed_on_the_last_lap_keeps_its_place() -> None:
    """The official place of before the flag is not that of it."""
    rows = [[(50.0, 2, 9.0), (100.0, 1, 0.0)], [(50.0, 1, 0.0), (100.05, 2, 0.05)]]
    assert finishing_order(finishes((100.0, 100.05), *rows)) == [0, 1]


@settings(max_examples=examples(60))
@given(
    steps=st.lists(
        st.tuples(st.floats(0.1, 40), st.sampled_from([1.5, 1.6, 2.0, np.nan])), min_size=1, max_size=30
    ),
    ends=st.lists(st.floats(0, 300), max_size=5),
)
def test_a_held_value_is_news_that_nothing_ended(steps: list[tuple[float, float]], ends: list[float]) -> None:
    t = np.cumsum([s for s, _ in steps])
    values, times = np.array([v for _, v in steps]), np.arange(0.0, 400.0, 0.5)
    shown = held(t, values, times, np.sort(np.array(ends)))
    for i in np.flatnonzero(~np.isnan(shown)):
        row = int(np.searchsorted(t, times[i] + 1e-6, "right")) - 1
        first = row
        while first > 0 and values[first - 1] == values[row]:
            first -= 1
        assert shown[i] == values[row]
        assert times[i] - t[first] <= 20.0
        assert not any(t[first] < end <= times[i] for end in ends)


def test_a_gap_ends_in_the_pits_and_when_it_is_old(demo_raw: RawRace) -> None:
    frames = compute(demo_raw, FPS)
    for car in frames.cars.values():
        gap, behind = car.columns["gap"], car.columns["position"] > 1
        assert (gap[(car.columns["status"] == 2) & behind] == COLUMNS["gap"].null).all()
        racing = behind & np.isin(car.columns["status"], (1, 2)) & (gap != COLUMNS["gap"].null)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], np.where(racing, gap, 0), [0]))))
        longest = max((b - a for a, b in pairwise(edges) if racing[a]), default=0)
        assert longest <= 20 * FPS + 1
