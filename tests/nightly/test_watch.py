"""Runs without end: when each begins, and a week of them with all that a week can bring."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.models import SeasonSession
from pipeline.night.watch import LONGEST, POLL, Clock, _sleep, pause
from pipeline.store.lock import only_run
from tests.command import clean_environment, forked, start
from tests.nightly.conftest import QUICK, Nights
from tests.nightly.week import live
from tests.waiting import wait_for

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def session(minutes: float | None, state: Any = "upcoming") -> SeasonSession:
    start = None if minutes is None else NOW + minutes * MINUTE
    return SeasonSession(session="R", name="Race", date_utc=start, state=state)


@pytest.mark.parametrize(
    ("sessions", "wait"),
    [
        ([], LONGEST),
        ([session(600)], LONGEST),
        ([session(5)], 30 * MINUTE),  # it may be over 25 minutes after its start
        ([session(-30)], POLL),
        ([session(-30, "missing")], POLL),
        ([session(-30, "failed")], POLL),
        ([session(-30, "published")], LONGEST),
        ([session(-30, "cancelled")], LONGEST),
        ([session(-1500)], LONGEST),
        ([session(None)], LONGEST),
        ([session(600), session(5), session(-1500)], 30 * MINUTE),
    ],
)
def test_how_long_there_is_nothing_to_do(sessions: list[SeasonSession], wait: timedelta) -> None:
    assert pause(sessions, NOW) == wait


@pytest.mark.parametrize(
    ("jump", "slept"),
    [(timedelta(0), 3600), (timedelta(hours=5), 120), (timedelta(hours=-5), 3600)],
)
def test_a_clock_that_jumps(jump: timedelta, slept: float) -> None:
    """It may be set, and a machine may have been suspended: the sleep is never longer than it should be."""
    now, naps = [NOW], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        now[0] += timedelta(seconds=seconds) + (jump if len(naps) == 2 else timedelta(0))

    _sleep(timedelta(hours=1), Clock(lambda: now[0], sleep))
    assert sum(naps) == slept


@pytest.mark.thorough
@pytest.mark.slow(60)
def test_a_week(tmp_path: Path) -> None:
    """The network is lost, a race is put off by hours, one is cancelled, one goes on the next day."""
    with forked(live, [str(tmp_path / "week")], clean_environment()) as living:
        assert living.wait(1500) == 0, living.done().stderr
        week = json.loads(living.done().stdout)
    assert week["states"] == {
        "As Usual Grand Prix": "published",
        "Delayed Grand Prix": "published",
        "Cancelled Grand Prix": "cancelled",
        "Next Day Grand Prix": "published",
    }
    ready = {"As Usual": 2.5, "Delayed": 7.05, "Next Day": 21.05}  # as the hosts have all of it, and answer
    for name, hours in ready.items():
        assert 0 <= week["published"][name] - hours <= 11 / 60, name
    assert week["codes"] == [0]
    assert week["summaries"] < week["runs"] / 4, "those with nothing to do leave one summary"


def test_it_waits_for_another_run_and_ends_when_it_is_told(nights: Nights) -> None:
    """As with two watchers: one works, the other waits."""
    nights.out.mkdir()
    where = ("--season", str(nights.year), "--out", nights.out, "--fastf1-cache", nights.cache)
    with only_run(nights.out), start("watch", *where, *QUICK, **nights.hosts.environment()) as watching:
        wait_for(lambda: "Waiting: " in watching.done().stderr, 60)
        os.kill(watching.pid, signal.SIGTERM)
        assert watching.wait(60) == 0


@pytest.mark.slow
def test_it_publishes_and_says_so_once(nights: Nights) -> None:
    where = ("--season", str(nights.year), "--out", nights.out, "--fastf1-cache", nights.cache)
    with start("watch", *where, *QUICK, **nights.hosts.environment()) as watching:
        wait_for(lambda: "1 published in " in watching.done().stdout, 120)
        os.kill(watching.pid, signal.SIGINT)
        assert watching.wait(60) == 130
    assert nights.manifest(1)["provenance"]["provisional"] is False


def test_what_somebody_has_to_mend_ends_it(nights: Nights) -> None:
    nights.hosts.content["schedule"] = {}
    where = ("--season", str(nights.year), "--out", nights.out, "--fastf1-cache", nights.cache)
    with start("watch", *where, *QUICK, **nights.hosts.environment()) as watching:
        assert watching.wait(120) == 2
        assert "has no schedule (yet)" in watching.done().stderr
