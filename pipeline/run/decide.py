"""What a run does about each session of a season, and why: a pure function of what is known.

`nightly` asks for whole seasons; `season`, `race` and `demo` for the sessions that somebody named.

Nothing here reads a clock, a file or a host, so every case is a row in a table of tests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Event, SeasonEvent, SeasonSession, by_field
from pipeline.contract.sessions import SESSIONS, turn
from pipeline.input.same_event import event_of, is_listed
from pipeline.job import ScheduledEvent, ScheduledSession, Word, settles_at
from pipeline.run.history import PAUSES, History

Action = Literal["compute", "refresh", "upgrade", "skip", "wait", "move", "retire", "cancelled"]
WORK: frozenset[Action] = frozenset({"compute", "refresh", "upgrade", "move"})

_NO_LONGER = "the schedule no longer has it; what is published stays"
_DOUBT = "the usual schedule cannot be had, and the one that stands in for it may number the season otherwise"


@dataclass(frozen=True)
class Published:
    """What decisions need of a manifest.

    provisional: the reasons, empty for a final race. stale: why it has to be made again whatever its age,
    such as missing files or a changed input. broken: its own files are not what it says. older: the version
    that made it, where it lacks what is made now.
    """

    event: Event
    made_at: datetime
    provisional: tuple[str, ...] = ()
    stale: str | None = None
    broken: bool = False
    older: str | None = None


@dataclass(frozen=True)
class Season:
    """A season as a run finds it. said: what the feed says of sessions that may be over."""

    schedule: list[ScheduledEvent]
    published: dict[SessionKey, Published]
    listed: list[SeasonEvent]
    history: History = field(default_factory=History)
    said: Mapping[SessionKey, Word] = field(default_factory=dict)

    @property
    def numbered(self) -> bool:
        """Whether the rounds are to be trusted so far that something is taken away."""
        return all(event.numbered for event in self.schedule)

    @cached_property
    def homes(self) -> dict[SessionKey, ScheduledEvent | None]:
        """The event that each published session is of."""
        return {key: event_of(p.event, self.schedule) for key, p in self.published.items()}


@dataclass(frozen=True)
class Asked:
    """What the run was asked for.

    by_hand: the sessions that somebody named, which are over; for them the schedule's numbers are trusted.
    upgrade: whether there is time for what is right, but of an older version.
    """

    now: datetime
    sessions: frozenset[str] = frozenset(SESSIONS)
    offline: bool = False
    force: bool = False
    by_hand: frozenset[SessionKey] = frozenset()
    upgrade: bool = False


@dataclass(frozen=True)
class Decision:
    """What is done about one session, and why.

    event: what to compute it with. moves_to: the number that a race to retire is to be made under first.
    keep_better: whether what is published may stay where a new load is thinner.
    """

    key: SessionKey
    name: str
    action: Action
    reason: str
    event: ScheduledEvent | None = field(default=None, repr=False)
    moves_to: SessionKey | None = None
    keep_better: bool = True


def decide(season: Season, asked: Asked) -> list[Decision]:
    """One decision for each session that is scheduled, published or was listed, by round; or named."""
    broken = {key for key, published in season.published.items() if published.broken}
    found = [
        Decision(
            key, event.name, *_about(season, asked, event, session, key), event, keep_better=key not in broken
        )
        for event in season.schedule
        for session in event.sessions
        if session.code in asked.sessions
        for key in [SessionKey(event.year, event.round, session.code)]
        if not asked.by_hand or key in asked.by_hand
    ]
    if not asked.by_hand:
        found += _strays(season, asked)
        found += _cancelled(season, asked)
    return sorted(found, key=lambda d: (d.key.year, d.key.round, turn(d.key.session), d.action))


def _about(
    season: Season, asked: Asked, event: ScheduledEvent, session: ScheduledSession, key: SessionKey
) -> tuple[Action, str]:
    own = [k for k, home in season.homes.items() if home is event and k.session == key.session]
    said: Word | None = "over" if own else season.said.get(key)
    if not asked.by_hand and (reason := session.not_over(asked.now, said)) is not None:
        return "wait", reason
    doubtful = not season.numbered and not asked.by_hand
    if doubtful and key not in own and not _known_number(season, event):
        return "wait", _DOUBT
    if own and key not in own:
        return "move", f"it was published as round {own[0].round}, and is round {key.round} now"
    action, reason = _unpublished(asked) if key not in own else _again(season.published[key], session, asked)
    return _paused(season, asked, session, key, action, reason)


def _known_number(season: Season, event: ScheduledEvent) -> bool:
    """Whether an earlier run listed this event under this number."""
    return any(e.round == event.round and is_listed(e, event) for e in season.listed)


def _unpublished(asked: Asked) -> tuple[Action, str]:
    return "compute", "it is over and not published" + (" (asked for again)" if asked.force else "")


def _again(published: Published, session: ScheduledSession, asked: Asked) -> tuple[Action, str]:
    """Whether a published race is to be made again."""
    renewable = published.provisional and not asked.offline
    if (stale := "it was asked for again" if asked.force else published.stale) is not None:
        return "refresh" if renewable else "compute", stale
    if not published.provisional and published.older is not None and (asked.upgrade or asked.by_hand):
        return "upgrade", f"version {published.older} made it, and what is made has gained since"
    if not published.provisional:
        return "skip", f"up to date, final since {published.made_at:%Y-%m-%d}"
    because = "; ".join(published.provisional)
    if not renewable:
        return "skip", f"provisional ({because}), but nothing is to be fetched (offline)"
    if timedelta(0) <= asked.now - published.made_at < PAUSES[0]:
        return "wait", f"provisional ({because}), but made less than an hour ago"
    return "refresh", f"provisional: {because}"


def _paused(
    season: Season, asked: Asked, session: ScheduledSession, key: SessionKey, action: Action, reason: str
) -> tuple[Action, str]:
    """The same, or a wait where it was tried in vain not long ago."""
    attempt = season.history.of(key)
    if attempt is None or action not in WORK or asked.force or asked.by_hand:
        return action, reason
    if attempt.count == 0 and key in season.said:  # the clock guessed; the feed knows
        return action, reason
    settled = None if session.start is None else settles_at(session.start, session.code)
    if action == "refresh" and settled is not None and attempt.at < settled <= asked.now:
        return action, f"{reason} (48 hours are over)"
    times = "early" if attempt.count == 0 else "once" if attempt.count == 1 else f"{attempt.count} times"
    if attempt.given_up:
        return "skip", f"tried {times}, and taken as not held: {attempt.reason} (--force tries again)"
    if (due := attempt.next_after(asked.now)) is not None:
        return "wait", f"tried {times}, again from {due:%Y-%m-%d %H:%M} UTC; last time: {attempt.reason}"
    return action, f"{reason} (tried {times} before)"


def _strays(season: Season, asked: Asked) -> Iterator[Decision]:
    """Published races that are not what the schedule has under their number."""
    taken = {event.round: event for event in season.schedule}
    for key, published in season.published.items():
        if key.session not in asked.sessions:
            continue
        home, name, other = season.homes[key], published.event.name, taken.get(key.round)
        if home is not None and home.round == key.round:
            if home.session(key.session) is None:
                yield Decision(key, name, "skip", _NO_LONGER)
            continue
        if not season.numbered:
            yield Decision(key, name, "wait", _DOUBT)
        elif home is not None:
            new = SessionKey(key.year, home.round, key.session)
            made = new in season.published and event_of(season.published[new].event, [home]) is home
            reason = f"it is round {home.round} now"
            yield Decision(key, name, "retire", reason, moves_to=None if made else new)
        elif other is not None:
            yield Decision(
                key, name, "retire", f"the schedule no longer has it, and its number is now {other.name}'s"
            )
        else:
            yield Decision(key, name, "skip", _NO_LONGER)


def _cancelled(season: Season, asked: Asked) -> Iterator[Decision]:
    for event in beside(season):
        for session in event.every_session:
            if session.state == "cancelled" and session.session in asked.sessions:
                key = SessionKey(season.schedule[0].year, event.round, session.session)
                yield Decision(key, event.name, "cancelled", "the schedule had it before, and has no longer")


def beside(season: Season) -> list[SeasonEvent]:
    """Events to list that the schedule no longer has: cancelled, or published under a number that is free."""
    taken = {event.round for event in season.schedule}
    gone = [e for e in season.listed if not any(is_listed(e, event) for event in season.schedule)]
    if not season.numbered:
        return [event for event in season.listed if event.round not in taken]
    found = []
    for event in gone:
        stays = event.round not in taken and any(key.round == event.round for key in season.published)
        found.append(event if stays else _as_cancelled(event, 0 if event.round in taken else event.round))
    return found


def _as_cancelled(event: SeasonEvent, number: int) -> SeasonEvent:
    """The event without its races; 0 stands for a number that is now another's."""
    kept = {"session", "name", "date_utc"}
    sessions = (
        SeasonSession(**session.model_dump(include=kept), state="cancelled")
        for session in event.every_session
    )
    return event.model_copy(update={"round": number} | by_field(sessions))


def seasons(wanted: str, now: datetime) -> list[int]:
    """The years of `--season`: auto is the current one, and in January the last one too.

    Raises:
        ValueError: neither auto nor years like 2024,2025.
    """
    if wanted == "auto":
        return [now.year - 1, now.year] if now.month == 1 else [now.year]
    return sorted({int(part) for part in wanted.split(",")})
