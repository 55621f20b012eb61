"""Settings and documentation: what one names the other has."""

import re
from pathlib import Path

import click
import pytest

from pipeline.cli.main import main as pipeline_cli
from pipeline.network.hosts import HOSTS
from serve.__main__ import main as serve_cli
from tests.conftest import REPOSITORY

README = REPOSITORY / "README.md"
ENV = REPOSITORY / ".env.example"
DOCUMENTS = [
    README,
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "deploy" / "terraform" / "README.md",
]
# Where operators meet variables beside the documents.
FILES = [
    *DOCUMENTS,
    ENV,
    REPOSITORY / "Dockerfile",
    *(
        file
        for file in sorted((REPOSITORY / "deploy").rglob("*"))
        if file.suffix in (".tf", ".service", ".yaml", ".cron")
    ),
    REPOSITORY / "deploy" / "nginx.conf",
    *sorted((REPOSITORY / ".github" / "workflows").glob("*.yml")),
]
FOR_TESTS = {"F1_CHECKS_VENV", "F1_REAL_CACHE"}


# The program as a word of its own: not a folder, a unit or an image of that name.
CALL = re.compile(r"(?<![\w./-])f1-(?:precompute|serve)(?![\w./:@-])[^\n`|]*")
# Options of other programs (docker build) that the documents name by themselves.
OTHERS = {"--target"}


def options(command: click.Command) -> set[str]:
    flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    return {flag for flag in flags if flag.startswith("--")} | {"--help"}


def commands() -> dict[str, set[str]]:
    """Each command line's words before its options, and the options it has."""
    assert isinstance(pipeline_cli, click.Group)
    found = {f"f1-precompute {name}": options(command) for name, command in pipeline_cli.commands.items()}
    return found | {"f1-precompute": {"--version", "--help"}, "f1-serve": options(serve_cli)}


def variables() -> set[str]:
    assert isinstance(pipeline_cli, click.Group)
    commands = [*pipeline_cli.commands.values(), serve_cli]
    parameters = [parameter for command in commands for parameter in command.params]
    named = {str(parameter.envvar) for parameter in parameters if parameter.envvar}
    return named | {host.variable for host in HOSTS}


def mentioned(text: str) -> set[str]:
    return set(re.findall(r"\bF1_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", text))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_variable_that_is_named_exists(file: Path) -> None:
    assert not mentioned(file.read_text()) - variables() - FOR_TESTS


@pytest.mark.parametrize("file", [README, ENV], ids=lambda file: str(file.name))
def test_every_variable_that_exists_is_named(file: Path) -> None:
    assert not variables() - mentioned(file.read_text())


def test_the_code_reads_no_other_variable() -> None:
    sources = [file for name in ("pipeline", "serve") for file in (REPOSITORY / name).rglob("*.py")]
    found = {name for file in sources for name in mentioned(file.read_text())}
    assert not found - variables()


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_option_that_is_named_exists(file: Path) -> None:
    """In command lines each option belongs to its command; in text, to any."""
    known = commands()
    text = file.read_text()
    every = set().union(*known.values())
    for line in re.findall(CALL, text):
        words = line.split(" #")[0].split()
        command = max((c for c in known if f"{' '.join(words)} ".startswith(f"{c} ")), key=len, default="")
        for flag in re.findall(r"(?<!\S)\[?(--[a-z][a-z0-9-]*)", " ".join(words)):
            assert flag in (known[command] if command else every), f"{line}: {flag}"
    if file.name in ("performance.md", "scale.md"):
        return  # of the benchmark's own options
    for flag in re.findall(r"`(--[a-z][a-z0-9-]*)", text):
        assert flag in every or flag in OTHERS, flag


def test_every_option_that_exists_is_in_the_readme() -> None:
    text = README.read_text()
    every = set().union(*commands().values()) - {"--version", "--help"}
    assert not {flag for flag in every if not re.search(rf"{flag}(?![a-z0-9-])", text)}


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text()
    assert not [command for command in commands() if command not in text]
