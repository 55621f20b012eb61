"""The pit lane, learned from the cars between pit in and pit out: what most visits agree on.

Visits are laid on each other by the metres driven, scaled to the same length between the two timing lines,
which stand where the speed limit begins and ends. Who stops swerves to its box, each car to another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.contract.models import PitLane
from pipeline.frames.line import Line, project
from pipeline.frames.race import Race
from pipeline.model import Floats

FEWEST_VISITS, FEWEST_CARS = 3, 2
LONGEST_S = 120.0  # cars that stay longer were pushed about
STEP_M, ROAD_M = 4.0, 450.0  # between points; before and after the timing lines
ALIKE = 0.05  # of the length between the lines
BLIND_M = 80.0  # between two positions: what is in between, nobody has seen
ASIDE = 40.0  # 1/10 m beside the line that the cars race on: off the track's middle, and not back
POINTS = 30
LIMIT_STEP = 10  # km/h: limits are 60 and 80, and cars keep a little below


@dataclass(frozen=True)
class _Visit:
    """metres: driven since the first timing line at each sample, with x and y there. length: to the second.
    speed: km/h that were rarely exceeded between them."""

    number: str
    metres: Floats
    x: Floats
    y: Floats
    length: float
    speed: float


def pit_lane(race: Race, line: Line) -> PitLane | None:
    """The lane that the visits agree on; None where too few cars used it."""
    visits = [visit for number in race.numbers for visit in _visits(race, number)]
    if not visits:
        return None
    length = float(np.median([visit.length for visit in visits]))
    visits = [visit for visit in visits if abs(visit.length - length) <= ALIKE * length]
    cars = len({visit.number for visit in visits})
    if len(visits) < FEWEST_VISITS or cars < FEWEST_CARS:
        return None
    at = np.arange(-ROAD_M, length + ROAD_M, STEP_M)
    x, y = _agreed(visits, at, length)
    return _lane(line, at, x, y, length, visits)


def _visits(race: Race, number: str) -> Iterator[_Visit]:
    own, pos, car = race.raw.laps[number], race.clean.positions.get(number), race.clean.cars.get(number)
    if pos is None or car is None or (path := car.odometer) is None:
        return
    known = np.flatnonzero(~np.isnan(pos.x))
    driven = np.interp(pos.t[known], *path)
    exits = np.sort(own.pit_out[~np.isnan(own.pit_out)])
    for entry in own.pit_in[~np.isnan(own.pit_in)]:
        out = exits[(exits > entry) & (exits <= entry + LONGEST_S)][:1]
        if not len(out):
            continue
        begin, end = np.interp((entry, out[0]), *path)
        metres = driven - begin
        around = (metres > -1.5 * ROAD_M) & (metres < end - begin + 1.5 * ROAD_M)
        near, metres = known[around], metres[around]
        moved = np.diff(metres, prepend=-np.inf) > 0.5
        inside = (car.t > entry) & (car.t < out[0]) & ~np.isnan(car.speed)
        if moved.sum() > 1 and inside.any() and end > begin:
            top = float(np.percentile(car.speed[inside], 90))
            x, y = pos.x[near][moved], pos.y[near][moved]
            yield _Visit(number, metres[moved], x, y, float(end - begin), top)


def _agreed(visits: list[_Visit], at: Floats, length: float) -> tuple[Floats, Floats]:
    """The median of the visits' x and y at the metres `at`, NaN where too few have been seen."""
    votes = np.full((2, len(visits), len(at)), np.nan)
    for i, visit in enumerate(visits):
        own = np.where(
            at > length, at - length + visit.length, np.where(at > 0, at / length * visit.length, at)
        )
        after = np.clip(np.searchsorted(visit.metres, own), 1, len(visit.metres) - 1)
        seen = (own >= visit.metres[0]) & (own <= visit.metres[-1])
        seen &= np.diff(visit.metres)[after - 1] < BLIND_M
        for vote, values in zip(votes[:, i], (visit.x, visit.y), strict=True):
            vote[seen] = np.interp(own[seen], visit.metres, values)
    enough = (~np.isnan(votes[0])).sum(axis=0) >= FEWEST_VISITS
    x, y = (np.full(len(at), np.nan) for _ in range(2))
    for out, vote in ((x, votes[0]), (y, votes[1])):
        out[enough] = np.nanmedian(vote[:, enough], axis=0)
    return x, y


def _lane(
    line: Line, at: Floats, x: Floats, y: Floats, length: float, visits: list[_Visit]
) -> PitLane | None:
    """The part of the path that is beside the track, around the timing lines."""
    known = np.flatnonzero(~np.isnan(x))
    at, x, y = at[known], x[known], y[known]
    inside = np.flatnonzero((at >= 0) & (at <= length))
    if len(inside) < 2 or np.diff(at).max() > STEP_M + 1e-6:
        return None
    nearest = np.array([np.argmin(np.hypot(line.x - px, line.y - py)) for px, py in zip(x, y, strict=True)])
    where, side = project(line, x, y, nearest / len(line.x), 0.01)
    track = np.abs(side) <= ASIDE
    before, after = np.flatnonzero(track[: inside[0]]), np.flatnonzero(track[inside[-1] :])
    first = before[-1] if len(before) else 0
    last = inside[-1] + after[0] if len(after) else len(at) - 1
    part = np.unique(np.linspace(first, last, POINTS).round().astype(int))
    speed = float(np.median([visit.speed for visit in visits]))
    return PitLane(
        x=[round(v) for v in x[part]],
        y=[round(v) for v in y[part]],
        length_m=round(float(at[last] - at[first]), 1),
        entry=round(float(where[first]) % 1.0 * line.length_m, 1),
        exit=round(float(where[last]) % 1.0 * line.length_m, 1),
        limit_from=round(float(-at[first]), 1),
        limit_to=round(float(length - at[first]), 1),
        speed_limit=LIMIT_STEP * round(speed / LIMIT_STEP),
        visits=len(visits),
        cars=len({visit.number for visit in visits}),
    )
