"""All that is published, in a folder or a bucket: from catalog to listings, manifests and files, and back.

Every byte is read, and every header that a bucket sends with it. What follows from something else is made
from it and compared: the catalog from the listings, the listings from the manifests.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey, is_public, media_of, season_key, session_of
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Artifact, Manifest, Options, ProgressEvent, Replay
from pipeline.errors import UsageError
from pipeline.publish.documents import parsed, published_in, read_manifest
from pipeline.publish.verify_above import Above, said_wrong, wrong_with
from pipeline.store.base import Store, Stored


@dataclass(frozen=True)
class Verdict:
    """How many files were looked at, and a sentence for each thing that is wrong.

    key: the race; None for what lies above the races. notes: what is no fault, and what to do about it.
    """

    key: SessionKey | None
    files: int
    bytes: int
    problems: list[str]
    notes: list[str] = field(default_factory=list)


def scope(year: int | None, round_number: int | None) -> str:
    """What the keys of everything, of a season or of a round begin with."""
    season = f"{year}/" if year is not None else ""
    return f"telemetry/{season}" + (f"{round_number}/" if round_number is not None else "")


def published(store: Store, year: int | None, round_number: int | None) -> list[SessionKey]:
    """Sessions with a manifest, sorted. Raises UsageError where nothing is published there."""
    prefix = scope(year, round_number)
    found = published_in(stored.key for stored in store.list(prefix))
    if not found:
        raise _nothing(prefix)
    return sorted(found)


def _nothing(prefix: str) -> UsageError:
    return UsageError(f"nothing is published under {prefix}: compute it first, or name the folder with --out")


def verify(store: Store, year: int | None = None, round_number: int | None = None) -> Iterator[Verdict]:
    """Look at everything, at a season or at a round: what lies above the races, then race after race.

    Raises:
        UsageError: nothing is published there.
        NewerSchemaError: a newer version wrote some of it.
    """
    prefix = scope(year, round_number)
    files: dict[SessionKey | None, dict[str, Stored]] = {}
    for stored in store.list(prefix):
        files.setdefault(session_of(stored.key), {})[stored.key] = stored
    there = {
        key: read_manifest(store, key) for key in files if key is not None and key.manifest in files[key]
    }
    manifests = {key: manifest for key, manifest in there.items() if manifest is not None}
    with ThreadPoolExecutor() as pool:
        above = Above(store, year, prefix, manifests, there.keys())
        keys = {key for key in files if key is not None} | above.listed
        if not keys and not above.names_any:
            raise _nothing(prefix)
        notes = [f"{name} is no file of the format" for name in files.get(None, ())]
        yield Verdict(None, above.files, above.bytes, list(above.problems(pool)), notes)
        for key in sorted(keys):
            found = _Race(store, key, files.get(key, {}), manifests.get(key))
            problems = [*found.about_manifest(), *found.about_files(pool.map(found.problems_of, found.named))]
            size = sum(artifact.bytes for artifact in found.named)
            yield Verdict(key, len(found.named), size, problems, list(found.notes()))


def cure(key: SessionKey | None, in_bucket: bool) -> str:
    """The command that mends whatever is wrong; a bucket's, where it is right locally."""
    if in_bucket:
        return f"f1-precompute publish {'' if key is None else f'{key.year} {key.round} '}--reread"
    if key is None:
        return "f1-precompute verify --mend"
    if key.year == DEMO_YEAR:
        return "f1-precompute demo --force"
    more = "" if key.session == "R" else f" --session {key.session}"
    return f"f1-precompute race {key.year} {key.round}{more} --force"


@dataclass(frozen=True)
class _Race:
    """One race: the files in its folder, and its manifest where there is one that can be read."""

    store: Store
    key: SessionKey
    files: dict[str, Stored]
    manifest: Manifest | None

    @property
    def named(self) -> list[Artifact]:
        return [] if self.manifest is None else self.manifest.artifacts

    def about_manifest(self) -> Iterator[str]:
        found = self.store.fetch(self.key.manifest)
        if found is None:
            yield self._no_manifest()
            return
        yield from said_wrong(found.stored)
        if self.manifest is None:
            yield f"{self.key.manifest} is not a manifest: {_what_is_wrong(found.data)}"
            return
        if self.manifest.event_key != self.key:
            yield f"{self.key.manifest} describes {self.manifest.event_key}"
        yield from self._about_options(self.manifest.provenance.options, self.manifest.clock.fps)
        yield from self._about_replay(self.manifest.replay)

    def _about_options(self, options: Options, fps: float) -> Iterator[str]:
        """Whether the manifest is one of what it says was asked for."""
        name, named = self.key.manifest, {artifact.key for artifact in self.named}
        if fps != options.fps:
            yield f"{name} has {fps:g} frames a second, and was made with {options.fps:g}"
        due = self.key.required(options.frame_skips)
        made = {key for skip in range(1, 11) if (key := self.key.frames_json(skip)) in named}
        yield from (f"{name} does not name {key}" for key in sorted(due - named))
        yield from (f"{name} names {key}, and was made without it" for key in sorted(made - due))

    def _no_manifest(self) -> str:
        if self.files:
            return f"{self.key.manifest} is missing, and {len(self.files)} files of the race are there"
        return (
            f"{self.key.manifest} is missing, though {season_key(self.key.year)} lists the race as published"
        )

    def _names(self, key: str) -> bool:
        return any(artifact.key == key for artifact in self.named)

    def _about_replay(self, replay: Replay) -> Iterator[str]:
        """Chunks follow each other, and are the files of the replay that are named."""
        name, sizes = self.key.manifest, {a.key: a.bytes for a in self.named}
        if not replay.chunks:
            yield f"{name} has a replay without chunks"
        for index, chunk in enumerate(replay.chunks):
            right = self.key.file("replay", generation=replay.generation, index=index)
            if chunk.key != right:
                yield f"{name} has {chunk.key} as chunk {index} of the replay instead of {right}"
            elif sizes.get(right) != chunk.bytes:
                yield f"{name} gives chunk {index} {chunk.bytes} bytes, and its file {sizes.get(right)}"
            begins = replay.chunks[index - 1].end_s if index else chunk.start_s
            if chunk.start_s != begins or chunk.end_s < chunk.start_s:
                yield f"{name} has chunk {index} of the replay from {chunk.start_s} to {chunk.end_s} s"
        chunks = {chunk.key for chunk in replay.chunks}
        for key in sizes:
            if "/replay/" in key and key not in chunks:
                yield f"{name} names {key}, which is no chunk of its replay"

    def about_files(self, found: Iterable[list[str]]) -> Iterator[str]:
        """Of each file that is named, and of those that are not."""
        for problems in found:
            yield from problems
        names = [artifact.key for artifact in self.named]
        yield from (
            f"{self.key.manifest} names {key} twice" for key in {k for k in names if names.count(k) > 1}
        )
        if self.manifest is not None:
            yield from (
                f"{key} is there, and its manifest does not name it" for key in self._unnamed(stays=False)
            )

    def notes(self) -> Iterator[str]:
        if self.manifest is not None and (old := list(self._unnamed(stays=True))):
            yield f"{len(old)} files of replays before this one: f1-precompute prune removes them in time"
        yield from (f"{key} is no file of the format" for key in self.files if not is_public(key))

    def _unnamed(self, stays: bool) -> Iterator[str]:
        """Files that the manifest does not name; `stays`: those that an older manifest may name."""
        for key in self.files:
            if key == self.key.manifest or self._names(key) or not is_public(key):
                continue
            if (media_of(key).cache_control == IMMUTABLE) == stays:
                yield key

    def problems_of(self, artifact: Artifact) -> list[str]:
        key = artifact.key
        if session_of(key) != self.key or not is_public(key):
            return [f"{self.key.manifest} names {key}, which is no file of {self.key}"]
        media, problems = media_of(key), []
        if (artifact.media_type, artifact.content_encoding) != (media.content_type, media.content_encoding):
            told = f"{artifact.media_type}, {artifact.content_encoding}"
            problems.append(f"{self.key.manifest} calls {key} {told}")
        problems += wrong_with(self.store, artifact)
        if not problems and key == self.key.progress:
            problems += self._about_progress(self.store.read(key) or b"")
        return problems

    def _about_progress(self, data: bytes) -> list[str]:
        """The one file that tells which race it is of without being unpacked."""
        events = [parsed(line, ProgressEvent) for line in data.splitlines() if line]
        races = {event and SessionKey(event.year, event.round, event.session) for event in events}
        return [] if races == {self.key} else [f"{self.key.progress} is not the log of {self.key}"]


def _what_is_wrong(data: bytes) -> str:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return "it is truncated or altered"
    return "fields are missing"
