"""Many seasons one after the other: what they take, how far it is, and not more of the hosts than is polite.

jolpica allows 500 requests an hour, and a session takes three. So between seasons it waits until what was
fetched has taken its share of the hour; what lies in the cache costs nobody anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS
from pipeline.publish.documents import read_manifest
from pipeline.store.base import Readable

RATE: Final = 150  # sessions an hour
# A race: requests and bytes as measured; half of the seconds a processor works, half are spent fetching.
# Any other session takes about a third.
REQUESTS, BYTES, CACHE_BYTES, SECONDS = 20, 94e6, 90e6, 25.0
SHARE: Final = 1 / 3


@dataclass(frozen=True)
class Estimate:
    """What sessions take that are not there yet."""

    sessions: int
    races: float
    jobs: int
    rate: float

    def __str__(self) -> str:
        if not self.sessions:
            return "all there: what is stale or provisional is made anew"
        hours = max(self.races * SECONDS / self.jobs / 3600, self.sessions / self.rate)
        size, cache = self.races * BYTES / 1e9, self.races * CACHE_BYTES / 1e9
        needs = f"{self.sessions * REQUESTS:,} requests, {size:.1f} GB and {cache:.1f} GB of cache"
        return f"{self.sessions} to compute: about {needs}, {lasting(hours * 3600)} where nothing is cached"


def estimate(keys: Iterable[SessionKey], store: Readable, jobs: int, rate: float) -> Estimate:
    """For those of the sessions that are not published."""
    due = [key for key in keys if store.stat(key.manifest) is None]
    races = sum(1 if SESSIONS[key.session].folder == "" else SHARE for key in due)
    return Estimate(len(due), races, jobs, rate)


def pause(keys: Iterable[SessionKey], store: Readable, began: datetime, now: datetime, rate: float) -> float:
    """Seconds to wait after a season, for what was fetched of it since it began."""
    manifests = (read_manifest(store, key) for key in keys)
    fetched = [m for m in manifests if m is not None and (m.provenance.input.fetched_at or began) > began]
    return max(0.0, len(fetched) * 3600 / rate - (now - began).total_seconds())


def lasting(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{max(1, round(seconds / 60))} minutes"
