"""The rows of the session's clock."""

from pipeline.model import RaceFrames, RawRace, Rows


def session_clock(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per word of the feed that says something new, by time."""
    words = sorted(raw.topics.clock, key=lambda word: word.t)
    news = [
        word
        for before, word in zip([None, *words], words, strict=False)
        if before is None or (word.remaining, word.running) != (before.remaining, before.running)
    ]
    return {
        "t_s": [round(word.t - frames.clock.t0, 3) for word in news],
        "remaining_s": [word.remaining for word in news],
        "running": [word.running for word in news],
    }
