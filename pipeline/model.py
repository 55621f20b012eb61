"""The two plain values of the pipeline: RawRace (what the feed said) and RaceFrames (aligned columns).

Times are float64 seconds. In RawRace they are on F1's session clock; in RaceFrames on the frame clock
(0 = frame 0). A frame's columns are fixed-point integers (pipeline.contract.columns), so JSON, Parquet and
replay say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.contract.models import (
    Circuit,
    Driver,
    Event,
    InputIdentity,
    Part,
    RaceControlMessage,
    WeatherSample,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[np.generic]
Rows = dict[str, AnyArray | Sequence[Any]]
"""A table's rows by column, all of one length; NaN and None are unknown."""


STANDS_KMH = 5.0
CREEPS_KMH = 12.0  # wheels are turned while they are changed
PIT_LANE_KMH = 130.0  # nobody is that fast in there: car data that say so are of another moment
BLIND_S = 15.0  # without a speed for longer, nobody knows whether the car drove
SAMPLED_S = 1.5  # a stop for tyres takes longer than this


@dataclass(frozen=True)
class CarSamples:
    """One car's car-data samples. All arrays (n,); `t` strictly increasing session seconds.

    speed km/h, rpm 1/min, throttle 0..100 (NaN unknown): float64. gear, drs, brake: int16 as the feed sent
    them, with -1 for a missing value.
    """

    t: Floats
    speed: Floats
    rpm: Floats
    throttle: Floats
    gear: npt.NDArray[np.int16]
    drs: npt.NDArray[np.int16]
    brake: npt.NDArray[np.int16]

    @cached_property
    def odometer(self) -> tuple[Floats, Floats] | None:
        """Session seconds and the metres driven until then, by the speed, (m,) each; None without any."""
        if not (known := ~np.isnan(self.speed)).any():
            return None
        t, speed = self.t[known], self.speed[known] / 3.6
        lasted = np.diff(t)
        steps = np.where(lasted <= BLIND_S, (speed[1:] + speed[:-1]) / 2 * lasted, 0.0)
        return t, np.concatenate(([0.0], np.cumsum(steps)))

    def stand(self, begin: float, end: float) -> tuple[float, float] | None:
        """When the car came to its longest stand between two session seconds, and when it drove on.

        The two are equal where it did not stand; None where the samples do not tell.
        """
        inside = (self.t >= begin) & (self.t <= end)
        t, speed = self.t[inside], self.speed[inside]
        seen = np.diff(np.concatenate(([begin], t, [end]))).max() <= SAMPLED_S  # not where a time is NaN
        if not seen or np.isnan(speed).any() or np.ptp(speed) == 0 or speed.max() > PIT_LANE_KMH:
            return None
        still = speed <= min(speed.min(), STANDS_KMH)
        turns = np.flatnonzero(np.diff(speed < CREEPS_KMH, prepend=False, append=False))
        slow = [np.arange(a, b) for a, b in zip(turns[::2], turns[1::2], strict=True)]
        edges = np.concatenate(([begin], (t[1:] + t[:-1]) / 2, [end]))  # samples tell of half-way to the next
        stood = [rows[still[rows]] for rows in slow if still[rows].any()]
        stands = [(float(edges[rows[0]]), float(edges[rows[-1] + 1])) for rows in stood]
        return max(stands, key=lambda stand: stand[1] - stand[0], default=(begin, begin))


@dataclass(frozen=True)
class PosSamples:
    """One car's position samples. All float64 (n,); x, y, z in 1/10 m, NaN unknown."""

    t: Floats
    x: Floats
    y: Floats
    z: Floats


@dataclass(frozen=True)
class Laps:
    """One driver's laps in order. `start`, `end`, `pit_in`, `pit_out` are session seconds, NaN unknown.

    number int64 (n,); tyre int64 codes (0 unknown); tyre_life int64 laps (-1 unknown); generated: the
    row was added by fastf1 for a lap that was never completed. `extra` holds further columns for
    laps.parquet, by name: float64, bool or object (str or None) arrays (n,).
    """

    number: Ints
    start: Floats
    end: Floats
    pit_in: Floats
    pit_out: Floats
    tyre: Ints
    tyre_life: Ints
    generated: Bools
    extra: dict[str, AnyArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.number)

    @cached_property
    def completed(self) -> Bools:
        """(n,) whether the car crossed the line at the end of the lap."""
        return ~self.generated & ~np.isnan(self.end)

    @cached_property
    def done(self) -> int:
        """The number of the last completed lap; 0 where there is none."""
        return int(self.number[self.completed].max(initial=0))

    def floats(self, name: str) -> Floats:
        """One of the further columns, (n,); all NaN where the feed has none of it."""
        return np.asarray(self.extra.get(name, np.full(len(self), np.nan)), dtype=np.float64)

    def columns(self) -> dict[str, AnyArray]:
        """All columns by published name, (n,) each; times in session seconds, NaN and None unknown."""
        life = np.where(self.tyre_life < 0, np.nan, self.tyre_life.astype(np.float64))
        times = {"start_s": self.start, "end_s": self.end, "pit_in_s": self.pit_in, "pit_out_s": self.pit_out}
        own = {"lap": self.number, **times, "tyre": self.tyre, "tyre_life": life}
        return {**own, **self.extra, "generated": self.generated}


@dataclass(frozen=True)
class OfficialTiming:
    """One driver's rows of the official timing stream, (n,), by time.

    place int64; gap float64 seconds behind the leader, NaN where lapped or not given. interval float64
    seconds behind the car ahead. laps_down float64: 0 where the gap is in seconds, else the laps that it
    is; NaN where it is neither.
    """

    t: Floats
    place: Ints
    gap: Floats
    interval: Floats
    laps_down: Floats

    @property
    def moved(self) -> Floats:
        """Session seconds at which its place changed."""
        return np.asarray(self.t[1:][np.diff(self.place) != 0])

    def rows(self, keep: Bools) -> "OfficialTiming":
        """The rows of a mask (n,)."""
        return OfficialTiming(*(getattr(self, column.name)[keep] for column in fields(self)))


@dataclass(frozen=True)
class DriverInfo:
    """Who drove, as the feed and the official result say; unknown is None."""

    number: str
    code: str
    name: str
    team: str
    color: str | None
    grid: int | None
    classified: str | None
    result: str | None
    laps: int | None
    first_name: str | None = None
    last_name: str | None = None
    driver_id: str | None = None
    team_id: str | None = None
    country: str | None = None
    headshot: str | None = None
    points: float | None = None
    time: float | None = None
    """Race time in seconds as fastf1's result gives it: the winner's own, the others' behind the winner."""
    parts: tuple[float | None, ...] = ()
    """Best times of the parts of a qualifying, seconds."""


@dataclass(frozen=True)
class Status:
    """A stepped status of the track (F1's codes) or the session (Started, Aborted, Finished, Finalised ...).

    `t` session seconds; `code` holds from then on.
    """

    t: Floats
    code: list[str]

    def at(self, t: Floats) -> npt.NDArray[np.str_]:
        """The code at session seconds `t`, (n,); empty before the first."""
        return np.array(["", *self.code])[np.searchsorted(self.t, t, "right")]


@dataclass(frozen=True)
class MapMarker:
    """A numbered place on F1's map: x, y in 1/10 m; angle in degrees, for its label."""

    number: int
    letter: str
    x: float
    y: float
    angle: float | None = None


@dataclass(frozen=True)
class Finding:
    """Something the computation noticed: a name for the quality table, how much, and a sentence."""

    name: str
    count: float
    message: str


@dataclass(frozen=True)
class Radio:
    """A team radio message that was broadcast: session second, racing number, and where F1 has it."""

    t: float
    number: str
    url: str


@dataclass(frozen=True)
class ClockWord:
    """What the feed said of the session's clock at session second `t`: seconds left, and whether it runs."""

    t: float
    remaining: float
    running: bool


@dataclass(frozen=True)
class PitWord:
    """What the feed said of one visit to the pit lane, seconds, at session second `t`; None unknown."""

    t: float
    number: str
    lap: int | None
    lane: float | None
    stationary: float | None


@dataclass(frozen=True)
class TyreWord:
    """What the feed's series of tyres said last of one stint (counted from 0); None unknown."""

    number: str
    stint: int
    tyre: int
    new: bool | None
    start_laps: int | None
    total_laps: int | None


class SegmentWord(NamedTuple):
    """What the feed said of a segment of a sector, both counted from 0, at session second `t`: F1's code."""

    t: float
    number: str
    sector: int
    segment: int
    status: int


@dataclass(frozen=True)
class Topics:
    """What the feed's topics say that fastf1 has no parser for; a topic that is absent is empty.

    Lists are by time. absent: names of the topics that the session does not have, or that are damaged.
    """

    radio: list[Radio] = field(default_factory=list)
    clock: list[ClockWord] = field(default_factory=list)
    pits: list[PitWord] = field(default_factory=list)
    tyres: list[TyreWord] = field(default_factory=list)
    segments: list[SegmentWord] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RawRace:
    """One race as the feed recorded it. Dictionaries are keyed by racing number; a driver may lack any.

    race_control, weather: as published, but for `t`, which is on the session clock like all else here.
    noticed: what is wrong with the input and was seen, and mended, while it was read. official_results:
    whether the official classification is there, or there never is one. splits: when the timing began to
    speak of each part of a qualifying, session seconds.
    """

    event: Event
    drivers: list[DriverInfo]
    laps: dict[str, Laps]
    cars: dict[str, CarSamples]
    positions: dict[str, PosSamples]
    timing: dict[str, OfficialTiming]
    track_status: Status
    session_status: Status
    race_control: list[RaceControlMessage]
    weather: list[WeatherSample]
    corners: list[MapMarker]
    rotation: float | None
    total_laps: int | None
    utc_zero: float | None
    official_results: bool
    has_drs: bool
    identity: InputIdentity
    fastf1: str
    messages: list[str]
    noticed: list[Finding] = field(default_factory=list)
    topics: Topics = field(default_factory=Topics)
    marshal_sectors: list[MapMarker] = field(default_factory=list)
    marshal_lights: list[MapMarker] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class FrameClock:
    """The uniform clock: frame i is at `t0 + i / fps` session seconds."""

    t0: float
    fps: float
    frames: int

    @property
    def duration(self) -> float:
        return (self.frames - 1) / self.fps

    def times(self) -> Floats:
        """Session seconds of all frames, float64 (frames,)."""
        return self.t0 + np.arange(self.frames) / self.fps

    def t_ms(self) -> npt.NDArray[np.int32]:
        """Milliseconds since frame 0, int32 (frames,)."""
        return np.asarray(np.rint(np.arange(self.frames) * (1000.0 / self.fps)), dtype=np.int32)

    def index(self, t: float) -> int:
        """The first frame at or after session second `t`, at most `frames`."""
        return int(np.clip(np.ceil((t - self.t0) * self.fps - 1e-6), 0, self.frames))


@dataclass(frozen=True)
class CarFrames:
    """One car's columns from frame 0 until it is out, each (n,) of the column's dtype."""

    columns: dict[str, npt.NDArray[np.signedinteger]]

    def __len__(self) -> int:
        return len(self.columns["lap"])


@dataclass(frozen=True)
class ReplaySource:
    """What the replay carries: the feed's own samples after cleaning, on clocks shared by all cars.

    pos_t, car_t: session seconds, float64. values: driver code -> column -> float64 with NaN unknown, of
    the length of the column's clock: x, y, z (1/10 m), dist (m) on `pos_t`; speed, rpm, throttle on `car_t`.
    """

    pos_t: Floats
    car_t: Floats
    values: dict[str, dict[str, Floats]]


@dataclass(frozen=True)
class LapTimes:
    """What became of one driver's lap times where cars go by them, by lap, (n,) each.

    part: of the session, from 0. counts: whether the feed counted the time, or did until it was deleted.
    told: session second at which it had ranked it. until: that at which the time was deleted; NaN where it
    was not, -inf where nobody says when.
    """

    part: Ints
    counts: Bools
    told: Floats
    until: Floats

    @property
    def valid(self) -> Bools:
        """(n,) whether the time counts to the end."""
        return np.asarray(self.counts & np.isnan(self.until))


@dataclass(frozen=True)
class RaceFrames:
    """The race on its uniform clock. `cars` is keyed by driver code; a car is present from frame 0.

    parts, lap_times: of qualifying and practice; the latter by racing number.
    """

    clock: FrameClock
    cars: dict[str, CarFrames]
    drivers: list[Driver]
    circuit: Circuit
    lights_out: float | None
    total_laps: int | None
    replay: ReplaySource
    findings: list[Finding]
    parts: list[Part] = field(default_factory=list)
    lap_times: dict[str, LapTimes] = field(default_factory=dict)
