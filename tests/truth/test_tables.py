"""What judges the tables of past seasons: it finds nothing in the demo, and what is put in."""

from dataclasses import replace

import numpy as np

from pipeline.frames import compute
from pipeline.model import RawRace
from tests.truth.tables import judged


def test_the_demo_contradicts_nothing(demo_raw: RawRace) -> None:
    told = judged(demo_raw, compute(demo_raw, 5.0))
    assert told["failed"] == {}
    assert told["rows"]["stop tyres"] == told["rows"]["pit_stops"] == 4


def test_what_is_put_in_is_found(demo_raw: RawRace) -> None:
    frames = compute(demo_raw, 1.0)
    number = next(n for n, own in demo_raw.laps.items() if not np.isnan(own.pit_in).all())
    own = demo_raw.laps[number]
    late = replace(own, pit_out=own.pit_out + 300.0)
    lost = replace(own, pit_out=np.full(len(own), np.nan))
    worn = replace(own, tyre_life=own.tyre_life[::-1].copy())
    for laps, name in ((late, "time in the lane"), (lost, "no exit"), (worn, "ages do not rise")):
        raw = replace(demo_raw, laps=demo_raw.laps | {number: laps})
        assert name in judged(raw, frames)["failed"]
    second, timing = next((n, own) for n, own in demo_raw.timing.items() if own.place[-1] == 2)
    raw = replace(
        demo_raw, timing=demo_raw.timing | {second: replace(timing, place=np.ones_like(timing.place))}
    )
    assert "places not 1 to n" in judged(raw, frames)["failed"]
