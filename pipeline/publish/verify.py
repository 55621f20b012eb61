"""Published files against the manifests and listings that name them: missing, truncated, altered."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import orjson

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey, season_key, session_of
from pipeline.contract.models import Artifact, Manifest, SeasonListing
from pipeline.errors import UsageError
from pipeline.publish.documents import published_in, read_manifest, read_model
from pipeline.store.base import Store


@dataclass(frozen=True)
class Verdict:
    """One race: how many files were looked at, and a sentence for each that is wrong."""

    key: SessionKey
    files: int
    bytes: int
    problems: list[str]


def scope(year: int | None, round_number: int | None) -> str:
    """What the keys of everything, of a season or of a round begin with."""
    season = f"{year}/" if year is not None else ""
    return f"telemetry/{season}" + (f"{round_number}/" if round_number is not None else "")


def published(
    store: Store, year: int | None, round_number: int | None, *, listed: bool = False
) -> list[SessionKey]:
    """Sessions with a manifest, and if `listed` those that a season's listing names as published, sorted.

    Raises:
        UsageError: nothing is published there.
    """
    prefix = scope(year, round_number)
    found = published_in(stored.key for stored in store.list(prefix))
    seasons = [season_key(year)] if year is not None else [stored.key for stored in store.list("sessions/")]
    for season in seasons if listed else ():
        listing = read_model(store, season, SeasonListing)
        named = [s.manifest or "" for event in listing.events for s in event.sessions] if listing else []
        found |= {key for name in named if name.startswith(prefix) and (key := session_of(name))}
    if not found:
        raise UsageError(
            f"nothing is published under {prefix}: compute it first, or name the folder with --out"
        )
    return sorted(found)


def verify(store: Store, keys: list[SessionKey]) -> Iterator[Verdict]:
    """Read every file of every race and compare it with its manifest."""
    with ThreadPoolExecutor() as pool:
        for key in keys:
            manifest = read_manifest(store, key)
            if manifest is None:
                yield Verdict(key, 0, 0, [_no_manifest(store, key)])
                continue
            problems = pool.map(lambda artifact: _problem(store, artifact), manifest.artifacts)
            found = [problem for problem in problems if problem is not None]
            yield Verdict(
                key,
                len(manifest.artifacts),
                sum(a.bytes for a in manifest.artifacts),
                found + _odd(key, manifest),
            )


def _no_manifest(store: Store, key: SessionKey) -> str:
    data = store.read(key.manifest)
    if data is None:
        return f"{key.manifest} is missing, though {season_key(key.year)} lists the race as published"
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return f"{key.manifest} is not a manifest: it is truncated or altered"
    return f"{key.manifest} is not a manifest: fields are missing"


def cure(key: SessionKey, in_bucket: bool) -> str:
    """The command that mends whatever is wrong with a race; a bucket's, where its files are right locally."""
    if in_bucket:
        return f"f1-precompute publish {key.year} {key.round} --reread"
    if key.year == DEMO_YEAR:
        return "f1-precompute demo --force"
    more = "" if key.session == "R" else f" --session {key.session}"
    return f"f1-precompute race {key.year} {key.round}{more} --force"


def _problem(store: Store, artifact: Artifact) -> str | None:
    stored = store.digest(artifact.key)
    if stored is None:
        return f"{artifact.key} is missing"
    if stored.bytes < artifact.bytes:
        return f"{artifact.key} is truncated: {stored.bytes} of {artifact.bytes} bytes"
    if stored.sha256 != artifact.sha256:
        return f"{artifact.key} is altered: its sha256 is not the manifest's"
    return None


def _odd(key: SessionKey, manifest: Manifest) -> list[str]:
    """A manifest that tells of another race than its name."""
    if manifest.event_key == key:
        return []
    return [f"{key.manifest} describes {manifest.event_key}"]
