"""How fresh what is published is: sessions by what has become of them, and how old the newest is.

The status command, the server's overview and its metrics all say what is counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from pipeline.contract import MADE_SINCE
from pipeline.contract.sessions import SESSIONS

if TYPE_CHECKING:  # the command line names the conditions, and answers --help without the models
    from pipeline.contract.models import Catalog, SeasonEvent, SeasonListing, SeasonSession

Condition = Literal["final", "provisional", "failed", "missing", "upcoming", "cancelled"]
CONDITIONS: Final[tuple[Condition, ...]] = (
    "final", "provisional", "failed", "missing", "upcoming", "cancelled",
)  # fmt: skip


def condition_of(session: SeasonSession, now: datetime) -> Condition:
    """What has become of a session; one whose listing is older than it may be over by now."""
    if session.state == "published":
        return "provisional" if session.provisional else "final"
    start = session.date_utc
    if session.state == "upcoming" and start is not None and start + SESSIONS[session.session].lasts <= now:
        return "missing"
    return session.state


def asked_for(listing: SeasonListing) -> list[tuple[SeasonEvent, SeasonSession]]:
    """A season's sessions with their events, without qualifying or practices where none was ever computed."""
    found = [(event, session) for event in listing.events for session in event.every_session]
    codes = {session.session for _, session in found if session.state in ("published", "failed")}
    return [(e, s) for e, s in found if SESSIONS[s.session].is_race or s.session in codes]


def conditions(listing: SeasonListing, now: datetime) -> Counter[Condition]:
    """How many of a season's sessions are in each condition."""
    return Counter(condition_of(session, now) for _, session in asked_for(listing))


def newest_made_at(catalog: Catalog, listings: Iterable[SeasonListing]) -> datetime | None:
    """When the files of the session that was held last were made, or last revised."""
    if (newest := catalog.last_held) is None:
        return None
    sessions = (session for listing in listings for _, session in asked_for(listing))
    return next((s.updated_at for s in sessions if s.manifest == newest.manifest), None)


def is_older(version: str) -> bool:
    """Whether what this version of the program made lacks something that is made now."""
    return _parts(version) < _parts(MADE_SINCE)


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
