"""The track as a line, and every car's race progress along it.

Progress is counted in laps: 2.25 is a quarter into the third lap. Positions are projected on one
reference lap, so it is comparable between cars; the official line crossings then pin it, so that it
agrees with the lap count to the sample.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.laps import LapLine
from pipeline.model import CarSamples, Floats, Laps, PosSamples

SPACING = 40.0  # 1/10 m between points of the reference line
COARSE = 6  # points between candidates of the first search
WINDOW = 0.10  # of a lap, on either side of the place the driven path suggests
OFF_LINE = 1000.0  # 1/10 m: further from the line than any pit lane or run-off that still counts
LEAD_IN_S = 3.0
MEDIAN_SAMPLES = 9  # about two seconds
MAX_SPEED_MS = 110.0
PINNED = 0.05  # of a lap: a crossing that disagrees with the projection by more is not believed


@dataclass(frozen=True)
class Line:
    """A closed reference line. x, y: float64 (n,) at equal steps along it, from the start/finish line."""

    x: Floats
    y: Floats
    length: float  # 1/10 m

    @property
    def length_m(self) -> float:
        """Metres, rounded as published: distances agree with the published length over a whole race."""
        return round(self.length / 10.0, 1)


def reference_line(positions: dict[str, PosSamples], laps: dict[str, Laps]) -> Line | None:
    """The cleanest fast lap as a line; None where no lap was driven without a hole and without the pits."""
    candidates = sorted(
        (float(own.end[i] - own.start[i]), number, i)
        for number, own in laps.items()
        if number in positions
        for i in np.flatnonzero(_clean_laps(own))
    )
    for _, number, i in candidates[:200]:
        line = _line(positions[number], laps[number].start[i], laps[number].end[i])
        if line is not None:
            return line
    return None


def _clean_laps(own: Laps) -> npt.NDArray[np.bool_]:
    timed = own.completed & ~np.isnan(own.start) & (own.end > own.start)
    return timed & np.isnan(own.pit_in) & np.isnan(own.pit_out) & (own.number > 1)


def _line(pos: PosSamples, start: float, end: float) -> Line | None:
    inside = slice(*np.searchsorted(pos.t, (start, end)))
    t = np.concatenate(([start], pos.t[inside], [end]))
    if len(t) < 50 or np.diff(t).max() > 1.0 or t[0] < pos.t[0] or t[-1] > pos.t[-1]:
        return None
    x, y = np.interp(t, pos.t, pos.x), np.interp(t, pos.t, pos.y)
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    if np.isnan(along[-1]) or along[-1] < 10_000 or np.hypot(x[-1] - x[0], y[-1] - y[0]) > 300:
        return None
    keep = np.concatenate(([True], np.diff(along) > 0))
    at = np.linspace(0.0, along[-1], round(along[-1] / SPACING), endpoint=False)
    return Line(np.interp(at, along[keep], x[keep]), np.interp(at, along[keep], y[keep]), float(along[-1]))


def project(line: Line, x: Floats, y: Floats, guess: Floats) -> Floats:
    """Fraction of the lap nearest to each point, within a window around `guess`, unwrapped to it.

    x, y, guess: (n,); returns float64 (n,) near `guess` (which counts laps), NaN where the point or the
    guess is unknown or the car is off the line by more than OFF_LINE.
    """
    n = len(line.x)
    known = ~(np.isnan(x) | np.isnan(guess))
    px, py = x[known].astype(np.float32), y[known].astype(np.float32)
    centre = np.rint(guess[known] * n).astype(np.int64)
    reach = int(np.ceil(WINDOW * n / COARSE))
    best = _nearest(line, px, py, centre, np.arange(-reach, reach + 1) * COARSE)
    best = _nearest(line, px, py, best, np.arange(-COARSE, COARSE + 1))
    exact, distance = _on_segments(line, x[known], y[known], best)
    out = np.full(len(x), np.nan)
    out[known] = np.where(distance <= OFF_LINE, exact / n, np.nan)
    return out


def _nearest(
    line: Line,
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.float32],
    centre: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Index (not wrapped) of the nearest line point among `centre + offsets`."""
    n = len(line.x)
    # three times round, so that no index wraps within the loop
    lx, ly = (np.tile(v.astype(np.float32), 3) for v in (line.x, line.y))
    start = centre % n + n
    best = np.full(len(x), np.inf, dtype=np.float32)
    found = np.zeros(len(x), dtype=np.int64)
    for offset in offsets:
        index = start + offset
        distance = lx.take(index)
        distance -= x
        distance *= distance
        dy = ly.take(index)
        dy -= y
        dy *= dy
        distance += dy
        closer = distance < best
        np.copyto(best, distance, where=closer)
        np.copyto(found, offset, where=closer)
    return centre + found


def _on_segments(line: Line, x: Floats, y: Floats, point: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Exact place (in points) on the two segments that meet at `point`, and the distance to it."""
    n = len(line.x)
    place, distance = np.empty((2, len(x))), np.empty((2, len(x)))
    for k, first in enumerate((point - 1, point)):
        ax, ay = line.x[first % n], line.y[first % n]
        dx, dy = line.x[(first + 1) % n] - ax, line.y[(first + 1) % n] - ay
        u = np.clip(((x - ax) * dx + (y - ay) * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        place[k] = first + u
        distance[k] = np.hypot(ax + u * dx - x, ay + u * dy - y)
    nearer = (distance[1] < distance[0]).astype(np.intp)
    rows = np.arange(len(x))
    return place[nearer, rows], distance[nearer, rows]


def progress(
    line: Line, pos: PosSamples, car: CarSamples | None, lap: LapLine, start: float, until: float
) -> Floats:
    """Race progress in laps at each position sample, float64 (n,), never falling; NaN where unknown.

    Negative on the grid, behind the line. Samples before the race's `start` (but for the few seconds that
    frame 0 needs) and after `until`, both session seconds, are NaN.
    """
    guess = _path_guess(line, pos, lap, start)
    wanted = (pos.t >= start - LEAD_IN_S) & (pos.t <= until) & ~np.isnan(guess)
    raw = project(line, pos.x, pos.y, np.where(wanted, guess, np.nan))
    known = np.flatnonzero(~np.isnan(raw))
    if len(known):
        steady = _steady(raw[known] * line.length_m, pos.t[known], car)
        raw[known] = steady / line.length_m
    return _pin(raw, pos.t, lap)


def _steady(metres: Floats, t: Floats, car: CarSamples | None) -> Floats:
    """Take the jitter of late and early position stamps out, with the speed the car itself reports.

    What the projection says beyond the integrated speed drifts slowly; its running median leaves single
    stamps that are off by tens of metres without effect. The result never falls, nor rises faster than
    any car drives.
    """
    if car is not None and len(car.t):
        driven = _driven(car, t)
        metres = driven + _running_median(metres - driven)
    rising = np.maximum.accumulate(metres)
    return np.minimum.accumulate(rising - MAX_SPEED_MS * t) + MAX_SPEED_MS * t


def _driven(car: CarSamples, t: Floats) -> Floats:
    """Metres driven by integrated speed at each time, float64 (n,)."""
    speed = np.nan_to_num(car.speed) / 3.6
    path = np.concatenate(([0.0], np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(car.t))))
    return np.interp(t, car.t, path)


def _running_median(values: Floats) -> Floats:
    """Median of MEDIAN_SAMPLES neighbours, shorter windows reflected at the ends; float64 (n,)."""
    half = MEDIAN_SAMPLES // 2
    if len(values) <= half:
        return values
    padded = np.pad(values, half, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_SAMPLES), axis=1)


def _path_guess(line: Line, pos: PosSamples, lap: LapLine, race_start: float) -> Floats:
    """Laps by the length of the driven path, scaled to one lap between line crossings."""
    steps = np.hypot(np.diff(pos.x), np.diff(pos.y))
    path = np.concatenate(([0.0], np.cumsum(np.nan_to_num(steps)))) / line.length
    guess = np.full(len(pos.t), np.nan)
    row = lap.at(pos.t)
    for i in range(len(lap.number)):
        inside = row == i
        if not inside.any() or lap.spans[i] > 1:
            continue
        start, end = np.interp((max(lap.begin[i], race_start), lap.ends[i]), pos.t, path)
        number = float(lap.number[i])
        if i > 0 and not np.isnan(lap.ends[i]) and end - start > 0.5:
            guess[inside] = number - 1 + (path[inside] - start) / (end - start)
        elif not np.isnan(lap.ends[i]):
            guess[inside] = number - (end - path[inside])
        else:
            guess[inside] = number - 1 + (path[inside] - start)
    return guess


def _pin(raw: Floats, t: Floats, lap: LapLine) -> Floats:
    """Map raw progress so that it equals the lap count at each official crossing, and itself on the grid."""
    known = ~np.isnan(raw)
    crossed = lap.ends[~np.isnan(lap.ends)]
    count = lap.number[~np.isnan(lap.ends)].astype(np.float64)
    if known.sum() < 2 or not len(crossed):
        return raw
    at = np.interp(crossed, t[known], raw[known], left=np.nan, right=np.nan)
    believed = np.abs(at - count) <= PINNED
    at, count = at[believed], count[believed]
    rising = np.concatenate(([True], np.diff(at) > 0)) if len(at) else np.empty(0, dtype=bool)
    at, count = at[rising], count[rising]
    if not len(at):
        return raw
    # on the grid the projection itself is right: what it is off by at the first crossing comes with speed
    grid = raw[known][0]
    seen = at[0] - grid > 0.5
    knots = np.concatenate(([grid if seen else at[0] - 2], at, [at[-1] + 2]))
    values = np.concatenate(([grid if seen else count[0] - 2], count, [count[-1] + 2]))
    return np.where(known, np.interp(raw, knots, values), np.nan)
