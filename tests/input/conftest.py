"""Hosts of the tests' own, which this process asks in place of F1's and the others'."""

from collections.abc import Iterator

import pytest

from tests.nightly.hosts import Hosts, serving


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serving() as running, running.in_use():
        yield running
