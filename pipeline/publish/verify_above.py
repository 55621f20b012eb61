"""What lies above the races: catalog, listings, schemas and logs of runs, against what is really there."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import (
    CATALOG,
    RUNS,
    SPECS,
    SessionKey,
    is_public,
    key_of,
    season_key,
    session_of,
    spec_of,
)
from pipeline.contract.models import (
    SCHEMAS,
    Artifact,
    Catalog,
    Manifest,
    RunSummary,
    SeasonListing,
)
from pipeline.publish.bucket_listings import same_meeting
from pipeline.publish.documents import parsed, read_model, schemas
from pipeline.publish.listings import as_season, catalog_of, published_session
from pipeline.publish.mend import listed_years
from pipeline.store.base import Fetched, Store, Stored

_WORDS: Final = {"description", "title"}


class Above:
    """Reads what lies above the races when it is made; `problems` says what is wrong with it.

    Args:
        year: the only season whose listing is looked at; None for all, and for schemas and logs too.
        prefix: what the keys of the races begin with that are looked at.
        manifests: those that can be read. there: all that there are.
    """

    def __init__(
        self,
        store: Store,
        year: int | None,
        prefix: str,
        manifests: Mapping[SessionKey, Manifest],
        there: Collection[SessionKey],
    ) -> None:
        self._store, self._prefix = store, prefix
        self._manifests, self._there = manifests, there
        self._catalog = read_model(store, CATALOG, Catalog)
        named = {season.year for season in self._catalog.seasons} if self._catalog is not None else set()
        self._listings = {
            y: read_model(store, season_key(y), SeasonListing) for y in sorted(listed_years(store))
        }
        known = named | self._listings.keys() | {key.year for key in there}
        self._years = sorted(known if year is None else known & {year})
        self.names_any = bool(self._years)
        keys = [CATALOG, *(season_key(y) for y in self._years)]
        if year is None:
            keys += [key_of("schema", schema=name, version=SCHEMA_VERSION) for name in self._documents()]
            keys += [stored.key for stored in store.list(RUNS) if is_public(stored.key)]
        self._keys = keys
        sizes = [stored.bytes for key in keys if (stored := store.stat(key)) is not None]
        found = (self._listings.get(y) for y in self._years)
        sizes += [a.bytes for there in found if there and there.files for a in there.files.artifacts]
        self.files, self.bytes = len(sizes), sum(sizes)

    def _documents(self) -> list[str]:
        """Names of the schemas that have to be there: of a file that came later, where there is one."""
        lists = [found.files.artifacts for found in self._listings.values() if found and found.files]
        lists += [manifest.artifacts for manifest in self._manifests.values()]
        there = {spec.name for artifacts in lists for a in artifacts if (spec := spec_of(a.key)) is not None}
        later = {spec.name for spec in SPECS.values() if not spec.required}
        return [name for name in SCHEMAS if name not in later - there]

    @property
    def listed(self) -> set[SessionKey]:
        """The races whose manifests the listings name."""
        names = (
            race.manifest for y in self._years if (found := self._listings.get(y)) for race in found.published
        )
        return {
            key for name in names if name.startswith(self._prefix) and (key := session_of(name)) is not None
        }

    def problems(self, pool: Executor) -> Iterator[str]:
        for key, found in zip(self._keys, pool.map(self._store.fetch, self._keys), strict=True):
            if found is None:
                yield f"{key} is missing"
                continue
            yield from said_wrong(found.stored)
            if (fault := _fault(key, found)) is not None:
                yield f"{key} {fault}"
        yield from self._about_catalog()
        for year in self._years:
            if (listing := self._listings.get(year)) is not None:
                yield from self._about_listing(year, listing)
                files = [] if listing.files is None else listing.files.artifacts
                for problems in pool.map(lambda artifact: wrong_with(self._store, artifact), files):
                    yield from problems

    def _about_catalog(self) -> Iterator[str]:
        if self._catalog is None:
            return
        listings = [listing for listing in self._listings.values() if listing is not None]
        right = catalog_of(self._store, map(as_season, listings), reversed(listings), datetime.now(UTC))
        told = {season.year: season for season in self._catalog.seasons}
        if [season.year for season in self._catalog.seasons] != sorted(told):
            yield f"{CATALOG} names a season twice, or not in order"
        true = {season.year: season for season in right.seasons}
        for year in sorted(told.keys() | true.keys()):
            if (wrong := _differs(told.get(year), true.get(year))) is not None:
                yield f"{CATALOG} tells otherwise of season {year} than {season_key(year)}: {wrong}"
        pairs = [("race", self._catalog.newest, right.newest)]
        if "newest_session" in self._catalog.model_fields_set:
            pairs.append(("session", self._catalog.newest_session, right.newest_session))
        for what, said, is_true in pairs:
            if said != is_true and (wrong := _differs(said, is_true)) is not None:
                yield f"{CATALOG} tells otherwise of the newest {what} than the listings: {wrong}"

    def _about_listing(self, year: int, listing: SeasonListing) -> Iterator[str]:
        name = season_key(year)
        if listing.year != year:
            yield f"{name} is a listing of {listing.year}"
        told, named = set[SessionKey](), set[SessionKey]()
        for event in listing.events:
            for session in event.every_session:
                own = SessionKey(year, event.round, session.session)
                key = session_of(session.manifest or "") or own
                if own in told and event.round:
                    yield f"{name} tells of {own} twice"
                told.add(own)
                if session.state != "published":
                    if session.manifest is not None:
                        yield f"{name} gives {own} a manifest, and calls it {session.state}"
                    continue
                if key in named and key != own:
                    yield f"{name} names {key} twice"
                named.add(key)
                manifest = self._manifests.get(key)
                if manifest is None:
                    continue  # said of the race itself
                if key != own and not same_meeting(event, manifest.event):
                    yield f"{name} has {session.manifest} as {own}, which is another race"
                elif (wrong := _differs(session, published_session(manifest, session.date_utc))) is not None:
                    yield f"{name} tells otherwise of {key} than its manifest: {wrong}"
        for key, manifest in self._manifests.items():
            if key.year == year and key not in named and manifest.event_key == key:
                yield f"{name} does not list {key.manifest}, which is there"


def wrong_with(store: Store, artifact: Artifact) -> list[str]:
    """A sentence for each thing that is not as a file is named."""
    key, stored = artifact.key, store.digest(artifact.key)
    if stored is None:
        return [f"{key} is missing"]
    problems = said_wrong(stored)
    if stored.bytes < artifact.bytes:
        problems.append(f"{key} is truncated: {stored.bytes} of {artifact.bytes} bytes")
    elif stored.sha256 != artifact.sha256:
        problems.append(f"{key} is altered: its sha256 is not the one that it is named with")
    return problems


def said_wrong(stored: Stored) -> list[str]:
    """A sentence where an object goes out with other headers than the format's."""
    wrong = stored.mislabelled
    return [f"{stored.key} is served with {', '.join(wrong)}"] if wrong else []


def _differs(told: Any, true: Any) -> str | None:
    """In which fields, of those that are told: what an older version wrote lacks the new ones."""
    if told is None or true is None:
        return None if told is true else "it is not there" if true is None else "it is not named"
    names = [
        n
        for n in type(true).model_fields
        if n in told.model_fields_set and getattr(told, n) != getattr(true, n)
    ]
    return ", ".join(f"{n} {getattr(told, n)} instead of {getattr(true, n)}" for n in names) or None


def _fault(key: str, found: Fetched) -> str | None:
    """What is wrong with a document by itself."""
    if key == CATALOG:
        return None if parsed(found.data, Catalog) else "is not a catalog: it is truncated or altered"
    if key.startswith("sessions/"):
        return None if parsed(found.data, SeasonListing) else "is not a listing: it is truncated or altered"
    if key.startswith("schemas/"):
        return None if _is_schema(key, found.data) else "is not the format's: it is truncated or altered"
    if key.endswith(".json"):
        return None if parsed(found.data, RunSummary) else "is not a summary of a run: remove it"
    return None


def _is_schema(key: str, data: bytes) -> bool:
    """Whether it is ours, or that of another release, which has more fields or fewer."""
    try:
        there = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    name = key.rpartition("/")[2].removesuffix(".schema.json")
    ours = orjson.loads(schemas()[name])
    return _fits(there, ours) or _fits(ours, there)


def _fits(less: Any, more: Any, *, named: bool = False) -> bool:
    """Whether what one says, but for words, the other says too. `named`: the keys are names of fields."""
    if not isinstance(less, dict) or not isinstance(more, dict):
        return bool(
            less == more or (isinstance(less, list) and isinstance(more, list) and _lists_fit(less, more))
        )
    if "anyOf" in more and "anyOf" not in less:  # it may be null by now
        return any(_fits(less, kind) for kind in more["anyOf"])
    seen = less.keys() if named else less.keys() - _WORDS
    return all(k in more and _fits(less[k], more[k], named=k in ("properties", "$defs")) for k in seen)


def _lists_fit(less: list[Any], more: list[Any]) -> bool:
    """Codes may be added; of what a list says in order each says the same."""
    if all(isinstance(item, str) for item in less):
        return set(less) <= set(more)
    return len(less) == len(more) and all(map(_fits, less, more))
