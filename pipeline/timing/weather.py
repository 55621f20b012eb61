"""The rows of the weather table."""

from pipeline.model import RaceFrames, RawRace, Rows
from pipeline.timing.rows import of_models


def weather(raw: RawRace, frames: RaceFrames) -> Rows:
    """Every sample of the session, by time."""
    return of_models(raw.weather, frames.clock.t0)
