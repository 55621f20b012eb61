"""A bucket whose sizes are known from one listing a season, for asking about thousands of files at once."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.artifacts import session_of
from pipeline.store.base import Store, Stored


class ListedStore:
    """A Store whose `stat` of a race's file costs no request after the first of its season.

    Its view is of the moment of that first; what this object itself puts or deletes is known.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seasons: dict[int, dict[str, Stored]] = {}

    def stat(self, key: str) -> Stored | None:
        session = session_of(key)
        if session is None:
            return self._store.stat(key)
        if session.year not in self._seasons:
            found = self._store.list(f"telemetry/{session.year}/")
            self._seasons[session.year] = {stored.key: stored for stored in found}
        return self._seasons[session.year].get(key)

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        self._store.put_file(key, path, sha256)
        self._seasons.clear()

    def put_bytes(self, key: str, data: bytes) -> None:
        self._store.put_bytes(key, data)
        self._seasons.clear()

    def delete(self, key: str) -> None:
        self._store.delete(key)
        self._seasons.clear()

    def read(self, key: str) -> bytes | None:
        return self._store.read(key)

    def digest(self, key: str) -> Stored | None:
        return self._store.digest(key)

    def list(self, prefix: str) -> Iterator[Stored]:
        yield from self._store.list(prefix)
