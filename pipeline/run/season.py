"""A season's own files, made anew in a store once its sessions have changed.

The work is a child's, so that whoever asks needs no pyarrow. What is not right of a session is left out, and
the files stay due until it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pipeline.contract.artifacts import SessionKey, key_of, season_files, season_key
from pipeline.contract.models import (
    Artifact,
    Manifest,
    Results,
    SeasonFiles,
    SeasonListing,
    Standings,
    StandingsRound,
)
from pipeline.contract.tables import TABLES, Table
from pipeline.publish.circuits import circuits
from pipeline.publish.documents import parsed, published_in, read_manifest, read_model, to_json
from pipeline.publish.listings import put_listing
from pipeline.publish.season_files import is_due, made_from
from pipeline.publish.standings import SCORING, standings
from pipeline.run.processes import call
from pipeline.store.base import Place, Store
from pipeline.store.local import LocalStore


def refresh(store: Store, years: Iterable[int], place: Place | None = None) -> None:
    """Make the files of seasons anew where they are due; place: how a child opens a store that is a bucket.

    Raises:
        PipelineError: they could not be made, and are as they were.
    """
    for year in sorted(years):
        listing = read_model(store, season_key(year), SeasonListing)
        if listing is not None and is_due(store, listing):
            call("pipeline.run.season:rewrite_there", place or Folder(Path(store.where())), year)


def refresh_there(place: Place | None, years: Iterable[int]) -> None:
    """The same in a bucket, for seasons of which it has other sessions than are here."""
    for year in years if place is not None else ():
        call("pipeline.run.season:rewrite_there", place, year)


@dataclass(frozen=True)
class Folder:
    """A local folder as a place."""

    root: Path

    def open(self) -> Store:
        return LocalStore(self.root)


def rewrite_there(place: Place, year: int) -> None:
    with place.open() as store:
        rewrite(store, year)


def rewrite(store: Store, year: int, told: StandingsRound | None = None) -> None:
    """Make a season's files from its published sessions, each replaced where it differs; then the listing.

    told: official standings after a round, just taken.
    """
    listing = read_model(store, season_key(year), SeasonListing)
    if listing is None:
        return
    season = _Season(store, year, listing)
    made = dict(season.tables())
    if ranked := season.standings(told):
        made[key_of("standings", year=year)] = ranked
    if season.manifests:
        made[key_of("circuits", year=year)] = to_json(circuits(year, season.manifests))
    known = {} if listing.files is None else {a.key: a for a in listing.files.artifacts}
    artifacts = []
    for key, content in made.items():
        artifact = Artifact.of(key, len(content), sha256(content).hexdigest())
        there = store.digest(key) if known.get(key) == artifact else None
        if there is None or not there.holds(artifact):
            store.put_bytes(key, content)
        artifacts.append(artifact)
    files = SeasonFiles(made_from=made_from(listing.events, season.damaged), artifacts=artifacts)
    put_listing(store, year, listing.events, listing, datetime.now(UTC), files=files)
    for stored in list(store.list(season_files(year))):
        if stored.key not in made:
            store.delete(stored.key)


@dataclass
class _Season:
    """What is published of a season; damaged: sessions of which a file is missing or altered."""

    store: Store
    year: int
    listing: SeasonListing
    damaged: set[SessionKey] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.manifests: dict[SessionKey, Manifest] = {}
        for key in sorted(published_in(race.manifest for race in self.listing.published)):
            manifest = read_manifest(self.store, key)
            if manifest is None:
                self.damaged.add(key)
            else:
                self.manifests[key] = manifest

    def tables(self) -> Iterator[tuple[str, bytes]]:
        from pipeline.encode import season  # noqa: PLC0415 - only the child that makes them needs pyarrow

        for table in TABLES:
            found = []
            for key, content in self._of(table) if table.of_season else ():
                rows = season.rows_of(table, content, key)
                if rows is None:
                    self.damaged.add(key)
                else:
                    found.append(rows)
            if found:
                yield key_of(f"season_{table.name}", year=self.year), season.combined(table, self.year, found)

    def _of(self, table: Table) -> Iterator[tuple[SessionKey, bytes]]:
        for key in self.manifests:
            if content := self._content(key, key.file(f"{table.name}_parquet")):
                yield key, content

    def standings(self, told: StandingsRound | None) -> bytes | None:
        read = {
            key: parsed(self._content(key, key.file("results")), Results)
            for key in self.manifests
            if key.session in SCORING
        }
        results = {key: result for key, result in read.items() if result is not None}
        before = read_model(self.store, key_of("standings", year=self.year), Standings)
        return to_json(standings(self.listing, results, before, told)) if results else None

    def _content(self, key: SessionKey, name: str) -> bytes | None:
        """A session's file; None where it has none, or one that is not what its manifest says."""
        artifact = next((a for a in self.manifests[key].artifacts if a.key == name), None)
        content = self.store.read(name) if artifact is not None else None
        if artifact is None or (content is not None and sha256(content).hexdigest() == artifact.sha256):
            return content
        self.damaged.add(key)
        return None
