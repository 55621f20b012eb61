"""Seasons on many workers, simulated, and a race day, counted."""

from pathlib import Path

import pytest

from bench.scale import CACHES, FETCH_S, World, all_sessions, backfill, nine_seasons, race_day, viewed
from pipeline.contract.artifacts import SessionKey
from pipeline.publish.documents import read_manifest
from pipeline.store.local import LocalStore

FOUR = [[(10.0, 2.0)] * 4]


@pytest.mark.parametrize(
    ("world", "seconds"),
    [
        (World(1, fetch=False), 48),
        (World(2, fetch=False), 24),
        (World(3, fetch=False), 24),
        (World(99, fetch=False), 12),
        (World(1, rate=3600), 4 * (12 + FETCH_S)),
        (World(99, rate=40), 360),  # however many there are, the hosts are asked no more
    ],
)
def test_workers_and_hosts(world: World, seconds: float) -> None:
    assert backfill(world, FOUR) == pytest.approx(seconds)


def test_seasons_follow_one_another() -> None:
    assert backfill(World(4, fetch=False), FOUR * 3) == 36
    assert [len(season) for season in all_sessions()] == [110, 120, 120, 110, 110, 110, 83, 105, 105]


def test_more_workers_are_never_slower() -> None:
    found = {figure.name: figure.value for figure in nine_seasons()}
    cached = [found[f"{workers} workers, from the cache"] for workers in (1, 2, 8, 64)]
    assert cached == sorted(cached, reverse=True)
    assert cached[0] / cached[1] == pytest.approx(2, abs=0.02)


def test_a_race_day(small_out: Path) -> None:
    store = LocalStore(small_out)
    manifest = read_manifest(store, SessionKey(1900, 1))
    assert manifest is not None
    day = viewed(store, manifest)
    assert len(day.kept) == len(manifest.replay.chunks)
    found = {figure.name: figure.value for figure in race_day(day, 1000, 1.0)}
    assert found["requests of 1,000 viewers"] == 1000 * day.files
    asked = found["requests that reach the bucket, at most"]
    assert asked == CACHES * (60 * len(day.asked_again) + 2 * len(day.kept))
