"""Drives the cars of a session that goes by lap times: from the garage, round the track and back.

Cars do not feel each other. A run is an out lap, timed laps and an in lap; a red flag ends it with the lap
that the car is on.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.demo.drive import FEED_LEAD_S, STEP_S, Moving
from pipeline.demo.track import PIT_ENTRY_M, Track, braking

_OUT, _IN = 0.9, 0.82  # of the pace of a timed lap
_TOO_LATE_M = 500.0  # before the line: the car stays out for a lap
BOX_M, BOX_SPACING_M = 40.0, 11.5  # from the line to the first garage, and between garages


@dataclass(frozen=True)
class Run:
    """When the car leaves its garage (session seconds), and the pace of each of its timed laps."""

    leave: float
    paces: tuple[float, ...]


@dataclass(kw_only=True)
class Runner(Moving):
    """A car with its runs. begun, home: the laps at whose end its run began, and ends; None while it stands.

    visits: every lap at whose end it was in the pits.
    """

    box: float
    runs: list[Run]
    driving: Run | None = None
    begun: int = 0
    home: int = 0
    visits: list[int] = field(default_factory=lambda: [0])

    def step(self, track: Track, t: float) -> None:
        if self.driving is None and self.runs and t >= self.runs[0].leave:
            self.driving = self.runs.pop(0)
            self.begun, self.home = self.home, self.home + 2 + len(self.driving.paces)
            self.visits.append(self.home)
        if self.driving is None:
            self.advance(0.0, 1.0, 0.0)
            return
        self._drive(track, self.driving)
        if self.v == 0 and self._to_box(self.s, track.length_m) < 1.5:
            self.driving = None

    def call_in(self, length: float) -> None:
        """A red flag: home with this lap, or where the pit entry is too near, with the next."""
        if self.driving is not None:
            lap = math.floor((self.s + _TOO_LATE_M) / length) + 1
            self.home = self.visits[-1] = min(self.home, max(lap, self.begun + 1))

    def _to_box(self, s: float, length: float) -> float:
        return self.home * length + self.box - s

    def _pace(self, run: Run, lap: int) -> float:
        if lap >= self.home - 1:
            return _IN
        return run.paces[lap - self.begun - 1] if lap > self.begun else _OUT

    def _drive(self, track: Track, run: Run) -> None:
        length = track.length_m
        next_s = self.s + self.v * STEP_S
        pace = self._pace(run, math.floor(self.s / length))
        pits = any(-0.5 * length < self.s - line * length < 0.2 * length for line in (self.begun, self.home))
        table = track.v_pit if pits else track.v_race
        wanted = limit = pace * float(table[int(next_s % length / track.step_m) % len(table)])
        if self.s > self.home * length - PIT_ENTRY_M:
            wanted = min(wanted, math.sqrt(12.0 * max(0.0, self._to_box(next_s, length))))
        self.advance(wanted, pace, braking(self.v) * 1.1 if self.v > limit else 8.0)


def drive_runs(track: Track, plans: list[list[Run]], reds: Iterable[float], end: float) -> list[Runner]:
    """All cars from a feed's lead before the session to its end; each garage is a little further on.

    Args:
        plans: of each car its runs, by time. reds: when a red flag falls. Both, and end, session seconds.
    """
    boxes = [BOX_M + BOX_SPACING_M * i for i in range(len(plans))]
    cars = [Runner(s=box, v=0.0, box=box, runs=list(runs)) for box, runs in zip(boxes, plans, strict=True)]
    stops = {round(when / STEP_S) for when in reds}
    for knot in range(-round(FEED_LEAD_S / STEP_S), round(end / STEP_S)):
        for car in cars:
            if knot in stops:
                car.call_in(track.length_m)
            car.step(track, round(knot * STEP_S, 3))
    return cars
