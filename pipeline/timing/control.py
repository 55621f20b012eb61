"""The rows of race control's messages, and what each rules."""

from pipeline.frames import stewards
from pipeline.model import RaceFrames, RawRace, Rows
from pipeline.timing.rows import of_models


def race_control(raw: RawRace, frames: RaceFrames) -> Rows:
    """Every message of the session, by time, with what it rules, if anything."""
    rulings = [stewards.parse(row.message) for row in raw.race_control]
    return of_models(raw.race_control, frames.clock.t0) | {
        "ruling": [found and found.kind for found in rulings],
        "cars": [found and (",".join(found.cars) or None) for found in rulings],
        "turn": [found and found.turn for found in rulings],
        "reason": [found and found.reason for found in rulings],
        "penalty": [found and found.penalty for found in rulings],
    }
