"""The events of two real races against the official timing, and what everybody knows of them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.frames import compute
from pipeline.input.load import configure, load
from pipeline.input.seasons import season, to_fastf1
from pipeline.job import Source
from pipeline.timing.events import events
from pipeline.timing.pits import pit_stops
from tests.cases import some
from tests.truth.events import contradictions, crossings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", some([1, 2], 2))
def test_events_explain_the_timing(real_cache: Path, number: int) -> None:
    source = Source(real_cache, offline=True)
    (event,) = (event for event in season(2025, source) if event.round == number)
    configure(source)
    raw = load(SessionKey(2025, number, "R"), to_fastf1(event, "R"), source)
    frames = compute(raw)
    table = events(raw, frames, pit_stops(raw, frames))
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    assert len(crossings(raw, frames)) > 900
    assert list(contradictions(raw, frames, rows)) == []


def _events(real_out: Path, number: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        real_out / f"telemetry/2025/{number}/events.parquet"
    ).to_pylist()
    return rows


def test_what_happened_in_melbourne(real_out: Path) -> None:
    rows = _events(real_out, 1)
    kinds = Counter(row["kind"] for row in rows)
    assert kinds["retirement"] == 6
    assert (kinds["penalty"], kinds["served"], kinds["deleted_lap"]) == (2, 1, 8)
    fastest = [row for row in rows if row["kind"] == "fastest_lap"][-1]
    assert (fastest["driver"], fastest["lap"], fastest["seconds"]) == ("NOR", 43, 82.167)
    assert [row["detail"] for row in rows if row["kind"] == "flag"].count("safety_car") == 3
    flag = next(row for row in rows if row["kind"] == "chequered_flag")
    assert (flag["driver"], flag["lap"]) == ("NOR", 57)
    passed = {(row["driver"], row["other"]) for row in rows if row["kind"] == "overtake" and row["lap"] == 57}
    assert ("PIA", "HAM") in passed  # round the outside in the last lap


def test_what_happened_in_shanghai(real_out: Path) -> None:
    rows = _events(real_out, 2)
    (late,) = (
        row for row in rows if row["kind"] == "overtake" and (row["driver"], row["other"]) == ("VER", "LEC")
    )
    assert (late["lap"], late["detail"]) == (53, "track")
    assert not any(row["detail"] == "safety_car" for row in rows)
