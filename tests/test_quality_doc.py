"""docs/quality.md explains every check that the code can raise, and none that it cannot."""

import ast
import inspect
import re

from pipeline.frames import checks, quality, quality_parts, quality_timed
from tests.conftest import REPOSITORY

MADE_BY = {"Check", "present", "share", "invariant", "_of_cars"}


def raised() -> set[str]:
    """Names of checks: the findings that have limits, and what the quality table makes itself."""
    names = set(quality._FINDING_LIMITS)
    sources = [inspect.getsource(module) for module in (quality, checks, quality_timed, quality_parts)]
    for node in ast.walk(ast.parse("\n".join(sources))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_BY:
            names |= _texts([*node.args[:1], *(word.value for word in node.keywords if word.arg == "name")])
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            names |= _texts([row.elts[0] for row in node.iter.elts if isinstance(row, ast.Tuple)])
    return names


def _texts(given: list[ast.expr]) -> set[str]:
    return {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_check_is_explained() -> None:
    text = (REPOSITORY / "docs" / "quality.md").read_text()
    explained = set(re.findall(r"`([a-z_0-9]+)`", text))
    assert raised() - explained == set()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row)} - raised() == set()
