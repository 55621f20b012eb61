"""The track as a closed line, and the place on it that is nearest to a point."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.model import Floats

COARSE = 6  # points between candidates of the first search
SAME_LENGTH = (
    0.02  # of a lap: what is measured along the points and by speed differs by less than half as much
)


@dataclass(frozen=True)
class Line:
    """A closed reference line. x, y, z: float64 (n,) at equal steps along it, from the start/finish line.

    length: along the points, 1/10 m. by_speed: (n,) the share of the lap's driven distance at each point.
    driven_m: the lap by the speed that the cars report, which no position can spoil.
    """

    x: Floats
    y: Floats
    z: Floats
    length: float
    by_speed: Floats
    driven_m: float

    @property
    def agrees(self) -> bool:
        """Whether the points and the speed say the same of the lap's length."""
        return abs(self.length / 10.0 - self.driven_m) <= SAME_LENGTH * self.driven_m

    @property
    def length_m(self) -> float:
        """Metres, rounded as published: distances agree with the published length over a whole race."""
        return round(self.driven_m if self.agrees else self.length / 10.0, 1)

    def place(self, progress: Floats) -> Floats:
        """Progress by driven distance -> progress along the line, both in laps; float64 (m,)."""
        whole = np.floor(progress)
        n = len(self.by_speed)
        knots = np.append(self.by_speed, 1.0)
        return whole + np.interp(progress - whole, knots, np.arange(n + 1) / n)


def project(line: Line, x: Floats, y: Floats, guess: Floats, window: float) -> tuple[Floats, Floats]:
    """Laps at the point of the line nearest to each sample (m,), within `window` laps of `guess`, and the
    distance to it in 1/10 m, to the left positive."""
    n = len(line.x)
    px, py = x.astype(np.float32), y.astype(np.float32)
    centre = np.rint(guess * n).astype(np.int64)
    reach = int(np.ceil(window * n / COARSE))
    best = _nearest(line, px, py, centre, np.arange(-reach, reach + 1) * COARSE)
    best = _nearest(line, px, py, best, np.arange(-COARSE, COARSE + 1))
    exact, side = _on_segments(line, x, y, best)
    return exact / n, side


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
    found, index = np.zeros(len(x), dtype=np.int64), np.empty(len(x), dtype=np.int64)
    distance, dy = np.empty((2, len(x)), dtype=np.float32)
    for offset in offsets:
        np.add(start, offset, out=index)
        lx.take(index, out=distance, mode="clip")  # which no index needs, and is quicker than a look at each
        distance -= x
        distance *= distance
        ly.take(index, out=dy, mode="clip")
        dy -= y
        dy *= dy
        distance += dy
        closer = distance < best
        np.copyto(best, distance, where=closer)
        np.copyto(found, offset, where=closer)
    return centre + found


def _on_segments(line: Line, x: Floats, y: Floats, point: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Exact place (in points) on the two segments that meet at `point`, and the distance to it, left is +."""
    n = len(line.x)
    spot, distance, left = np.empty((3, 2, len(x)))
    for k, first in enumerate((point - 1, point)):
        ax, ay = line.x[first % n], line.y[first % n]
        dx, dy = line.x[(first + 1) % n] - ax, line.y[(first + 1) % n] - ay
        u = np.clip(((x - ax) * dx + (y - ay) * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        spot[k] = first + u
        distance[k] = np.hypot(ax + u * dx - x, ay + u * dy - y)
        left[k] = dx * (y - ay) - dy * (x - ax)
    nearer = (distance[1] < distance[0]).astype(np.intp)
    rows = np.arange(len(x))
    return spot[nearer, rows], np.copysign(distance[nearer, rows], left[nearer, rows])
