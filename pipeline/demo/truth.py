"""What is known of a simulated race: plain values, no logic but their sampling."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contract.sessions import SessionCode

Floats = NDArray[np.float64]
Ints = NDArray[np.int16]
Flags = NDArray[np.bool_]

Line = tuple[float, str, Any]
"""A line of the feed: session seconds, topic, message."""

_START_DELAY = timedelta(seconds=187, milliseconds=417)


@dataclass(frozen=True)
class DemoCar:
    """A fictitious car; `color` is six hex digits, `grid` counts from 1."""

    number: str
    code: str
    first_name: str
    last_name: str
    team: str
    color: str
    grid: int


@dataclass(frozen=True)
class DemoEvent:
    """A session of the demo season; `start_utc` is its scheduled start (naive UTC)."""

    year: int
    round: int
    name: str
    official_name: str
    country: str
    location: str
    session: SessionCode
    start_utc: datetime
    meeting_key: int
    session_key: int

    @property
    def circuit_key(self) -> int:
        return 9000 + self.round

    @property
    def zero_utc(self) -> datetime:
        """The moment of session time 0: status Started, lights out. Later than scheduled, as ever."""
        return self.start_utc + _START_DELAY

    def utc(self, when: float) -> str:
        """A stamp with ms for a session time."""
        moment = self.zero_utc + timedelta(milliseconds=round(when * 1000))
        return f"{moment.isoformat(timespec='milliseconds')}Z"


@dataclass(frozen=True)
class Stint:
    """A set of tyres from `first_lap` on; `age` is its laps before the stint."""

    first_lap: int
    compound: str
    age: int


@dataclass(frozen=True)
class DemoPart:
    """A part of a qualifying, or a practice as a whole: session seconds of its green light and its flag.

    stops: red flags, until the green light. entered: codes. out: of whom it knocks out, in their order.
    """

    name: str
    start: float
    end: float
    stops: tuple[tuple[float, float], ...]
    entered: tuple[str, ...]
    out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Truth:
    """The race as it really was. Times are session seconds with ms resolution.

    Session time is what fastf1 yields for the written recording: for a live recording its zero is the
    Utc of the session status Started, so `start_s` is 0 and everything on the grid is negative.

    Arrays have one row a car in the order of `cars` (which is the grid's), one column an entry of `t`.
    Between the entries x, y, z, speed, rpm, throttle and progress are straight lines; gear, brake and
    drs hold until the next entry. The feed's samples are exactly that, rounded to integers.
    """

    seed: int
    cars: tuple[DemoCar, ...]
    length_m: float
    laps: int
    start_s: float
    t: Floats
    """(n,) every 0.02 s"""
    progress: Floats
    """laps from the line, negative on the grid; in the pit lane the projection on the track"""
    x: Floats
    y: Floats
    z: Floats
    """1/10 m"""
    speed: Floats
    """km/h along the path"""
    rpm: Floats
    throttle: Floats
    """0..100"""
    gear: Ints
    brake: Ints
    """0 or 100"""
    drs: Ints
    """0 off, 8 eligible, 10 opening, 12 open"""
    orders: list[tuple[float, tuple[str, ...]]]
    """every change of the official order: its time and the codes from first to last"""
    looks: Floats
    """when the timing looked at all cars, about twice a second; every second look sends the gaps"""
    line_s: dict[str, Floats]
    """code -> when each completed lap ended"""
    sector_s: dict[str, Floats]
    """code -> (completed or begun laps, 2) when the first two sectors ended; NaN if never"""
    pits: dict[str, list[tuple[float, float]]]
    """code -> (entry, exit) of the pit lane"""
    stood: dict[str, list[float]]
    """code -> seconds that the car stood on each of these visits"""
    retired_s: dict[str, float]
    """code -> the final standstill"""
    finished_s: dict[str, float]
    """code -> the flag"""
    stints: dict[str, list[Stint]]
    compounds: dict[str, list[str]]
    """code -> compound of each lap completed, and of the one a car retired on"""
    tyre_life: dict[str, list[int]]
    """the same for the age of the tyres at the end of the lap"""
    track_status: list[tuple[float, str]]
    sc_in_s: float | None
    """when "safety car in this lap" was announced; None without a safety car"""
    penalised: str
    """code of the car with a 5 second penalty (which does not change the order at the flag)"""
    pos_t: Floats
    car_t: Floats
    """the stamps of the position and the car samples; where two are 4 s apart there is a hole in the feed"""
    bad_samples: list[tuple[str, float]]
    """(code, stamp) of car samples sent as throttle 104, gear 12"""
    parts: list[DemoPart] = field(default_factory=list)
    """of qualifying and practice, as all that follows"""
    runs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """code -> (exit, entry) of the pit lane, of each run"""
    stands: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """code -> when it stood in its garage"""
    deleted: list[tuple[float, str, int]] = field(default_factory=list)
    """when race control deleted which lap (from 1) of which code"""

    def in_lane(self, code: str) -> list[tuple[float, float]]:
        """(entry, exit) of the pit lane; of cars that begin and end in it also the time before and after."""
        runs = self.runs.get(code)
        if not runs:
            return self.pits[code]
        return [(-np.inf, runs[0][0]), *self.pits[code], (runs[-1][1], np.inf)]

    @staticmethod
    def whole_second(when: float) -> float:
        """The session second from `when` on at which a second of the day begins."""
        rest = _START_DELAY.total_seconds()
        return round(float(np.ceil(when + rest)) - rest, 3)

    def kind(self, code: str, lap: int) -> str:
        """Whether a lap (from 1) was an out lap, a timed one, or one that ended in the pits."""
        begin = self.line_s[code][lap - 2] if lap > 1 else -np.inf
        end = self.line_s[code][lap - 1]
        if lap == 1 or any(begin <= leave < end for leave, _ in self.runs[code]):
            return "out"
        return "in" if any(begin < entry <= end for _, entry in self.runs[code]) else "timed"

    def at(self, channel: Floats, times: Floats) -> Floats:
        """A linear channel (cars, n) at the given times: (cars, len(times))."""
        return np.stack([np.interp(times, self.t, row) for row in channel])

    def held(self, channel: Ints, times: Floats) -> Ints:
        """A stepped channel (cars, n) at the given times: (cars, len(times))."""
        index = np.searchsorted(self.t, times + 1e-6, side="right") - 1
        return np.asarray(channel[:, np.maximum(index, 0)], dtype=np.int16)


def lap_time(seconds: float) -> str:
    """As the feed writes it."""
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return f"{minutes}:{ms // 1000:02d}.{ms % 1000:03d}"
