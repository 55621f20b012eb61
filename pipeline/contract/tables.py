"""Every published Parquet table, declared once: a new one is a declaration here and what fills it."""

from dataclasses import dataclass
from typing import Final

from pipeline.contract.columns import DRIVER, FRAME_COLUMNS, ROUND, SESSION, TYRES, YEAR, Column


@dataclass(frozen=True)
class Table:
    """One {name}.parquet of a session.

    A table that is `grouped` has a row group for each driver. One that came `later` than version 1 began is
    missing beside older races, which are whole without it.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    sorted_by: tuple[str, ...]
    grouped: bool = False
    later: bool = False


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
        YEAR,
        ROUND,
        SESSION,
    ),
    sorted_by=("driver", "lap"),
)

TABLES: Final = (FRAMES, LAPS)
