"""Whether a session is over, as F1's archive says: one small file, asked for without fastf1.

The archive fills while a session is run. Its status ends with Finalised, when the order is final, and Ends,
when the feed does. What cannot be had or understood says nothing, and then the clock decides.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.job import ScheduledEvent, ScheduledSession, Word
from pipeline.network import answer
from pipeline.network.hosts import MIRROR, TIMING
from pipeline.network.trouble import of_status

SOONEST: Final = timedelta(minutes=25)  # from its start; no session is over before
TRUSTED: Final = timedelta(hours=24)  # a session that is still going on then is one that the feed has lost
TIMEOUT_S: Final = 15.0
_STATUS = re.compile(rb'"Status"\s*:\s*"(\w+)"')
_OVER: Final = {b"Finalised", b"Ends"}


def may_be_asked(session: ScheduledSession, now: datetime) -> bool:
    """Whether the feed may know more than the clock."""
    return session.start is not None and SOONEST <= now - session.start < TRUSTED


def ask(event: ScheduledEvent, session: ScheduledSession) -> Word | None:
    """What the archive says of a session; None where it says nothing, or no host does."""
    path = f"{folder(event, session)}SessionStatus.jsonStream"
    for host in (TIMING, MIRROR):
        try:
            given = answer.get(f"{host.url}{path}", TIMEOUT_S)
        except OSError:
            continue
        if given.status_code == 200:
            return read(given.content)
        trouble = of_status(host, given.status_code, given.headers, given.content, datetime.now(UTC))
        if trouble is not None and trouble.kind == "absent":
            return None
    return None


def read(status: bytes) -> Word | None:
    """The last word of a SessionStatus.jsonStream: a session that is run again goes on again."""
    said = _STATUS.findall(status)
    if not said:
        return None
    return "over" if said[-1] in _OVER else "going on"


def folder(event: ScheduledEvent, session: ScheduledSession) -> str:
    """Where the archive has it, named by local days, as fastf1 does it."""
    number = next((i for i in range(1, 6) if event.row.get(f"Session{i}") == session.name), 0)
    own = event.row.get(f"Session{number}Date") or (session.start and session.start.isoformat())
    last = str(event.row.get("EventDate") or event.date or own)[:10]
    path = f"{last[:4]}/{last} {event.name}/{str(own)[:10]} {session.name}/"
    return "/static/" + path.replace(" ", "_")
