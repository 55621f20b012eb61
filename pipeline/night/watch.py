"""Nights without end: one run after another in one process, each when there may be something to do.

What a run decides, does and survives is the same as for one that cron starts; this only chooses when. A
session that may be over is asked about every ten minutes; once an hour what was put off is looked at.
"""

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.contract.artifacts import season_key
from pipeline.contract.models import RunSummary, SeasonListing, SeasonSession
from pipeline.errors import Exit, PipelineError
from pipeline.input.ended import SOONEST, TRUSTED
from pipeline.night.run import Plan, run
from pipeline.publish.documents import read_model
from pipeline.run.batch import Listener
from pipeline.store.local import LocalStore

POLL: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(hours=1)
_NAP_S: Final = 60.0


@dataclass(frozen=True)
class Clock:
    """The time, and how to let some pass."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep


def watch(
    plan: Callable[[datetime], Plan], listener: Listener, clock: Clock
) -> Iterator[RunSummary | PipelineError]:
    """How each run went, as it ends; what passes by itself is waited out.

    Args:
        plan: what is to be done at a time: seasons follow the calendar.
    Raises:
        PipelineError: somebody has to act.
    """
    while True:
        asked = plan(clock.now())
        try:
            summary = run(asked, listener, clock.now)
            yield summary
            wait = POLL if summary.exit_code == Exit.TEMPORARY else pause(_sessions(asked), clock.now())
        except PipelineError as error:
            if error.exit_code != Exit.TEMPORARY:
                raise
            yield error
            wait = POLL
        _sleep(wait, clock)


def pause(sessions: Iterable[SeasonSession], now: datetime) -> timedelta:
    """How long there is nothing to do, as far as the schedule tells."""
    wait = LONGEST
    for session in sessions:
        if session.state in ("published", "cancelled") or session.date_utc is None:
            continue
        opens = session.date_utc + SOONEST
        if now < opens:
            wait = min(wait, opens - now)
        elif now < session.date_utc + TRUSTED:
            wait = min(wait, POLL)
    return wait


def _sessions(plan: Plan) -> Iterator[SeasonSession]:
    """As they are listed, those that it was asked for."""
    store = LocalStore(plan.settings.out)
    for year in plan.years:
        listing = read_model(store, season_key(year), SeasonListing)
        for event in listing.events if listing is not None else ():
            yield from (s for s in event.every_session if s.session in plan.sessions)


def _sleep(wait: timedelta, clock: Clock) -> None:
    """By whichever clock comes first: one may be set, and a machine may have slept."""
    wake, left = clock.now() + wait, wait.total_seconds()
    while left > 0 and clock.now() < wake:
        nap = min(left, _NAP_S)
        clock.sleep(nap)
        left -= nap


def end_on_terminate() -> None:
    """Let SIGTERM end it as the end of a command does: races under way are given up, the lock is free."""

    def end(*_: Any) -> None:
        raise SystemExit(Exit.DONE)

    signal.signal(signal.SIGTERM, end)
