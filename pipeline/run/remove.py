"""Take sessions, or a season, out of a place: once no listing, season file or catalog names them, they go.

Whoever is killed in between leaves files that nothing names; the same command again takes them away. A run
that comes first lists them again, for they are whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.contract.artifacts import CATALOG, SessionKey, season_files, season_key, session_of
from pipeline.publish.documents import published_in
from pipeline.publish.mend import mend_catalog, relist
from pipeline.publish.race import remove_race
from pipeline.run.history import History
from pipeline.run.season import refresh
from pipeline.store.base import Place, Store
from pipeline.store.local import LocalStore


@dataclass(frozen=True)
class Scope:
    """A season, a round of it, or one session of that, and what is in it."""

    year: int
    round: int | None = None
    session: str | None = None

    def __contains__(self, key: SessionKey) -> bool:
        return self.has(key.slug)

    def has(self, slug: str) -> bool:
        """Whether a session is in it, by its slug."""
        year, number, code = [*slug.split("-"), "", ""][:3]
        return (
            year == str(self.year) and str(self.round or number) == number and (self.session or code) == code
        )

    def __str__(self) -> str:
        if self.round is None:
            return f"season {self.year}"
        return f"{self.year} round {self.round}" + (f" {self.session}" if self.session else "")


def what_would_go(store: Store, scope: Scope) -> Iterator[str]:
    """A line for each session, and for a season's own files, with what they take."""
    found: dict[str, list[int]] = {}
    for prefix in (f"telemetry/{scope.year}/", *([season_files(scope.year)] if scope.round is None else [])):
        for stored in store.list(prefix):
            key = session_of(stored.key)
            if key is None or key in scope:
                name = str(key) if key is not None else f"the files of season {scope.year}"
                found.setdefault(name, []).append(stored.bytes)
    if scope.round is None and not found and store.stat(season_key(scope.year)) is not None:
        found[season_key(scope.year)] = [0]
    for name, sizes in found.items():
        yield f"{name}, {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB,"


def remove_from(store: Store, scope: Scope, place: Place | None = None) -> None:
    """Remove them. place: how a child opens a store that is a bucket.

    Raises:
        StoreError, NewerSchemaError: it could not be done; what is listed is whole.
    """
    there = [stored.key for stored in store.list(f"telemetry/{scope.year}/")]
    keys = {key for name in there if (key := session_of(name)) is not None and key in scope}
    if scope.round is None:
        _forget_season(store, scope.year)
    elif keys:
        relist(store, scope.year, published_in(there) - keys)
        mend_catalog(store)
        refresh(store, [scope.year], place)
    for key in sorted(keys):
        remove_race(store, key, there)
    if isinstance(store, LocalStore):
        _forget_attempts(store, scope)


def _forget_season(store: Store, year: int) -> None:
    """The catalog without it, then its listing and its own files."""
    if store.stat(CATALOG) is not None:
        mend_catalog(store, without=year)
    store.delete(season_key(year))
    for stored in list(store.list(season_files(year))):
        store.delete(stored.key)


def _forget_attempts(store: LocalStore, scope: Scope) -> None:
    """What nightly runs tried of them, so that the next one does not wait."""
    history = History.read(store)
    kept = {slug: attempt for slug, attempt in history.attempts.items() if not scope.has(slug)}
    if kept != history.attempts:
        History(kept).write(store)
