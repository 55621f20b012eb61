"""Remove files that no manifest names any more, and uploads in parts that never ended.

Mostly replay generations: who holds an older manifest still reads its own, so one goes only when both it and
the manifest that replaced it are older than a grace time. Run it where no publish to the same place is under
way: what an interrupted run left days ago may be taken up by the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.contract.artifacts import SessionKey, is_public, season_files, season_key, session_of
from pipeline.contract.models import SeasonListing
from pipeline.publish.documents import read_manifest, read_model
from pipeline.store.base import Store, Stored, Unfinished


@dataclass(frozen=True)
class Unused:
    """Files of one folder, such as a replay generation, that nothing names."""

    folder: str
    keys: tuple[str, ...]
    bytes: int


def unused(store: Store, prefix: str, grace: timedelta, now: datetime | None = None) -> Iterator[Unused]:
    """What may go under `prefix`. Raises NewerSchemaError for a manifest of a newer version."""
    before = (now or datetime.now(UTC)) - grace
    sessions: dict[SessionKey, list[Stored]] = {}
    for stored in store.list(prefix):
        if (key := session_of(stored.key)) is not None:
            sessions.setdefault(key, []).append(stored)
    for key, files in sorted(sessions.items()):
        yield from _unused(store, key, files, before)


def unused_of_seasons(store: Store, year: int | None, grace: timedelta) -> Iterator[Unused]:
    """Files of whole seasons that no listing names, such as of a table of which no session is left."""
    before = datetime.now(UTC) - grace
    seasons: dict[int, list[Stored]] = {}
    for stored in store.list("seasons/" if year is None else season_files(year)):
        if is_public(stored.key):
            seasons.setdefault(int(stored.key.split("/")[1]), []).append(stored)
    for number, files in seasons.items():
        listing = read_model(store, season_key(number), SeasonListing)
        if listing is not None:
            artifacts = listing.files.artifacts if listing.files else []
            yield from _beside({a.key for a in artifacts}, files, before)


def _unused(store: Store, key: SessionKey, files: list[Stored], before: datetime) -> Iterator[Unused]:
    named = _named(store, key, files)
    if named is not None and all(f.key != key.manifest or _older(f, before) for f in files):
        yield from _beside(named, files, before)


def _beside(named: set[str], files: list[Stored], before: datetime) -> Iterator[Unused]:
    """Those of the format that are not named, folder by folder, where all of a folder's are old enough."""
    folders: dict[str, list[Stored]] = {}
    for file in files:
        if file.key not in named and is_public(file.key):
            folders.setdefault(file.key.rpartition("/")[0] + "/", []).append(file)
    for folder, found in folders.items():
        if all(_older(file, before) for file in found):
            yield Unused(folder, tuple(f.key for f in found), sum(f.bytes for f in found))


def _named(store: Store, key: SessionKey, files: list[Stored]) -> set[str] | None:
    """What the manifest names; None where there is one that cannot be read, which may name any."""
    if all(file.key != key.manifest for file in files):
        return set()
    manifest = read_manifest(store, key)
    return None if manifest is None else {key.manifest, *(artifact.key for artifact in manifest.artifacts)}


def _older(stored: Stored, than: datetime) -> bool:
    return stored.modified is not None and stored.modified < than


def remove(store: Store, generation: Unused) -> None:
    for key in generation.keys:
        store.delete(key)


def abandoned(store: Store, grace: timedelta) -> Iterator[Unfinished]:
    """Uploads in parts that began before the grace time and never ended."""
    before = datetime.now(UTC) - grace
    return (upload for upload in store.unfinished("telemetry/") if upload.began < before)
