"""What the steps of the computation share."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.clean import Clean
from pipeline.frames.flag import Flag
from pipeline.frames.laps import LapLine
from pipeline.frames.line import Line
from pipeline.frames.plausible import Verdict
from pipeline.frames.presence import Stay
from pipeline.frames.track import Placed
from pipeline.model import AnyArray, Bools, Floats, FrameClock, RawRace

CLEAR, RED = "1", "5"
FIRST_LAP_S = 90.0  # places come late in it
RESTART_S = 900.0  # cars wait in the pit lane after the status is clear again, and follow the safety car
STRAY = 0.02  # of a lap: more than crossings and positions ever disagree by

AnyInts = npt.NDArray[np.signedinteger]
Columns = dict[str, AnyInts]


@dataclass(frozen=True)
class Race:
    """The race between RawRace and RaceFrames. Dictionaries are keyed by racing number."""

    raw: RawRace
    clock: FrameClock
    times: Floats
    clean: Clean
    flag: Flag
    stays: dict[str, Stay]
    laps: dict[str, LapLine]
    line: Line | None
    placed: dict[str, Placed]
    verdicts: dict[str, Verdict]
    lights_out: float | None

    @property
    def numbers(self) -> list[str]:
        """Racing numbers in the frames, in the order of the result."""
        return [d.number for d in self.raw.drivers if d.number in self.laps]

    def frames_of(self, number: str) -> int:
        """Frames from the start until the car is out; at least the first."""
        return max(1, self.clock.index(min(self.stays[number].until, self.times[-1] + 1.0)))

    def status(self, t: Floats) -> AnyArray:
        """The track's status at session seconds `t`, (n,) of F1's codes; empty before the first."""
        return self.raw.track_status.at(t)

    def settled(self, t: Floats) -> Bools:
        """(n,) whether cars race in an order of their own making at session seconds `t`, which rise: not in
        the first lap, nor soon after a red flag, when the stewards set it."""
        last_red = np.maximum.accumulate(np.where(self.status(t) == RED, t, -np.inf))
        return np.asarray((t > self.clock.t0 + FIRST_LAP_S) & (t > last_red + RESTART_S))

    def on_lap(self, number: str, t: Floats, along: Floats) -> Bools:
        """Whether a car's progress in laps, (n,) at session seconds `t`, lies in the lap that it is on.

        Where it does not, or the timing lost laps, nobody knows how far round the race the car is. Behind
        the line of its lap are the grid alone, and beyond it who has finished.
        """
        lap = self.laps[number]
        row = lap.at(t)
        part = along - (lap.number - 1.0)[row]
        behind = (part < -STRAY) & (lap.number > 1)[row]
        beyond = (part > 1.0 + STRAY) & (t < self.flag.fell)
        return np.asarray((lap.spans == 1)[row] & ~behind & ~beyond)
