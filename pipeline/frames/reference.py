"""The reference line: what many laps of many cars agree on, so that no sample, lap or car can spoil it.

Each clean lap is laid out by the share of its own driven distance, which does not know the positions, and
then along the line that they make; the line is the median of all of them, point by point.
"""

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from pipeline.frames import driven
from pipeline.frames.clean import HOLE_S, holes
from pipeline.frames.line import SAME_LENGTH, Line, project
from pipeline.model import CarSamples, Floats, Laps, PosSamples

SPACING = 40.0  # 1/10 m between points of the reference line
LAPS_PER_CAR = 6
DISTINCT = 80  # points of a lap: from fewer, straight lines between them cut the corners
SHORTEST_M = 1000.0
CLOSED = 300.0  # 1/10 m between the end and the beginning of the line
KINK = 9  # points
ASIDE, FEW = 150.0, 0.05  # 1/10 m: a lap with more than this share of samples further aside has no vote
REACH = 0.05  # of a lap, on either side of the place the driven distance suggests
SEAM = 0.02  # of the lap, on both sides of the line, over which they are joined


@dataclass(frozen=True)
class _Lap:
    share: Floats
    xyz: npt.NDArray[np.float64]
    driven: float


def reference_line(
    positions: dict[str, PosSamples], cars: dict[str, CarSamples], laps: dict[str, Laps]
) -> Line | None:
    """The line that the laps agree on; None where no lap was driven without a hole and without the pits.

    A few of each car's fastest laps are enough, and give no car more votes than another.
    """
    paths = {n: driven.metres(cars.get(n), pos) for n, pos in positions.items() if n in laps}
    rows = {number: _fastest(own, cars.get(number)) for number, own in laps.items()}
    length = _length(positions, cars, laps, rows)
    if length is None:
        return None
    alike = [
        lap
        for number, path in paths.items()
        for lap in _laps_of(positions[number], path, laps[number], rows[number])
        if abs(lap.driven - length) <= SAME_LENGTH * length
    ]
    if not alike:
        return None
    n = max(50, round(length * 10.0 / SPACING))
    rough = _line(_median([(lap.share, lap) for lap in alike], n), length)
    if rough is None:
        return None
    on_it = _along(_smooth(rough), alike)
    return _line(_median(on_it, n), length) if on_it else None


def _median(laps: list[tuple[Floats, _Lap]], n: int) -> npt.NDArray[np.float64]:
    """What the laps, each with the place of its samples (0 to 1), agree on at n + 1 equal parts of the lap.

    Returns:
        float64 (4, n + 1): x, y, z, share of the driven distance.
    """
    parts = np.linspace(0.0, 1.0, n + 1)
    votes = np.array([[np.interp(parts, at, v) for v in (*lap.xyz, lap.share)] for at, lap in laps])
    return np.asarray(np.median(votes, axis=0))


def _smooth(line: Line) -> Line:
    """The line without the kinks where the median goes over from one lap to another."""
    x, y = (
        np.convolve(np.pad(v, KINK // 2, mode="wrap"), np.ones(KINK) / KINK, "valid")
        for v in (line.x, line.y)
    )
    return replace(line, x=x, y=y)


def _along(line: Line, laps: list[_Lap]) -> list[tuple[Floats, _Lap]]:
    """The laps that lie on the line, each with where along it its samples are, 0 to 1, never falling."""
    x, y = (np.concatenate([lap.xyz[i] for lap in laps]) for i in (0, 1))
    at, side = project(line, x, y, line.place(np.concatenate([lap.share for lap in laps])), REACH)
    cuts = np.cumsum([len(lap.share) for lap in laps])[:-1]
    return [
        (np.maximum.accumulate(own), lap)
        for own, aside, lap in zip(np.split(at, cuts), np.split(np.abs(side), cuts), laps, strict=True)
        if np.mean(aside > ASIDE) < FEW
    ]


def _length(
    positions: dict[str, PosSamples],
    cars: dict[str, CarSamples],
    laps: dict[str, Laps],
    rows: dict[str, npt.NDArray[np.intp]],
) -> float | None:
    """Metres of a lap by the cars' speed, the median of all their fastest; None where no lap is clean.

    No position can spoil it, but where no car has a speed: then it is by the path.
    """
    by_speed = {n: at for n in laps if n in cars and (at := cars[n].odometer) is not None}
    by_path = {n: (pos.t, driven.path(pos)) for n, pos in positions.items() if n in laps and not by_speed}
    found = [
        np.diff(np.interp((laps[number].start[i], laps[number].end[i]), *at))[0]
        for number, at in (by_speed or by_path).items()
        for i in rows[number][:LAPS_PER_CAR]
    ]
    length = float(np.median(found)) if found else 0.0
    return length if length > SHORTEST_M else None


def _fastest(own: Laps, car: CarSamples | None) -> npt.NDArray[np.intp]:
    """Rows of clean laps, fastest first: from line to line, not the first, no stop, no hole in the speed."""
    timed = own.completed & ~np.isnan(own.start) & (own.end > own.start)
    clean = timed & np.isnan(own.pit_in) & np.isnan(own.pit_out) & (own.number > 1)
    for begin, end in [] if car is None else holes(car.t, -np.inf, np.inf):
        clean &= (own.end < begin) | (own.start > end)
    rows = np.flatnonzero(clean)
    return rows[np.argsort((own.end - own.start)[rows], kind="stable")]


def _laps_of(pos: PosSamples, path: Floats, own: Laps, rows: npt.NDArray[np.intp]) -> list[_Lap]:
    known = ~np.isnan(pos.x)
    t, xyz = pos.t[known], np.array([pos.x[known], pos.y[known], pos.z[known]])
    found = (_lap(t, xyz, path[known], own.start[i], own.end[i]) for i in rows)
    return list(islice((lap for lap in found if lap is not None), LAPS_PER_CAR))


def _lap(t: Floats, xyz: npt.NDArray[np.float64], path: Floats, start: float, end: float) -> _Lap | None:
    """One lap from the last sample before it to the first after it; None where samples lack."""
    first, last = np.searchsorted(t, start, "right") - 1, np.searchsorted(t, end) + 1
    if first < 0 or last > len(t) or last - first < DISTINCT or np.diff(t[first:last]).max() > HOLE_S:
        return None
    begin, stop = np.interp((start, end), t, path)
    share = (path[first:last] - begin) / max(stop - begin, 1e-9)
    moved = np.concatenate(([True], np.diff(share) > 0))
    if moved.sum() < DISTINCT:
        return None
    return _Lap(share[moved], xyz[:, first:last][:, moved], float(stop - begin))


def _line(agreed: npt.NDArray[np.float64], driven_m: float) -> Line | None:
    """The line at equal steps along itself, joined where the end meets the beginning."""
    xyz, share = agreed[:3], agreed[3]
    gap = xyz[:, -1] - xyz[:, 0]
    if np.hypot(gap[0], gap[1]) > CLOSED:
        return None
    part = np.linspace(0.0, 1.0, len(share))
    seam = np.clip(1.0 - part / SEAM, 0.0, 1.0) - np.clip(1.0 - (1.0 - part) / SEAM, 0.0, 1.0)
    xyz = xyz + gap[:, None] / 2.0 * seam
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(xyz[0]), np.diff(xyz[1])))))
    at = np.linspace(0.0, along[-1], max(50, round(along[-1] / SPACING)), endpoint=False)
    x, y, z, by_speed = (np.interp(at, along, values) for values in (*xyz, share))
    return Line(x, y, z, float(along[-1]), by_speed, driven_m)
