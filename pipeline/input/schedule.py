"""A season's events and race-like sessions as plain values: which exist, and when they start.

Needs neither fastf1 nor pandas; `pipeline.input.seasons` fills them.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from pipeline.contract import DEMO_YEAR, FIRST_TELEMETRY_YEAR
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import UsageError
from pipeline.job import ScheduledEvent


def check_year(year: int) -> None:
    """Raise UsageError for a season that cannot have telemetry."""
    if year == DEMO_YEAR:
        raise UsageError(f"{year} is the demo season: make it with `f1-precompute demo`")
    if year < FIRST_TELEMETRY_YEAR:
        raise UsageError(
            f"no telemetry exists for {year}: F1's timing archive begins in {FIRST_TELEMETRY_YEAR}"
        )
    if year > datetime.now(UTC).year + 1:
        raise UsageError(f"{year} is in the future: its schedule does not exist yet")


def pick(events: list[ScheduledEvent], key: SessionKey, now: datetime | None) -> ScheduledEvent:
    """The event of one session that is over.

    Args:
        now: None where a recording shows that it is.
    Raises:
        UsageError: no such round or session, or it has not been run yet.
    """
    event = next((e for e in events if e.round == key.round), None)
    if event is None:
        raise UsageError(
            f"{key.year} has no round {key.round}: its schedule lists rounds {events[0].round} to "
            f"{events[-1].round} (tests have no race, and cancelled races are not listed)"
        )
    session = event.session(key.session)
    if session is None:
        raise UsageError(no_session(event, key.session))
    if now is not None and (reason := session.not_over(now)) is not None:
        raise UsageError(f"{key} ({event.name}) is not over: {reason}")
    return event


def no_session(event: ScheduledEvent, code: SessionCode) -> str:
    """The sentence for a session that the weekend does not have."""
    return none_of([event], {code})


def none_of(events: list[ScheduledEvent], codes: Collection[str]) -> str:
    """The sentence for sessions that none of the weekends has."""
    words = " or ".join(session.word for session in SESSIONS.values() if session.code in codes)
    has = ", ".join(dict.fromkeys(SESSIONS[s.code].word for event in events for s in event.sessions))
    first = events[0]
    if len(events) == 1:
        return f"{first.year} round {first.round} ({first.name}) has no {words}: it has {has}"
    return f"{first.year} has no {words} in the rounds asked for: they have {has}"
