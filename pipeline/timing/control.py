"""The rows of race control's messages, and what each says."""

from pipeline.frames.messages import read
from pipeline.model import RaceFrames, RawRace, Rows
from pipeline.timing.rows import of_models


def race_control(raw: RawRace, frames: RaceFrames) -> Rows:
    """Every message of the session, by time, with what it says."""
    said = [read(row) for row in raw.race_control]
    return of_models(raw.race_control, frames.clock.t0) | {
        "kind": [one.kind for one in said],
        "cars": [",".join(one.cars) or None for one in said],
        "turn": [one.turn for one in said],
        "sector": [one.sector for one in said],
        "reason": [one.reason for one in said],
        "penalty": [one.penalty for one in said],
    }
