"""RawRace -> RaceFrames: one uniform clock, every car's columns on it. Pure numpy, no I/O."""

from pipeline.frames.build import compute

__all__ = ["compute"]
