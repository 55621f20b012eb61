"""What nightly runs tried before: attempts that did not settle a race, so that the next one waits longer.

Kept beside the artifacts, not among them: it is of this machine and nobody reads it from the bucket. Where it
is lost or damaged, every race is simply due again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from pipeline.contract.artifacts import SessionKey
from pipeline.errors import StoreError
from pipeline.store.local import LocalStore

FILE = ".nightly.json"
PAUSES = tuple(timedelta(hours=hours) for hours in (1, 4, 12, 24, 24, 24, 72, 168))
EARLY = timedelta(minutes=30)  # before its data can be expected, where the feed does not say that it is over
_SLACK = 0.9  # a nightly run is not exactly 24 hours after the last one


@dataclass(frozen=True)
class Attempt:
    """Attempts in a row that left a session failed or provisional: how many, when the last, and why.

    absent: there was no data, of a session that is no race: practices are cancelled and stay in the schedule.
    """

    count: int
    at: AwareDatetime
    reason: str
    absent: bool = False

    @property
    def given_up(self) -> bool:
        return self.absent and self.count >= len(PAUSES)

    def next_after(self, now: datetime) -> datetime | None:
        """When the race is due again; None for at once. A clock that ran ahead must not block it."""
        pause = PAUSES[min(self.count, len(PAUSES)) - 1] if self.count else EARLY
        if self.at > now or now - self.at >= pause * _SLACK:
            return None
        return self.at + pause


_FILE = TypeAdapter(dict[str, Attempt])


@dataclass
class History:
    """Attempts by session, empty for races that are settled; and when was done what is done now and then."""

    attempts: dict[str, Attempt] = field(default_factory=dict)

    @classmethod
    def read(cls, store: LocalStore) -> "History":
        try:
            return cls(_FILE.validate_json(store.read(FILE) or b"{}"))
        except (StoreError, ValidationError):
            return cls()

    def of(self, key: SessionKey) -> Attempt | None:
        return self.attempts.get(key.slug)

    def unsettled(self, key: SessionKey, reason: str, now: datetime, absent: bool = False) -> None:
        """One more attempt in a row that did not settle it."""
        before = self.attempts.get(key.slug)
        self.attempts[key.slug] = Attempt(before.count + 1 if before else 1, now, reason, absent)

    def early(self, key: SessionKey, reason: str, now: datetime) -> None:
        """Its data was not out yet, which is no attempt that counts."""
        before = self.attempts.get(key.slug)
        if before is None or before.count == 0:
            self.attempts[key.slug] = Attempt(0, now, reason)

    def is_due(self, what: str, every: timedelta, now: datetime) -> bool:
        """Whether something is to be done that is done now and then; notes that it is done now."""
        last = self.attempts.get(what)
        if last is not None and timedelta(0) <= now - last.at < every:
            return False
        self.attempts[what] = Attempt(0, now, "done")
        return True

    def settled(self, key: SessionKey) -> None:
        self.attempts.pop(key.slug, None)

    def write(self, store: LocalStore) -> None:
        store.put_bytes(FILE, _FILE.dump_json(dict(sorted(self.attempts.items())), indent=2))
