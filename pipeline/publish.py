"""Staged files -> published artifacts: data, then manifest, then season, then catalog."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import ValidationError

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.keys import CATALOG, SESSION_NAMES, SessionCode, SessionKey, schema_key, season_key
from pipeline.contract.media import media_of
from pipeline.contract.models import (
    SCHEMAS,
    Artifact,
    Catalog,
    CatalogRace,
    CatalogSeason,
    Manifest,
    Model,
    SeasonEvent,
    SeasonListing,
    SeasonSession,
    SessionState,
)
from pipeline.errors import NewerSchemaError
from pipeline.identity import is_event, is_listed
from pipeline.schedule import ScheduledEvent, ScheduledSession
from pipeline.store.base import Store

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class StagedFile:
    """A finished file that waits for its name."""

    key: str
    path: Path
    bytes: int
    sha256: str

    def artifact(self) -> Artifact:
        media = media_of(self.key)
        return Artifact(
            key=self.key,
            media_type=media.content_type,
            content_encoding=media.content_encoding,
            bytes=self.bytes,
            sha256=self.sha256,
        )


def to_json(model: Model) -> bytes:
    return model.model_dump_json().encode() + b"\n"


def read_manifest(store: Store, key: SessionKey) -> Manifest | None:
    """The published manifest; None where there is none or it cannot be read (it will be made anew).

    Raises:
        NewerSchemaError: a newer version of the format wrote it.
    """
    data = store.read(key.manifest)
    if data is None:
        return None
    refuse_newer(data, key.manifest)
    try:
        return Manifest.model_validate_json(data)
    except ValidationError:
        return None


def refuse_newer(data: bytes, key: str) -> None:
    """Raise NewerSchemaError for a JSON file that a newer version of the format wrote."""
    try:
        version = orjson.loads(data)["schema_version"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"{key} was written by schema_version {version}, this version knows {SCHEMA_VERSION}: "
            "upgrade f1-precompute, or choose another place with --out or --s3-prefix"
        )


def publish_race(store: Store, manifest: Manifest, files: Iterable[StagedFile], old: Manifest | None) -> bool:
    """Publish a race's files and then its manifest; False where nothing but the run itself differs."""
    files = list(files)
    if old is not None and same_content(manifest, old) and _all_there(store, old):
        return False
    before = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}
    for file in files:
        stored = store.digest(file.key) if before.get(file.key) == file.sha256 else None
        if stored is None or stored.sha256 != file.sha256:
            store.put_file(file.key, file.path, file.sha256)
    store.put_bytes(manifest.event_key.manifest, to_json(manifest))
    return True


def same_content(new: Manifest, old: Manifest) -> bool:
    """Equal but for when and by which run it was made; the progress log is part of the run."""
    return _content(new) == _content(old)


def _content(manifest: Manifest) -> dict[str, object]:
    content = manifest.model_dump(exclude={"provenance": {"created_at", "run"}})
    content["artifacts"] = [a for a in content["artifacts"] if a["key"] != manifest.event_key.progress]
    return content


def _all_there(store: Store, manifest: Manifest) -> bool:
    """By content, not by size: computing again is what verify advises where a file is altered."""
    found = ((a, store.digest(a.key)) for a in manifest.artifacts)
    return all(stored is not None and stored.sha256 == a.sha256 for a, stored in found)


def publish_season(
    store: Store,
    year: int,
    events: list[ScheduledEvent],
    errors: dict[SessionKey, str],
    now: datetime | None = None,
    beside: list[SeasonEvent] | None = None,
) -> SeasonListing:
    """Rewrite sessions/{year}.json and catalog.json from the schedule and the manifests that exist.

    Args:
        events: the schedule, or the events this run knows of; others already listed are kept.
        errors: what failed in this run, and why.
        beside: where `events` is the whole schedule, what is to be listed beside it: events it no longer has.
    """
    now = now or datetime.now(UTC)
    old = read_model(store, season_key(year), SeasonListing)
    known = {e.round: e for e in old.events} if old is not None else {}
    others = beside if beside is not None else (old.events if old is not None else [])
    numbers = {e.round for e in events}
    listed = [_event(store, e, known.get(e.round), errors, now) for e in events]
    listed += [e for e in others if e.round not in numbers]
    listing = SeasonListing(year=year, updated_at=now, events=sorted(listed, key=_place))
    if old is not None and old.events == listing.events:
        listing = old
    else:
        store.put_bytes(season_key(year), to_json(listing))
    publish_catalog(store, listing, now)
    return listing


def _place(event: SeasonEvent) -> tuple[int, str]:
    """By round; events that lost theirs come first, by date."""
    return event.round, event.date or ""


def _event(
    store: Store,
    event: ScheduledEvent,
    old: SeasonEvent | None,
    errors: dict[SessionKey, str],
    now: datetime,
) -> SeasonEvent:
    manifests = {s.code: _own_manifest(store, event, s.code) for s in event.sessions}
    known = {s.session: s for s in old.sessions} if old is not None and is_listed(old, event) else {}
    sessions = []
    for session in event.sessions:
        key = SessionKey(event.year, event.round, session.code)
        before = known.get(session.code)
        error = errors.get(key) or (before.error if before is not None else None)
        sessions.append(_session(key, session, manifests[session.code], error, now))
    return SeasonEvent(
        round=event.round,
        name=event.name,
        official_name=event.official_name,
        country=event.country,
        location=event.location,
        date=event.date,
        format=event.format,
        meeting_key=next((m.event.meeting_key for m in manifests.values() if m is not None), None),
        sessions=sessions,
    )


def _own_manifest(store: Store, event: ScheduledEvent, code: SessionCode) -> Manifest | None:
    """The manifest under an event's number, unless it is of another race that had this number before."""
    manifest = read_manifest(store, SessionKey(event.year, event.round, code))
    return manifest if manifest is not None and is_event(manifest.event, event) else None


def _session(
    key: SessionKey, session: ScheduledSession, manifest: Manifest | None, error: str | None, now: datetime
) -> SeasonSession:
    if manifest is None:
        state: SessionState = "failed" if error else "missing" if session.is_over(now) else "upcoming"
        return SeasonSession(
            session=key.session,
            name=SESSION_NAMES[key.session],
            date_utc=session.start,
            state=state,
            error=error,
        )
    return published_session(manifest, session.start)


def published_session(manifest: Manifest, start: datetime | None) -> SeasonSession:
    """How a season listing tells of a race that is published."""
    key = manifest.event_key
    return SeasonSession(
        session=key.session,
        name=SESSION_NAMES[key.session],
        date_utc=start,
        state="published",
        manifest=key.manifest,
        grade=manifest.quality.grade,
        provisional=manifest.provenance.provisional,
        frames=manifest.clock.frames,
        duration_s=manifest.clock.duration_s,
        bytes=sum(a.bytes for a in manifest.artifacts),
        updated_at=manifest.provenance.created_at,
    )


def publish_catalog(store: Store, listing: SeasonListing, now: datetime) -> None:
    """Put a season as it is now listed into catalog.json; other seasons there stay."""
    old = read_model(store, CATALOG, Catalog)
    seasons = {s.year: s for s in old.seasons} if old is not None else {}
    seasons[listing.year] = CatalogSeason(
        year=listing.year,
        key=season_key(listing.year),
        published=sum(s.state == "published" for e in listing.events for s in e.sessions),
        updated_at=listing.updated_at,
    )
    newest = max(_published(listing), default=None, key=_start)
    before = old.newest if old is not None else None
    elsewhere = before is not None and before.year != listing.year
    if before is not None and elsewhere and (newest is None or _start(newest) < _start(before)):
        newest = before
    catalog = Catalog(updated_at=now, seasons=[seasons[y] for y in sorted(seasons)], newest=newest)
    if old is None or (old.seasons, old.newest) != (catalog.seasons, catalog.newest):
        store.put_bytes(CATALOG, to_json(catalog))


def _published(listing: SeasonListing) -> list[CatalogRace]:
    return [
        CatalogRace(
            year=listing.year,
            round=event.round,
            session=session.session,
            name=event.name,
            date_utc=session.date_utc,
            manifest=session.manifest,
        )
        for event in listing.events
        for session in event.sessions
        if session.manifest is not None
    ]


def _start(race: CatalogRace) -> tuple[datetime, int, SessionCode]:
    return race.date_utc or datetime(race.year, 1, 1, tzinfo=UTC), race.round, race.session


def read_model(store: Store, key: str, model: type[M]) -> M | None:
    """A published JSON file; None where there is none or it cannot be read. Raises NewerSchemaError."""
    data = store.read(key)
    if data is None:
        return None
    refuse_newer(data, key)
    try:
        return model.model_validate_json(data)
    except ValidationError:
        return None


def publish_schemas(store: Store) -> None:
    """Write the JSON Schemas of the format where they are missing or differ."""
    for name, model in SCHEMAS.items():
        key = schema_key(name, SCHEMA_VERSION)
        data = orjson.dumps(model.model_json_schema(mode="serialization"), option=orjson.OPT_INDENT_2) + b"\n"
        if store.read(key) != data:
            store.put_bytes(key, data)
