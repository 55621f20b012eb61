"""The Dockerfile and the compose file: what the linters say, and what they cannot know."""

import re
from pathlib import Path

import pytest

from deploy.image.dockerfile import DockerfileError, Ignore, Stage, parse
from tests.conftest import REPOSITORY
from tests.deploy.conftest import DEPLOY, Tool

DOCKERFILE = REPOSITORY / "Dockerfile"
REQUIREMENTS = DEPLOY / "requirements"


@pytest.fixture
def stages() -> dict[str, Stage]:
    return parse(DOCKERFILE.read_text())


def test_hadolint(tool: Tool) -> None:
    tool("hadolint", "--no-color", "--failure-threshold", "style", "Dockerfile")


@pytest.mark.slow
def test_checkov_on_the_dockerfile(tool: Tool) -> None:
    tool(
        "checkov",
        "--file",
        "Dockerfile",
        "--framework",
        "dockerfile",
        "--quiet",
        "--compact",
        "--skip-download",
    )


def test_compose_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_shellcheck(tool: Tool) -> None:
    tool("shellcheck", *sorted(DEPLOY.rglob("*.sh")))


def test_foreign_images_are_pinned_by_digest(stages: dict[str, Stage]) -> None:
    bases = {stage.parent for stage in stages.values()} - set(stages)
    compose = re.findall(r"^\s*image: (\S+)", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE)
    foreign = bases | {image for image in compose if not image.startswith("f1-precompute:")}
    assert len(foreign) == 2
    for image in foreign:
        assert re.fullmatch(r"[a-z./]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


@pytest.mark.parametrize("target", ["pipeline", "serve"])
def test_targets_run_as_a_fixed_user_without_a_shell(stages: dict[str, Stage], target: str) -> None:
    steps = {step.word: step for step in stages[target].steps}
    assert steps["USER"].value == "10001:10001"
    assert steps["ENTRYPOINT"].array == [{"pipeline": "f1-precompute", "serve": "f1-serve"}[target]]
    assert {"STOPSIGNAL", "HEALTHCHECK", "LABEL"} <= set(steps)
    assert "RUN" not in steps  # nothing is made here, only copied from the stages before


def test_every_install_is_locked(stages: dict[str, Stage]) -> None:
    runs = [step.value for stage in stages.values() for step in stage.steps if step.word == "RUN"]
    installs = [run for run in runs if " install " in run]
    assert len(installs) == 5
    for run in installs:
        assert "--no-deps" in run
        assert "--require-hashes" in run or "--no-index" in run


def test_both_locks_of_the_pipeline_image_agree() -> None:
    """The pipeline image installs both files, and a package can have one version only."""
    pipeline, serve = (locked(REQUIREMENTS / f"{name}.txt") for name in ("pipeline", "serve"))
    different = {name for name in pipeline.keys() & serve.keys() if pipeline[name] != serve[name]}
    assert not different, "run make lock"


def locked(file: Path) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9_.-]+)(==[^\\]+)", file.read_text(), re.MULTILINE | re.IGNORECASE
    ):
        versions.setdefault(name, []).append(version.strip())
    return versions


def test_the_serve_lock_has_nothing_of_the_pipeline() -> None:
    heavy = {"boto3", "fastf1", "matplotlib", "numpy", "pandas", "pyarrow", "scipy"}
    assert not heavy & set(locked(REQUIREMENTS / "serve.txt"))


def test_dockerignore_lets_through_what_is_copied_and_nothing_else(stages: dict[str, Stage]) -> None:
    ignored = Ignore.read(REPOSITORY / ".dockerignore")
    copied = set()
    for stage in stages.values():
        for step in stage.steps:
            if step.word == "COPY" and "from" not in step.flags:
                copied |= set(step.value.split()[:-1])
    assert not [name for name in copied if ignored(Path(name))]
    for name in (
        "tests",
        ".git",
        ".env",
        "computed_data",
        "deploy/compose.yaml",
        "serve/__pycache__/app.pyc",
    ):
        assert ignored(Path(name)), name
    assert not ignored(Path("serve/static/docs.js"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM a AS b\nONBUILD RUN x", "ONBUILD: unknown instruction"),
        ("RUN x", "before the first FROM"),
        ("FROM a AS b\nENTRYPOINT f1-serve", "only the JSON form"),
    ],
)
def test_the_reader_stops_at_what_it_does_not_know(text: str, says: str) -> None:
    with pytest.raises(DockerfileError, match=says):
        [stage.steps[0].array for stage in parse(text).values()]
