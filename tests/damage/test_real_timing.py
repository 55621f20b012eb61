"""The same damage done to real timing: a sprint of Brazil 2021, 24 laps, 20 cars that drive as it says.

`make damage ARGS="--real 2021/19S,2022/1R"` does every kind to any session that there is.
"""

from pathlib import Path

import pytest

from pipeline.frames import compute
from tests.damage.catalogue import KINDS
from tests.damage.known import falsehoods
from tests.damage.real import worlds
from tests.damage.trial import FPS, World, attempt, drawn

pytestmark = pytest.mark.thorough

SAMPLE = (
    "positions: one sample far away",
    "car data: of seconds before",
    "laps: one lap lost",
    "order: two cars swapped for a while",
    "all topics: end early",
)


@pytest.fixture(scope="module")
def sprint(past_timing: Path) -> World:
    return worlds(past_timing, "2021/19S").popitem()[1]


def test_undamaged_frames_are_true(sprint: World) -> None:
    assert not list(falsehoods(sprint.known, compute(sprint.raw, FPS)))


@pytest.mark.parametrize("name", SAMPLE)
def test_no_falsehood_is_silent(sprint: World, name: str) -> None:
    trial = attempt(sprint, drawn(sprint, KINDS[name], seed=1))
    assert not trial.wrong, str(trial)
