"""Staged files -> one published race: its data, then its manifest."""

from collections.abc import Iterable

from pipeline.contract.artifacts import SessionKey, session_of, spec_of
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Manifest
from pipeline.publish.documents import to_json
from pipeline.store.base import StagedFile, Store
from pipeline.store.local import LocalStore


def publish_race(
    store: LocalStore, manifest: Manifest, files: Iterable[StagedFile], old: Manifest | None
) -> bool:
    """Publish a race's files and then its manifest; False where nothing but the run itself differs."""
    files = list(files)
    if old is not None and same_content(manifest, old) and _all_there(store, old):
        return False
    before = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}
    for file in files:
        stored = store.digest(file.key) if before.get(file.key) == file.sha256 else None
        if stored is None or stored.sha256 != file.sha256:
            store.take_file(file.key, file.path)
    store.put_bytes(manifest.event_key.manifest, to_json(manifest))
    for key in leftovers(manifest, [stored.key for stored in store.list(manifest.event_key.prefix)]):
        store.delete(key)
    return True


def leftovers(manifest: Manifest, keys: Iterable[str]) -> list[str]:
    """Files with stable names, among those of a folder, that a race had and its manifest does not name.

    Replay generations are left to `prune`: who holds the manifest before this still reads its own.
    """
    race = manifest.event_key
    named = {race.manifest, *(artifact.key for artifact in manifest.artifacts)}
    return [
        key
        for key in keys
        if key.startswith(race.prefix)
        and key not in named
        and session_of(key) == race
        and (spec := spec_of(key)) is not None
        and spec.media.cache_control != IMMUTABLE
    ]


def same_content(new: Manifest, old: Manifest) -> bool:
    """Equal but for when and by which run it was fetched and made; the progress log is part of the run."""
    return _content(new) == _content(old)


def _content(manifest: Manifest) -> dict[str, object]:
    content = manifest.model_dump(
        exclude={"provenance": {"created_at": True, "run": True, "input": {"fetched_at"}}}
    )
    content["artifacts"] = [a for a in content["artifacts"] if a["key"] != manifest.event_key.progress]
    return content


def _all_there(store: Store, manifest: Manifest) -> bool:
    """By content, not by size: computing again is what verify advises where a file is altered."""
    found = ((a, store.digest(a.key)) for a in manifest.artifacts)
    return all(stored is not None and stored.holds(a) for a, stored in found)


def remove_race(store: Store, race: SessionKey, keys: Iterable[str] | None = None) -> None:
    """Remove all files of a race, first its manifest; `keys`: what the store holds, where that is known."""
    names = keys if keys is not None else [stored.key for stored in store.list(race.prefix)]
    for key in sorted(
        (key for key in names if session_of(key) == race), key=lambda key: key != race.manifest
    ):
        store.delete(key)
