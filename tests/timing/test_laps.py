"""The laps table against what the demo's cars drove, and what was known when each lap ended."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.demo import Truth
from pipeline.model import RaceFrames, RawRace
from pipeline.timing.laps import laps


def test_gaps_at_the_line_are_those_of_the_crossings(
    demo_raw: RawRace, frames: RaceFrames, truth: Truth
) -> None:
    rows = laps(demo_raw, frames)
    led = [min(t[lap] for t in truth.line_s.values() if len(t) > lap) for lap in range(truth.laps)]
    known = 0
    for code, lap, gap, down in zip(
        rows["driver"], rows["lap"], rows["gap_s"], rows["laps_down"], strict=True
    ):
        if lap > len(truth.line_s[code]):  # it never got there
            assert np.isnan(gap)
            assert np.isnan(down)
            continue
        end = truth.line_s[code][lap - 1]
        assert down == sum(t <= end for t in led) - lap
        known += not np.isnan(gap)
        assert np.isnan(gap) or gap == pytest.approx(end - led[lap - 1], abs=0.002)
    assert known > 30


def test_pits_make_in_and_out_laps(demo_raw: RawRace, frames: RaceFrames, truth: Truth) -> None:
    rows = laps(demo_raw, frames)
    kinds = dict(zip(zip(rows["driver"], map(int, rows["lap"]), strict=True), rows["kind"], strict=True))
    expected = {(code, stint.first_lap): "out" for code, own in truth.stints.items() for stint in own[1:]}
    expected |= {(code, lap - 1): "in" for code, lap in expected}
    assert {where: kind for where, kind in kinds.items() if kind != "timed"} == expected


def test_frames_of_a_lap_are_those_that_show_it(demo_raw: RawRace, frames: RaceFrames) -> None:
    rows = laps(demo_raw, frames)
    found = zip(
        rows["driver"], rows["lap"], rows["first_frame"], rows["last_frame"], rows["end_s"], strict=True
    )
    for code, lap, first, last, end in found:
        assert set(frames.cars[code].columns["lap"][int(first) : int(last) + 1]) == {lap}
        assert last / frames.clock.fps < end or np.isnan(end)


def test_bests_are_of_laps_that_had_ended_and_count(demo_raw: RawRace, frames: RaceFrames) -> None:
    """Held against a search through all laps, one lap of the fastest driver deleted."""
    number, own = next(iter(demo_raw.laps.items()))
    fastest = int(np.nanargmin(own.extra["lap_time_s"]))
    deleted = np.arange(len(own)) == fastest
    raw = replace(
        demo_raw, laps=demo_raw.laps | {number: replace(own, extra=own.extra | {"deleted": deleted})}
    )
    rows = laps(raw, frames)
    told = zip(rows["deleted"], rows["generated"], rows["lap"], strict=True)
    count = [not (deleted or generated or lap == 1) for deleted, generated, lap in told]
    for name, best in (("lap_time_s", "lap"), ("sector1_s", "sector1"), ("sector3_s", "sector3")):
        ended = [
            (end, code, t)
            for end, code, t, c, kind in zip(
                rows["end_s"], rows["driver"], rows[name], count, rows["kind"], strict=True
            )
            if c and not np.isnan(t) and (name != "lap_time_s" or kind == "timed")
        ]
        for i, (code, end) in enumerate(zip(rows["driver"], rows["end_s"], strict=True)):
            mine = min((t for at, who, t in ended if at <= end and who == code), default=np.nan)
            all_ = min((t for at, _, t in ended if at <= end), default=np.nan)
            assert np.array_equal(
                [rows[f"{best}_best_s"][i], rows[f"{best}_overall_s"][i]], [mine, all_], equal_nan=True
            )
    assert rows["lap_best_s"][len(own) - 1] != own.extra["lap_time_s"][fastest]


def test_weather_is_what_was_measured_last(demo_raw: RawRace, frames: RaceFrames) -> None:
    rows = laps(demo_raw, frames)
    t0 = frames.clock.t0
    for start, shown in zip(rows["start_s"], rows["air_temp"], strict=True):
        assert shown == [w.air_temp for w in demo_raw.weather if w.t - t0 <= start + 1e-3][-1]
    none = laps(replace(demo_raw, weather=[]), frames)
    assert set(none["air_temp"]) == {None}
