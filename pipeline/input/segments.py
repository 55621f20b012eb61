"""Colours of mini-sectors: what fastf1's parser drops of TimingData, the feed's largest topic of timing.

Of each message what it says of segments is kept and nothing else, so that the page need not be read twice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from fastf1 import _api

from pipeline.model import SegmentWord

SECTORS, MOST = 3, 64  # of a lap, and segments in one of them
MOST_TOLD = 20_000  # of one car: twice what the longest race says

Page = list[Any]
"""[stamp, message] by time, as fastf1 reads a stream."""


@contextmanager
def overheard() -> Iterator[dict[str, Page]]:
    """The page by its name, pared, once fastf1 has fetched it for itself."""
    ask, heard = _api.fetch_page, dict[str, Page]()

    def fetch(path: str, name: str) -> Any:
        found = ask(path, name)
        if name == "timing_data" and isinstance(found, list):
            heard["TimingData"] = pared(found)
        return found

    _api.fetch_page = fetch
    try:
        yield heard
    finally:
        _api.fetch_page = ask


def pared(page: Page) -> Page:
    """The messages that tell of segments, as [stamp, {"Told": [(number, sector, segment, status), ...]}]."""
    found = ([one[0], list(_told(one[1]))] for one in page if isinstance(one, list) and len(one) == 2)
    return [[stamp, {"Told": told}] for stamp, told in found if told]


def _told(message: Any) -> Iterator[tuple[str, int, int, int]]:
    for number, line in _named(_of(message, "Lines")):
        for sector, told in _named(_of(line, "Sectors")):
            place = _index(sector, SECTORS)
            if place is None:
                continue
            for segment, said in _named(_of(told, "Segments")):
                index, status = _index(segment, MOST), _of(said, "Status")
                if index is not None and isinstance(status, int) and 0 <= status < 1 << 16:
                    yield str(number), place, index, int(status)


def words(messages: Iterable[tuple[float, dict[str, Any]]]) -> Iterator[SegmentWord]:
    """What was said of each segment, in session seconds. Raises ValueError: more than any race has."""
    said = Counter[str]()
    for t, message in messages:
        for number, sector, segment, status in message["Told"]:
            said[number] += 1
            if said[number] > MOST_TOLD:
                raise ValueError(f"more is said of the segments of car {number} than of any in a race")
            yield SegmentWord(t, number, sector, segment, status)


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _named(value: Any) -> Any:
    """Entries by name; the feed writes a list whole, and what changes in it by number."""
    return value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()


def _index(value: Any, end: int) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 and int(text) < end else None
