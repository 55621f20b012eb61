"""The result: official, before it is out, corrected by the stewards, and written anew."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pipeline.contract.models import Penalty, RaceControlMessage, Results
from pipeline.demo import Truth
from pipeline.encode.results import revised
from pipeline.frames import compute
from pipeline.model import DriverInfo, RaceFrames, RawRace
from pipeline.timing.results import results
from tests.timing.test_stops import as_dicts

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def by_driver(raw: RawRace, frames: RaceFrames) -> dict[str, dict[str, Any]]:
    return {row["driver"]: row for row in as_dicts(results(raw, frames))}


def test_before_the_classification_is_out(demo_raw: RawRace, frames: RaceFrames, truth: Truth) -> None:
    rows = as_dicts(results(demo_raw, frames))
    home = sorted(truth.finished_s, key=lambda code: (-len(truth.line_s[code]), truth.finished_s[code]))
    assert [row["driver"] for row in rows if row["position"] is not None] == home
    led = truth.finished_s[home[0]]
    for place, row in enumerate(rows, 1):
        code = row["driver"]
        assert row["position"] == (place if code in truth.finished_s else None)
        assert row["laps"] == len(truth.line_s[code])
        assert (row["classified"], row["points"], row["time_s"], row["grid_penalty"]) == (None,) * 4
        assert row["penalty_s"] == (5.0 if code == truth.penalised else 0.0)
        if row["laps"] == truth.laps:
            assert row["gap_s"] == pytest.approx(truth.finished_s[code] - led, abs=0.002)
            assert row["laps_down"] == 0
        else:
            assert row["gap_s"] is None
        own = np.diff(truth.line_s[code])
        assert row["fastest_lap_s"] is None or row["fastest_lap_s"] == pytest.approx(own.min(), abs=0.002)
    ranks = [row["fastest_lap_rank"] for row in sorted(rows, key=lambda row: row["fastest_lap_s"] or 1e9)]
    assert ranks[: len(home)] == list(range(1, len(home) + 1))


def official(raw: RawRace, **given: Any) -> RawRace:
    """The demo with a classification in its own order: the winner took 500 s, the others some more."""
    told = [
        replace(
            d,
            classified=str(i),
            result="Finished",
            laps=5,
            grid=i,
            points=0.0,
            time=500.0 if i == 1 else i / 2,
        )
        for i, d in enumerate(raw.drivers, 1)
    ]
    drivers = [replace(d, **given.get(d.code, {})) for d in told]
    return replace(raw, drivers=drivers, official_results=True)


def test_the_classification_decides(demo_raw: RawRace, frames: RaceFrames) -> None:
    codes = [d.code for d in demo_raw.drivers]
    raw = official(
        demo_raw,
        **{
            codes[3]: {"classified": "D", "result": "Disqualified", "laps": 0, "time": None},
            codes[4]: {"classified": "R", "result": "Engine", "time": None, "laps": 3},
            codes[5]: {"result": "+1 Lap", "laps": 4},
            codes[6]: {"classified": None, "result": None, "laps": None, "time": None},
        },
    )
    rows = by_driver(raw, frames)
    assert list(rows) == codes
    first, second, out, lapped = (rows[codes[i]] for i in (0, 1, 3, 5))
    assert (first["position"], first["time_s"], first["gap_s"]) == (1, 500.0, 0.0)
    assert (second["position"], second["time_s"], second["gap_s"]) == (2, 501.0, 1.0)
    assert (out["position"], out["disqualified"], out["gap_s"]) == (None, True, None)
    assert (out["laps"], out["fastest_lap_rank"]) == (
        5,
        None,
    )  # a source that counts none for it is not believed
    assert out["fastest_lap_s"] is not None
    assert rows[codes[4]]["position"] is None
    assert (lapped["position"], lapped["laps_down"], lapped["gap_s"], lapped["time_s"]) == (6, 1, None, None)
    assert rows[codes[6]]["position"] is None
    ranks = {row["fastest_lap_rank"] for row in rows.values() if not row["disqualified"]}
    assert ranks == set(range(1, len(codes)))


def test_what_race_control_told(demo_raw: RawRace, frames: RaceFrames) -> None:
    first, second = demo_raw.drivers[:2]
    t0 = frames.clock.t0
    said = [
        (t0 - 900, f"FIA STEWARDS: 5 PLACE GRID PENALTY FOR CAR {first.number} - GEARBOX"),
        (t0 + 100, f"FIA STEWARDS: 3 PLACE GRID PENALTY FOR CAR {second.number} AT THE NEXT RACE - IMPEDING"),
        (t0 + 200, f"CAR {second.number} DISQUALIFIED"),
    ]
    raw = replace(demo_raw, race_control=[RaceControlMessage(t=t, message=m) for t, m in said])
    penalties = [
        Penalty(t=1.0, message=f"FIA STEWARDS: {text} PENALTY FOR CAR {first.number} - SPEEDING")
        for text in ("5 SECOND TIME", "10 SECOND TIME", "10 SECOND STOP/GO", "DRIVE THROUGH")
    ]
    given = [
        d.model_copy(update={"penalties": penalties if d.number == first.number else []})
        for d in frames.drivers
    ]
    rows = by_driver(raw, replace(frames, drivers=given))
    assert (rows[first.code]["grid_penalty"], rows[second.code]["grid_penalty"]) == (
        "5 PLACE GRID PENALTY",
        None,
    )
    assert (rows[first.code]["penalty_s"], rows[second.code]["penalty_s"]) == (15.0, 0.0)
    assert (rows[first.code]["disqualified"], rows[second.code]["disqualified"]) == (None, True)
    silent = by_driver(replace(demo_raw, race_control=[]), frames)
    assert {row["penalty_s"] for row in silent.values()} == {None}


def test_a_driver_without_laps_or_timing(demo_raw: RawRace, frames: RaceFrames) -> None:
    code = demo_raw.drivers[0].code
    number = demo_raw.drivers[0].number
    raw = replace(
        demo_raw,
        laps={n: own for n, own in demo_raw.laps.items() if n != number},
        timing={n: own for n, own in demo_raw.timing.items() if n != number},
    )
    row = by_driver(raw, compute(raw, 1.0))[code]
    assert (row["position"], row["gap_s"], row["fastest_lap_s"]) == (None, None, None)


def test_a_result_that_changes_is_a_revision(demo_raw: RawRace, frames: RaceFrames) -> None:
    raw = official(demo_raw)
    a, b = raw.drivers[:2]

    def written(drivers: list[DriverInfo], before: Results | None) -> Results:
        known = {d.code: d for d in frames.drivers}
        shown = replace(frames, drivers=[known[d.code] for d in drivers])
        return revised(results(replace(raw, drivers=drivers), shown), raw.event, before, NOW)

    first = written(raw.drivers, None)
    assert (first.revision, first.revised_at, first.changes) == (1, None, [])
    assert [row.driver for row in first.rows] == [d.code for d in raw.drivers]
    kept = Results.model_validate_json(first.model_dump_json())
    assert written(raw.drivers, kept) == first
    out = replace(a, classified="D", result="Disqualified", time=None)
    won = replace(b, classified="1", time=500.5)
    second = written([won, *raw.drivers[2:], out], kept)
    assert (second.revision, second.revised_at) == (2, NOW)
    changed = {(c.driver, c.column): (c.before, c.after) for c in second.changes}
    assert changed[b.code, "position"] == (2, 1)
    assert changed[a.code, "disqualified"] == (False, True)
    assert changed[a.code, "classified"] == ("1", "D")
    assert (b.code, "team") not in changed
    third = written([won, *raw.drivers[2:]], second)
    assert third.revision == 3
    assert [(c.driver, c.column, c.before, c.after) for c in third.changes] == [
        (a.code, "driver", a.code, None)
    ]
