"""Fixtures over the tree and servers of support.py."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serve.support import Server, make_tree, serving


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published tree that no test changes."""
    return make_tree(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def server(tree: Path) -> Iterator[Server]:
    with serving(tree, "--ws-poll", "0.05") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as running:
        yield running


@pytest.fixture
def own_tree(tmp_path: Path) -> Path:
    """A published tree that the test may change."""
    return make_tree(tmp_path / "out")
