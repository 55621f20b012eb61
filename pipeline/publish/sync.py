"""A local folder -> a bucket: only what differs, and never a manifest whose files are missing or wrong.

The local folder is the truth about the races it holds; what only the bucket has stays and stays listed, so
several machines may publish to one place. Order, for each race: the new replay generation, which nobody
reads yet; a manifest that names only what is right already, where files with stable names are about to be
replaced; those files; the whole manifest. Then the season's listing, then the catalog.

What is in the bucket is known from one listing a season and the manifests: a file that the bucket's
manifest names with our sha256 and that was not written after it needs no request of its own.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from pipeline.contract.artifacts import CATALOG, RUNS, SessionKey, is_public, media_of, season_key
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Artifact, Manifest, SeasonListing
from pipeline.errors import DamagedError
from pipeline.publish.bucket_listings import publish_listing, same_meeting
from pipeline.publish.documents import (
    parsed,
    publish_schemas,
    published_in,
    read_manifest,
    read_model,
    refuse_newer,
    to_json,
)
from pipeline.publish.race import leftovers, remove_race, same_content
from pipeline.publish.thinner import thinner
from pipeline.store.base import Store, Stored
from pipeline.store.local import LocalStore


@dataclass
class Report:
    """How a sync went: races that are in the bucket, those better there than here, and why others are not.

    kept: what the version here lacks. problems: why a race could not be sent.
    """

    races: list[SessionKey] = field(default_factory=list)
    kept: dict[SessionKey, str] = field(default_factory=dict)
    problems: dict[SessionKey, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Race:
    """A race here, and what the bucket held of it before. `before` is its manifest there, as stored.

    reread: trust only what the bucket really serves, which is to read every byte of it. keep_better: leave
    the bucket's version where the one here is thinner, as it may be after the local folder was lost.
    """

    key: SessionKey
    manifest: Manifest
    content: bytes
    before: bytes | None
    listed: dict[str, Stored]
    reread: bool = False
    keep_better: bool = False


@dataclass(frozen=True)
class Season:
    """A season in the bucket, as found before anything is sent.

    races: those to send. elsewhere: those that were asked for and that others have put there.
    """

    year: int
    listing: SeasonListing | None
    in_bucket: frozenset[SessionKey]
    races: list[Race] = field(default_factory=list)
    elsewhere: dict[SessionKey, Manifest] = field(default_factory=dict)


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
        reread: as in Race.
    Raises:
        NewerSchemaError: a newer version wrote what is there; nothing was written.
        StoreError: the bucket refuses or does not answer; what is published is whole.
    """
    refuse_newer_catalog(remote)
    report = sync_races(local, remote, keys, years, reread=reread)
    publish_schemas(remote)
    _send_runs(local, remote)
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
        keep_better: as in Race.
        from_elsewhere: others have put these races into the bucket; only the listings are ours to write.
    """
    report, asked = Report(), sorted(set(keys))
    wanted = {year: [key for key in asked if key.year == year] for year in {*years, *(k.year for k in asked)}}
    source = None if from_elsewhere else local
    with ThreadPoolExecutor(remote.parallel) as pool:
        seasons = [look(source, remote, year, wanted[year], report, pool) for year in sorted(wanted)]
        for season in seasons:
            races = [replace(race, reread=reread, keep_better=keep_better) for race in season.races]
            sent = {race.key: _attempt(race, local, remote, pool, report) for race in races}
            known = season.elsewhere | {key: there for key, there in sent.items() if there is not None}
            publish_listing(local, remote, season.year, season.listing, season.in_bucket, known)
    return report


def refuse_newer_catalog(remote: Store) -> None:
    """Raise NewerSchemaError where a newer version keeps the bucket, StoreError where it cannot be read."""
    if (catalog := remote.read(CATALOG)) is not None:
        refuse_newer(catalog, CATALOG)


def look(
    local: LocalStore | None,
    remote: Store,
    year: int,
    keys: list[SessionKey],
    report: Report,
    pool: Executor,
) -> Season:
    """What the bucket holds of a season, and what `local` has of it; raises NewerSchemaError."""
    listing = read_model(remote, season_key(year), SeasonListing)
    listed = {stored.key: stored for stored in remote.list(f"telemetry/{year}/")}
    season = Season(year, listing, frozenset(published_in(listed)))
    there = [key for key in keys if key in season.in_bucket]
    before = dict(zip(there, pool.map(lambda key: remote.read(key.manifest), there), strict=True))
    for key in keys:
        if local is None:
            theirs = parsed(before.get(key), Manifest)
            season.elsewhere.update({} if theirs is None else {key: theirs})
            continue
        try:
            season.races.append(_race(local, key, before.get(key), listed))
        except DamagedError as error:
            report.problems[key] = str(error)
    return season


def push(local: LocalStore, remote: Store, key: SessionKey) -> bool:
    """Publish one race and nothing above it; False where the bucket has it but for when it was made."""
    before = remote.read(key.manifest)
    race = _race(local, key, before, {stored.key: stored for stored in remote.list(key.prefix)})
    with ThreadPoolExecutor(remote.parallel) as pool:
        return _send(race, local, remote, pool) is race.manifest


def retire(local: LocalStore, remote: Store, keys: Iterable[SessionKey]) -> None:
    """Take races out of the bucket, such as one whose round is now another's: first from the listings."""
    gone = frozenset(keys)
    for year in sorted({key.year for key in gone}):
        listing = read_model(remote, season_key(year), SeasonListing)
        listed = [stored.key for stored in remote.list(f"telemetry/{year}/")]
        publish_listing(local, remote, year, listing, published_in(listed) - gone, {})
        for key in sorted(gone):
            remove_race(remote, key, listed)


def _race(local: LocalStore, key: SessionKey, before: bytes | None, listed: dict[str, Stored]) -> Race:
    if before is not None:
        refuse_newer(before, key.manifest)
    content, manifest = local.read(key.manifest), read_manifest(local, key)
    if content is None or manifest is None:
        raise DamagedError(f"{local.path(key.manifest)} is missing or damaged: compute it again with --force")
    return Race(key, manifest, content, before, listed)


def _attempt(race: Race, local: LocalStore, remote: Store, pool: Executor, report: Report) -> Manifest | None:
    """Send a race; one that is damaged here must not keep the others from being published."""
    try:
        there = _send(race, local, remote, pool)
    except DamagedError as error:
        report.problems[race.key] = str(error)
        return None
    report.races.append(race.key)
    if there is not race.manifest and (lacks := _lacks(race, there)):
        report.kept[race.key] = lacks
    return there


def _send(race: Race, local: LocalStore, remote: Store, pool: Executor) -> Manifest:
    """Make the bucket hold a race; the manifest that it then has.

    It keeps its own where another machine, or an earlier run, has put the same race there: two that publish
    to one place would otherwise replace each other's manifest and progress log.
    """
    old = parsed(race.before, Manifest)
    if old is not None and race.before != race.content:
        stays = same_content(race.manifest, old) or _lacks(race, old) is not None
        if stays and not _wrong(replace(race, manifest=old), remote, pool):
            return old
    _replace(race, local, remote, pool)
    return race.manifest


def _lacks(race: Race, old: Manifest) -> str | None:
    """What the version here lacks, where that is a reason to leave the bucket's."""
    if not race.keep_better or not same_meeting(race.manifest.event, old.event):
        return None
    return thinner(race.manifest, race.manifest.quality, old)


def _replace(race: Race, local: LocalStore, remote: Store, pool: Executor) -> None:
    wrong = _wrong(race, remote, pool)
    fresh = [a for a in wrong if media_of(a.key).cache_control == IMMUTABLE]
    replaced = [a for a in wrong if media_of(a.key).cache_control != IMMUTABLE]
    changed = race.before != race.content

    def upload(artifact: Artifact) -> None:
        remote.put_file(artifact.key, local.path(artifact.key), artifact.sha256)

    _check_local(race, wrong, local)
    _all(pool, upload, fresh)
    if replaced and changed and race.before is not None:
        right = [a for a in race.manifest.artifacts if a not in replaced]
        remote.put_bytes(race.key.manifest, to_json(race.manifest.model_copy(update={"artifacts": right})))
    _all(pool, upload, replaced)
    if changed:
        remote.put_bytes(race.key.manifest, race.content)
    for name in leftovers(race.manifest, race.listed):
        remote.delete(name)


def _check_local(race: Race, artifacts: list[Artifact], local: LocalStore) -> None:
    """Before the first byte of a race goes: a replacement must not end halfway for want of a file here."""
    for artifact in artifacts:
        stored = local.stat(artifact.key)
        if stored is None or stored.bytes != artifact.bytes:
            raise DamagedError(
                f"{local.path(artifact.key)} is missing or truncated: compute {race.key} again with --force"
            )


def _wrong(race: Race, remote: Store, pool: Executor) -> list[Artifact]:
    """The artifacts that the bucket lacks or holds otherwise; its manifest is its newest file."""
    old, written = parsed(race.before, Manifest), race.listed.get(race.key.manifest)
    named = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}

    def is_right(artifact: Artifact) -> bool:
        stored = race.listed.get(artifact.key)
        if stored is None or stored.bytes != artifact.bytes:
            return False
        vouched = named.get(artifact.key) == artifact.sha256 and stored.is_before(written)
        if vouched and not race.reread:
            return True
        found = remote.digest(artifact.key) if race.reread else remote.stat(artifact.key)
        return found is not None and (found.bytes, found.sha256) == (artifact.bytes, artifact.sha256)

    artifacts = race.manifest.artifacts
    return [a for a, right in zip(artifacts, pool.map(is_right, artifacts), strict=True) if not right]


def _all(pool: Executor, function: Callable[[Artifact], None], artifacts: list[Artifact]) -> None:
    """Call for each, side by side; at the first failure the waiting ones are given up."""
    futures = [pool.submit(function, artifact) for artifact in artifacts]
    done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
    for future in waiting:
        future.cancel()
    wait(waiting)
    for future in done:
        future.result()


def _send_runs(local: LocalStore, remote: Store) -> None:
    """Logs and summaries of whole runs; a log that has grown since is sent again."""
    sizes = {stored.key: stored.bytes for stored in remote.list(RUNS)}
    for stored in local.list(RUNS):
        if is_public(stored.key) and sizes.get(stored.key) != stored.bytes:
            remote.put_bytes(stored.key, local.read(stored.key) or b"")
