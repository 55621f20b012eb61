"""Pydantic models of every JSON file of the format. JSON Schemas are written from these.

Times named `*_s`, `t`, `start_time`, `end_time`, `retired_at` and `finished_at` are seconds on the frame
clock (0 = frame 0) unless said otherwise. Unknown fields are ignored, so a reader survives additions.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey, media_of, session_of
from pipeline.contract.columns import FRAMES_JSON, SEGMENTS, TRACK_STATUSES, Column
from pipeline.contract.sessions import CHOICES, SESSIONS, SessionCode
from pipeline.contract.tables import RESULTS, SESSION_OF, TABLES, Table

Grade = Literal["A", "B", "C", "D"]
Level = Literal["ok", "note", "warn", "bad"]

# Fields that several models have.
Version = Annotated[int, Field(description="version of the format")]
Year = Annotated[int, Field(description="season")]
Round = Annotated[int, Field(description="round of the season")]
Code = Annotated[SessionCode, Field(description=f"session of the round: {CHOICES}")]
Seconds = Annotated[float, Field(description="seconds on the frame clock")]
Key = Annotated[str, Field(description="the file's key, relative to the root")]
Bytes = Annotated[int, Field(description="size of the file")]
Updated = Annotated[datetime, Field(description="when it last changed")]


def _later(default: Any, description: str) -> Any:
    """A field that came after version 1 began: left out where it is empty, which readers take as null.

    The manifest is the first thing that a browser loads, and is to stay small.
    """
    return Field(default, description=description, exclude_if=lambda value: value in (None, "", []))


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Model):
    """The race weekend, and which of its sessions this is."""

    year: Year
    round: Round
    session: Code
    name: str = Field(description="short name of the race weekend")
    official_name: str = Field(description="its full name, with the sponsor")
    country: str = Field(description="where it is held")
    location: str = Field(description="town or circuit")
    meeting_key: int | None = Field(None, description="F1's own key of the race weekend")
    session_key: int | None = Field(None, description="F1's own key of the session")
    date_utc: datetime | None = Field(None, description="scheduled start of the session")


class Clock(Model):
    """The uniform frame clock."""

    fps: float = Field(description="frames a second")
    frames: int = Field(description="number of frames")
    duration_s: float = Field(description="seconds from the first frame to the last")
    t0_session_s: float = Field(description="frame 0 on F1's session clock: the earliest start of lap 1")
    t0_utc: datetime | None = Field(None, description="when frame 0 was")
    lights_out_s: float | None = Field(None, description="when the field starts to move")


class Penalty(Model):
    """A penalty as race control announced it, and did not take back."""

    t: Seconds
    message: str = Field(description="race control's words")


class Driver(Model):
    number: str = Field(description="racing number")
    code: str = Field(description="three letters, by which frames and replay name the car")
    name: str = Field(description="full name")
    team: str = Field(description="name of the team")
    color: str | None = Field(None, description="team colour, six hex digits")
    grid: int | None = Field(None, description="grid place; 0 is a start from the pit lane")
    classified: str | None = Field(None, description="official classification: a place, or R, D, E, W, F, N")
    status: str | None = Field(None, description="the official result's own word, such as Finished")
    laps: int = Field(description="laps completed")
    retired_at: float | None = Field(None, description="when the car came to its final halt")
    finished_at: float | None = Field(None, description="when the car took the flag")
    penalties: list[Penalty] = Field([], description="those that race control announced for the car")
    first_name: str | None = _later(None, "first name")
    last_name: str | None = _later(None, "last name")
    driver_id: str | None = _later(None, "the driver's id at jolpica, such as max_verstappen")
    team_id: str | None = _later(None, "the team's id at jolpica, such as red_bull")
    country: str | None = _later(None, "three letters of the driver's country, as F1 has it")
    headshot: str | None = _later(None, "address of F1's portrait of the driver")


class Marker(Model):
    """A numbered place on F1's own map."""

    number: int = Field(description="its number, from the line on")
    letter: str = _later("", "letter of one that shares its number")
    x: int = Field(description="1/10 m")
    y: int = Field(description="1/10 m")
    dist: float | None = Field(None, description="metres from the line")
    angle: int | None = _later(None, "degrees: from the track to where a map has room for its number")


class Corner(Marker):
    """A numbered corner."""

    letter: str = Field("", description="letter of a corner that shares its number")


class SectorLine(Model):
    """Where a sector ends; the last one ends at the start/finish line."""

    number: int = Field(description="number of the sector that ends there")
    x: int = Field(description="1/10 m")
    y: int = Field(description="1/10 m")
    dist: float = Field(description="metres from the line, the median of the laps it was learned from")
    laps: int = Field(description="number of these laps")


class PitLane(Model):
    """The pit lane from where it leaves the track to where it joins it, the median of all visits."""

    x: list[int] = Field(description="its points, 1/10 m")
    y: list[int] = Field(description="its points, 1/10 m")
    length_m: float = Field(description="metres from its first point to its last")
    entry: float = Field(description="metres from the line to where it leaves the track")
    exit: float = Field(description="metres from the line to where it joins the track")
    limit_from: float = Field(description="metres along it to where the speed limit begins")
    limit_to: float = Field(description="metres along it to where the speed limit ends")
    speed_limit: int | None = _later(None, "the limit that the cars kept to, km/h, a multiple of 10")
    visits: int = Field(description="number of visits that it was learned from")
    cars: int = Field(description="number of cars that made them")


class DrsZone(Model):
    """Where cars drove with DRS open. A zone may begin before the line and end after it."""

    start: float = Field(description="metres from the line to where cars open it")
    end: float = Field(description="metres from the line to where they shut it")
    detection: float | None = _later(None, "metres from the line to where it is decided who may")
    openings: int = Field(description="how often it was opened there")
    cars: int = Field(description="number of cars that did")


class Circuit(Model):
    """The track as driven: an outline from a clean lap, 1/10 m, first point at the start/finish line.

    What was learned from the cars is null or empty where too few of them have shown it.
    """

    length_m: float | None = Field(None, description="length of a lap in metres, as measured")
    rotation: float | None = Field(
        None, description="degrees that F1 turns its own map by; null where nobody has said"
    )
    x: list[int] = Field([], description="the outline's points, 1/10 m")
    y: list[int] = Field([], description="the outline's points, 1/10 m")
    z: list[int] = _later([], "height of the outline's points, 1/10 m above F1's zero")
    corners: list[Corner] = Field([], description="the numbered corners, in order")
    sectors: list[SectorLine] = _later([], "the lines that end sectors 1 and 2")
    marshal_sectors: list[Marker] = _later([], "where each marshal sector begins, in order")
    marshal_lights: list[Marker] = _later([], "the light panels, in order")
    pit_lane: PitLane | None = _later(None, "the pit lane")
    drs_zones: list[DrsZone] = _later([], "the DRS zones, in order; none from 2026")


class TrackStatus(Model):
    """One stretch of the race under one flag."""

    status: str = Field(description="F1's code: " + ", ".join(map(" ".join, TRACK_STATUSES.items())))
    start_time: float = Field(description="since when it holds")
    end_time: float | None = Field(None, description="null while it lasts")


class RaceControlMessage(Model):
    t: Seconds
    category: str | None = Field(
        None, description="F1's kind of message: Flag, SafetyCar, Drs, CarEvent, Other"
    )
    message: str = Field(description="race control's words")
    flag: str | None = Field(None, description="F1's word, such as YELLOW or CLEAR")
    scope: str | None = Field(None, description="what the flag is for: Track, Sector or Driver")
    sector: int | None = Field(None, description="marshal sector of the flag")
    number: str | None = Field(None, description="racing number of the car it concerns")
    lap: int | None = Field(None, description="lap of the race in which it came")
    status: str | None = _later(None, "F1's word for a safety car, DRS or the pit lane, such as DEPLOYED")


class WeatherSample(Model):
    """What the weather station measured, about once a minute."""

    t: Seconds
    air_temp: float | None = Field(None, description="degrees Celsius")
    track_temp: float | None = Field(None, description="degrees Celsius")
    humidity: float | None = Field(None, description="relative, percent")
    pressure: float | None = Field(None, description="hPa")
    wind_speed: float | None = Field(None, description="metres a second")
    wind_direction: int | None = Field(None, description="where it comes from, degrees from north")
    rainfall: bool | None = Field(None, description="whether it rains")


class Check(Model):
    name: str = Field(description="what was looked at")
    level: Level = Field(description="ok, or how much it matters")
    value: float | int | str | None = Field(None, description="what was found")
    message: str = Field("", description="the same in words")


class Quality(Model):
    """Grade A: nothing to say. B: notes a viewer will not see. C: visibly damaged. D: use with care."""

    grade: Grade = Field(description="how far the race can be trusted")
    checks: list[Check] = Field([], description="the reasons")


class Artifact(Model):
    key: Key
    media_type: str = Field(description="the file's Content-Type")
    content_encoding: str | None = Field(None, description="the file's Content-Encoding: gzip, or null")
    bytes: Bytes
    sha256: str = Field(description="hash of the file as it lies, in hex")

    @classmethod
    def of(cls, key: str, size: int, sha256: str) -> "Artifact":
        """A file as the format serves it. Raises ValueError for a key that the format does not have."""
        media = media_of(key)
        return cls(
            key=key,
            media_type=media.content_type,
            content_encoding=media.content_encoding,
            bytes=size,
            sha256=sha256,
        )


class ReplayChunk(Model):
    key: Key
    start_s: float = Field(description="the first second it covers")
    end_s: float = Field(description="the last second it covers")
    bytes: Bytes


class ReplayColumn(Model):
    """How a client reads one column of a replay chunk.

    `clock` "pos" and "car" columns are delta-coded integers, one for each time of that clock, to be
    interpolated; "step" columns are change points. Value = integer * scale.
    """

    clock: Literal["pos", "car", "step"] = Field(description="the sample times it has values for")
    scale: float = Field(1, description="value = integer * scale")
    unit: str = Field("", description="the value's unit; for status, the words of its numbers")


class Replay(Model):
    generation: str = Field(description="hash of all chunks, by which their folder is named")
    chunk_s: float = Field(description="seconds that a chunk covers")
    hole_ms: int = Field(description="samples further apart than this are not joined by a line")
    columns: dict[str, ReplayColumn] = Field(description="how each column of a chunk is read")
    chunks: list[ReplayChunk] = Field(description="the files, by time")


class InputIdentity(Model):
    """What the race was computed from, so that an unchanged input can be skipped."""

    kind: Literal["cache", "recording"] = Field(description="where it was read from")
    path: str = Field(description="the session's folder in the fastf1 cache, or the recording's file names")
    sha256: str = Field(description="hash of its content")
    fetched_at: datetime | None = _later(
        None, "when the oldest of the session's data was fetched; null for a recording"
    )


class Options(Model):
    """What the run was asked to make."""

    fps: float = Field(description="frames a second")
    frame_skips: list[int] = Field(description="the n of each skip_{n}.json.gz")


class Provenance(Model):
    version: str = Field(description="version of f1-precompute")
    fastf1: str = Field(description="version of fastf1")
    created_at: datetime = Field(description="when it was computed")
    revised_at: datetime | None = _later(
        None, "when its results were changed afterwards; frames are as they were computed"
    )
    run: str = Field(description="the run that computed it")
    provisional: bool = Field(description="true while results or laps may still change")
    reasons: list[str] = Field([], description="why it is provisional")
    options: Options = Field(description="what the run was asked to make")
    input: InputIdentity = Field(description="what it was computed from")


class Stop(Model):
    """A stretch in which a session was stopped by a red flag."""

    start: float = Field(description="when it was stopped")
    end: float = Field(description="when it went on, or was over")


class CutOff(Model):
    """The last car that went on to the next part."""

    driver: str = Field(description="the driver's three letters")
    position: int = Field(description="its place")
    time_s: float | None = Field(None, description="its best lap of the part; null where it had none")


class Part(Model):
    """A part of a qualifying, whose ranking starts anew, or a practice as a whole."""

    name: str = Field(description="Q1 to Q3, SQ1 to SQ3, or the code of the practice")
    start: float = Field(description="when its light went green")
    end: float | None = Field(None, description="when its flag fell; null where the data end before")
    stops: list[Stop] = _later([], "red flags, by time; the last one may have ended it")
    goes_on: int | None = _later(None, "how many cars went on to the next part: who is behind is in danger")
    cutoff: CutOff | None = _later(None, "the last of them at its end, deleted laps not counted")
    knocked_out: list[str] = _later([], "codes of those who did not go on, by place")


# What manifest and frames documents share.
TheEvent = Annotated[Event, Field(description="the race weekend and the session")]
TheClock = Annotated[Clock, Field(description="the frame clock")]
Drivers = Annotated[list[Driver], Field(description="who took part, in the order of the result")]
TrackStatuses = Annotated[list[TrackStatus], Field(description="flags and safety cars, by time")]
RaceControl = Annotated[list[RaceControlMessage], Field(description="race control's messages, by time")]
Weather = Annotated[list[WeatherSample], Field(description="the weather, by time")]
TotalLaps = Annotated[int | None, Field(description="laps of the race as scheduled or run")]
PARTS = "parts of qualifying and practice that were run, by time; none of a race"


class Head(Model):
    """What manifest and frames documents share."""

    event: TheEvent
    clock: TheClock
    drivers: Drivers
    total_laps: TotalLaps
    track_statuses: TrackStatuses
    race_control: RaceControl
    weather: Weather
    parts: list[Part] = _later([], PARTS)


class Manifest(Model):
    """Everything about one race but its frames; points to the rest."""

    schema_version: Version = SCHEMA_VERSION
    event: TheEvent
    clock: TheClock
    drivers: Drivers
    total_laps: TotalLaps = None
    circuit: Circuit = Field(description="the track")
    track_statuses: TrackStatuses
    race_control: RaceControl
    weather: Weather
    parts: list[Part] = _later([], PARTS)
    quality: Quality = Field(description="how far it can be trusted, and why")
    artifacts: list[Artifact] = Field(description="every file of the race but this one")
    replay: Replay = Field(description="how to read the compact replay")
    provenance: Provenance = Field(description="from what, how and when it was made")

    @property
    def event_key(self) -> SessionKey:
        return SessionKey(self.event.year, self.event.round, self.event.session)

    @property
    def lacks(self) -> set[str]:
        """The files that it ought to name and does not, as while they are replaced."""
        required = self.event_key.required(self.provenance.options.frame_skips)
        return required - {artifact.key for artifact in self.artifacts}


SessionState = Literal["published", "missing", "failed", "upcoming", "cancelled"]


class SeasonSession(Model):
    """One session of a season listing, and what exists of it."""

    session: Code
    name: str = Field(description="its name in words")
    date_utc: datetime | None = Field(None, description="scheduled start of the session")
    state: SessionState = Field(description="whether it is published, and else why not")
    manifest: str | None = Field(None, description="key of its manifest")
    grade: Grade | None = Field(None, description="quality.grade of its manifest")
    provisional: bool | None = Field(None, description="provenance.provisional of its manifest")
    frames: int | None = Field(None, description="clock.frames of its manifest")
    duration_s: float | None = Field(None, description="clock.duration_s of its manifest")
    bytes: int | None = Field(None, description="size of all the session's artifacts")
    updated_at: datetime | None = Field(None, description="when it was computed")
    error: str | None = Field(None, description="why the last run failed")


class SeasonEvent(Model):
    round: int = Field(description="0 for a cancelled event whose number is now another's")
    name: str = Field(description="short name of the race weekend")
    official_name: str = Field("", description="its full name, with the sponsor")
    country: str = Field("", description="where it is held")
    location: str = Field("", description="town or circuit")
    date: str | None = Field(None, description="day of the race, ISO")
    format: str = Field("", description="the schedule's word: conventional, sprint_qualifying ...")
    meeting_key: int | None = Field(None, description="F1's own key of the race weekend")
    sessions: list[SeasonSession] = Field(description="race and sprint, in the order they are held")
    other_sessions: list[SeasonSession] = _later([], "qualifying and practice, in the order they are held")

    @property
    def every_session(self) -> list[SeasonSession]:
        return [*self.sessions, *self.other_sessions]


def by_field(sessions: Iterable[SeasonSession]) -> dict[str, list[SeasonSession]]:
    """An event's sessions in the fields that name them: readers of the first version know two codes.

    Each field is in the order held, or in the one given where a start is not known.
    """
    known = list(sessions)
    starts = {s.session: s.date_utc for s in known if s.date_utc is not None}
    if len(starts) == len(known):
        known.sort(key=lambda s: starts[s.session])
    return {
        "sessions": [s for s in known if SESSIONS[s.session].is_race],
        "other_sessions": [s for s in known if not SESSIONS[s.session].is_race],
    }


class SeasonFiles(Model):
    """A season's own files: all its sessions in one, the standings and the tracks."""

    made_from: str = Field(description="hash of the published sessions that they were made from")
    artifacts: list[Artifact] = Field(description="the files")


class SeasonListing(Model):
    """sessions/{year}.json."""

    schema_version: Version = SCHEMA_VERSION
    year: Year
    updated_at: Updated
    events: list[SeasonEvent] = Field(description="every race weekend of the season, by round")
    files: SeasonFiles | None = _later(None, "the season's own files; null before there are any")

    @property
    def published(self) -> list["CatalogRace"]:
        """What it lists as published, of any kind, the session held last first."""
        races = [
            CatalogRace(
                year=self.year,
                round=key.round,
                session=session.session,
                name=event.name,
                date_utc=session.date_utc,
                manifest=key.manifest,
            )
            for event in self.events
            for session in event.every_session
            if (key := session_of(session.manifest or "")) is not None
        ]
        return sorted(races, key=_held, reverse=True)


class RunRace(Model):
    """What a nightly run did about one session, and why."""

    year: Year
    round: Round
    session: Code
    name: str = Field(description="short name of the race weekend")
    action: str = Field(description="compute, refresh, upgrade, skip, wait, move, retire or cancelled")
    reason: str = Field(description="why")
    state: str | None = Field(
        None, description="how the work ended: published, unchanged, kept, failed, given up, without data yet"
    )
    error: str | None = Field(None, description="why it failed")
    grade: Grade | None = Field(None, description="quality.grade of what was published")
    seconds: float = Field(0.0, description="seconds that the work took")


class RunSummary(Model):
    """runs/{run_id}.json: how a nightly run went, for monitors."""

    schema_version: Version = SCHEMA_VERSION
    run: str = Field(description="name of the run")
    seasons: list[int] = Field(description="the years it looked at")
    started_at: datetime = Field(description="when it began")
    seconds: float = Field(description="seconds that it took")
    exit_code: int = Field(description="0 done, 1 something failed, 75 temporarily impossible")
    line: str = Field(description="the whole in one line")
    counts: dict[str, int] = Field(description="how many sessions ended in each way")
    problems: list[str] = Field([], description="what went wrong beside single races")
    notes: list[str] = _later([], "results that were revised, and answers that were not taken")
    network_wait_s: float = Field(0.0, description="seconds spent waiting for hosts")
    races: list[RunRace] = Field(description="what was done about each race and sprint, and why")
    other_sessions: list[RunRace] = _later([], "the same for qualifying and practice")

    @property
    def every_session(self) -> list[RunRace]:
        return [*self.races, *self.other_sessions]


class CatalogSeason(Model):
    year: Year
    key: Key
    published: int = Field(description="sessions with artifacts, of any kind")
    updated_at: Updated


class CatalogRace(Model):
    year: Year
    round: Round
    session: Code
    name: str = Field(description="short name of the race weekend")
    date_utc: datetime | None = Field(None, description="scheduled start of the session")
    manifest: str = Field(description="key of its manifest")


def _held(race: CatalogRace) -> tuple[datetime, int, SessionCode]:
    return race.date_utc or datetime(race.year, 1, 1, tzinfo=UTC), race.round, race.session


class Catalog(Model):
    """catalog.json: where a reader starts."""

    schema_version: Version = SCHEMA_VERSION
    updated_at: Updated
    seasons: list[CatalogSeason] = Field(description="the seasons that have a listing, by year")
    newest: CatalogRace | None = Field(None, description="the published race or sprint that was held last")
    newest_session: CatalogRace | None = _later(
        None, "the published session of any kind that was held last; null in catalogs of before"
    )

    @property
    def last_held(self) -> CatalogRace | None:
        return self.newest_session or self.newest


class ProgressEvent(Model):
    """One line of progress.jsonl or runs/*.jsonl."""

    v: int = Field(1, description="version of these lines")
    seq: int = Field(description="number of the line, from 1")
    ts: datetime = Field(description="when it was written")
    run: str = Field(description="the run it belongs to")
    year: Year
    round: Round
    session: Code
    type: Literal["progress", "complete", "error"] = Field(description="complete and error end a run")
    progress: float | None = Field(None, ge=0, le=100, description="percent done")
    stage: str | None = Field(None, description="what is being done: load, compute, encode, publish ...")
    message: str | None = Field(None, description="the same in words")
    data: dict[str, Any] | None = Field(None, description="facts about it")


def _in_json(column: Column) -> Any:
    """A frame's column as a field of its model."""
    kind: Any = Literal[column.codes] if column.words else float if column.decimals else int
    low, high = column.limits or (None, None)
    said = Field(None if column.later else ..., description=column.description, ge=low, le=high)
    return (kind | None if column.nullable or column.later else kind, said)


if TYPE_CHECKING:
    DriverFrame: TypeAlias = Any
else:
    DriverFrame = create_model(
        "DriverFrame",
        __base__=Model,
        __doc__="One car in one frame of skip_{n}.json.gz. What is not known is null.",
        **{column.name: _in_json(column) for column in FRAMES_JSON},
    )


class Frame(Model):
    t: Seconds
    lap: int = Field(description="the leader's")
    drivers: dict[str, DriverFrame] = Field(description="by code, the cars that are there")


class FramesDocument(Model):
    """skip_{n}.json.gz."""

    schema_version: Version = SCHEMA_VERSION
    frame_skip: int = Field(description="the n of the file's name: it has every n-th frame")
    fps: float = Field(description="frames a second in this file")
    event: TheEvent
    clock: Clock = Field(description="the frame clock, before the skip")
    drivers: Drivers
    total_laps: TotalLaps
    driver_colors: dict[str, tuple[int, int, int]] = Field(description="by code: red, green, blue of 0..255")
    track_statuses: TrackStatuses
    race_control: RaceControl
    weather: Weather
    parts: list[Part] = _later([], PARTS)
    frames: list[Frame] = Field(description="by time, each on a line of its own")


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

    schema_version: Version = SCHEMA_VERSION
    index: int = Field(description="number of the chunk, from 0")
    start_ms: int = Field(description="the first millisecond it covers")
    end_ms: int = Field(description="the last millisecond it covers")
    pos_t: list[int] = Field(description="sample times of the columns on the clock pos, ms")
    car_t: list[int] = Field(description="sample times of the columns on the clock car, ms")
    cars: dict[str, dict[str, list[int | None]]] = Field(description="code -> column -> integers")
    until: dict[str, int] = Field(
        {}, description="time of a car's last frame, ms, for those that leave in here"
    )


_KINDS: dict[str, type] = {"bool": bool, "string": str}


def _value(column: Column) -> Any:
    """The type of a value of a table's column, in JSON."""
    kind: Any = _KINDS.get(column.type, float if column.type.startswith("float") else int)
    return kind | None if column.nullable else kind


def _in_browser(column: Column) -> Any:
    """A table's column as a list in timing.json.gz."""
    return (list[_value(column)], Field(description=column.description))  # type: ignore[misc]


def _columns_of(table: Table) -> Any:
    fields: Any = {column.name: _in_browser(column) for column in table.in_browser()}
    for column in table.timed if table.browser else ():
        fields[column.name] = (list[_value(column)], _later([], f"{column.description}; none of a race"))  # type: ignore[misc]
    name = table.name.title().replace("_", "") + "Columns"
    return create_model(name, __base__=Model, __doc__=f"Columns of equal length: {table.about}.", **fields)


BROWSER_TABLES = [table for table in TABLES if table.browser]
if TYPE_CHECKING:
    TimingDocument: TypeAlias = Any
else:
    TimingDocument = create_model(
        "TimingDocument",
        __base__=Model,
        __doc__="timing.json.gz: what a timing tower needs at any moment, column by column.",
        schema_version=(Version, SCHEMA_VERSION),
        event=(TheEvent, ...),
        clock=(TheClock, ...),
        **{table.name: (_columns_of(table), Field(description=table.about)) for table in BROWSER_TABLES},
        parts=(list[Part], _later([], PARTS)),
    )


class CarSegments(Model):
    """One car's changes, columns of equal length; before the first it has no colour anywhere."""

    t: list[int] = Field(description="tenths of a second since the change before, the first since frame 0")
    segment: list[int] = Field(description="which, from 0 on through all sectors; -1 for all of them at once")
    status: list[int] = Field(
        description="F1's code from then on: "
        + ", ".join(f"{code} {said}" for code, said in SEGMENTS.items())
    )


class SegmentsDocument(Model):
    """segments.json.gz: the colours of mini-sectors as the timing screen showed them."""

    schema_version: Version = SCHEMA_VERSION
    event: TheEvent
    clock: TheClock
    sectors: list[int] = Field(description="how many segments each sector has")
    cars: dict[str, CarSegments] = Field(description="by the driver's three letters")


def _in_row(column: Column) -> Any:
    """A table's column as a field of its row."""
    return (_value(column), Field(None if column.nullable else ..., description=column.description))


def row_model(name: str, about: str, columns: Iterable[Column]) -> Any:
    """The model of a table's row in JSON."""
    fields: Any = {column.name: _in_row(column) for column in columns}
    return create_model(name, __base__=Model, __doc__=about, **fields)


if TYPE_CHECKING:
    ResultRow: TypeAlias = Any
else:
    ResultRow = row_model(
        "ResultRow",
        "One driver's result, as in results.parquet.",
        (column for column in RESULTS.columns if column not in SESSION_OF),
    )


class ResultChange(Model):
    """One value that a revision changed; of a driver who came or went the letters alone."""

    driver: str = Field(description="the driver's three letters")
    column: str = Field(description="the field of its row")
    before: str | int | float | bool | None = Field(None, description="what it was")
    after: str | int | float | bool | None = Field(None, description="what it is")


class Results(Model):
    """results.json: the classification, rewritten when it changes afterwards."""

    schema_version: Version = SCHEMA_VERSION
    event: TheEvent
    revision: int = Field(1, description="how often it was written, from 1: again only where it changed")
    revised_at: datetime | None = Field(None, description="when it was written anew; null for revision 1")
    changes: list[ResultChange] = Field([], description="what changed since the revision before")
    rows: list[ResultRow] = Field(description="who took part, in the order of the result")


class Standing(Model):
    """One driver's or team's place in a championship after a round."""

    position: int | None = Field(None, description="place; null where points of a round are not known")
    points: float | None = Field(None, description="points so far; null where those of a round are not known")
    wins: int | None = Field(None, description="races won so far, sprints not counted")
    gained: float | None = Field(None, description="points that the round brought")
    moved: int | None = Field(None, description="places won by the round, lost ones are negative")
    summed: float | None = _later(
        None, "what the published results add up to, where the official points differ"
    )


class DriverStanding(Standing):
    driver: str = Field(description="the driver's three letters")
    driver_id: str | None = Field(None, description="the driver's id at jolpica")
    name: str = Field(description="full name")
    team: str = Field(description="name of the team of the last race")


class TeamStanding(Standing):
    team: str = Field(description="name of the team")
    team_id: str | None = Field(None, description="the team's id at jolpica")


class StandingsRound(Model):
    """Both championships after one round."""

    round: int = Field(description="round of the season")
    name: str = Field(description="short name of the race weekend")
    sessions: list[SessionCode] = Field(description="whose points are in it: R and S, those published")
    complete: bool = Field(description="whether the points of every race and sprint so far are known")
    official_at: datetime | None = _later(
        None,
        "when its places, points and wins were taken from jolpica; null where they follow from the results",
    )
    drivers: list[DriverStanding] = Field(description="by place")
    teams: list[TeamStanding] = Field(description="by place")


class Standings(Model):
    """seasons/{year}/standings.json: the official ones, or what the published results add up to."""

    schema_version: Version = SCHEMA_VERSION
    year: Year
    rounds: list[StandingsRound] = Field(description="by round, those with a published race or sprint")


class WeekendCircuit(Model):
    """A weekend's track, each part from the session that has shown it most often."""

    round: int = Field(description="round of the season")
    name: str = Field(description="short name of the race weekend")
    sessions: list[SessionCode] = Field(description="the published sessions that it was learned from")
    learned_from: dict[str, SessionCode] = Field(
        description="which of them the outline and each other part of the circuit are from"
    )
    circuit: Circuit = Field(description="the track; visits, laps and openings say how sure each part is")


class Circuits(Model):
    """seasons/{year}/circuits.json: the tracks, as all published sessions of a weekend have shown them."""

    schema_version: Version = SCHEMA_VERSION
    year: Year
    rounds: list[WeekendCircuit] = Field(description="by round, those with a published session")


SCHEMAS: dict[str, type[Model]] = {
    "manifest": Manifest,
    "season": SeasonListing,
    "catalog": Catalog,
    "progress": ProgressEvent,
    "run": RunSummary,
    "frames": FramesDocument,
    "replay_chunk": ReplayChunkDocument,
    "timing": TimingDocument,
    "segments": SegmentsDocument,
    "results": Results,
    "standings": Standings,
    "circuits": Circuits,
}
