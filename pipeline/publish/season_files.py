"""A season's own files: from which sessions they are, and whether they are due to be made anew."""

from collections.abc import Collection, Iterable
from hashlib import sha256

import orjson

from pipeline.contract.artifacts import SPECS, SessionKey
from pipeline.contract.models import SeasonEvent, SeasonFiles, SeasonListing
from pipeline.errors import DamagedError
from pipeline.store.base import Readable, Store
from pipeline.store.local import LocalStore

_KINDS = sorted(name for name, spec in SPECS.items() if spec.pattern.startswith("seasons/"))


def made_from(events: Iterable[SeasonEvent], without: Collection[SessionKey] = ()) -> str:
    """A hash of the published sessions, each as it was last made, and of what files a season has."""
    skipped = {key.manifest for key in without}
    sessions = sorted(
        (s.manifest or "", str(s.updated_at), s.bytes)
        for e in events
        for s in e.every_session
        if s.state == "published" and s.manifest not in skipped
    )
    return sha256(orjson.dumps([_KINDS, sessions])).hexdigest()[:32]


def is_outdated(listing: SeasonListing) -> bool:
    """Whether a session has come, gone or changed since they were made."""
    if listing.files is None:
        return bool(listing.published)
    return listing.files.made_from != made_from(listing.events)


def is_due(store: Readable, listing: SeasonListing) -> bool:
    """Whether they are outdated, or one of them is not right."""
    found = ((a, store.digest(a.key)) for a in (listing.files.artifacts if listing.files else ()))
    return is_outdated(listing) or any(stored is None or not stored.holds(a) for a, stored in found)


def send(
    local: Store,
    remote: Store,
    events: list[SeasonEvent],
    ours: SeasonFiles | None,
    theirs: SeasonFiles | None,
    *,
    reread: bool,
) -> SeasonFiles | None:
    """Put the files from here into a bucket that has the same sessions; what it has then.

    What is not there yet, or not of these sessions, or damaged here leaves the bucket's as they are.
    """
    if not isinstance(local, LocalStore) or local is remote:  # as where a place is mended from itself
        return theirs
    if ours is None or ours.made_from != made_from(events):
        return theirs
    known = {} if theirs is None else {a.key: a for a in theirs.artifacts}
    look = remote.digest if reread else remote.stat
    try:
        for artifact in ours.artifacts:
            stored = look(artifact.key) if known.get(artifact.key) == artifact else None
            if stored is None or not stored.holds(artifact):
                remote.put_file(artifact.key, local.path(artifact.key), artifact.sha256)
    except DamagedError:
        return theirs
    return ours
