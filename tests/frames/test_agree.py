"""Topics that contradict one another: what race distance proves false is null, or named with its cars."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.contract.columns import COLUMNS
from pipeline.contract.models import Check
from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.model import RawRace

FPS = 5.0


def check(raw: RawRace, name: str) -> Check | None:
    return next((c for c in assess(raw, compute(raw, FPS)).checks if c.name == name), None)


def test_undamaged_topics_agree(demo_raw: RawRace) -> None:
    assert check(demo_raw, "car_data_false") is None
    assert check(demo_raw, "order_contradicted") is None


@pytest.mark.parametrize("change", [lambda v: v * 0.6, lambda v: v + 70.0, np.zeros_like])
def test_speed_that_the_positions_contradict_is_null_and_its_car_named(
    demo_raw: RawRace, change: object
) -> None:
    driver = demo_raw.drivers[2]
    car = demo_raw.cars[driver.number]
    wrong = (car.t > 100) & (car.t < 140)
    speed = np.where(wrong, change(car.speed), car.speed)  # type: ignore[operator]
    raw = replace(demo_raw, cars={**demo_raw.cars, driver.number: replace(car, speed=speed)})
    frames = compute(raw, FPS)
    inside = (frames.clock.times() > 104) & (frames.clock.times() < 136)
    for name in ("speed", "rpm", "throttle", "gear", "brake"):
        values = frames.cars[driver.code].columns[name][inside]
        assert (values == COLUMNS[name].null).mean() > 0.8, name
    said = check(raw, "car_data_false")
    assert said is not None
    assert said.level == "warn"
    assert driver.code in said.message
    replayed = frames.replay.values[driver.code]["speed"]
    assert np.isnan(replayed[(frames.replay.car_t > 104) & (frames.replay.car_t < 136)]).mean() > 0.8


@pytest.mark.parametrize("name", ["gap", "interval"])
def test_a_gap_of_another_moment_is_null(demo_raw: RawRace, name: str) -> None:
    driver = demo_raw.drivers[3]
    own = demo_raw.timing[driver.number]
    wrong = (own.t > 90) & (own.t < 120)
    said = getattr(own, name)
    changed = replace(own, **{name: np.where(wrong, said + 30.0, said)})
    raw = replace(demo_raw, timing={**demo_raw.timing, driver.number: changed})
    whole, frames = compute(demo_raw, FPS), compute(raw, FPS)
    shown = frames.cars[driver.code].columns[name].astype(float)
    true = whole.cars[driver.code].columns[name].astype(float)
    known = (shown != COLUMNS[name].null) & (true != COLUMNS[name].null)
    assert known.sum() > 0.8 * (true != COLUMNS[name].null).sum()
    assert (np.abs(shown - true)[known] < 5_000).all()


def test_an_order_that_race_distance_contradicts_is_named(demo_raw: RawRace) -> None:
    """The places of the first and the last but one, exchanged for a minute."""
    first, other = demo_raw.drivers[0], demo_raw.drivers[7]
    timing = dict(demo_raw.timing)
    for mine, theirs in ((first, other), (other, first)):
        own, their = demo_raw.timing[mine.number], demo_raw.timing[theirs.number]
        at = np.clip(np.searchsorted(their.t, own.t, "right") - 1, 0, None)
        wrong = (own.t > 80) & (own.t < 150)
        timing[mine.number] = replace(own, place=np.where(wrong, their.place[at], own.place))
    said = check(replace(demo_raw, timing=timing), "order_contradicted")
    assert said is not None
    assert said.level == "warn"
    assert first.code in said.message
    assert other.code in said.message
