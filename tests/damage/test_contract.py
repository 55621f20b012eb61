"""No damage crashes a run or breaks what holds for every race; what it makes false is named."""

import pytest

from tests.damage.catalogue import KINDS
from tests.damage.trial import attempt, demo, drawn


@pytest.mark.parametrize("name", KINDS)
def test_no_kind_crashes(name: str) -> None:
    given = demo()
    for seed in range(2):
        trial = attempt(given, drawn(given, KINDS[name], seed))
        assert not trial.error, str(trial)
