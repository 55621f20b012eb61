"""A local folder -> a bucket: only what differs, and never a manifest whose files are missing or wrong.

The local folder is the truth about the races it holds; what only the bucket has stays and stays listed, so
several machines may publish to one place. Order, for each race: the new replay generation, which nobody
reads yet; a manifest that names only what is right already, where files with stable names are about to be
replaced; those files; the whole manifest. Then the season's listing, then the catalog.

What is in the bucket is known from one listing a season and the manifests: a file that the bucket's
manifest names with our sha256 and that was not written after it needs no request of its own.
"""

from collections.abc import Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from pipeline.contract.artifacts import CATALOG, IDLE, RUNS, SessionKey, is_public, season_key
from pipeline.contract.models import Manifest, SeasonListing
from pipeline.errors import ContestedError
from pipeline.publish.bucket_listings import publish_listing
from pipeline.publish.documents import (
    parsed,
    publish_schemas,
    published_in,
    read_manifest,
    read_model,
    refuse_newer,
    relabel,
)
from pipeline.publish.mend import mend
from pipeline.publish.race import remove_race
from pipeline.publish.season_files import is_due, is_outdated
from pipeline.publish.sending import TRIES, Copy, Race, Report, race_here
from pipeline.store.base import Fetched, Store, Stored
from pipeline.store.local import LocalStore


@dataclass(frozen=True)
class Season:
    """A season in the bucket, as found before anything is sent.

    before: manifests of what was asked for, as stored. races: those to send.
    """

    year: int
    listing: SeasonListing | None
    listed: dict[str, Stored]
    before: dict[SessionKey, Fetched | None]
    races: list[Race] = field(default_factory=list)


def sync(
    local: LocalStore,
    remote: Store,
    keys: Iterable[SessionKey],
    years: Iterable[int] = (),
    *,
    reread: bool = False,
) -> Report:
    """Publish races, their seasons' listings, the run logs, schemas and the catalog.

    Args:
        years: seasons whose listing is to be published too, races or none.
        reread: as in Copy.
    Raises:
        NewerSchemaError: a newer version wrote what is there; nothing was written.
        StoreError: the bucket refuses or does not answer; what is published is whole.
    """
    refuse_newer_catalog(remote)
    report = sync_races(local, remote, keys, years, reread=reread)
    _send_runs(local, remote, reread)
    if reread:
        mend(remote)
    else:
        publish_schemas(remote)
        told = {*years, *(race.year for race in report.races)}
        relabel(remote, [CATALOG, *map(season_key, told)])
    return report


def sync_races(
    local: LocalStore,
    remote: Store,
    keys: Iterable[SessionKey],
    years: Iterable[int] = (),
    *,
    reread: bool = False,
    keep_better: bool = False,
    from_elsewhere: bool = False,
) -> Report:
    """As sync, but for run logs and schemas.

    Args:
        keep_better: as in Copy.
        from_elsewhere: others have put these races into the bucket; only the listings are ours to write.
    """
    report, asked = Report(), sorted(set(keys))
    wanted = {year: [key for key in asked if key.year == year] for year in {*years, *(k.year for k in asked)}}
    with ThreadPoolExecutor(remote.parallel) as pool:
        copy = Copy(local, remote, pool, report, reread, keep_better)
        seasons = [_look(remote, pool, year, wanted[year]) for year in sorted(wanted)]
        for season in seasons if not from_elsewhere else ():
            season.races.extend(copy.races(season.before, season.listed))
        for season in seasons:
            there = {key: found.data for key, found in season.before.items() if found is not None}
            read = {key: parsed(data, Manifest) for key, data in there.items()}
            sent = read if from_elsewhere else {race.key: copy.attempt(race) for race in season.races}
            known = {key: manifest for key, manifest in sent.items() if manifest is not None}
            if _list(local, remote, season, known, reread):
                report.due.append(season.year)
    return report


def _list(
    local: LocalStore, remote: Store, season: Season, known: dict[SessionKey, Manifest], reread: bool
) -> bool:
    """Write a season's listing and the catalog, and look again, until there is nothing to write.

    Returns:
        Whether the season's own files are still due in the bucket.

    Raises:
        ContestedError: somebody else writes them at the same time, again and again.
    """
    listing, listed = season.listing, published_in(season.listed)
    for _ in range(TRIES):
        before = len(remote.sent)
        now = publish_listing(local, remote, season.year, listing, listed, known, reread=reread)
        if len(remote.sent) == before:
            return is_due(remote, now) if reread else is_outdated(now)
        listing = read_model(remote, season_key(season.year), SeasonListing)
        listed = published_in(stored.key for stored in remote.list(f"telemetry/{season.year}/"))
        there = {key: read_manifest(remote, key) for key in known}
        known = {key: manifest for key, manifest in there.items() if manifest is not None}
    raise ContestedError(
        f"somebody else publishes {season.year} at the same time: run again when that has ended"
    )


def refuse_newer_catalog(remote: Store) -> None:
    """Raise NewerSchemaError where a newer version keeps the bucket, StoreError where it cannot be read."""
    if (catalog := remote.read(CATALOG)) is not None:
        refuse_newer(catalog, CATALOG)


def _look(remote: Store, pool: Executor, year: int, keys: list[SessionKey]) -> Season:
    """What the bucket holds of a season; raises NewerSchemaError."""
    listing = read_model(remote, season_key(year), SeasonListing)
    listed = {stored.key: stored for stored in remote.list(f"telemetry/{year}/")}
    before = pool.map(lambda key: remote.fetch(key.manifest) if key.manifest in listed else None, keys)
    return Season(year, listing, listed, dict(zip(keys, before, strict=True)))


def push(local: LocalStore, remote: Store, key: SessionKey) -> bool:
    """Publish one race and nothing above it; False where the bucket has it but for when it was made."""
    before = remote.fetch(key.manifest)
    race = race_here(local, key, before, {stored.key: stored for stored in remote.list(key.prefix)})
    with ThreadPoolExecutor(remote.parallel) as pool:
        return Copy(local, remote, pool, Report()).send(race) is race.manifest


def retire(local: LocalStore, remote: Store, keys: Iterable[SessionKey]) -> None:
    """Take races out of the bucket, such as one whose round is now another's: first from the listings."""
    gone = frozenset(keys)
    for year in sorted({key.year for key in gone}):
        listing = read_model(remote, season_key(year), SeasonListing)
        listed = [stored.key for stored in remote.list(f"telemetry/{year}/")]
        publish_listing(local, remote, year, listing, published_in(listed) - gone, {})
        for key in sorted(gone):
            remove_race(remote, key, listed)


def _send_runs(local: LocalStore, remote: Store, reread: bool) -> None:
    """Logs and summaries of whole runs; a log that has grown since is sent again."""
    there = {stored.key: stored for stored in remote.list(RUNS)}
    for stored in local.list(RUNS):
        if not is_public(stored.key):
            continue
        found = remote.digest(stored.key) if reread and stored.key in there else there.get(stored.key)
        data = local.read(stored.key) or b""
        same = found is not None and found.bytes == len(data) and not found.mislabelled and stored.key != IDLE
        if not same or (found is not None and found.sha256 not in (None, sha256(data).hexdigest())):
            remote.put_bytes(stored.key, data)
