"""The mini-sectors of a simulated race: when each car passed which, and the colour that the feed gives it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.demo.official import line_times
from pipeline.demo.track import SECTOR_ENDS
from pipeline.demo.truth import Floats, Truth

SIZES = (4, 5, 3)  # segments of each sector
NONE, YELLOW, GREEN, PURPLE, PIT = 0, 2048, 2049, 2051, 2064
_PLACES = [(sector, i) for sector, size in enumerate(SIZES) for i in range(size)]

Passed = tuple[float, str, int, int]
"""session second, code, segment from 0 through all sectors, the feed's status of it"""


def passed(truth: Truth) -> list[Passed]:
    """Every segment that a car drove through, by time."""
    drives = sorted(drive for i in range(len(truth.cars)) for drive in _drives(truth, i))
    overall, own = dict[int, float](), dict[tuple[int, str], float]()
    found = []
    for end, begin, code, segment in drives:
        seconds = round(end - begin, 3)
        status = YELLOW
        if any(entry < end and begin < leave for entry, leave in truth.in_lane(code)):
            status = PIT
        elif seconds < overall.get(segment, np.inf):
            status = PURPLE
        elif seconds < own.get((segment, code), np.inf):
            status = GREEN
        if status != PIT:
            overall[segment] = min(seconds, overall.get(segment, np.inf))
            own[segment, code] = min(seconds, own.get((segment, code), np.inf))
        found.append((end, code, segment, status))
    return found


def segment_changes(truth: Truth) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """As in the feed the colours of a lap go when the car has passed the first segment of the next."""
    stands: dict[str, list[int]] = {car.code: [NONE] * len(_PLACES) for car in truth.cars}
    for when, code, segment, status in passed(truth):
        before = stands[code]
        now = [NONE] * len(_PLACES) if segment == 0 else before.copy()
        now[segment] = status
        sectors: dict[str, Any] = {}
        for (sector, i), was, said in zip(_PLACES, before, now, strict=True):
            if was != said:
                sectors.setdefault(str(sector), {"Segments": {}})["Segments"][str(i)] = {"Status": said}
        stands[code] = now
        if sectors:
            yield when, code, {"Sectors": sectors}


def _drives(truth: Truth, i: int) -> Iterator[tuple[float, float, str, int]]:
    """(end, begin, code, segment) of one car, whose first segment begins on the grid."""
    code = truth.cars[i].code
    laps = len(truth.line_s[code]) + (code in truth.retired_s)
    ends = line_times(truth.t, truth.progress[i], (np.arange(laps)[:, None] + _ends()).ravel())
    for k, (begin, end) in enumerate(pairwise([truth.start_s, *ends.tolist()])):
        if not np.isnan(end):
            yield end, begin, code, k % len(_PLACES)


def _ends() -> Floats:
    """Where segments end, as fractions of the lap."""
    edges = pairwise((0.0, *SECTOR_ENDS, 1.0))
    cut = [np.linspace(a, b, size + 1)[1:] for (a, b), size in zip(edges, SIZES, strict=True)]
    return np.concatenate(cut)
