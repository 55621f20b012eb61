"""Hosts of the tests' own, which this process asks in place of F1's and the others'."""

from collections.abc import Iterator

import pytest

from pipeline.network.hosts import apply
from tests.nightly.hosts import Hosts, serving


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    with serving() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
    monkeypatch.undo()
    apply()  # fastf1 keeps the addresses that it was given
