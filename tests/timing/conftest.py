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
def truth() -> Truth:
    return simulate(*demo_season()[0][1:])


@pytest.fixture(scope="session")
def told(demo_raw: RawRace, truth: Truth) -> Told:
    return Told(demo_raw, compute(demo_raw), truth)


@pytest.fixture(scope="module")
def frames(demo_raw: RawRace) -> RaceFrames:
    """Few, of `demo_raw` as the module has it."""
    return compute(demo_raw, 5.0)
