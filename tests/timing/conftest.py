"""The first demo race: as loaded, as computed, and as it really was."""

from dataclasses import dataclass

import pytest

from pipeline.demo import Truth, demo_season, simulate
from pipeline.frames import compute
from pipeline.model import RaceFrames, RawRace


@dataclass(frozen=True)
class Told:
    raw: RawRace
    frames: RaceFrames
    truth: Truth


@pytest.fixture(scope="session")
def told(demo_raw: RawRace) -> Told:
    _, seed, laps = demo_season()[0]
    return Told(demo_raw, compute(demo_raw), simulate(seed, laps))
