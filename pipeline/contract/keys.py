"""Session keys, and pure functions from them to artifact keys and back.

An artifact key is a POSIX path relative to the root of the published tree; local folder and S3 prefix
share it.
"""

import re
from dataclasses import dataclass
from typing import Literal

SessionCode = Literal["R", "S"]
SESSION_NAMES: dict[SessionCode, str] = {"R": "Race", "S": "Sprint"}

CATALOG = "catalog.json"
RUNS = "runs/"


@dataclass(frozen=True, order=True)
class SessionKey:
    """One race-like session of a season: `session` is "R" (Grand Prix) or "S" (sprint)."""

    year: int
    round: int
    session: SessionCode = "R"

    def __str__(self) -> str:
        return f"{self.year} round {self.round} {SESSION_NAMES[self.session].lower()}"

    @property
    def slug(self) -> str:
        return f"{self.year}-{self.round}-{self.session}"

    @property
    def prefix(self) -> str:
        return f"telemetry/{self.year}/{self.round}/" + ("sprint/" if self.session == "S" else "")

    @property
    def manifest(self) -> str:
        return self.prefix + "manifest.json"

    @property
    def frames_parquet(self) -> str:
        return self.prefix + "frames.parquet"

    @property
    def laps_parquet(self) -> str:
        return self.prefix + "laps.parquet"

    @property
    def progress(self) -> str:
        """The progress log of the run that made the published artifacts."""
        return self.prefix + "progress.jsonl"

    @property
    def live_progress(self) -> str:
        """The progress log of a run under way, or of one that failed: local only, never uploaded."""
        return f"{RUNS}live/{self.slug}.jsonl"

    def frames_json(self, skip: int) -> str:
        return f"{self.prefix}skip_{skip}.json.gz"

    def replay_chunk(self, generation: str, index: int) -> str:
        return f"{self.prefix}replay/{generation}/{index:04d}.json.gz"


def season_key(year: int) -> str:
    return f"sessions/{year}.json"


def run_key(run_id: str) -> str:
    return f"{RUNS}{run_id}.jsonl"


def summary_key(run_id: str) -> str:
    """How a nightly run went; its log has `run_key`."""
    return f"{RUNS}{run_id}.json"


def schema_key(name: str, version: int) -> str:
    return f"schemas/v{version}/{name}.schema.json"


_TELEMETRY = re.compile(r"telemetry/(\d{4})/([1-9]\d?)/(sprint/)?(.+)", re.ASCII)
_SEASON = re.compile(r"sessions/(\d{4})\.json", re.ASCII)
_PUBLIC = re.compile(
    r"catalog\.json|sessions/\d{4}\.json|schemas/v\d+/[a-z_]+\.schema\.json|runs/[A-Za-z0-9_-]+\.jsonl?"
    r"|telemetry/\d{4}/[1-9]\d?/(sprint/)?(manifest\.json|skip_([1-9]|10)\.json\.gz|frames\.parquet"
    r"|laps\.parquet|progress\.jsonl|replay/[0-9a-f]+/\d{4}\.json\.gz)",
    re.ASCII,
)


def session_of(key: str) -> SessionKey | None:
    """The session that an artifact key belongs to; None for keys above the sessions."""
    found = _TELEMETRY.fullmatch(key)
    if not found:
        return None
    return SessionKey(int(found[1]), int(found[2]), "S" if found[3] else "R")


def season_of(key: str) -> int | None:
    """The year of a season listing's key, else None."""
    found = _SEASON.fullmatch(key)
    return int(found[1]) if found else None


def is_public(key: str) -> bool:
    """Whether `key` is one the format publishes; anything else is never served or uploaded."""
    return _PUBLIC.fullmatch(key) is not None
