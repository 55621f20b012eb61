"""GitHub's workflows: pinned, with least permissions, without stored keys."""

import re

import pytest

from tests.conftest import REPOSITORY
from tests.deploy.conftest import Tool

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))


def test_zizmor(tool: Tool) -> None:
    """The strictest persona; offline, for what it would ask GitHub changes without a change here."""
    tool("zizmor", "--offline", "--persona", "auditor", "--no-progress", ".github/workflows")


def test_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.slow
def test_checkov(tool: Tool) -> None:
    tool(
        "checkov", "-d", ".github", "--framework", "github_actions", "--quiet", "--compact", "--skip-download"
    )


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: str(file.name))
def test_actions_are_pinned_and_keys_are_not_stored(file: object) -> None:
    text = (REPOSITORY / str(file)).read_text()
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+(/[\w.-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    assert "secrets." not in text
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE)


def test_a_night_on_actions_finds_what_the_last_one_left() -> None:
    """The folder comes back before it and is kept after it, also where it failed; no cache of pickles."""
    text = (REPOSITORY / ".github" / "workflows" / "nightly.yml").read_text()
    before, _, after = text.partition("- name: Night\n")
    kept = re.compile(r"path: computed_data\n +key: (\S+ .*)")
    (restored,), (saved,) = kept.findall(before), kept.findall(after)
    assert restored == saved
    assert "fastf1" not in "".join(re.findall(r"path: .*", text))
    assert re.search(r"restore-keys: night-$", before, re.MULTILINE)
    assert re.search(
        r"actions/cache/save@.*\n +if: always\(\) && steps\.night\.outcome != 'skipped'$", after, re.M
    )


def test_one_action_has_one_version() -> None:
    pins = {pin for file in WORKFLOWS for pin in re.findall(r"uses: (.*)", file.read_text())}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)
