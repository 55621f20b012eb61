"""Worlds of real timing: a session of a past season, its cars driving as it says, and what is right about it.

Right is what the undamaged frames say: `make truth` holds those against the timing and what the cars drove.
Of pedals, gears and revolutions nothing is asked: they are invented, and no speed here tells of them.
"""

from pathlib import Path

import numpy as np

from pipeline.contract.columns import FINISHED
from pipeline.frames import compute
from pipeline.model import RaceFrames, RawRace
from tests.damage.known import RULES, STEP_S, Facts, Known, published, windows
from tests.damage.known_timed import TIMED_RULES
from tests.damage.trial import World, world
from tests.truth.driven import raw_of, sessions

INVENTED = ("throttle", "brake", "gear", "drs", "rpm")


def worlds(cache: Path, only: str) -> dict[str, World]:
    """The sessions named, as in 2021/19S,2022/1R; by name."""
    found = {}
    for session in sessions(cache, only):
        raw = raw_of(session, cache)
        found[session.key.slug] = world(raw, of_frames(raw, compute(raw, 1.0 / STEP_S)))
    return found


def of_frames(raw: RawRace, frames: RaceFrames) -> Known:
    """What undamaged frames, of one a STEP_S, say. Nothing is asked where they have no value."""
    codes, t0, length = list(frames.cars), frames.clock.t0, frames.circuit.length_m or 0.0
    shape = (len(codes), frames.clock.frames)
    rules = TIMED_RULES if frames.parts else RULES
    shown = {name: np.full(shape, np.nan) for name in rules}
    place, here = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    for i, code in enumerate(codes):
        columns = frames.cars[code].columns
        n = len(columns["lap"])
        here[i, :n] = True
        place[i, :n] = np.where(columns["position"] == 0, np.nan, columns["position"])
        for name, values in published(columns, length, rules):
            if name not in INVENTED:
                shown[name][i, :n] = values
    bounds = {name: windows(rules[name], values) for name, values in shown.items()}
    status = raw.track_status
    code_at = np.array(["", *status.code])[np.searchsorted(status.t, frames.clock.times(), "right")]
    return Known(
        codes=codes,
        begin=t0,
        start=t0,
        length_m=length,
        low={name: low for name, (low, _) in bounds.items()},
        high={name: high for name, (_, high) in bounds.items()},
        places=place,
        far=np.where(shown["status"] == FINISHED, 1e6 - 1e3 * place, shown["progress"]),
        clear=code_at == "1",
        here=here,
        lingers=here,
        facts={
            d.code: Facts(
                None if d.finished_at is None else d.finished_at + t0,
                None if d.retired_at is None else d.retired_at + t0,
                (d.laps, d.laps - 1) if frames.parts else (d.laps,),
            )
            for d in frames.drivers
        },
    )
