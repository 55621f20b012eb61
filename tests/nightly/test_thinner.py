"""Which new loads are taken, and which leave the published race as it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.models import Check, Head, Manifest, Quality
from pipeline.publish.thinner import thinner


@pytest.fixture(scope="module")
def published(small_out: Path) -> Manifest:
    return Manifest.model_validate_json((small_out / "telemetry/1900/1/manifest.json").read_bytes())


def with_check(quality: Quality, **check: str) -> Quality:
    new = Check.model_validate(check)
    others = [old for old in quality.checks if old.name != new.name]
    return quality.model_copy(update={"checks": [*others, new]})


def shorter(head: Head, share: float) -> Head:
    clock = head.clock.model_copy(update={"duration_s": head.clock.duration_s * share})
    return head.model_copy(update={"clock": clock})


def fewer_laps(head: Head) -> Head:
    drivers = [driver.model_copy(update={"laps": max(0, driver.laps - 1)}) for driver in head.drivers]
    return head.model_copy(update={"drivers": drivers})


@pytest.mark.parametrize(
    ("change", "check", "lacks"),
    [
        (lambda head: head, {}, None),
        (lambda head: head.model_copy(update={"drivers": head.drivers[1:]}), {}, "9 instead of 10 drivers"),
        (fewer_laps, {}, "laps"),
        (lambda head: shorter(head, 0.5), {}, "seconds"),
        (lambda head: shorter(head, 0.995), {}, None),
        (lambda head: head, {"name": "weather", "level": "note", "message": "no weather"}, "no weather"),
        (lambda head: head, {"name": "positions", "level": "bad"}, "positions is worse"),
        (lambda head: head, {"name": "laps", "level": "note"}, None),
        (lambda head: head, {"name": "a_new_check", "level": "bad"}, None),
    ],
)
def test_what_a_new_load_lacks(
    published: Manifest, change: Callable[[Head], Head], check: dict[str, str], lacks: str | None
) -> None:
    head = change(Head.model_validate(published.model_dump()))
    quality = with_check(published.quality, **check) if check else published.quality
    found = thinner(head, quality, published)
    if lacks is None:
        assert found is None
    else:
        assert lacks in (found or "")


def test_a_better_load_is_taken(published: Manifest) -> None:
    worse = with_check(published.quality, name="weather", level="warn")
    old = published.model_copy(update={"quality": worse})
    assert thinner(Head.model_validate(published.model_dump()), published.quality, old) is None
