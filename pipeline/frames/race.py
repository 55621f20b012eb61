"""What the steps of the computation share."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.clean import Clean
from pipeline.frames.laps import LapLine
from pipeline.frames.presence import Stay
from pipeline.frames.track import Line
from pipeline.model import Floats, FrameClock, RawRace

AnyInts = npt.NDArray[np.signedinteger]
Columns = dict[str, AnyInts]


@dataclass(frozen=True)
class Race:
    """The race between RawRace and RaceFrames. Dictionaries are keyed by racing number."""

    raw: RawRace
    clock: FrameClock
    times: Floats
    clean: Clean
    stays: dict[str, Stay]
    laps: dict[str, LapLine]
    line: Line | None
    lights_out: float | None

    @property
    def numbers(self) -> list[str]:
        """Racing numbers in the frames, in the order of the result."""
        return [d.number for d in self.raw.drivers if d.number in self.laps]

    def frames_of(self, number: str) -> int:
        """Frames from the start until the car is out; at least the first."""
        return max(1, self.clock.index(min(self.stays[number].until, self.times[-1] + 1.0)))
