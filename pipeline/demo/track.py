"""A closed circuit with exact geometry: what the simulated cars drive on.

A circuit is a polygon whose corners are rounded with given radii, so straights are straight, corner
radii are known and the curve closes by construction. A short smoothing along the arc makes the
curvature continuous, as on a real road. Two layouts exist; a seed picks one by its parity.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.demo.truth import Floats

PIT_ENTRY_M = 260.0
"""The pit lane begins this far before the line ..."""
PIT_EXIT_M = 260.0
"""... and ends this far after it."""
PIT_SIDE_M = -19.0
"""The pit lane's distance from the centre line; to the left is positive."""
PIT_SIDE_RAMP_M = 70.0
PIT_LIMIT = 77.0 / 3.6  # the limit is 80; a car that still slows at the line is a little faster
SECTOR_ENDS = (0.32, 0.67)
DRS_ZONES = ((0.88, 0.99), (0.02, 0.08))
MARSHAL_SECTORS = 20

TRACTION, POWER, DRAG = 11.5, 690.0, 0.0011
_LATERAL = 29.0  # m/s2 in corners
_V_TOP = 86.0  # m/s
_STEP = 0.5  # m between the points of the table
_SMOOTH_M = 5.0

# x, y, radius in metres; the first edge is the main straight
_LAYOUTS: tuple[tuple[tuple[float, float, float], ...], ...] = (
    (
        (0, 0, 60), (1030, 0, 30), (1075, 330, 60), (740, 400, 24), (800, 700, 80),
        (370, 800, 45), (270, 470, 23), (30, 520, 50), (-200, 250, 70),
    ),
    (
        (0, 0, 45), (1000, 0, 55), (1200, -240, 26), (960, -420, 90), (1010, -700, 28),
        (640, -640, 60), (520, -330, 24), (230, -430, 35), (120, -700, 75), (-210, -560, 60),
    ),
)  # fmt: skip
_ROTATIONS = (36.0, 295.0)

Marker = tuple[int, float, float, float]
"""Number, x and y (1/10 m), and the angle (degrees) that leads away from the road."""


@dataclass(frozen=True, eq=False)
class Track:
    """Tables over the lap, one row every `step_m` metres from the line (x, y, z in metres)."""

    length_m: float
    step_m: float
    x: Floats
    y: Floats
    z: Floats
    heading: Floats
    v_race: Floats
    """The highest speed (m/s) from which every later corner can still be made."""
    v_pit: Floats
    """The same with the pit lane's limit between its entry and its exit."""

    def xyz(self, s: Floats, side: Floats) -> tuple[Floats, Floats, Floats]:
        """Coordinates in 1/10 m at `s` metres from the line and `side` metres left of the centre."""
        rows = np.arange(len(self.x)) * self.step_m

        def mix(table: Floats) -> Floats:
            return np.interp(s, rows, table, period=self.length_m)

        # the normal is mixed as a vector: angles jump by 2 pi somewhere on the lap
        nx, ny = mix(-np.sin(self.heading)), mix(np.cos(self.heading))
        return 10 * (mix(self.x) + side * nx), 10 * (mix(self.y) + side * ny), 10 * mix(self.z)


def engine(v: float) -> float:
    """The highest acceleration (m/s2) at v m/s, before drag: traction, then power."""
    return min(TRACTION, POWER / max(v, 1.0))


def drag(v: float) -> float:
    return DRAG * v * v


def braking(v: float) -> float:
    """The hardest braking (m/s2) the speed tables plan with: downforce helps at speed."""
    return min(9.0 + 0.0042 * v * v, 38.0)


def build_track(seed: int) -> Track:
    """The circuit of a seed: even and odd seeds have one each."""
    x, y = _resample(*_smooth(*_resample(*_rounded(_LAYOUTS[seed % len(_LAYOUTS)]))))
    step = float(np.hypot(np.roll(x, -1) - x, np.roll(y, -1) - y).mean())
    x, y = _start_on_straight(x, y, step)
    length = step * len(x)
    s = np.arange(len(x)) * step
    dx, dy = np.roll(x, -1) - np.roll(x, 1), np.roll(y, -1) - np.roll(y, 1)
    heading = np.arctan2(dy, dx)
    turn = np.angle(np.exp(1j * (np.roll(heading, -1) - np.roll(heading, 1)))) / (2 * step)
    limit = np.minimum(np.sqrt(_LATERAL / np.maximum(np.abs(turn), 1e-6)), _V_TOP)
    in_pit = (s >= length - PIT_ENTRY_M - 5) | (s <= PIT_EXIT_M + 2)
    z = 21 + 6 * np.sin(2 * np.pi * s / length) + 2.5 * np.cos(6 * np.pi * s / length + 0.7)
    v_pit = _braked(np.where(in_pit, np.minimum(limit, PIT_LIMIT), limit), step)
    return Track(length, step, x, y, z, heading, _braked(limit, step), v_pit)


def markers(seed: int) -> tuple[float, list[Marker], list[Marker]]:
    """What a map has of the circuit of a seed: its rotation (degrees), corners, where marshal sectors begin.

    Corners are at the middle of their arcs, numbered from the line, which is before the layout's second.
    """
    layout, track = _LAYOUTS[seed % len(_LAYOUTS)], build_track(seed)
    corners = [_apex(layout, i % len(layout), i) for i in range(1, len(layout) + 1)]
    at = np.arange(MARSHAL_SECTORS) / MARSHAL_SECTORS * track.length_m
    x, y, _ = track.xyz(at, np.zeros(len(at)))
    clockwise = np.sum(track.x * np.roll(track.y, -1) - np.roll(track.x, -1) * track.y) < 0
    heading = track.heading[np.rint(at / track.step_m).astype(int)] + math.pi / 2 * (1 if clockwise else -1)
    sectors = zip(x.tolist(), y.tolist(), np.degrees(heading).tolist(), strict=True)
    return _ROTATIONS[seed % len(_ROTATIONS)], corners, [(k, *told) for k, told in enumerate(sectors, 1)]


def _apex(layout: tuple[tuple[float, float, float], ...], i: int, number: int) -> Marker:
    cx, cy, radius = layout[i]
    ways = [math.atan2(y - cy, x - cx) for x, y, _ in (layout[i - 1], layout[(i + 1) % len(layout)])]
    inwards = math.atan2(*(sum(f(way) for way in ways) for f in (math.sin, math.cos)))
    inside = radius / abs(math.sin(ways[0] - inwards)) - radius  # from the edge to the arc
    x, y = cx + inside * math.cos(inwards), cy + inside * math.sin(inwards)
    return number, 10 * x, 10 * y, math.degrees(math.atan2(cy - y, cx - x))


def _rounded(corners: tuple[tuple[float, float, float], ...]) -> tuple[Floats, Floats]:
    """The polygon with each corner replaced by points on its arc."""
    points: list[tuple[float, float]] = []
    count = len(corners)
    for i, (cx, cy, radius) in enumerate(corners):
        before, after = corners[i - 1], corners[(i + 1) % count]
        a_in = math.atan2(cy - before[1], cx - before[0])
        a_out = math.atan2(after[1] - cy, after[0] - cx)
        turn = (a_out - a_in + math.pi) % (2 * math.pi) - math.pi
        tangent = radius * math.tan(abs(turn) / 2)
        sign = math.copysign(1.0, turn)
        x0, y0 = cx - tangent * math.cos(a_in), cy - tangent * math.sin(a_in)
        ox, oy = x0 - sign * radius * math.sin(a_in), y0 + sign * radius * math.cos(a_in)
        for part in np.linspace(0, 1, 40):
            angle = a_in + turn * float(part)
            points.append((ox + sign * radius * math.sin(angle), oy - sign * radius * math.cos(angle)))
    table = np.array(points)
    return table[:, 0], table[:, 1]


def _resample(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The closed line with points at even distances."""
    xs, ys = np.append(x, x[0]), np.append(y, y[0])
    s = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])
    even = np.linspace(0, s[-1], round(float(s[-1]) / _STEP), endpoint=False)
    return np.interp(even, s, xs), np.interp(even, s, ys)


def _smooth(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A Gaussian blur along the closed line."""
    k = np.fft.fftfreq(len(x), d=_STEP)
    gauss = np.exp(-2 * (np.pi * k * _SMOOTH_M) ** 2)
    line = np.fft.ifft(np.fft.fft(x + 1j * y) * gauss)
    return line.real.copy(), line.imag.copy()


def _start_on_straight(x: Floats, y: Floats, step: float) -> tuple[Floats, Floats]:
    """Roll the tables so that the line lies 54 % along the main straight."""
    straight = np.flatnonzero((np.abs(y) < 1.0) & (x > 0) & (x < 1030))
    target = x[straight].min() + 0.54 * (x[straight].max() - x[straight].min())
    first = straight[np.argmin(np.abs(x[straight] - target))]
    return np.roll(x, -first), np.roll(y, -first)


def _braked(limit: Floats, step: float) -> Floats:
    """Lower the limits so that each point's speed can be braked down to the next one's."""
    v = [float(value) for value in limit]
    for i in range(2 * len(v) - 1, -1, -1):  # twice round: the lap is closed
        after = v[(i + 1) % len(v)]
        v[i % len(v)] = min(v[i % len(v)], math.sqrt(after * after + 2 * braking(after) * step))
    return np.array(v)
