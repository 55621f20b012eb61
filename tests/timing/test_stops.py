"""Stints and pit stops: against the demo's truth, and where sources contradict each other or say nothing."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.contract.columns import TYRES
from pipeline.contract.models import Penalty
from pipeline.contract.tables import STOP_KINDS
from pipeline.demo import Truth
from pipeline.errors import SourceError
from pipeline.frames import compute
from pipeline.model import CarSamples, PitWord, RaceFrames, RawRace, Rows, Status, Topics, TyreWord
from pipeline.timing.pits import pit_stops
from pipeline.timing.stints import stints
from tests.cases import examples
from tests.damage.catalogue import KINDS
from tests.damage.trial import demo, drawn, struck

SAMPLED_S = 0.3


@pytest.fixture(scope="module")
def demo_raw(demo_raw: RawRace) -> RawRace:
    """As in a season whose feed tells neither of stops nor of the series of tyres."""
    return replace(demo_raw, topics=Topics())


def as_dicts(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def first_stop(raw: RawRace, frames: RaceFrames) -> tuple[str, dict[str, Any]]:
    """Racing number and row of the first pit stop."""
    row = as_dicts(pit_stops(raw, frames))[0]
    return next(d.number for d in raw.drivers if d.code == row["driver"]), row


def test_stops_are_those_that_were_driven(demo_raw: RawRace, frames: RaceFrames, truth: Truth) -> None:
    rows = as_dicts(pit_stops(demo_raw, frames))
    t0 = frames.clock.t0
    expected = [(code, *visit) for code, visits in sorted(truth.pits.items()) for visit in visits]
    assert len(rows) == len(expected) == 4
    for row, (code, entry, leave) in zip(rows, expected, strict=True):
        before, after = truth.stints[code]
        assert (row["driver"], row["stop"], row["lap"]) == (code, 1, after.first_lap - 1)
        assert row["pit_in_s"] + t0 == pytest.approx(entry, abs=0.002)
        assert row["pit_out_s"] + t0 == pytest.approx(leave, abs=0.002)
        assert row["lane_time_s"] == pytest.approx(leave - entry, abs=0.002)
        assert (row["kind"], row["stationary_from"], row["conflict"]) == ("tyres", "speed", None)
        assert [TYRES[row["tyre_before"]], TYRES[row["tyre_after"]]] == [before.compound, after.compound]
        assert row["tyre_life_before"] == before.age + after.first_lap - 1
        assert row["fresh_tyre"] == (after.age == 0)
        car = [car.code for car in truth.cars].index(code)
        inside = (truth.t >= entry) & (truth.t <= leave)
        stood = float((truth.speed[car, inside] < 0.5).sum() * 0.02)
        assert row["stationary_s"] == pytest.approx(stood, abs=2 * SAMPLED_S)


def test_the_feed_and_the_timing_agree() -> None:
    raw = demo().raw
    assert raw.topics.pits
    assert raw.topics.tyres
    frames = compute(raw, 1.0)
    told, by_speed = (as_dicts(pit_stops(r, frames)) for r in (raw, replace(raw, topics=Topics())))
    for row, other in zip(told, by_speed, strict=True):
        assert (row["stationary_from"], row["kind"], row["conflict"]) == ("feed", "tyres", None)
        assert row["stationary_s"] == pytest.approx(other["stationary_s"], abs=2 * SAMPLED_S)
        assert row["lane_time_s"] == pytest.approx(other["lane_time_s"], abs=0.1)
    assert {row["conflict"] for row in as_dicts(stints(raw, frames))} == {None}


def test_stints_are_those_that_were_driven(demo_raw: RawRace, frames: RaceFrames, truth: Truth) -> None:
    rows = as_dicts(stints(demo_raw, frames))
    expected = [(code, stint) for code, own in sorted(truth.stints.items()) for stint in own]
    for row, (code, stint) in zip(rows, expected, strict=True):
        assert (row["driver"], TYRES[row["tyre"]], row["first_lap"]) == (
            code,
            stint.compound,
            stint.first_lap,
        )
        assert (row["tyre_life_start"], row["fresh_tyre"]) == (stint.age, stint.age == 0)
    for code, ends in truth.line_s.items():
        assert sum(row["laps"] for row in rows if row["driver"] == code) == len(ends)


def test_the_feed_is_believed_and_the_speed_contradicts(demo_raw: RawRace, frames: RaceFrames) -> None:
    number, row = first_stop(demo_raw, frames)
    out = row["pit_out_s"] + frames.clock.t0
    said = PitWord(out + 1.0, number, row["lap"], row["lane_time_s"] + 0.2, row["stationary_s"] + 0.1)
    words = [replace(said, lane=99.0), replace(said, t=out + 500.0), said]  # told twice, and of another visit
    told = as_dicts(pit_stops(replace(demo_raw, topics=Topics(pits=words)), frames))[0]
    assert told["lane_time_s"] == pytest.approx(said.lane)
    assert (told["stationary_s"], told["stationary_from"]) == (round(said.stationary or 0, 1), "feed")
    assert told["conflict"] is None
    other = replace(said, lane=row["lane_time_s"] + 5, stationary=row["stationary_s"] + 5)
    told = as_dicts(pit_stops(replace(demo_raw, topics=Topics(pits=[other])), frames))[0]
    assert "in the lane" in told["conflict"]
    assert "by its speed" in told["conflict"]


def test_same_tyres(demo_raw: RawRace, frames: RaceFrames) -> None:
    """Who stands on the same tyres may serve a stop-and-go; who does not stand drives through."""
    number, row = first_stop(demo_raw, frames)
    own = demo_raw.laps[number]
    kept = replace(own, extra=own.extra | {"stint": np.ones(len(own))})
    raw = replace(demo_raw, laps=demo_raw.laps | {number: kept})
    assert as_dicts(pit_stops(raw, frames))[0]["kind"] == "no_change"
    text = f"FIA STEWARDS: 10 SECOND STOP/GO PENALTY FOR CAR {number} ({row['driver']}) - SPEEDING"
    for announced, kind in ((row["pit_in_s"] - 60, "stop_and_go"), (row["pit_in_s"] + 60, "no_change")):
        drivers = [
            d.model_copy(update={"penalties": [Penalty(t=announced, message=text)]})
            if d.number == number
            else d
            for d in frames.drivers
        ]
        assert as_dicts(pit_stops(raw, replace(frames, drivers=drivers)))[0]["kind"] == kind
    car = raw.cars[number]
    rolling = replace(car, speed=np.clip(car.speed, 40.0, None))
    moved = as_dicts(pit_stops(replace(raw, cars=raw.cars | {number: rolling}), frames))[0]
    assert (moved["kind"], moved["stationary_s"]) == ("drive_through", 0.0)
    unseen = as_dicts(pit_stops(replace(raw, cars={}), frames))[0]
    assert (unseen["kind"], unseen["stationary_s"], unseen["stationary_from"]) == ("unknown", None, None)


def test_red_flags_and_retirements(demo_raw: RawRace, frames: RaceFrames) -> None:
    number, row = first_stop(demo_raw, frames)
    entry = row["pit_in_s"] + frames.clock.t0
    for code, expected in (("5", "red_flag"), ("4", "tyres")):
        status = Status(np.array([0.0, entry + 3, entry + 600]), ["1", code, "1"])
        assert as_dicts(pit_stops(replace(demo_raw, track_status=status), frames))[0]["kind"] == expected
    own = demo_raw.laps[number]
    stays = own.number <= row["lap"]
    cut = replace(
        own,
        **{
            name: getattr(own, name)[stays]
            for name in ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")
        },
        extra={name: values[stays] for name, values in own.extra.items()},
    )
    car, pos = demo_raw.cars[number], demo_raw.positions[number]
    parked = replace(car, speed=np.where(car.t > entry + 8, 0.0, car.speed))
    still = replace(pos, x=np.where(pos.t > entry + 8, 0.0, pos.x), y=np.where(pos.t > entry + 8, 0.0, pos.y))
    raw = replace(
        demo_raw,
        laps=demo_raw.laps | {number: cut},
        cars=demo_raw.cars | {number: parked},
        positions=demo_raw.positions | {number: still},
    )
    gone = as_dicts(pit_stops(raw, compute(raw, 1.0)))[0]
    assert (gone["kind"], gone["tyre_after"], gone["stationary_s"]) == ("retired", None, None)
    assert np.isnan(gone["pit_out_s"])


def test_a_double_stop(demo_raw: RawRace, frames: RaceFrames) -> None:
    """A team mate who comes in while the first still stands."""
    number, _ = first_stop(demo_raw, frames)
    mate = next(n for n in demo_raw.laps if n != number)
    ours = demo_raw.laps[number]
    late = replace(ours, pit_in=ours.pit_in + 0.5, pit_out=ours.pit_out + 0.5)
    team = [replace(d, team="One" if d.number in (number, mate) else d.number) for d in demo_raw.drivers]
    raw = replace(
        demo_raw, drivers=team, laps=demo_raw.laps | {mate: late}, cars={number: demo_raw.cars[number]}
    )
    rows = {r["driver"]: r for r in as_dicts(pit_stops(raw, frames))}
    codes = {d.number: d.code for d in raw.drivers}
    assert rows[codes[number]]["double_stop"] is False
    assert rows[codes[mate]]["double_stop"] is True
    blind = {r["driver"]: r for r in as_dicts(pit_stops(replace(raw, cars={}), frames))}
    assert blind[codes[mate]]["double_stop"] is None


def test_the_series_of_tyres_is_a_second_witness(demo_raw: RawRace, frames: RaceFrames) -> None:
    own = [
        row
        for row in as_dicts(stints(demo_raw, frames))
        if row["driver"] == first_stop(demo_raw, frames)[1]["driver"]
    ]
    number = first_stop(demo_raw, frames)[0]

    def conflicts(*words: TyreWord) -> list[str | None]:
        rows = as_dicts(stints(replace(demo_raw, topics=Topics(tyres=list(words))), frames))
        return [row["conflict"] for row in rows if row["driver"] == own[0]["driver"]]

    words = [
        TyreWord(
            number, i, r["tyre"], r["fresh_tyre"], r["tyre_life_start"], r["tyre_life_start"] + r["laps"]
        )
        for i, r in enumerate(own)
    ]
    assert conflicts(*words) == [None, None]
    assert conflicts() == [None, None]
    first = words[0]
    assert first.total_laps is not None
    parted = [
        replace(first, total_laps=1),
        replace(first, stint=1, start_laps=1),
    ]  # a drive-through in between
    assert conflicts(*parted, replace(words[1], stint=2)) == [None, None]
    assert conflicts(replace(first, total_laps=first.total_laps + 1), words[1]) == [None, None]
    assert (
        conflicts(replace(first, tyre=5), words[1])[0]
        == f"the series has WET from 0 to {first.total_laps} laps"
    )
    assert conflicts(first)[1] is not None
    assert conflicts(*(replace(word, tyre=0, start_laps=None) for word in words)) == [None, None]


def test_a_feed_without_tyres_has_no_stints(demo_raw: RawRace, frames: RaceFrames) -> None:
    bare = {number: replace(own, extra={}) for number, own in demo_raw.laps.items()}
    raw = replace(demo_raw, laps=bare)
    assert not as_dicts(stints(raw, frames))
    assert {row["kind"] for row in as_dicts(pit_stops(raw, frames))} == {"unknown"}


def test_how_long_a_car_stood() -> None:
    t = np.arange(0.0, 20.0, 0.25)

    def stand(speed: Any, begin: float = 0.0, end: float = 19.75) -> tuple[float, float] | None:
        whole = np.asarray(speed, dtype=np.float64)
        zeros = np.zeros(len(t), dtype=np.int16)
        return CarSamples(t, whole, whole, whole, zeros, zeros, zeros).stand(begin, end)

    driven = np.interp(t, [0, 5, 7, 10, 12, 20], [80.0, 80, 0, 0, 80, 80])
    assert stand(driven) == pytest.approx((6.875, 10.125))
    spun = np.where(np.isclose(t, 8.5), 6.0, driven)  # wheels turn while they are changed
    assert stand(spun) == stand(driven)
    assert stand(np.clip(driven, 30, None)) == (0.0, 0.0)
    assert stand(np.full(len(t), 80.0)) is None  # frozen
    assert stand(np.where(t == 9.0, np.nan, driven)) is None
    assert stand(driven, 0.0, 30.0) is None  # nothing is known of its end
    assert stand(driven, np.nan, 19.0) is None
    assert stand(driven + 100.0) is None  # not in a pit lane


@pytest.mark.slow
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 30), lost=st.sets(st.integers(0, 60), max_size=8)
)
@example(name="track status: none", seed=0, lost=set())
def test_whatever_comes_the_rows_hold(name: str, seed: int, lost: set[int]) -> None:
    """Damaged at will, and pit entries and exits lost: in before out, laps add up, ages rise."""
    try:
        raw = struck(demo(), drawn(demo(), KINDS[name], seed))
    except SourceError:
        return  # a recording that is refused has no rows
    raw = replace(raw, laps={n: _without(own, lost) for n, own in raw.laps.items()})
    if not raw.laps:
        return
    frames = compute(raw, 1.0)
    for row in as_dicts(pit_stops(raw, frames)):
        assert row["kind"] in STOP_KINDS
        assert not row["pit_out_s"] < row["pit_in_s"]
        assert row["stationary_s"] is None or row["stationary_s"] >= 0
    own = as_dicts(stints(raw, frames))
    for driver in {row["driver"] for row in own}:
        mine = [row for row in own if row["driver"] == driver]
        assert [row["first_lap"] for row in mine] == sorted(row["first_lap"] for row in mine)
        assert all(a["last_lap"] < b["first_lap"] for a, b in pairwise(mine))
        assert all(0 <= row["laps"] <= row["last_lap"] - row["first_lap"] + 1 for row in mine)


def _without(own: Any, lost: set[int]) -> Any:
    gone = np.isin(np.arange(len(own)), list(lost))
    return replace(
        own, pit_in=np.where(gone, np.nan, own.pit_in), pit_out=np.where(gone[::-1], np.nan, own.pit_out)
    )
