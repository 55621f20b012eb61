"""Pydantic models of every JSON file of the format. JSON Schemas are written from these.

Times named `*_s`, `t`, `start_time`, `end_time`, `retired_at` and `finished_at` are seconds on the frame
clock (0 = frame 0) unless said otherwise. Unknown fields are ignored, so a reader survives additions.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.keys import SessionCode, SessionKey

Grade = Literal["A", "B", "C", "D"]
Level = Literal["ok", "note", "warn", "bad"]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Model):
    """The race weekend, and which of its sessions this is."""

    year: int
    round: int
    session: SessionCode
    name: str
    official_name: str
    country: str
    location: str
    meeting_key: int | None = None
    session_key: int | None = None
    date_utc: datetime | None = Field(None, description="scheduled start of the session")


class Clock(Model):
    """The uniform frame clock."""

    fps: float
    frames: int
    duration_s: float
    t0_session_s: float = Field(description="frame 0 on F1's session clock: the earliest start of lap 1")
    t0_utc: datetime | None = None
    lights_out_s: float | None = Field(None, description="when the field starts to move")


class Penalty(Model):
    """A penalty as race control announced it, and did not take back."""

    t: float
    message: str


class Driver(Model):
    number: str
    code: str
    name: str
    team: str
    color: str | None = Field(None, description="team colour, six hex digits")
    grid: int | None = Field(None, description="grid place; 0 is a start from the pit lane")
    classified: str | None = Field(None, description="official classification: a place, or R, D, E, W, F, N")
    status: str | None = Field(None, description="the official result's own word, such as Finished")
    laps: int = Field(description="laps completed")
    retired_at: float | None = None
    finished_at: float | None = Field(None, description="when the car took the flag")
    penalties: list[Penalty] = []


class Corner(Model):
    number: int
    letter: str = ""
    x: int
    y: int
    dist: float | None = Field(None, description="metres from the line")


class Circuit(Model):
    """The track as driven: an outline from a clean lap, 1/10 m, first point at the start/finish line."""

    length_m: float | None = None
    rotation: float | None = Field(None, description="degrees that F1 turns its own map by")
    x: list[int] = []
    y: list[int] = []
    corners: list[Corner] = []


class TrackStatus(Model):
    """F1's code: 1 clear, 2 yellow, 4 safety car, 5 red flag, 6 virtual safety car, 7 VSC ending."""

    status: str
    start_time: float
    end_time: float | None = Field(None, description="null while it lasts")


class RaceControlMessage(Model):
    t: float
    category: str | None = None
    message: str
    flag: str | None = None
    scope: str | None = None
    sector: int | None = None
    number: str | None = Field(None, description="racing number of the car it concerns")
    lap: int | None = None


class WeatherSample(Model):
    """Degrees Celsius, percent, hPa, metres per second, degrees."""

    t: float
    air_temp: float | None = None
    track_temp: float | None = None
    humidity: float | None = None
    pressure: float | None = None
    wind_speed: float | None = None
    wind_direction: int | None = None
    rainfall: bool | None = None


class Check(Model):
    name: str
    level: Level
    value: float | int | str | None = None
    message: str = ""


class Quality(Model):
    """Grade A: nothing to say. B: notes a viewer will not see. C: visibly damaged. D: use with care."""

    grade: Grade
    checks: list[Check] = []


class Artifact(Model):
    key: str
    media_type: str
    content_encoding: str | None = None
    bytes: int
    sha256: str


class ReplayChunk(Model):
    key: str
    start_s: float
    end_s: float
    bytes: int


class ReplayColumn(Model):
    """How a client reads one column of a replay chunk.

    `clock` "pos" and "car" columns are delta-coded integers, one for each time of that clock, to be
    interpolated; "step" columns are change points. Value = integer * scale.
    """

    clock: Literal["pos", "car", "step"]
    scale: float = 1
    unit: str = ""


class Replay(Model):
    generation: str
    chunk_s: float
    hole_ms: int = Field(description="samples further apart than this are not joined by a line")
    columns: dict[str, ReplayColumn]
    chunks: list[ReplayChunk]


class InputIdentity(Model):
    """What the race was computed from, so that an unchanged input can be skipped."""

    kind: Literal["cache", "recording"]
    path: str = Field(description="the session's folder in the fastf1 cache, or the recording's file names")
    sha256: str


class Options(Model):
    """What the run was asked to make."""

    fps: float
    frame_skips: list[int]


class Provenance(Model):
    version: str = Field(description="of f1-precompute")
    fastf1: str
    created_at: datetime
    run: str
    provisional: bool = Field(description="true while results or laps may still change")
    reasons: list[str] = Field([], description="why it is provisional")
    options: Options
    input: InputIdentity


class Head(Model):
    """What manifest and frames documents share."""

    event: Event
    clock: Clock
    drivers: list[Driver]
    total_laps: int | None
    track_statuses: list[TrackStatus]
    race_control: list[RaceControlMessage]
    weather: list[WeatherSample]


class Manifest(Model):
    """Everything about one race but its frames; points to the rest."""

    schema_version: int = SCHEMA_VERSION
    event: Event
    clock: Clock
    drivers: list[Driver]
    total_laps: int | None = Field(None, description="laps of the race as scheduled or run")
    circuit: Circuit
    track_statuses: list[TrackStatus]
    race_control: list[RaceControlMessage]
    weather: list[WeatherSample]
    quality: Quality
    artifacts: list[Artifact]
    replay: Replay
    provenance: Provenance

    @property
    def event_key(self) -> SessionKey:
        return SessionKey(self.event.year, self.event.round, self.event.session)


SessionState = Literal["published", "missing", "failed", "upcoming", "cancelled"]


class SeasonSession(Model):
    """One session of a season listing, and what exists of it."""

    session: SessionCode
    name: str
    date_utc: datetime | None = None
    state: SessionState
    manifest: str | None = None
    grade: Grade | None = None
    provisional: bool | None = None
    frames: int | None = None
    duration_s: float | None = None
    bytes: int | None = Field(None, description="of all the session's artifacts")
    updated_at: datetime | None = None
    error: str | None = Field(None, description="why the last run failed")


class SeasonEvent(Model):
    round: int = Field(description="0 for a cancelled event whose number is now another's")
    name: str
    official_name: str = ""
    country: str = ""
    location: str = ""
    date: str | None = Field(None, description="day of the race, ISO")
    format: str = ""
    meeting_key: int | None = None
    sessions: list[SeasonSession]


class SeasonListing(Model):
    """sessions/{year}.json."""

    schema_version: int = SCHEMA_VERSION
    year: int
    updated_at: datetime
    events: list[SeasonEvent]


class RunRace(Model):
    """What a nightly run did about one session, and why."""

    year: int
    round: int
    session: SessionCode
    name: str
    action: str = Field(description="compute, refresh, skip, wait, move, retire or cancelled")
    reason: str
    state: str | None = Field(
        None, description="how the work ended: published, unchanged, kept, failed, given up, without data yet"
    )
    error: str | None = None
    grade: Grade | None = None
    seconds: float = 0.0


class RunSummary(Model):
    """runs/{run_id}.json: how a nightly run went, for monitors."""

    schema_version: int = SCHEMA_VERSION
    run: str
    seasons: list[int]
    started_at: datetime
    seconds: float
    exit_code: int = Field(description="0 done, 1 something failed, 75 temporarily impossible")
    line: str = Field(description="the whole in one line")
    counts: dict[str, int]
    problems: list[str] = Field([], description="what went wrong beside single races")
    network_wait_s: float = Field(0.0, description="seconds spent waiting for hosts")
    races: list[RunRace]


class CatalogSeason(Model):
    year: int
    key: str
    published: int = Field(description="sessions with artifacts")
    updated_at: datetime


class CatalogRace(Model):
    year: int
    round: int
    session: SessionCode
    name: str
    date_utc: datetime | None = None
    manifest: str


class Catalog(Model):
    """catalog.json: where a reader starts."""

    schema_version: int = SCHEMA_VERSION
    updated_at: datetime
    seasons: list[CatalogSeason]
    newest: CatalogRace | None = None


class ProgressEvent(Model):
    """One line of progress.jsonl or runs/*.jsonl."""

    v: int = 1
    seq: int
    ts: datetime
    run: str
    year: int
    round: int
    session: SessionCode
    type: Literal["progress", "complete", "error"]
    progress: float | None = Field(None, ge=0, le=100)
    stage: str | None = None
    message: str | None = None
    data: dict[str, Any] | None = None


class DriverFrame(Model):
    """One car in one frame of skip_{n}.json.gz. What is not known is null."""

    x: int | None = Field(description="1/10 m")
    y: int | None = Field(description="1/10 m")
    dist: float | None = Field(description="race distance, m")
    rel_dist: float | None = Field(ge=0, le=1)
    lap: int
    position: int
    tyre: int = Field(
        description="UNKNOWN 0, SOFT 1, MEDIUM 2, HARD 3, INTERMEDIATE 4, WET 5; in 2018 also HYPERSOFT 6, "
        "ULTRASOFT 7, SUPERSOFT 8, SUPERHARD 9"
    )
    tyre_life: int | None = Field(description="laps")
    speed: int | None = Field(description="km/h")
    gear: int | None = Field(ge=0, le=8)
    drs: int | None = Field(description="the feed's code")
    throttle: int | None = Field(ge=0, le=100)
    brake: int | None = Field(ge=0, le=1)
    gap: float | None = Field(description="seconds behind the leader; null when lapped or unknown")
    status: Literal["grid", "track", "pit", "finished"]


class Frame(Model):
    t: float
    lap: int = Field(description="the leader's")
    drivers: dict[str, DriverFrame]


class FramesDocument(Model):
    """skip_{n}.json.gz."""

    schema_version: int = SCHEMA_VERSION
    frame_skip: int
    fps: float
    event: Event
    clock: Clock
    drivers: list[Driver]
    total_laps: int | None
    driver_colors: dict[str, tuple[int, int, int]]
    track_statuses: list[TrackStatus]
    race_control: list[RaceControlMessage]
    weather: list[WeatherSample]
    frames: list[Frame]


class ReplayChunkDocument(Model):
    """replay/{generation}/{i}.json.gz: the feed's own samples, for a client that interpolates.

    `pos_t` and `car_t` are the sample times in ms on the frame clock, the first absolute, then
    differences. They begin with the last sample at or before the chunk and end with the first after it.
    Columns on a clock hold one integer a time: the first known value, then differences to the last known
    one, null where the feed has none. Step columns are [ms, value, ms, value, ...]: the first pair holds at
    the chunk's start, later times are differences to the one before, values are absolute, null is unknown.
    `dist` is not yet cut to the lap: a reader keeps it between (lap - 1) and lap times the track's length,
    so that it is 0 on the grid and stands still after the flag.
    """

    schema_version: int = SCHEMA_VERSION
    index: int
    start_ms: int
    end_ms: int
    pos_t: list[int]
    car_t: list[int]
    cars: dict[str, dict[str, list[int | None]]]
    until: dict[str, int] = Field({}, description="ms of a car's last frame, for those that leave in here")


SCHEMAS: dict[str, type[Model]] = {
    "manifest": Manifest,
    "season": SeasonListing,
    "catalog": Catalog,
    "progress": ProgressEvent,
    "run": RunSummary,
    "frames": FramesDocument,
    "replay_chunk": ReplayChunkDocument,
}
