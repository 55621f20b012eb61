"""What the rows of the official timing say of one another and of the cars: crossings, pit visits, tyres.

Lap numbers and pit visits have no null, and no better source: what contradicts itself is named, with its car.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pipeline.frames.clean import Clean, by_car
from pipeline.frames.line import Line
from pipeline.frames.order import real_places
from pipeline.model import CarSamples, Finding, Laps, OfficialTiming, PosSamples, RawRace

PIT_KMH = 120.0  # no pit lane is driven at that on average
VISIT_S = 10.0
SEEN_S, LEAP_S = 1.0, 20.0  # no car loses two places and has them back within so short a time
AT_LINE = 1000.0  # 1/10 m: what late stamps and the width of the track make of it


def contradictions(raw: RawRace, clean: Clean, line: Line | None) -> Iterator[Finding]:
    """What is wrong, by car. clean: positions before they are judged by the crossings."""
    positions, first = clean.positions, min(int(own.number[0]) for own in raw.laps.values())
    crossings = {
        n: 0 if line is None else _beside(own, positions.get(n), line) for n, own in raw.laps.items()
    }
    visits = {n: _unpaired(own) + _too_fast(own, clean.cars.get(n)) for n, own in raw.laps.items()}
    tyres = {n: _tyres(own) for n, own in raw.laps.items()}
    laps = {n: int((np.diff(own.number, prepend=first - 1) > 1).sum()) for n, own in raw.laps.items()}
    nowhere = {n: int((~real_places(own)).sum()) + _leaps(own) for n, own in raw.timing.items()}
    silent = {d.number: 1 for d in raw.drivers if d.number not in raw.laps and d.number in raw.positions}
    for name, counts, what in (
        ("lost_laps", laps, "stretches in which the timing lost laps"),
        ("no_laps", silent, "cars with positions whose laps the timing lacks altogether"),
        ("crossings_false", crossings, "line crossings at which the car was elsewhere on the track"),
        (
            "pit_visits_false",
            visits,
            "pit entries without an exit, exits without an entry, or visits at full speed",
        ),
        (
            "places_false",
            nowhere,
            "official places that do not exist, which are left out, or that a car leaps to and back from",
        ),
        ("tyres_contradicted", tyres, "laps whose tyres changed compound or age without a pit visit"),
    ):
        if (found := by_car(raw, name, counts, what)).count:
            yield found


def _leaps(own: OfficialTiming) -> int:
    """Places more than one away that a car has for seconds, and then again the one before."""
    real = real_places(own)
    t, place = own.t[real], own.place[real].astype(np.int64)
    moved = np.flatnonzero(np.diff(place, prepend=-1) != 0)
    t, place = t[moved], place[moved]
    lasted = np.diff(t)[1:]
    back = (place[2:] == place[:-2]) & (np.abs(np.diff(place)[1:]) > 1)
    return int((back & (lasted >= SEEN_S) & (lasted < LEAP_S)).sum())


def _beside(own: Laps, pos: PosSamples | None, line: Line) -> int:
    """Line crossings at which the car's positions are far from the line."""
    if pos is None or (known := ~np.isnan(pos.x)).sum() < 2:
        return 0
    t = own.end[own.completed]
    after = np.clip(np.searchsorted(pos.t[known], t), 1, known.sum() - 1)
    close = (pos.t[known][after] - pos.t[known][after - 1] < 1.0) & (pos.t[known][after] >= t)
    x, y = (np.interp(t, pos.t[known], v[known]) for v in (pos.x, pos.y))
    return int((close & (np.hypot(x - line.x[0], y - line.y[0]) > AT_LINE)).sum())


def _unpaired(own: Laps) -> int:
    """Pit entries and exits that have no other side, where the car drove on after them, and before."""
    moments = sorted(
        [(t, 1) for t in own.pit_in[~np.isnan(own.pit_in)]]
        + [(t, -1) for t in own.pit_out[~np.isnan(own.pit_out)]]
    )
    sides = [side for _, side in moments]
    twice = sum(first == second for first, second in pairwise(sides))
    began = bool(sides) and sides[0] < 0 and own.number[~np.isnan(own.pit_out)][0] > 1
    went_on = bool(sides) and sides[-1] > 0 and (own.end[own.completed] > moments[-1][0]).sum() > 1
    return twice + began + went_on


def _too_fast(own: Laps, car: CarSamples | None) -> int:
    """Pit visits on which the car does not slow down."""
    if car is None:
        return 0
    found = 0
    for entry, out in zip(own.pit_in[:-1], own.pit_out[1:], strict=True):
        speed = car.speed[(car.t >= entry) & (car.t <= out)]
        known = speed[~np.isnan(speed)]
        found += bool(out - entry > VISIT_S and len(known) and known.mean() > PIT_KMH)
    return found


def _tyres(own: Laps) -> int:
    """Laps that begin on other tyres than the last one ended on, without a pit visit in between."""
    stopped = ~np.isnan(own.pit_in[:-1]) | ~np.isnan(own.pit_out[1:])
    next_lap = np.diff(own.number) == 1
    both = (own.tyre[1:] > 0) & (own.tyre[:-1] > 0)
    aged = (own.tyre_life[1:] >= 0) & (own.tyre_life[:-1] >= 0)
    other = (both & (own.tyre[1:] != own.tyre[:-1])) | (aged & (np.diff(own.tyre_life) != 1))
    return int((next_lap & ~stopped & other).sum())
