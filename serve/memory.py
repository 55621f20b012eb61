"""Small bodies kept within one budget: files as stored, and texts as gzip."""

from collections import OrderedDict


class Memory:
    """Bodies by name, at most `limit` bytes of them; the one that was not asked for longest goes first."""

    def __init__(self, limit: int) -> None:
        self._kept: OrderedDict[str, tuple[object, bytes]] = OrderedDict()
        self._limit = limit
        self._bytes = 0

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def get(self, name: str, state: object) -> bytes | None:
        """What is kept under a name in this state; one of another state is forgotten."""
        kept = self._kept.get(name)
        if kept is None:
            return None
        if kept[0] != state:
            self._forget(name)
            return None
        self._kept.move_to_end(name)
        return kept[1]

    def keep(self, name: str, state: object, body: bytes) -> None:
        if name in self._kept:
            self._forget(name)
        self._kept[name] = state, body
        self._bytes += len(body)
        while self._bytes > self._limit:
            self._forget(next(iter(self._kept)))

    def _forget(self, name: str) -> None:
        self._bytes -= len(self._kept.pop(name)[1])
