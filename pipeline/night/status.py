"""What is published, what is not and why, how fresh and large it is, and what to do: in a folder or a bucket.

Nothing is computed, changed or asked of F1's hosts. What a listing says is taken as it is, but for the time
that has passed since, and for races that are no longer there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import CATALOG, IDLE, SessionKey, season_key, spec_of
from pipeline.contract.freshness import Condition, asked_for, condition_of, is_older
from pipeline.contract.models import Catalog, CatalogRace, RunSummary, SeasonListing
from pipeline.publish.documents import read_model
from pipeline.publish.mend import listed_years
from pipeline.publish.verify import cure
from pipeline.run.found import provenance_of
from pipeline.run.history import History
from pipeline.store.base import Store, Stored


@dataclass
class SeasonStatus:
    """One season: sessions by condition; of those published, how many an older version made, how many had
    their results revised, and which are gone from where the listing has them."""

    year: int
    sessions: Counter[Condition] = field(default_factory=Counter)
    older: int = 0
    revised: int = 0
    gone: int = 0
    bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # session -> why
    updated: dict[str, datetime | None] = field(default_factory=dict)  # published session -> when made


@dataclass
class PlaceStatus:
    """One place. newest: the session held last, and when its files were made."""

    place: str
    seasons: list[SeasonStatus]
    bytes: int
    newest: CatalogRace | None = None
    newest_made_at: datetime | None = None
    last_run: RunSummary | None = None
    to_do: list[str] = field(default_factory=list)


def look(store: Store, now: datetime, history: History | None = None) -> PlaceStatus:
    """Look at a place; history: attempts of before, where it is this machine's folder.

    Raises:
        NewerSchemaError, StoreError: it cannot be read.
    """
    files = {stored.key: stored for stored in store.list("")}
    listings = [read_model(store, season_key(year), SeasonListing) for year in sorted(listed_years(store))]
    with ThreadPoolExecutor(store.parallel) as pool:
        seasons = [_season(store, pool.map, one, files, now) for one in listings if one is not None]
    catalog = read_model(store, CATALOG, Catalog)
    found = PlaceStatus(store.where(), seasons, sum(stored.bytes for stored in files.values()))
    if catalog is not None and (newest := catalog.last_held) is not None:
        made = {key: at for season in seasons for key, at in season.updated.items()}
        found.newest, found.newest_made_at = newest, made.get(newest.manifest)
    found.last_run = _last_run(store, files)
    found.to_do = list(_to_do(found, history or History(), now))
    return found


def _last_run(store: Store, files: Iterable[str]) -> RunSummary | None:
    """Of the last that had something to do and the last that had not."""
    names = sorted(
        name for name in files if (spec := spec_of(name)) is not None and spec.name == "run_summary"
    )
    dated = [name for name in names if name != IDLE]
    found = [read_model(store, name, RunSummary) for name in (*dated[-1:], IDLE) if name in names]
    runs = [run for run in found if run is not None]
    return max(runs, key=lambda run: run.started_at, default=None)


def _season(
    store: Store,
    each: Callable[..., Iterator[Any]],
    listing: SeasonListing,
    files: dict[str, Stored],
    now: datetime,
) -> SeasonStatus:
    about = SeasonStatus(listing.year)
    folders = (f"telemetry/{listing.year}/", f"seasons/{listing.year}/")
    about.bytes = sum(stored.bytes for key, stored in files.items() if key.startswith(folders))
    for event, session in asked_for(listing):
        condition = condition_of(session, now)
        about.sessions[condition] += 1
        if condition == "failed":
            key = SessionKey(listing.year, event.round, session.session)
            about.failed[key.slug] = session.error or "for an unknown reason"
        if session.manifest is not None:
            about.updated[session.manifest] = session.updated_at
    there = [name for name in about.updated if name in files]
    about.gone = len(about.updated) - len(there)
    for provenance in each(lambda name: provenance_of(store.read(name)), there):
        about.older += is_older(str(provenance.get("version", "0")))
        about.revised += provenance.get("revised_at") is not None
    return about


def _to_do(found: PlaceStatus, history: History, now: datetime) -> Iterator[str]:
    """Sentences, the most urgent first."""
    if not any(season.updated for season in found.seasons):
        yield "nothing is published yet: try `f1-precompute demo`, or `f1-precompute season 2025`"
    for season in found.seasons:
        if season.gone:
            yield f"{season.year} lists {season.gone} that are not there: `f1-precompute verify --mend`"
        for slug, why in season.failed.items():
            year, number, code = slug.split("-")
            key = SessionKey(int(year), int(number), code)  # type: ignore[arg-type]
            due = attempt.next_after(now) if (attempt := history.of(key)) is not None else None
            again = f"nightly tries again from {due:%Y-%m-%d %H:%M} UTC" if due else "nightly tries it again"
            yield f"{key} failed: {why}; {again}, `{cure(key, False)}` now"
        if season.sessions["missing"]:
            again = f"`{_compute(season.year)}`, or the next nightly"
            yield f"{season.year} lacks {season.sessions['missing']}: {again}"
        if season.older:
            yield f"{season.year} has {season.older} of an older version: nightly makes some anew a night"


def _compute(year: int) -> str:
    return "f1-precompute demo" if year == DEMO_YEAR else f"f1-precompute season {year}"


def behind(local: PlaceStatus, remote: PlaceStatus) -> list[str]:
    """The manifests of sessions that the bucket does not have as they are here."""
    there = {name: made for season in remote.seasons for name, made in season.updated.items()}
    here = {name: made for season in local.seasons for name, made in season.updated.items()}
    return sorted(name for name, made in here.items() if there.get(name) != made)
