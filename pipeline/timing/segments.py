"""The colours of mini-sectors, car by car, as changes on the frame clock."""

from collections.abc import Iterable
from itertools import groupby
from statistics import median_high

from pipeline.model import RaceFrames, RawRace, SegmentWord

TENTH_S = 0.1  # the feed's own stamps are no better
ALL = -1  # in place of a segment: the car has no colour any more, as where it begins a lap

Changes = dict[str, list[int]]
"""t (tenths of a second since the change before), segment and status, of equal length"""


def segments(raw: RawRace, frames: RaceFrames) -> tuple[list[int], dict[str, Changes]]:
    """How many segments each sector has, and each car's changes by its letters; empty where none are told."""
    codes = {driver.number: driver.code for driver in raw.drivers if driver.code in frames.cars}
    told = [word for word in raw.topics.segments if word.number in codes]
    sizes = _sizes(told)
    begins = [sum(sizes[:i]) for i in range(len(sizes))]
    t0, last = frames.clock.t0, round(frames.clock.duration / TENTH_S)
    by_car: dict[str, list[tuple[int, int, int]]] = {}
    for word in sorted(told, key=lambda word: word.t):
        t = max(0, round((word.t - t0) / TENTH_S))
        if word.segment < sizes[word.sector] and t <= last:
            by_car.setdefault(codes[word.number], []).append(
                (t, begins[word.sector] + word.segment, word.status)
            )
    cars = {code: _changes(by_car[code]) for code in sorted(by_car)}
    return sizes, {code: changes for code, changes in cars.items() if changes["t"]}


def _sizes(told: list[SegmentWord]) -> list[int]:
    """Of most cars: one strange word makes no segment."""
    highest: dict[int, dict[str, int]] = {}
    for word in told:
        of_cars = highest.setdefault(word.sector, {})
        of_cars[word.number] = max(of_cars.get(word.number, 0), word.segment + 1)
    sectors = range(max(highest, default=-1) + 1)
    return [median_high(highest[i].values()) if i in highest else 0 for i in sectors]


def _changes(told: Iterable[tuple[int, int, int]]) -> Changes:
    """Those of (t, segment, status), by time, that change anything; at frame 0 it is what stood there."""
    coloured: dict[int, int] = {}
    rows: list[tuple[int, int, int]] = []
    before = 0
    for t, group in groupby(told, key=lambda change: change[0]):
        said = {segment: status for _, segment, status in group}
        changed = {segment: status for segment, status in said.items() if coloured.get(segment, 0) != status}
        for segment, status in changed.items():
            if status:
                coloured[segment] = status
            else:
                del coloured[segment]
        if len(changed) > 1 + len(coloured):
            changed = {ALL: 0, **coloured}
        for segment, status in sorted(changed.items()):
            rows.append((t - before, segment, status))
            before = t
    return {name: [row[i] for row in rows] for i, name in enumerate(("t", "segment", "status"))}
