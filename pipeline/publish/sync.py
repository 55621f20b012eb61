"""A local folder -> a bucket: only what differs, and never a manifest whose files are missing or wrong.

The local folder is the truth about the races it holds; what only the bucket has stays and stays listed, so
several machines may publish to one place. Order, for each race: the new replay generation, which nobody
reads yet; a manifest that names only what is right already, where files with stable names are about to be
replaced; those files; the whole manifest. Then the season's listing, then the catalog.

What is in the bucket is known from one listing a season and the manifests: a file that the bucket's
manifest names with our sha256 and that was not written after it needs no request of its own.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256

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
    relabel,
    to_json,
)
from pipeline.publish.mend import mend
from pipeline.publish.race import leftovers, reduced, remove_race, same_content
from pipeline.publish.thinner import thinner
from pipeline.store.base import Fetched, Store, Stored
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
    """A race here, and what the bucket held of it before. `before` is its manifest there, as stored."""

    key: SessionKey
    manifest: Manifest
    content: bytes
    before: Fetched | None
    listed: dict[str, Stored]

    @property
    def old(self) -> Manifest | None:
        return None if self.before is None else parsed(self.before.data, Manifest)


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
        reread: as in _Copy.
    Raises:
        NewerSchemaError: a newer version wrote what is there; nothing was written.
        StoreError: the bucket refuses or does not answer; what is published is whole.
    """
    refuse_newer_catalog(remote)
    report = sync_races(local, remote, keys, years, reread=reread)
    publish_schemas(remote)
    _send_runs(local, remote, reread)
    if reread:
        mend(remote)
    relabel(
        remote, [CATALOG, *(season_key(year) for year in {*years, *(race.year for race in report.races)})]
    )
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
        keep_better: as in _Copy.
        from_elsewhere: others have put these races into the bucket; only the listings are ours to write.
    """
    report, asked = Report(), sorted(set(keys))
    wanted = {year: [key for key in asked if key.year == year] for year in {*years, *(k.year for k in asked)}}
    with ThreadPoolExecutor(remote.parallel) as pool:
        copy = _Copy(local, remote, pool, report, reread, keep_better)
        seasons = [_look(remote, pool, year, wanted[year]) for year in sorted(wanted)]
        for season in seasons if not from_elsewhere else ():
            season.races.extend(copy.races(season))
        for season in seasons:
            there = {key: found.data for key, found in season.before.items() if found is not None}
            read = {key: parsed(data, Manifest) for key, data in there.items()}
            sent = read if from_elsewhere else {race.key: copy.attempt(race) for race in season.races}
            known = {key: manifest for key, manifest in sent.items() if manifest is not None}
            publish_listing(local, remote, season.year, season.listing, published_in(season.listed), known)
    return report


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
    race = _race(local, key, before, {stored.key: stored for stored in remote.list(key.prefix)})
    with ThreadPoolExecutor(remote.parallel) as pool:
        return _Copy(local, remote, pool, Report()).send(race) is race.manifest


def retire(local: LocalStore, remote: Store, keys: Iterable[SessionKey]) -> None:
    """Take races out of the bucket, such as one whose round is now another's: first from the listings."""
    gone = frozenset(keys)
    for year in sorted({key.year for key in gone}):
        listing = read_model(remote, season_key(year), SeasonListing)
        listed = [stored.key for stored in remote.list(f"telemetry/{year}/")]
        publish_listing(local, remote, year, listing, published_in(listed) - gone, {})
        for key in sorted(gone):
            remove_race(remote, key, listed)


def _race(local: LocalStore, key: SessionKey, before: Fetched | None, listed: dict[str, Stored]) -> Race:
    if before is not None:
        refuse_newer(before.data, key.manifest)
    content, manifest = local.read(key.manifest), read_manifest(local, key)
    if content is None or manifest is None:
        raise DamagedError(f"{local.path(key.manifest)} is missing or damaged: compute it again with --force")
    return Race(key, manifest, content, before, listed)


@dataclass(frozen=True)
class _Copy:
    """Races from here into the bucket.

    reread: trust only what the bucket really serves, which is to read every byte of it. keep_better: leave
    the bucket's version where the one here is thinner, as it may be after the local folder was lost.
    """

    local: LocalStore
    remote: Store
    pool: Executor
    report: Report
    reread: bool = False
    keep_better: bool = False

    def races(self, season: Season) -> Iterator[Race]:
        """What is here of what was asked for; raises NewerSchemaError."""
        for key, before in season.before.items():
            try:
                yield _race(self.local, key, before, season.listed)
            except DamagedError as error:
                self.report.problems[key] = str(error)

    def attempt(self, race: Race) -> Manifest | None:
        """Send a race; one that is damaged here must not keep the others from being published."""
        try:
            there = self.send(race)
        except DamagedError as error:
            self.report.problems[race.key] = str(error)
            return None
        self.report.races.append(race.key)
        if there is not race.manifest and (lacks := self._lacks(race, there)):
            self.report.kept[race.key] = lacks
        return there

    def send(self, race: Race) -> Manifest:
        """Make the bucket hold a race; the manifest that it then has.

        It keeps its own where another machine, or an earlier run, has put the same race there: two that
        publish to one place would otherwise replace each other's manifest and progress log.
        """
        old = race.old
        if race.before is not None and old is not None and race.before.data != race.content:
            stays = same_content(race.manifest, old) or self._lacks(race, old) is not None
            if stays and not self._wrong(race, old):
                relabel(self.remote, [race.key.manifest] if race.before.stored.mislabelled else [])
                self._clear(race, old)
                return old
        self._replace(race)
        return race.manifest

    def _lacks(self, race: Race, old: Manifest) -> str | None:
        """What the version here lacks, where that is a reason to leave the bucket's."""
        if not self.keep_better or not same_meeting(race.manifest.event, old.event):
            return None
        return thinner(race.manifest, race.manifest.quality, old)

    def _replace(self, race: Race) -> None:
        wrong = self._wrong(race, race.manifest)
        fresh = [a for a in wrong if media_of(a.key).cache_control == IMMUTABLE]
        replaced = [a for a in wrong if media_of(a.key).cache_control != IMMUTABLE]
        before = race.before
        changed = before is None or before.data != race.content or bool(before.stored.mislabelled)
        self._check_local(race, wrong)
        self._upload(fresh)
        if replaced and changed and before is not None:
            half = reduced(race.manifest, [a.key for a in replaced])
            self.remote.put_bytes(race.key.manifest, to_json(half))
        self._upload(replaced)
        if changed:
            self.remote.put_bytes(race.key.manifest, race.content)
        self._clear(race, race.manifest)

    def _clear(self, race: Race, manifest: Manifest) -> None:
        for name in leftovers(manifest, race.listed):
            self.remote.delete(name)

    def _check_local(self, race: Race, artifacts: list[Artifact]) -> None:
        """Before the first byte of a race goes: a replacement must not end halfway for want of a file."""
        for artifact in artifacts:
            stored = self.local.stat(artifact.key)
            if stored is None or stored.bytes != artifact.bytes:
                raise DamagedError(
                    f"{self.local.path(artifact.key)} is missing or truncated: "
                    f"compute {race.key} again with --force"
                )

    def _wrong(self, race: Race, manifest: Manifest) -> list[Artifact]:
        """What the bucket lacks or holds otherwise of a manifest; its own is its newest file."""
        old, written = race.old, race.listed.get(race.key.manifest)
        named = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}

        def is_right(artifact: Artifact) -> bool:
            stored = race.listed.get(artifact.key)
            if stored is None or stored.bytes != artifact.bytes:
                return False
            if not self.reread and named.get(artifact.key) == artifact.sha256 and stored.is_before(written):
                return True
            found = (self.remote.digest if self.reread else self.remote.stat)(artifact.key)
            return found is not None and found.holds(artifact)

        right = self.pool.map(is_right, manifest.artifacts)
        return [a for a, is_there in zip(manifest.artifacts, right, strict=True) if not is_there]

    def _upload(self, artifacts: list[Artifact]) -> None:
        """Side by side; at the first failure the waiting ones are given up."""
        put, path = self.remote.put_file, self.local.path
        futures = [self.pool.submit(put, a.key, path(a.key), a.sha256) for a in artifacts]
        done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        wait(waiting)
        for future in done:
            future.result()


def _send_runs(local: LocalStore, remote: Store, reread: bool) -> None:
    """Logs and summaries of whole runs; a log that has grown since is sent again."""
    there = {stored.key: stored for stored in remote.list(RUNS)}
    for stored in local.list(RUNS):
        if not is_public(stored.key):
            continue
        found = remote.digest(stored.key) if reread and stored.key in there else there.get(stored.key)
        data = local.read(stored.key) or b""
        same = found is not None and found.bytes == len(data) and not found.mislabelled
        if not same or (found is not None and found.sha256 not in (None, sha256(data).hexdigest())):
            remote.put_bytes(stored.key, data)
