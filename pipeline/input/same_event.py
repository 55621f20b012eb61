"""Which race is which, whatever its number: rounds are renumbered when races are cancelled or added.

The schedule does not have F1's meeting key, so the day of the session tells: no two race weekends share one.
Where a day is unknown the name has to do.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline.contract.models import Event, SeasonEvent
from pipeline.job import ScheduledEvent

WEEKEND = timedelta(days=3)  # from its first session to its last; the next one begins five days later
SAME_DAY = timedelta(hours=36)  # a session may be moved within its weekend, and time zones be mended


def is_event(published: Event, scheduled: ScheduledEvent) -> bool:
    """Whether a published session is of this scheduled event, which may not know of it."""
    session, same_name = scheduled.session(published.session), published.name == scheduled.name
    if published.year != scheduled.year:
        return False
    if session is not None:
        return _same_day(published.date_utc, session.start, same_name)
    starts = [s.start for s in scheduled.sessions if s.start is not None]
    if published.date_utc is None or not starts:
        return same_name
    return min(starts) - WEEKEND < published.date_utc < max(starts) + WEEKEND


def is_same(published: Event, start: datetime | None, name: str) -> bool:
    """Whether a published race is the one that began then, or on that weekend."""
    return _same_day(published.date_utc, start, published.name == name)


def is_listed(listed: SeasonEvent, scheduled: ScheduledEvent) -> bool:
    """Whether an event of a season listing is this one; before it is run it may still move to another day."""
    if listed.name == scheduled.name:
        return True
    starts = {session.session: session.date_utc for session in listed.every_session}
    return any(
        _same_day(starts[session.code], session.start, otherwise=False)
        for session in scheduled.sessions
        if session.code in starts
    )


def _same_day(one: datetime | None, other: datetime | None, otherwise: bool) -> bool:
    return otherwise if one is None or other is None else abs(one - other) < SAME_DAY


def event_of(published: Event, schedule: Iterable[ScheduledEvent]) -> ScheduledEvent | None:
    """The scheduled event that a published race is of, of several the one with its number; None where the
    schedule lacks it."""
    found = [event for event in schedule if is_event(published, event)]
    return next((event for event in found if event.round == published.round), found[0] if found else None)
