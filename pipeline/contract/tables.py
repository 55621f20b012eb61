"""Every published Parquet table, declared once: a new one is a declaration here and what fills it."""

from dataclasses import dataclass, replace
from typing import Final

from pipeline.contract.columns import (
    ANY_SESSION,
    DRIVER,
    FRAME_COLUMNS,
    ROUND,
    SESSION,
    TIMED_COLUMNS,
    TYRES,
    YEAR,
    Column,
)
from pipeline.contract.sessions import SESSIONS, SessionCode

SESSION_OF: Final = (YEAR, ROUND, SESSION)
WEATHER_COLUMNS: Final = (
    Column("air_temp", "float64", "temperature of the air", "degrees Celsius"),
    Column("track_temp", "float64", "temperature of the track", "degrees Celsius"),
    Column("humidity", "float64", "relative humidity", "%"),
    Column("pressure", "float64", "air pressure", "hPa"),
    Column("wind_speed", "float64", "wind", "m/s"),
    Column("wind_direction", "int16", "where the wind comes from, from north", "degrees"),
    Column("rainfall", "bool", "whether it rains"),
)
LAP_KINDS: Final = ("timed", "out", "in", "out_in")  # out begins in the pit lane, in ends there
ATTEMPTS: Final = ("completed", "cancelled")
STOP_KINDS: Final = ("tyres", "drive_through", "stop_and_go", "no_change", "retired", "red_flag", "unknown")
_TIMED: Final = (("lap", "lap time"), *((f"sector{n}", f"time of sector {n}") for n in (1, 2, 3)))
EVENT_KINDS: Final = (
    "formation_lap",
    "aborted_start",
    "start",
    "stop",
    "restart",
    "chequered_flag",
    "flag",
    "overtake",
    "pit_stop",
    "fastest_lap",
    "deleted_lap",
    "reinstated_lap",
    "retirement",
    "noted",
    "investigation",
    "deferred",
    "no_action",
    "penalty",
    "served",
    "not_served",
    "rescinded",
    "warning",
    "reprimand",
    "disqualified",
)
OVERTAKES: Final = {  # how one came about; the first that is true
    "red_flag": "while the race was stopped",
    "pits": "either car was in the pit lane",
    "retirement": "the other car was on its way out of the race",
    "slow": "the other car stood or crept",
    "start": "on the first lap",
    "safety_car": "under a safety car, real or virtual",
    "track": "on the track",
}
MESSAGE_KINDS: Final = (
    "noted", "investigation", "deferred", "no_action", "penalty", "served", "not_served", "rescinded",
    "warning", "reprimand", "disqualified", "fine",
    "yellow", "double_yellow", "clear", "green", "red", "blue", "chequered", "first_to_flag",
    "safety_car", "safety_car_ending", "safety_car_route", "vsc", "vsc_ending", "unlapping",
    "pit_exit_open", "pit_exit_closed", "pit_entry_open", "pit_entry_closed",
    "drs_enabled", "drs_disabled", "overtake_enabled", "overtake_disabled", "deleted_lap", "reinstated_lap",
    "stopped", "spun", "off_track", "missed_apex", "slippery", "hazard", "medical_car",
    "aborted_start", "formation_lap", "restart_order", "procedure", "schedule", "conditions", "notice",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One {name}.parquet of a session, and what of it timing.json.gz has for a browser.

    browser: the columns in timing.json.gz, in that order; none where it lacks the table. timed: further
    columns that files of qualifying and practice have at their end, all in timing.json.gz too. A table that
    is `grouped` has a row group for each driver. One that came `later` than version 1 began is missing beside
    older races, which are whole without it. A table `of_season` has a file with all sessions of a season too.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    sorted_by: tuple[str, ...]
    browser: tuple[str, ...] = ()
    timed: tuple[Column, ...] = ()
    grouped: bool = False
    later: bool = False
    of_season: bool = False

    def in_browser(self) -> list[Column]:
        """The columns in timing.json.gz."""
        named = {column.name: column for column in self.columns}
        return [named[name] for name in self.browser]

    def of(self, session: SessionCode) -> "Table":
        """The table as the files of a session have it."""
        return self if SESSIONS[session].is_race else self.of_all

    @property
    def of_all(self) -> "Table":
        """The table with all columns that any session has."""
        other = TIMED_COLUMNS if self.name == "frames" else {SESSION.name: ANY_SESSION}
        columns = tuple(other.get(column.name, column) for column in self.columns)
        names = tuple(column.name for column in self.timed)
        browser = (*self.browser, *names) if self.browser else ()
        return replace(self, columns=(*columns, *self.timed), browser=browser, timed=())


FRAMES: Final = Table(
    "frames",
    "all frames, a row per driver and frame",
    FRAME_COLUMNS,
    sorted_by=("driver", "t_ms"),
    grouped=True,
)

LAPS: Final = Table(
    "laps",
    "a row per driver and lap",
    (
        Column("driver", "string", DRIVER.meaning),
        Column("lap", "int16", "number of the lap, from 1"),
        Column("start_s", "float64", "when the lap began, on the frame clock", "s"),
        Column("end_s", "float64", "when the car crossed the line at its end, on the frame clock", "s"),
        Column("pit_in_s", "float64", "when the car entered the pit lane, on the frame clock", "s"),
        Column("pit_out_s", "float64", "when it left the pit lane, on the frame clock", "s"),
        Column("tyre", "int8", "compound", codes=TYRES),
        Column("tyre_life", "int16", "age of the tyres at the lap's end", "laps"),
        Column("lap_time_s", "float64", "lap time", "s"),
        Column("sector1_s", "float64", "time of the first sector", "s"),
        Column("sector2_s", "float64", "time of the second sector", "s"),
        Column("sector3_s", "float64", "time of the third sector", "s"),
        Column("stint", "int16", "number of the stint, from 1"),
        Column("position", "int8", "official position at the lap's end"),
        Column("speed_i1", "float64", "speed at the first intermediate line", "km/h"),
        Column("speed_i2", "float64", "speed at the second intermediate line", "km/h"),
        Column("speed_fl", "float64", "speed at the finish line", "km/h"),
        Column("speed_st", "float64", "speed at the speed trap", "km/h"),
        Column("fresh_tyre", "bool", "whether the tyres were new when they were fitted"),
        Column("deleted", "bool", "whether race control deleted the lap time"),
        Column("accurate", "bool", "whether fastf1 found that the lap's times agree with each other"),
        Column("track_status", "string", "every track status code during the lap, one digit each"),
        Column("deleted_reason", "string", "why the lap time was deleted"),
        Column("generated", "bool", "whether fastf1 added the row for a lap that was never completed"),
        *SESSION_OF,
        Column("kind", "string", f"what the lap was: {', '.join(LAP_KINDS)}"),
        Column("gap_s", "float64", "official gap to the leader at the lap's end", "s"),
        Column("interval_s", "float64", "official interval to the car ahead at the lap's end", "s"),
        Column("laps_down", "int8", "laps behind the leader at the lap's end"),
        *(
            Column(f"sector{n}_end_s", "float64", f"when sector {n} ended, on the frame clock", "s")
            for n in (1, 2, 3)
        ),
        Column("personal_best", "bool", "whether the feed calls it the driver's best lap so far"),
        *(
            Column(f"{part}_{whose}_s", "float64", f"{whose_words} {words} so far, this one included", "s")
            for whose, whose_words in (("best", "the driver's best"), ("overall", "the session's best"))
            for part, words in _TIMED
        ),
        Column("first_frame", "int32", "the first frame of the lap"),
        Column("last_frame", "int32", "the last frame of the lap"),
        *WEATHER_COLUMNS,
    ),
    sorted_by=("driver", "lap"),
    browser=(
        "driver", "lap", "start_s", "end_s", "lap_time_s", "sector1_s", "sector2_s", "sector3_s",
        "sector1_end_s", "sector2_end_s", "lap_best_s", "sector1_best_s", "sector2_best_s", "sector3_best_s",
        "lap_overall_s", "sector1_overall_s", "sector2_overall_s", "sector3_overall_s",
        "speed_i1", "speed_i2", "speed_fl", "speed_st", "stint", "tyre", "tyre_life", "kind", "position",
        "gap_s", "interval_s", "laps_down", "deleted", "deleted_reason", "generated",
    ),
    timed=(
        Column("part", "string", "part of the session: Q1 to Q3, SQ1 to SQ3, or the practice"),
        Column("counts", "bool", "whether its time counts, or did until it was deleted"),
        Column("deleted_s", "float64", "when race control deleted its time, on the frame clock", "s"),
        Column("improved_s", "float64", "by how much it beat the driver's best of the part until then", "s"),
        Column("attempt", "string", f"of a lap that began at pace: {', '.join(ATTEMPTS)}"),
    ),
    of_season=True,
)  # fmt: skip

STINTS: Final = Table(
    "stints",
    "a row per driver and set of tyres",
    (
        DRIVER,
        Column("stint", "int16", "number of the stint, from 1", nullable=False),
        Column("tyre", "int8", "compound", codes=TYRES, nullable=False),
        Column("fresh_tyre", "bool", "whether the tyres were new when they were fitted"),
        Column("tyre_life_start", "int16", "laps on the tyres when they were fitted", "laps"),
        Column("first_lap", "int16", "the first lap on them", nullable=False),
        Column("last_lap", "int16", "the last lap on them", nullable=False),
        Column("laps", "int16", "laps completed on them", "laps", nullable=False),
        Column("start_s", "float64", "when the first lap began, on the frame clock", "s"),
        Column("end_s", "float64", "when the last lap ended, on the frame clock", "s"),
        Column("conflict", "string", "what another source says of it, where they differ"),
        *SESSION_OF,
    ),
    sorted_by=("driver", "stint"),
    browser=(
        "driver",
        "stint",
        "tyre",
        "fresh_tyre",
        "tyre_life_start",
        "first_lap",
        "last_lap",
        "laps",
        "start_s",
        "end_s",
    ),
    later=True,
    of_season=True,
)  # fmt: skip

PIT_STOPS: Final = Table(
    "pit_stops",
    "a row per driver and visit to the pit lane",
    (
        DRIVER,
        Column("stop", "int16", "number of the driver's visit, from 1", nullable=False),
        Column("lap", "int16", "the lap in which the car came in", nullable=False),
        Column("pit_in_s", "float64", "when it entered the pit lane, on the frame clock", "s"),
        Column("pit_out_s", "float64", "when it left the pit lane, on the frame clock", "s"),
        Column("lane_time_s", "float64", "time in the pit lane", "s"),
        Column("stationary_s", "float64", "how long the car stood", "s"),
        Column("stationary_from", "string", "who says so: feed, or speed (the car's own)"),
        Column("kind", "string", f"what it was for: {', '.join(STOP_KINDS)}"),
        Column("tyre_before", "int8", "compound before", codes=TYRES),
        Column("tyre_after", "int8", "compound after", codes=TYRES),
        Column("tyre_life_before", "int16", "age of the tyres that came off", "laps"),
        Column("fresh_tyre", "bool", "whether the tyres that went on were new"),
        Column("position_before", "int8", "official position when it came in"),
        Column("position_after", "int8", "official position when it left"),
        Column("track_status", "string", "track status code when it came in"),
        Column("double_stop", "bool", "whether a team mate, who came before, still stood when it came in"),
        Column("conflict", "string", "what another source says of it, where they differ"),
        *SESSION_OF,
    ),
    sorted_by=("driver", "stop"),
    browser=(
        "driver", "stop", "lap", "pit_in_s", "pit_out_s", "lane_time_s", "stationary_s", "stationary_from",
        "kind", "tyre_before", "tyre_after", "tyre_life_before", "fresh_tyre", "position_before",
        "position_after", "track_status", "double_stop",
    ),
    later=True,
    of_season=True,
)  # fmt: skip

RESULTS: Final = Table(
    "results",
    "the classification, a row per driver",
    (
        DRIVER,
        Column("number", "string", "racing number", nullable=False),
        Column("name", "string", "full name", nullable=False),
        Column("team", "string", "name of the team", nullable=False),
        Column("driver_id", "string", "the driver's id at jolpica"),
        Column("team_id", "string", "the team's id at jolpica"),
        Column("position", "int8", "place in the classification; before it is out, in the timing"),
        Column("classified", "string", "official classification: a place, or R, D, E, W, F, N"),
        Column("status", "string", "the official result's own word, such as Finished"),
        Column("disqualified", "bool", "whether the driver was disqualified"),
        Column("grid", "int8", "grid place; 0 is a start from the pit lane"),
        Column("grid_penalty", "string", "grid penalty, where race control told of one"),
        Column("laps", "int16", "laps completed"),
        Column("points", "float64", "championship points of this session"),
        Column("time_s", "float64", "official race time, with time penalties", "s"),
        Column("gap_s", "float64", "behind the winner, with time penalties; null when lapped", "s"),
        Column("laps_down", "int8", "laps behind the winner"),
        Column("fastest_lap", "int16", "the lap of the driver's fastest time"),
        Column("fastest_lap_s", "float64", "the driver's fastest lap time that was not deleted", "s"),
        Column("fastest_lap_rank", "int8", "its rank among all drivers but the disqualified"),
        Column("penalty_s", "float64", "time penalties that race control announced, served or not", "s"),
        *(Column(f"q{n}_s", "float64", f"best time of part {n} of qualifying", "s") for n in (1, 2, 3)),
        *SESSION_OF,
    ),
    sorted_by=(),
    browser=(
        "driver", "position", "classified", "status", "disqualified", "grid", "laps", "points", "time_s",
        "gap_s", "laps_down", "fastest_lap", "fastest_lap_s", "fastest_lap_rank", "penalty_s", "q1_s", "q2_s",
        "q3_s",
    ),
    later=True,
    of_season=True,
)  # fmt: skip

EVENTS: Final = Table(
    "events",
    "what happened, a row each, by time",
    (
        Column("t_s", "float64", "when, on the frame clock", "s", nullable=False),
        Column("lap", "int16", "lap of the driver, or of the leader where there is none"),
        Column("kind", "string", f"what: {', '.join(EVENT_KINDS)}", nullable=False),
        Column("driver", "string", "the driver's three letters; null for what concerns all"),
        Column("other", "string", "the other driver's three letters: who was overtaken, or is in it too"),
        Column("position", "int8", "official position of the driver after it"),
        Column("laps_down", "int8", "laps behind the leader, as the official gap says"),
        Column("dist", "float64", "race distance of the driver then; where it passed, for an overtake", "m"),
        Column("rel_dist", "float64", "the same as a fraction of the lap"),
        Column("seconds", "float64", "a lap time, the time in the pit lane, or a time penalty", "s"),
        Column(
            "detail",
            "string",
            f"an overtake's way ({', '.join(OVERTAKES)}), a pit stop's kind, a flag, a reason",
        ),
        *SESSION_OF,
    ),
    sorted_by=("t_s",),
    browser=("t_s", "lap", "kind", "driver", "other", "position", "rel_dist", "seconds", "detail"),
    later=True,
    of_season=True,
)

RACE_CONTROL: Final = Table(
    "race_control",
    "all of race control's messages, by time",
    (
        Column("t_s", "float64", "when, on the frame clock", "s", nullable=False),
        Column("lap", "int16", "lap of the race in which it came"),
        Column("category", "string", "F1's kind of message: Flag, SafetyCar, Drs, CarEvent, Other"),
        Column("message", "string", "race control's words", nullable=False),
        Column("flag", "string", "F1's word, such as YELLOW or CLEAR"),
        Column("scope", "string", "what the flag is for: Track, Sector or Driver"),
        Column("sector", "int16", "marshal sector of the flag"),
        Column("number", "string", "racing number of the car it concerns"),
        Column("status", "string", "F1's word for a safety car, DRS or the pit lane, such as DEPLOYED"),
        Column("kind", "string", f"what it says: {', '.join(MESSAGE_KINDS)}"),
        Column("cars", "string", "racing numbers that it concerns, joined by commas"),
        Column("turn", "string", "the turn it names, such as 4 or 7-9"),
        Column("reason", "string", "the reason it gives"),
        Column("penalty", "string", "the penalty in its own words"),
        *SESSION_OF,
    ),
    sorted_by=("t_s",),
    later=True,
    of_season=True,
)

WEATHER: Final = Table(
    "weather",
    "what the weather station measured, about once a minute",
    (
        Column("t_s", "float64", "when, on the frame clock", "s", nullable=False),
        *WEATHER_COLUMNS,
        *SESSION_OF,
    ),
    sorted_by=("t_s",),
    later=True,
    of_season=True,
)

CLOCK: Final = Table(
    "session_clock",
    "the session's own clock, a row per word of it",
    (
        Column("t_s", "float64", "when, on the frame clock", "s", nullable=False),
        Column("remaining_s", "float64", "time that remained then", "s", nullable=False),
        Column("running", "bool", "whether it ran on from then, or stood", nullable=False),
        *SESSION_OF,
    ),
    sorted_by=("t_s",),
    browser=("t_s", "remaining_s", "running"),
    later=True,
)

RADIO: Final = Table(
    "radio",
    "team radio that was broadcast, a row each: links, never a copy",
    (
        Column("t_s", "float64", "when, on the frame clock", "s", nullable=False),
        DRIVER,
        Column("url", "string", "where F1 has the recording", nullable=False),
        *SESSION_OF,
    ),
    sorted_by=("t_s",),
    browser=("t_s", "driver", "url"),
    later=True,
)

TABLES: Final = (FRAMES, LAPS, STINTS, PIT_STOPS, RESULTS, EVENTS, RACE_CONTROL, WEATHER, CLOCK, RADIO)
