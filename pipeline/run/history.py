"""What nightly runs tried before: attempts that did not settle a race, so that the next one waits longer.

Kept beside the artifacts, not among them: it is of this machine and nobody reads it from the bucket. Where it
is lost or damaged, every race is simply due again.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from pipeline.contract.artifacts import SessionKey

FILE = ".nightly.json"
PAUSES = tuple(timedelta(hours=hours) for hours in (1, 4, 12, 24, 24, 24, 72, 168))
_SLACK = 0.9  # a nightly run is not exactly 24 hours after the last one


@dataclass(frozen=True)
class Attempt:
    """Attempts in a row that left a race failed or provisional: how many, when the last, and why."""

    count: int
    at: datetime
    reason: str

    def next_after(self, now: datetime) -> datetime | None:
        """When the race is due again; None for at once. A clock that ran ahead must not block it."""
        pause = PAUSES[min(self.count, len(PAUSES)) - 1]
        if self.at > now or now - self.at >= pause * _SLACK:
            return None
        return self.at + pause


@dataclass
class History:
    """Attempts by session; empty for races that are settled."""

    path: Path = Path(FILE)
    attempts: dict[str, Attempt] = field(default_factory=dict)

    @classmethod
    def read(cls, out: Path) -> "History":
        path = out / FILE
        try:
            found = orjson.loads(path.read_bytes())
            attempts = {
                slug: Attempt(int(a["count"]), _utc(a["at"]), str(a["reason"])) for slug, a in found.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            attempts = {}
        return cls(path, attempts)

    def of(self, key: SessionKey) -> Attempt | None:
        return self.attempts.get(key.slug)

    def unsettled(self, key: SessionKey, reason: str, now: datetime) -> None:
        """One more attempt in a row that did not settle it."""
        before = self.attempts.get(key.slug)
        self.attempts[key.slug] = Attempt(before.count + 1 if before else 1, now, reason)

    def settled(self, key: SessionKey) -> None:
        self.attempts.pop(key.slug, None)

    def write(self) -> None:
        """Atomic, like all writes there."""
        plain = {
            slug: {"count": a.count, "at": a.at.isoformat(), "reason": a.reason}
            for slug, a in sorted(self.attempts.items())
        }
        temporary = self.path.with_name(self.path.name + ".new")
        temporary.write_bytes(orjson.dumps(plain, option=orjson.OPT_INDENT_2))
        temporary.replace(self.path)


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
