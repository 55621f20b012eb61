"""What is published of a season, and what has become of it since: what decisions are made from."""

from datetime import datetime

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Artifact, Manifest, Options
from pipeline.input.cache import fetched_at, same_input
from pipeline.job import Source, settles_at
from pipeline.publish.documents import published_in, read_manifest
from pipeline.run.decide import Published
from pipeline.store.base import Readable

TOO_SOON = "fetched less than 48 hours after the race"


def manifests(shelf: Readable, year: int) -> dict[SessionKey, Manifest]:
    """Of all sessions of a season, as far as they can be read. Raises NewerSchemaError."""
    keys = published_in(stored.key for stored in shelf.list(f"telemetry/{year}/"))
    return {key: manifest for key in sorted(keys) if (manifest := read_manifest(shelf, key)) is not None}


def examine(manifest: Manifest, shelf: Readable, options: Options, source: Source) -> Published:
    """What decisions need of it.

    Args:
        shelf: where its files are.
        options, source: what it would be made with now.
    """
    about, wrong = manifest.provenance, _wrong(manifest, shelf)
    stale = _stale(manifest, options, source)
    return Published(
        event=manifest.event,
        made_at=about.created_at,
        provisional=tuple(about.reasons) if about.provisional else _too_soon(manifest, source),
        stale=f"{wrong} of its files are missing, truncated or altered" if wrong else stale,
        broken=wrong > 0 or not is_whole(manifest),
    )


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
    if not is_whole(manifest):
        return "an interrupted run has left it without some of its files"
    if manifest.provenance.options != options:
        return "it was made with another frame rate or other frame skips"
    if (source.recording or manifest.provenance.input.kind == "cache") and not same_input(manifest, source):
        return "the data that it was made from has changed"
    return None


def _wrong(manifest: Manifest, shelf: Readable) -> int:
    """How many of its files are not what it says."""
    written = shelf.stat(manifest.event_key.manifest)
    since = None if written is None else written.modified
    return sum(not _is_right(shelf, artifact, since) for artifact in manifest.artifacts)


def _is_right(shelf: Readable, artifact: Artifact, since: datetime | None) -> bool:
    """By its size, and by its content where it is newer than its manifest, which is written last."""
    stored = shelf.stat(artifact.key)
    if stored is None or stored.bytes != artifact.bytes:
        return False
    if since is None or stored.modified is None or stored.modified <= since:
        return True
    found = shelf.digest(artifact.key)
    return found is not None and found.sha256 == artifact.sha256


def is_whole(manifest: Manifest) -> bool:
    """Whether it names all that a race has; in a bucket it names less while files are replaced."""
    named = {artifact.key for artifact in manifest.artifacts}
    return manifest.event_key.required(manifest.provenance.options.frame_skips) <= named
