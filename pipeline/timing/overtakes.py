"""Who overtook whom, when and how: from the official order in the frames.

Every lasting exchange of two cars in that order is one overtake, so that the order at one moment and the
overtakes since explain the order at the next. One that is taken back at once is the feed's hesitation: it
moves cars one after the other, seconds after they passed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contract.columns import COLUMNS, PIT
from pipeline.frames.race import RED
from pipeline.model import Bools, CarFrames, Floats, Ints, RaceFrames, Status

LASTS_S = 2.0  # the feed looks at a car every few seconds
SURE_S = 20.0  # what it takes back within this, though no distance changed hands, was false
ABSENT = 1000  # behind all that are there; who left earlier is further back
LEFT_PITS_S = 5.0  # the feed may notice what happened in the pit lane after the car has left it
TO_PITS_S = 5.0  # a car slows down before the line at which its stay in the pit lane begins
LEAVING_S = 30.0  # a car that halts for good within this was on its way out
CREEPS_KMH = 30.0
LEVEL_BEFORE_S, LEVEL_AFTER_S = 60.0, 8.0  # the feed notices late, and positions are off by a car's length
NEUTRALISED = ("4", "6", "7")


@dataclass(frozen=True)
class Overtake:
    """`driver` and `other` are codes; frame: the first of the new order. passed: the frame in which they were
    level by distance, the same frame where that is not known. way: see `contract.tables.OVERTAKES`."""

    frame: int
    driver: str
    other: str
    passed: int
    way: str


def overtakes(frames: RaceFrames, track_status: Status) -> list[Overtake]:
    """All of a race, by time. track_status: on the session clock."""
    codes, (order, changed) = list(frames.cars), _order(frames)
    flags = track_status.at(frames.clock.times() + 1e-6)
    found = []
    for i, j, at, first_ahead in _exchanges(order, changed):
        for frame, first in _lasting(frames, (codes[i], codes[j]), at, first_ahead):
            driver, other = (codes[i], codes[j]) if first else (codes[j], codes[i])
            passed = _passed(frames, driver, other, frame)
            found.append(
                Overtake(frame, driver, other, passed, _way(frames, driver, other, frame, passed, flags))
            )
    return sorted(found, key=lambda one: (one.frame, one.driver, one.other))


def _order(frames: RaceFrames) -> tuple[npt.NDArray[np.int16], Ints]:
    """(cars, n) the order after each change of it, and the frames (n,) of the changes, from 0."""
    cars, n = list(frames.cars.values()), frames.clock.frames
    every = np.full((len(cars), n), 0, dtype=np.int16)
    ends = sorted({len(car) for car in cars}, reverse=True)
    for row, car in zip(every, cars, strict=True):
        row[: len(car)] = car.columns["position"]
        row[len(car) :] = ABSENT + ends.index(len(car))
    changed = np.flatnonzero((every[:, 1:] != every[:, :-1]).any(axis=0)) + 1
    changed = np.concatenate(([0], changed))
    return every[:, changed], changed


def _exchanges(order: npt.NDArray[np.int16], changed: Ints) -> Iterator[tuple[int, int, Ints, Bools]]:
    """Of each pair that changed places: its rows, since which frames it is so, and if the first is ahead."""
    ahead = order[:, None, :] < order[None, :, :]
    swapped = ahead[:, :, 1:] != ahead[:, :, :-1]
    for i, j in zip(*np.nonzero(np.triu(swapped.any(axis=2), 1)), strict=True):
        since = np.concatenate(([0], np.flatnonzero(swapped[i, j]) + 1))
        yield int(i), int(j), changed[since], ahead[i, j, since]


def _lasting(
    frames: RaceFrames, pair: tuple[str, str], at: Ints, first_ahead: Bools
) -> Iterator[tuple[int, bool]]:
    """The frames at which a pair changed places for good, or for long, and whether the first is ahead since.

    The order on the grid and the last one hold however long they lasted.
    """
    fps, lasted = frames.clock.fps, np.diff(at)
    keep = np.ones(len(at), dtype=bool)
    keep[1:-1] = lasted[1:] >= LASTS_S * fps
    for k in np.flatnonzero(keep[1:-1] & (lasted[1:] < SURE_S * fps)) + 1:
        a, b = (_distance(frames.cars[code], int(at[k]), int(at[k + 1])) for code in pair)
        n = min(len(a), len(b))
        lead = (a[:n] - b[:n]) * (1.0 if first_ahead[k] else -1.0)
        keep[k] = bool(np.isnan(lead).any() or (lead > 0).any())
    at, first_ahead = at[keep], first_ahead[keep]
    for k in np.flatnonzero(first_ahead[1:] != first_ahead[:-1]) + 1:
        yield int(at[k]), bool(first_ahead[k])


def _passed(frames: RaceFrames, driver: str, other: str, frame: int) -> int:
    """The frame in which one drew level with the other by distance, mostly before the order changed."""
    fps = frames.clock.fps
    begin = max(0, frame - int(LEVEL_BEFORE_S * fps))
    a, b = (_distance(frames.cars[code], begin, frame + int(LEVEL_AFTER_S * fps)) for code in (driver, other))
    n, at = min(len(a), len(b)), frame - begin
    ahead = a[:n] > b[:n]  # not where either is unknown
    if n <= at:
        return frame
    later = np.flatnonzero(ahead[at:])
    if not ahead[at]:
        return frame + int(later[0]) if len(later) else frame
    behind = np.flatnonzero(a[:at] <= b[:at])
    return begin + int(behind[-1]) + 1 if len(behind) else frame


def _distance(car: CarFrames, begin: int, end: int) -> Floats:
    dist = car.columns["dist"][begin:end]
    return np.where(dist == COLUMNS["dist"].null, np.nan, dist.astype(np.float64))


def _way(
    frames: RaceFrames, driver: str, other: str, frame: int, passed: int, flags: npt.NDArray[np.str_]
) -> str:
    cars, fps = frames.cars, frames.clock.fps
    if flags[passed] == RED or flags[frame] == RED:
        return "red_flag"
    recent = slice(max(0, min(passed, frame - int(LEFT_PITS_S * fps))), frame + int(TO_PITS_S * fps))
    if any((cars[code].columns["status"][recent] == PIT).any() for code in (driver, other)):
        return "pits"
    halt = next((d.retired_at for d in frames.drivers if d.code == other), None)
    if (halt is not None and halt <= frame / fps + LEAVING_S) or len(cars[other]) <= frame:
        return "retirement"
    if _creeps(cars[other], passed, frame):
        return "slow"
    if cars[driver].columns["lap"][min(passed, len(cars[driver]) - 1)] == 1:
        return "start"
    return "safety_car" if flags[passed] in NEUTRALISED else "track"


def _creeps(car: CarFrames, begin: int, end: int) -> bool:
    speed = car.columns["speed"][begin : end + 1]
    known: Bools = speed != COLUMNS["speed"].null
    return bool(known.any() and speed[known].min() < CREEPS_KMH)
