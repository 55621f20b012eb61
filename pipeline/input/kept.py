"""A season's schedule as it was last fetched, beside fastf1's cache: within an hour or so nobody asks again.

fastf1 keeps the host's answer for half a day, but to read it takes a process that imports fastf1, which is
most of what a run with nothing to do would cost.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from pipeline.job import ScheduledEvent, Source
from pipeline.network.hosts import SCHEDULE

FRESH: Final = timedelta(hours=3)


@dataclass(frozen=True)
class Kept:
    host: str
    at: AwareDatetime
    events: list[ScheduledEvent]


_FILE = TypeAdapter(Kept)


def recall(year: int, source: Source, now: datetime) -> list[ScheduledEvent] | None:
    """The events where they are fresh and of the host that is in use; None to ask."""
    try:
        kept = _FILE.validate_json(_path(year, source).read_bytes())
    except (OSError, ValidationError):
        return None
    fresh = kept.host == SCHEDULE.url and timedelta(0) <= now - kept.at < FRESH
    return kept.events if fresh else None


def remember(year: int, source: Source, events: list[ScheduledEvent], now: datetime) -> None:
    """Keep the usual schedule; one that stands in for it is asked for again."""
    if not events or not all(event.numbered for event in events):
        return
    path = _path(year, source)
    with suppress(OSError):  # it is only to save time
        made = path.with_suffix(".tmp")
        made.write_bytes(_FILE.dump_json(Kept(SCHEDULE.url, now, events)))
        made.replace(path)


def _path(year: int, source: Source) -> Path:
    return source.cache / f"f1_precompute_schedule_{year}.json"
