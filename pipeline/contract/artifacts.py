"""Every file of the format, declared once: its key, how it is served, and whether a session must have it.

A key is a POSIX path relative to the root of the published tree; local folder and S3 prefix share it.
Keys and back, what is public, and what makes a session whole follow from the table.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from pipeline.contract.media import GENERATED_JSON, GZIPPED_JSON, JSON, JSON_LINES, PARQUET, SCHEMA, Media
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.contract.tables import TABLES

_LONGEST: Final = 255  # characters of a key; what clients make up is not remembered
_KNOWN: Final = 1024  # keys and what they name are remembered: a server is asked for the same again and again
RUNS: Final = "runs/"
LOCK: Final = ".lock"  # no key: whoever writes below the root holds its flock meanwhile
_FOLDERS: Final = {session.folder: session.code for session in SESSIONS.values()}
_FOLDER: Final = "|".join(sorted(_FOLDERS, reverse=True))
_FIELDS: Final = {
    "session": rf"telemetry/\d{{4}}/[1-9]\d?/(?:{_FOLDER})",
    "year": r"\d{4}",
    "version": r"\d+",
    "schema": "[a-z_]+",
    "run": "[A-Za-z0-9_-]+",
    "skip": "(?:[1-9]|10)",
    "generation": "[0-9a-f]+",
    "index": r"\d{4}",
}


@dataclass(frozen=True)
class Spec:
    """One kind of file. `pattern` is its key with fields in braces; {session} is a session's folder.

    required: a session without it is not whole; a frames file is required for each frame skip asked for. What
    is not came later than version 1 began.
    """

    name: str
    pattern: str
    media: Media
    about: str
    required: bool = True

    @cached_property
    def single(self) -> bool:
        """Whether a session has one file of it."""
        return self.pattern.startswith("{session}") and self.pattern.count("{") == 1

    @cached_property
    def regex(self) -> str:
        parts = re.split(r"\{(\w+)[^}]*\}", self.pattern)
        return "".join(_FIELDS[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))


_ALL: Final = (
    Spec("catalog", "catalog.json", JSON, "the seasons that exist, and the newest race and session"),
    Spec("season", "sessions/{year}.json", JSON, "every event of a season, and what exists of it"),
    Spec(
        "manifest", "{session}manifest.json", JSON,
        "everything about one session but its frames; begin here",
    ),
    Spec(
        "replay", "{session}replay/{generation}/{index:04d}.json.gz", GENERATED_JSON,
        "the compact replay, a minute a chunk",
    ),
    Spec("frames", "{session}skip_{skip}.json.gz", GZIPPED_JSON, "frames as JSON, every n-th"),
    Spec(
        "timing", "{session}timing.json.gz", GZIPPED_JSON, "laps, tyres, stops and events for a timing tower",
        required=False,
    ),
    Spec(
        "segments", "{session}segments.json.gz", GZIPPED_JSON, "colours of mini-sectors, where there are any",
        required=False,
    ),
    Spec(
        "results", "{session}results.json", JSON, "the classification, and what its last revision changed",
        required=False,
    ),
    *(
        Spec(f"{t.name}_parquet", f"{{session}}{t.name}.parquet", PARQUET, t.about, required=not t.later)
        for t in TABLES
    ),
    *(
        Spec(f"season_{t.name}", f"seasons/{{year}}/{t.name}.parquet", PARQUET, f"{t.about}, a season")
        for t in TABLES
        if t.of_season
    ),
    Spec(
        "standings", "seasons/{year}/standings.json", JSON, "both championships after each round",
        required=False,
    ),
    Spec(
        "circuits", "seasons/{year}/circuits.json", JSON, "each weekend's track, from all its sessions",
        required=False,
    ),
    Spec("progress", "{session}progress.jsonl", JSON_LINES, "how the computation went"),
    Spec("run_log", RUNS + "{run}.jsonl", JSON_LINES, "the events of a whole run"),
    Spec("run_summary", RUNS + "{run}.json", JSON, "how a nightly run went"),
    Spec("schema", "schemas/v{version}/{schema}.schema.json", SCHEMA, "JSON Schema of a JSON file"),
)  # fmt: skip
SPECS: Final = {spec.name: spec for spec in _ALL}
CATALOG: Final = SPECS["catalog"].pattern
_PUBLIC = re.compile("|".join(f"(?P<{spec.name}>{spec.regex})" for spec in SPECS.values()), re.ASCII)
_TELEMETRY = re.compile(rf"telemetry/(\d{{4}})/([1-9]\d?)/({_FOLDER})(.+)", re.ASCII)


@dataclass(frozen=True, order=True)
class SessionKey:
    """One session of a season, by the code of `contract.sessions`."""

    year: int
    round: int
    session: SessionCode = "R"

    def __str__(self) -> str:
        return f"{self.year} round {self.round} {SESSIONS[self.session].word}"

    @property
    def slug(self) -> str:
        return f"{self.year}-{self.round}-{self.session}"

    @property
    def prefix(self) -> str:
        return f"telemetry/{self.year}/{self.round}/{SESSIONS[self.session].folder}"

    def file(self, name: str, **fields: int | str) -> str:
        """The key of this session's file of a kind, such as `file("frames", skip=5)`."""
        return key_of(name, session=self.prefix, **fields)

    @property
    def manifest(self) -> str:
        return self.file("manifest")

    @property
    def progress(self) -> str:
        """The progress log of the run that made the published artifacts."""
        return self.file("progress")

    @property
    def live_progress(self) -> str:
        """The progress log of a run under way, or of one that failed: local only, never uploaded."""
        return f"{RUNS}live/{self.slug}.jsonl"

    def frames_json(self, skip: int) -> str:
        return self.file("frames", skip=skip)

    def required(self, skips: Iterable[int]) -> set[str]:
        """The keys that its manifest has to name; replay chunks it lists by themselves."""
        single = {self.file(spec.name) for spec in SPECS.values() if spec.single and spec.required}
        return single - {self.manifest} | {self.frames_json(skip) for skip in skips}


@lru_cache(_KNOWN)
def key_of(name: str, **fields: int | str) -> str:
    """The key of a file above the sessions, such as `key_of("run_log", run="...")`."""
    return SPECS[name].pattern.format(**fields)


IDLE: Final = key_of("run_summary", run="idle")  # the last run that had nothing to do


def season_files(year: int) -> str:
    """What the keys of a season's own files begin with."""
    return f"seasons/{year}/"


def season_key(year: int) -> str:
    return key_of("season", year=year)


@lru_cache(_KNOWN)
def spec_of(key: str) -> Spec | None:
    """What kind of file a key names; None for one that the format does not have."""
    found = _PUBLIC.fullmatch(key)
    return None if found is None or found.lastgroup is None else SPECS[found.lastgroup]


def is_public(key: str) -> bool:
    """Whether `key` is one the format publishes; anything else is never served or uploaded."""
    return len(key) <= _LONGEST and spec_of(key) is not None


def media_of(key: str) -> Media:
    """How a file is served. Raises ValueError for a key that the format does not have."""
    spec = spec_of(key)
    if spec is None:
        raise ValueError(f"no media type for {key!r}")
    return spec.media


@lru_cache(_KNOWN)
def session_of(key: str) -> SessionKey | None:
    """The session in whose folder a key lies, of the format or not; None for keys above the sessions."""
    found = _TELEMETRY.fullmatch(key)
    return None if found is None else SessionKey(int(found[1]), int(found[2]), _FOLDERS[found[3]])
