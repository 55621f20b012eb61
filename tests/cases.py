"""Tests that go through many cases of one kind: `make test` has some of them, CI all."""

import os
from collections.abc import Iterable
from typing import Any

import pytest


def some(cases: Iterable[Any], every: int) -> list[Any]:
    """For parametrize: the first of each `every` cases as it is, the others marked thorough.

    A tuple is one case of several values.
    """
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[pytest.mark.thorough] if number % every else [],
        )
        for number, case in enumerate(cases)
    ]


def examples(most: int) -> int:
    """How many of hypothesis: so many in CI, two fifths elsewhere."""
    return most if os.environ.get("CI") == "true" else -(-most * 2 // 5)
