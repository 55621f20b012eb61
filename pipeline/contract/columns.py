"""Every published per-car column, declared once, as data, with the codes that the columns hold.

Frames as JSON, Parquet and replay, their models and schemas, the reader's types and the tables of the
documents all follow from here. No numpy and no pyarrow: types are named by text.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from pipeline.contract.sessions import CHOICES

RACE_STATUSES: Final = ("grid", "track", "pit", "finished")
STATUSES: Final = (*RACE_STATUSES, "garage", "out", "timed", "in")
GRID, TRACK, PIT, FINISHED, GARAGE, OUT, TIMED, IN = range(len(STATUSES))
DRIVES: Final = (TRACK, OUT, TIMED, IN)
TYRES: Final = (
    "UNKNOWN", "SOFT", "MEDIUM", "HARD", "INTERMEDIATE", "WET",
    "HYPERSOFT", "ULTRASOFT", "SUPERSOFT", "SUPERHARD",  # 2018 had more
)  # fmt: skip
TRACK_STATUSES: Final = {  # F1's code -> what it says
    "1": "track clear",
    "2": "yellow flag",
    "4": "safety car",
    "5": "red flag",
    "6": "virtual safety car",
    "7": "VSC ending",
}
SEGMENTS: Final = {  # F1's code of a mini-sector -> its colour; what others say is not known
    "0": "none",
    "2048": "yellow",
    "2049": "green",
    "2051": "purple",
    "2064": "pit",
}


@dataclass(frozen=True)
class Replayed:
    """How the replay carries a column: on which clock, value = integer * scale; `place` in a chunk."""

    place: int
    clock: Literal["pos", "car", "step"]
    scale: float = 1


@dataclass(frozen=True)
class Column:
    """A column of a Parquet table, and what else a frame's column is.

    `type` is Arrow's name of what Parquet holds; "words" are texts of which there are few, `codes`.
    `encoding` was chosen by measurement: "delta" for what is a straight line between samples and so has
    constant differences, "split" (byte by byte) and "plain" where that beats the usual "dictionary".
    A per-car column is held as integers of `dtype`, value = integer / 10**decimals, with `null` for what
    is unknown; `json` is its place in frames as JSON, `limits` hold there. One that came `later`
    than version 1 began is missing from older files.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = True
    encoding: Literal["dictionary", "delta", "split", "plain"] = "dictionary"
    codes: tuple[str, ...] = ()
    dtype: str = ""
    decimals: int = 0
    limits: tuple[int, int] | None = None
    json: int | None = None
    replay: Replayed | None = None
    later: bool = False

    @cached_property
    def null(self) -> int:
        """The integer that stands for what is unknown: the smallest of `dtype`."""
        return -(1 << int(self.dtype.removeprefix("int")) - 1)

    @property
    def words(self) -> bool:
        """Whether JSON and Parquet hold the words of `codes`; the replay has the integers."""
        return self.type == "words"

    @property
    def coded(self) -> str:
        """The codes and their words, as "0 grid, 1 track"."""
        return ", ".join(f"{code} {word}" for code, word in enumerate(self.codes))

    @property
    def description(self) -> str:
        """The meaning with its unit and codes, as schemas and field metadata say it."""
        told = f"{self.meaning} ({self.unit})" if self.unit else self.meaning
        codes = ", ".join(self.codes) if self.words else self.coded
        return f"{told}: {codes}" if codes else told


DRIVER = Column("driver", "string", "the driver's three letters, as in drivers[].code", nullable=False)
# what a row belongs to, where the tables of several sessions are read as one
YEAR = Column("year", "int16", "season", nullable=False)
ROUND = Column("round", "int8", "round of the season", nullable=False)
SESSION = Column("session", "string", "session of the round: R (race) or S (sprint)", nullable=False)
ANY_SESSION = replace(SESSION, meaning=f"session of the round: {CHOICES}")

# In the order of frames.parquet, to which new columns are added at the end. JSON has its own order: what
# changes in every frame comes first, and the rest of a car's row is one long match with the frame before,
# which makes the file 6 % smaller.
FRAME_COLUMNS: Final = (
    Column("t_ms", "int32", "time since frame 0", "ms", nullable=False, encoding="delta"),
    DRIVER,
    Column(
        "lap", "int16", "official lap, from 1",
        nullable=False, dtype="int16", json=7, replay=Replayed(10, "step"),
    ),
    Column(
        "position", "int8", "official position: 1 to n without gap or tie among the cars that are there",
        nullable=False, dtype="int8", json=8, replay=Replayed(11, "step"),
    ),
    Column(
        "x", "int32", "F1's track coordinates; circuit.rotation turns them as F1's own map", "1/10 m",
        encoding="delta", dtype="int32", json=3, replay=Replayed(0, "pos"),
    ),
    Column(
        "y", "int32", "F1's track coordinates, y up", "1/10 m",
        encoding="delta", dtype="int32", json=4, replay=Replayed(1, "pos"),
    ),
    Column(
        "z", "int32", "F1's track coordinates, height", "1/10 m",
        encoding="delta", dtype="int32", replay=Replayed(2, "pos"),
    ),
    Column(
        "dist", "float32", "race distance, (lap - 1 + rel_dist) * circuit.length_m; never falls", "m",
        encoding="split", dtype="int32", decimals=1, json=1, replay=Replayed(3, "pos"),
    ),
    Column(
        "rel_dist", "float32", "fraction of the lap from the line, 0 to 1; 0 on the grid, behind the line",
        encoding="split", dtype="int16", decimals=4, limits=(0, 1), json=2,
    ),
    Column(
        "speed", "float32", "speed of the car", "km/h",
        encoding="split", dtype="int16", json=5, replay=Replayed(4, "car"),
    ),
    Column(
        "rpm", "int32", "engine speed", "1/min",
        encoding="delta", dtype="int32", replay=Replayed(5, "car", 10),
    ),
    Column(
        "gear", "int8", "gear, 0 (neutral) to 8",
        encoding="plain", dtype="int8", limits=(0, 8), json=11, replay=Replayed(7, "step"),
    ),
    Column(
        "throttle", "int8", "throttle, 0 to 100", "%",
        encoding="delta", dtype="int8", limits=(0, 100), json=6, replay=Replayed(6, "car"),
    ),
    Column(
        "brake", "bool", "whether the brake is on; in JSON and replay 1 or 0",
        encoding="plain", dtype="int8", limits=(0, 1), json=13, replay=Replayed(9, "step"),
    ),
    Column(
        "drs", "int8", "the feed's DRS code: 10, 12 and 14 are open, 8 may be opened, 0 and 1 are shut",
        dtype="int8", json=12, replay=Replayed(8, "step"),
    ),
    Column(
        "tyre", "int8", "compound",
        nullable=False, codes=TYRES, dtype="int8", json=9, replay=Replayed(12, "step"),
    ),
    Column(
        "tyre_life", "int16", "age of the tyres", "laps",
        dtype="int16", json=10, replay=Replayed(13, "step"),
    ),
    Column(
        "gap", "float32",
        "official gap to the leader; null when lapped or unknown. From the flag on it is that at the flag: "
        "time penalties are in drivers[].penalties",
        "s", encoding="plain", dtype="int32", decimals=3, json=14, replay=Replayed(14, "step", 0.001),
    ),
    Column(
        "status", "words", "grid until the car moves off, finished once it has taken the flag",
        nullable=False, codes=RACE_STATUSES, dtype="int8", json=15, replay=Replayed(15, "step"),
    ),
    # Not the session: readers of today turn every column but driver and status to numbers. The file is of one
    # session, which its metadata names.
    YEAR,
    ROUND,
    Column(
        "interval", "float32",
        "official interval to the car ahead; null for the leader and where unknown. From the flag on it is "
        "that at the flag, like the gap",
        "s", encoding="plain", dtype="int32", decimals=3,
        json=16, replay=Replayed(16, "step", 0.001), later=True,
    ),
    Column(
        "laps_down", "int8", "laps behind the leader as the official gap says, 0 where it is in seconds",
        dtype="int8", replay=Replayed(17, "step"), later=True,
    ),
)  # fmt: skip

# What some of them say in qualifying and practice, where nobody races: cars are ranked by their best laps.
_BY_LAP_TIMES: Final = {
    "lap": {"meaning": "the car's own count of laps, from 1"},
    "position": {
        "meaning": "official position by best laps, in qualifying of the part that runs; null before the car "
        "has a lap time that counts. Who was knocked out keeps its own",
        "nullable": True,
    },
    "dist": {
        "meaning": "distance, (lap - 1 + rel_dist) * circuit.length_m; never falls; null in the garage",
    },
    "rel_dist": {"meaning": "fraction of the lap from the line, 0 to 1; null in the garage"},
    "gap": {
        "meaning": "the driver's best lap less that of the session, in qualifying of the part, at that moment"
    },
    "interval": {"meaning": "the driver's best lap less that of the car one place ahead; null for the first"},
    "laps_down": {"meaning": "always null"},
    "status": {
        "meaning": "garage while it stands in the pits, pit while it drives there, then by its lap; "
        "track where that is not known, and after a halt",
        "codes": STATUSES,
    },
}
TIMED_COLUMNS: Final = {
    column.name: replace(column, **_BY_LAP_TIMES[column.name])  # type: ignore[arg-type]
    for column in FRAME_COLUMNS
    if column.name in _BY_LAP_TIMES
}


def _of_any_session(column: Column) -> Column:
    """A column as all sessions have it: what holds for one alone is said so."""
    other = TIMED_COLUMNS.get(column.name)
    if other is None:
        return column
    meaning = f"{column.meaning}. In qualifying and practice: {other.meaning}"
    return replace(other, meaning=meaning)


COLUMNS: Final = {column.name: _of_any_session(column) for column in FRAME_COLUMNS if column.dtype}
FRAMES_JSON: Final = sorted((c for c in COLUMNS.values() if c.json is not None), key=lambda c: c.json or 0)
REPLAY: Final = {
    column.name: column.replay
    for column in sorted(COLUMNS.values(), key=lambda c: c.replay.place if c.replay else 0)
    if column.replay
}
