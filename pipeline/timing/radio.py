"""The rows of the team radio that was broadcast."""

from pipeline.model import RaceFrames, RawRace, Rows


def radio(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row a message, by time; one of a number that no driver has is left out."""
    codes = {driver.number: driver.code for driver in raw.drivers}
    told = {(one.t, one.number, one.url): one for one in raw.topics.radio if one.number in codes}
    kept = sorted(told.values(), key=lambda one: (one.t, one.number, one.url))
    return {
        "t_s": [round(one.t - frames.clock.t0, 3) for one in kept],
        "driver": [codes[one.number] for one in kept],
        "url": [one.url for one in kept],
    }
