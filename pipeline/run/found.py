"""What is published of a season, and what has become of it since: what decisions are made from."""

from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.freshness import is_older
from pipeline.contract.models import Artifact, Manifest, Options
from pipeline.input.cache import fetched_at, same_input
from pipeline.job import Source, settles_at
from pipeline.publish.documents import published_in, read_manifest
from pipeline.run.decide import Published
from pipeline.store.base import Readable, Stored

TOO_SOON = "fetched less than 48 hours after the race"


@dataclass(frozen=True)
class Found:
    """A season's manifests, as far as they can be read, and all its files, from one listing of `shelf`."""

    shelf: Readable
    files: dict[str, Stored]
    manifests: dict[SessionKey, Manifest]

    def examine(self, key: SessionKey, options: Options, source: Source) -> Published:
        """What decisions need of a session; options, source: what it would be made with now."""
        manifest = self.manifests[key]
        about, wrong = manifest.provenance, self._wrong(manifest)
        stale = _stale(manifest, options, source)
        return Published(
            event=manifest.event,
            made_at=about.created_at,
            provisional=tuple(about.reasons) if about.provisional else _too_soon(manifest, source),
            stale=f"{wrong} of its files are missing, truncated or altered" if wrong else stale,
            broken=wrong > 0 or bool(manifest.lacks),
            older=about.version if is_older(about.version) else None,
        )

    def _wrong(self, manifest: Manifest) -> int:
        """How many of its files are not what it says."""
        written = self.files.get(manifest.event_key.manifest)
        return sum(not self._is_right(artifact, written) for artifact in manifest.artifacts)

    def _is_right(self, artifact: Artifact, written: Stored | None) -> bool:
        """By its size, and by its content where it is newer than its manifest, which is written last."""
        stored = self.files.get(artifact.key)
        if stored is None or stored.bytes != artifact.bytes:
            return False
        if stored.is_before(written):
            return True
        found = self.shelf.digest(artifact.key)
        return found is not None and found.holds(artifact)


def find(shelf: Readable, year: int) -> Found:
    """What is published of a season. Raises NewerSchemaError."""
    files = {stored.key: stored for stored in shelf.list(f"telemetry/{year}/")}
    read = {key: read_manifest(shelf, key) for key in sorted(published_in(files))}
    return Found(shelf, files, {key: manifest for key, manifest in read.items() if manifest is not None})


def _too_soon(manifest: Manifest, source: Source) -> tuple[str, ...]:
    """The reason why a race that calls itself final is not: earlier versions asked when it was computed."""
    made_from, start = manifest.provenance.input, manifest.event.date_utc
    fetched = made_from.fetched_at or fetched_at(made_from.path, source)
    if made_from.kind != "cache" or start is None or fetched is None:
        return ()
    return (TOO_SOON,) if fetched < settles_at(start, manifest.event.session) else ()


def _stale(manifest: Manifest, options: Options, source: Source) -> str | None:
    """Why it has to be made again whatever its age."""
    if manifest.schema_version < SCHEMA_VERSION:
        return f"it has schema_version {manifest.schema_version}; {SCHEMA_VERSION} is written now"
    if manifest.lacks:
        return "an interrupted run has left it without some of its files"
    if manifest.provenance.options != options:
        return "it was made with another frame rate or other frame skips"
    if (source.recording or manifest.provenance.input.kind == "cache") and not same_input(manifest, source):
        return "the data that it was made from has changed"
    return None


def any_older(shelf: Readable, year: int) -> bool:
    """Whether an older version made some of a season, by a look at where its races come from."""
    keys = published_in(stored.key for stored in shelf.list(f"telemetry/{year}/"))
    about = (provenance_of(shelf.read(key.manifest)) for key in keys)
    return any(is_older(str(told.get("version", "0"))) for told in about)


def provenance_of(manifest: bytes | None) -> dict[str, Any]:
    """Where it comes from, without a look at all the rest, which there is much of."""
    try:
        found = orjson.loads(manifest or b"{}")["provenance"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
