"""Manifests and the schedule -> sessions/{year}.json and catalog.json."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pipeline.contract.artifacts import CATALOG, SessionKey, season_key
from pipeline.contract.models import (
    Catalog,
    CatalogRace,
    CatalogSeason,
    Manifest,
    SeasonEvent,
    SeasonFiles,
    SeasonListing,
    SeasonSession,
    SessionState,
    by_field,
)
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.input.same_event import is_event, is_listed
from pipeline.job import ScheduledEvent, ScheduledSession, as_held
from pipeline.publish.documents import read_manifest, read_model, to_json
from pipeline.store.base import Readable, Store


def publish_season(
    store: Store,
    year: int,
    events: list[ScheduledEvent],
    errors: dict[SessionKey, str],
    now: datetime | None = None,
    beside: list[SeasonEvent] | None = None,
    moving: Mapping[SessionKey, Manifest] | None = None,
) -> SeasonListing:
    """Rewrite sessions/{year}.json and catalog.json from the schedule and the manifests that exist.

    Args:
        events: the schedule, or the events this run knows of; others already listed are kept.
        errors: what failed in this run, and why.
        beside: where `events` is the whole schedule, what is to be listed beside it: events it no longer has.
        moving: races that are still to be found under the number that they had before.
    """
    now = now or datetime.now(UTC)
    old = read_model(store, season_key(year), SeasonListing)
    before = old.events if old is not None else []
    known = {e.round: e for e in before}
    numbers = {e.round for e in events}
    listed = [_event(store, e, known.get(e.round), errors, moving or {}, now) for e in events]
    listed += [e for e in (before if beside is None else beside) if e.round not in numbers]
    files = None if old is None else old.files
    return put_listing(store, year, sorted(listed, key=_place), old, now, files=files)


def put_listing(
    store: Store,
    year: int,
    events: list[SeasonEvent],
    there: SeasonListing | None,
    now: datetime,
    same: SeasonListing | None = None,
    files: SeasonFiles | None = None,
) -> SeasonListing:
    """Publish a season's events and files, and the catalog, where they differ from what is `there`.

    Args:
        files: the season's own files that are there already.
        same: a listing of another place, to be taken as it is where it tells of the same.
    """
    told = (known for known in (there, same) if known is not None)
    listing = next((known for known in told if (known.year, known.events) == (year, events)), None)
    if listing is None:
        listing = SeasonListing(year=year, updated_at=now, events=events, files=files)
    elif listing.files != files:
        listing = listing.model_copy(update={"updated_at": now, "files": files})
    if listing is not there:
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
    moving: Mapping[SessionKey, Manifest],
    now: datetime,
) -> SeasonEvent:
    known = {s.session: s for s in old.every_session} if old is not None and is_listed(old, event) else {}
    there = {
        code: _own_manifest(store, event, code) or moving.get(SessionKey(event.year, event.round, code))
        for code in SESSIONS
    }
    manifests = {code: manifest for code, manifest in there.items() if manifest is not None}
    sessions = []
    for session in _held(event, manifests):
        key = SessionKey(event.year, event.round, session.code)
        before = known.get(session.code)
        error = errors.get(key) or (before.error if before is not None else None)
        sessions.append(_session(key, session, manifests.get(session.code), error, now))
    return SeasonEvent(
        round=event.round,
        name=event.name,
        official_name=event.official_name,
        country=event.country,
        location=event.location,
        date=event.date,
        format=event.format,
        meeting_key=next((m.event.meeting_key for m in manifests.values()), None),
        **by_field(sessions),
    )


def _held(event: ScheduledEvent, manifests: Mapping[SessionCode, Manifest]) -> tuple[ScheduledSession, ...]:
    """The scheduled sessions, and those that are published: a recording tells of its own alone."""
    known = [session.code for session in event.sessions]
    told = ((code, manifest) for code, manifest in manifests.items() if code not in known)
    others = [ScheduledSession(code, SESSIONS[code].name, m.event.date_utc) for code, m in told]
    return as_held([*others, *event.sessions]) if others else event.sessions


def _own_manifest(store: Store, event: ScheduledEvent, code: SessionCode) -> Manifest | None:
    """The manifest under an event's number, unless it is of another race that had this number before."""
    manifest = read_manifest(store, SessionKey(event.year, event.round, code))
    return manifest if manifest is not None and is_event(manifest.event, event) else None


def _session(
    key: SessionKey, session: ScheduledSession, manifest: Manifest | None, error: str | None, now: datetime
) -> SeasonSession:
    if manifest is not None:
        return published_session(manifest, session.start)
    state: SessionState = "failed" if error else "upcoming" if session.not_over(now) else "missing"
    name = SESSIONS[key.session].name
    return SeasonSession(session=key.session, name=name, date_utc=session.start, state=state, error=error)


def published_session(manifest: Manifest, start: datetime | None) -> SeasonSession:
    """How a season listing tells of a race that is published."""
    key = manifest.event_key
    return SeasonSession(
        session=key.session,
        name=SESSIONS[key.session].name,
        date_utc=start,
        state="published",
        manifest=key.manifest,
        grade=manifest.quality.grade,
        provisional=manifest.provenance.provisional,
        frames=manifest.clock.frames,
        duration_s=manifest.clock.duration_s,
        bytes=sum(a.bytes for a in manifest.artifacts),
        updated_at=manifest.provenance.revised_at or manifest.provenance.created_at,
    )


def publish_catalog(store: Store, listing: SeasonListing, now: datetime) -> None:
    """Put a season as it is now listed into catalog.json; others there stay while they have a listing."""
    old = read_model(store, CATALOG, Catalog)
    there = [s for s in old.seasons if store.stat(s.key) is not None] if old is not None else []
    seasons = {season.year: season for season in [*there, as_season(listing)]}
    listings = (
        listing if year == listing.year else read_model(store, season_key(year), SeasonListing)
        for year in sorted(seasons, reverse=True)
    )
    put_catalog(store, old, catalog_of(store, seasons.values(), listings, now))


def put_catalog(store: Store, old: Catalog | None, new: Catalog) -> None:
    if old is None or old.model_copy(update={"updated_at": new.updated_at}) != new:
        store.put_bytes(CATALOG, to_json(new))


def catalog_of(
    store: Readable,
    seasons: Iterable[CatalogSeason],
    listings: Iterable[SeasonListing | None],
    now: datetime,
) -> Catalog:
    """The catalog of these seasons; listings: theirs, the last season first, read as far as is needed."""
    newest, newest_session = _newest(store, listings)
    return Catalog(
        updated_at=now,
        seasons=sorted(seasons, key=lambda s: s.year),
        newest=newest,
        newest_session=newest_session,
    )


def as_season(listing: SeasonListing) -> CatalogSeason:
    """How the catalog tells of a season."""
    return CatalogSeason(
        year=listing.year,
        key=season_key(listing.year),
        published=sum(s.state == "published" for e in listing.events for s in e.every_session),
        updated_at=listing.updated_at,
    )


def _newest(
    store: Readable, listings: Iterable[SeasonListing | None]
) -> tuple[CatalogRace | None, CatalogRace | None]:
    """The last race or sprint, and the last session, that are there: folders are removed by hand too."""
    last = None
    for listing in listings:
        for session in listing.published if listing is not None else []:
            is_race = SESSIONS[session.session].is_race
            if (is_race or last is None) and store.stat(session.manifest) is not None:
                last = last or session
                if is_race:
                    return session, last
    return None, last
