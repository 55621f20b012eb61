"""The DRS zones, learned from where cars open it (to 2025)."""

from dataclasses import dataclass

import numpy as np

from pipeline.contract.models import DrsZone
from pipeline.frames.line import Line
from pipeline.frames.race import Race
from pipeline.model import Floats

OPEN = (10, 12, 14)
MAY = 8  # the car was near enough at the detection line
FEWEST, FEWEST_CARS = 5, 2
APART = 0.02  # of a lap: openings further apart than this are of two zones
EARLIEST, LATEST = 10.0, 90.0  # percentiles: who opens it at once, who shuts it last
BLIND_S = 1.0


@dataclass(frozen=True)
class _Opening:
    """Parts of the lap: where it was opened, where shut (on from 1 where that is beyond the line), and where
    the car was told that it may; NaN where that was not seen."""

    number: str
    opened: float
    shut: float
    told: float


def drs_zones(race: Race, along: dict[str, Floats], line: Line) -> list[DrsZone]:
    """Where enough cars opened it, in order round the lap."""
    found = sorted(
        (one for number in along for one in _openings(race, number, along[number])),
        key=lambda one: one.opened,
    )
    if not found:
        return []
    parts = np.array([one.opened for one in found])
    starts = np.flatnonzero(np.diff(parts, prepend=parts[-1] - 1.0) > APART)
    if not len(starts):
        return []
    turned = found[starts[0] :] + found[: starts[0]]  # so that no zone is cut in two by the line
    groups = np.split(np.arange(len(turned)), starts[1:] - starts[0])
    zones = [_zone([turned[i] for i in group], line) for group in groups]
    return sorted((zone for zone in zones if zone is not None), key=lambda zone: zone.start)


def _openings(race: Race, number: str, along: Floats) -> list[_Opening]:
    car, pos_t, known = race.clean.cars.get(number), race.clean.positions[number].t, ~np.isnan(along)
    if car is None or not len(car.t) or known.sum() < 2:
        return []
    wide = np.isin(car.drs, OPEN)
    at = np.interp(car.t, pos_t[known], along[known], left=np.nan, right=np.nan)
    at = (at + np.append(np.nan, at[:-1])) / 2  # a code changed since the sample before
    at[np.diff(car.t, prepend=-np.inf) > BLIND_S] = np.nan
    begin = np.flatnonzero(wide[1:] & ~wide[:-1]) + 1
    found = []
    for first in begin:
        shut = first + int(np.argmin(wide[first:])) if not wide[first:].all() else len(wide) - 1
        told = first
        while told > 0 and car.drs[told - 1] == MAY:
            told -= 1
        seen = 0 < told < first and car.drs[told - 1] not in OPEN
        opened, closed, decided = at[first], at[shut], at[told] if seen else np.nan
        if 0 < closed - opened < 0.5:
            lap = np.floor(opened)
            found.append(_Opening(number, float(opened - lap), float(closed - lap), float(decided - lap)))
    return found


def _zone(group: list[_Opening], line: Line) -> DrsZone | None:
    cars = len({one.number for one in group})
    if len(group) < FEWEST or cars < FEWEST_CARS:
        return None
    base = group[0].opened
    opened = np.array([(one.opened - base + 0.5) % 1.0 + base - 0.5 for one in group])
    shut = opened + [one.shut - one.opened for one in group]
    told = opened - [one.opened - one.told for one in group]
    told = told[~np.isnan(told)]
    return DrsZone(
        start=_metres(float(np.percentile(opened, EARLIEST)), line),
        end=_metres(float(np.percentile(shut, LATEST)), line),
        detection=_metres(float(np.median(told)), line) if len(told) >= FEWEST else None,
        openings=len(group),
        cars=cars,
    )


def _metres(part: float, line: Line) -> float:
    return round(part % 1.0 * line.length_m, 1)
