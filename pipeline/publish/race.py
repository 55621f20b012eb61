"""Staged files -> one published race, in the order that a bucket gets it too.

First the new replay generation, which nobody reads yet; a manifest that names only what is right already,
where files with stable names are about to be replaced; those files; the whole manifest. Whoever is killed
between two of these leaves a manifest that names less than there is, never one that names other files.
"""

from collections.abc import Collection, Iterable

from pipeline.contract.artifacts import SessionKey, media_of, session_of, spec_of
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Manifest
from pipeline.publish.documents import to_json
from pipeline.store.base import StagedFile, Store
from pipeline.store.local import LocalStore


def publish_race(
    store: LocalStore, manifest: Manifest, files: Iterable[StagedFile], old: Manifest | None
) -> bool:
    """Publish a race's files and then its manifest; False where nothing but the run itself differs."""
    there = [stored.key for stored in store.list(manifest.event_key.prefix)]
    same = old is not None and same_content(manifest, old) and _all_there(store, old)
    if not same:
        _replace(store, manifest, files, old)
    for name in leftovers(manifest, there):
        store.delete(name)
    return not same


def _replace(
    store: LocalStore, manifest: Manifest, files: Iterable[StagedFile], old: Manifest | None
) -> None:
    before = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}
    wrong = [file for file in files if not (before.get(file.key) == file.sha256 and _is_there(store, file))]
    replaced = [file for file in wrong if media_of(file.key).cache_control != IMMUTABLE]
    store.take_files(file for file in wrong if file not in replaced)
    name = manifest.event_key.manifest
    if replaced and store.stat(name) is not None:
        store.put_bytes(name, to_json(reduced(manifest, [file.key for file in replaced])))
    store.take_files(replaced)
    store.put_bytes(name, to_json(manifest))


def _is_there(store: Store, file: StagedFile) -> bool:
    stored = store.digest(file.key)
    return stored is not None and stored.holds(file.artifact())


def reduced(manifest: Manifest, replaced: Collection[str]) -> Manifest:
    """The manifest while some of its files are replaced: it names the others."""
    right = [artifact for artifact in manifest.artifacts if artifact.key not in replaced]
    return manifest.model_copy(update={"artifacts": right})


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
        exclude={"provenance": {"created_at": True, "revised_at": True, "run": True, "input": {"fetched_at"}}}
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
