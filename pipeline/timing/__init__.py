"""What happened in a session, as rows: laps, stints, pit stops, the result, events, its clock and radio.

Made from what the feed said (RawRace) and from the frames, and by pure functions: no bytes, no I/O.
"""

from pipeline.timing.story import tell

__all__ = ["tell"]
