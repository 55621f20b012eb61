"""Listings, catalog and schemas made again from the manifests that are really there."""

from datetime import UTC, datetime

from pipeline.contract.artifacts import CATALOG, SessionKey, season_key, spec_of
from pipeline.contract.models import Catalog, SeasonListing
from pipeline.publish.bucket_listings import publish_listing
from pipeline.publish.documents import publish_schemas, published_in, read_manifest, read_model, relabel
from pipeline.publish.listings import as_season, catalog_of, put_catalog
from pipeline.store.base import Store


def mend(store: Store) -> None:
    """Make all that lies above the races true: what verify finds wrong there is right afterwards.

    Raises:
        NewerSchemaError: a newer version wrote some of it.
    """
    keys = published_in(stored.key for stored in store.list("telemetry/"))
    for year in sorted(listed_years(store) | {key.year for key in keys}):
        relist(store, year, {key for key in keys if key.year == year})
    mend_catalog(store)
    publish_schemas(store)
    relabel(store, [CATALOG, *(season_key(year) for year in listed_years(store))])


def mend_what_is_gone(store: Store) -> None:
    """The same where listings name races that were removed by hand, which costs a look at each manifest."""
    for year in sorted(listed_years(store)):
        listing = read_model(store, season_key(year), SeasonListing)
        if listing is not None and any(store.stat(race.manifest) is None for race in listing.published):
            prefix = f"telemetry/{year}/"
            relist(store, year, published_in(stored.key for stored in store.list(prefix)))
    if store.stat(CATALOG) is not None:
        mend_catalog(store)


def relist(store: Store, year: int, keys: set[SessionKey]) -> None:
    """A season's listing from the manifests of these races."""
    found = {key: read_manifest(store, key) for key in sorted(keys)}
    manifests = {key: manifest for key, manifest in found.items() if manifest is not None}
    listing = read_model(store, season_key(year), SeasonListing)
    publish_listing(store, store, year, listing, manifests.keys(), manifests)


def mend_catalog(store: Store, without: int | None = None) -> None:
    """The catalog from the listings that are there and can be read; `without` a season that is to go."""
    years = sorted(listed_years(store) - {without})
    found = [read_model(store, season_key(year), SeasonListing) for year in years]
    listings = [listing for listing in found if listing is not None]
    new = catalog_of(store, map(as_season, listings), reversed(listings), datetime.now(UTC))
    put_catalog(store, read_model(store, CATALOG, Catalog), new)


def listed_years(store: Store) -> set[int]:
    """The seasons that have a listing, whatever it says."""
    keys = (stored.key for stored in store.list("sessions/"))
    return {int(key[-9:-5]) for key in keys if (spec := spec_of(key)) is not None and spec.name == "season"}
