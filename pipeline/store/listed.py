"""A store whose files are known from one listing a season, for asking about thousands of them at once."""

from collections.abc import Iterable

from pipeline.contract.artifacts import session_of
from pipeline.store.base import Readable, Stored


class Listed:
    """What is there, where the `stat` of a race's file costs no request after the first of its season.

    Its view is of the moment of that first.
    """

    def __init__(self, store: Readable) -> None:
        self.read, self.digest = store.read, store.digest
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

    def list(self, prefix: str) -> Iterable[Stored]:
        return self._store.list(prefix)
