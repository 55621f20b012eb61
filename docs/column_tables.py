"""The tables of README and docs/format.md about columns and codes, from their declarations."""

from collections.abc import Iterable

from pipeline.contract.artifacts import SPECS
from pipeline.contract.columns import (
    FRAME_COLUMNS,
    SEGMENTS,
    TIMED_COLUMNS,
    TRACK_STATUSES,
    Column,
)
from pipeline.contract.sessions import SESSIONS
from pipeline.contract.tables import FRAMES, TABLES, Table

NOT_RACES = "in files of qualifying and practice, and of a season"


def files() -> str:
    """Every kind of file, and the folders of sessions that are not the round's own."""
    rows = {
        spec.pattern.replace("{session}", "telemetry/{year}/{round}/"): spec.about for spec in SPECS.values()
    }
    for session in SESSIONS.values():
        if session.folder:
            rows[f"telemetry/{{year}}/{{round}}/{session.folder}..."] = f"the same files for a {session.word}"
    width = max(map(len, rows)) + 2
    return "\n".join(["```", *(f"{key:<{width}}{about}" for key, about in rows.items()), "```"])


def columns() -> str:
    """The per-car columns of a frame, in short."""
    rows = [(f"`{c.name}`", c.unit, _meaning(c)) for c in FRAME_COLUMNS if c.dtype]
    return markdown(("per driver and frame", "unit", "meaning"), rows)


def frame_columns() -> str:
    """The columns of a frame, and how each file has them."""
    rows = [(f"`{c.name}`", c.unit, _meaning(c), _json(c), _type(c), _replay(c)) for c in FRAME_COLUMNS]
    return markdown(("column", "unit", "meaning", "JSON", "Parquet", "replay"), rows)


def timed_columns() -> str:
    """What some of them say in qualifying and practice."""
    rows = [(f"`{c.name}`", c.unit, _meaning(c)) for c in TIMED_COLUMNS.values()]
    return markdown(("column", "unit", "meaning in qualifying and practice"), rows)


def _json(column: Column) -> str:
    if column.json is None:
        return ""
    return (
        "word" if column.words else f"{10**-column.decimals:.{column.decimals}f}" if column.decimals else "1"
    )


def _replay(column: Column) -> str:
    if column.replay is None:
        return ""
    return (
        column.replay.clock if column.replay.scale == 1 else f"{column.replay.clock}, {column.replay.scale:g}"
    )


def tables() -> str:
    """The columns of the Parquet tables, but for those of a frame."""
    return "\n\n".join(
        f"`{declared.name}.parquet`, {declared.about}:\n\n{_table(declared)}"
        for declared in TABLES
        if declared is not FRAMES
    )


def _table(declared: Table) -> str:
    return markdown(
        ("column", "type", "unit", "meaning"),
        [
            (
                f"`{c.name}`",
                _type(c),
                c.unit,
                f"{_meaning(c)} ({NOT_RACES})" if c in declared.timed else _meaning(c),
            )
            for c in declared.of_all.columns
        ],
    )


def track_statuses() -> str:
    return markdown(("track status", ""), TRACK_STATUSES.items())


def segments() -> str:
    return markdown(("mini-sector", ""), SEGMENTS.items())


def _type(column: Column) -> str:
    return "dictionary" if column.words else column.type


def _meaning(column: Column) -> str:
    codes = ", ".join(f"`{word}`" for word in column.codes) if column.words else column.coded
    return f"{column.meaning}: {codes}" if codes else column.meaning


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in line) + "|" for line in lines)
