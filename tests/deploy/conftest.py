"""The tools that check the deployment files: on PATH, or in the environments that F1_CHECKS_VENV names.

Their dependencies would bend the project's, and checkov's those of python-hcl2, so they live in two:

    for name in checks-hcl2 checks; do
        python -m venv .venv-$name
        .venv-$name/bin/pip install --require-hashes -r deploy/requirements/$name.txt
    done
    F1_CHECKS_VENV=.venv-checks-hcl2:.venv-checks pytest tests/deploy

terraform and systemd-analyze come from the machine. Where a tool is absent its tests skip; with CI=true that
is a failure.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, require

DEPLOY = REPOSITORY / "deploy"
Tool = Callable[..., subprocess.CompletedProcess[str]]


def find(name: str) -> str | None:
    folders = os.environ.get("F1_CHECKS_VENV", "").split(os.pathsep)
    inside = [str(REPOSITORY / folder / "bin") for folder in folders if folder]
    return shutil.which(name, path=os.pathsep.join([*inside, os.environ.get("PATH", os.defpath)]))


@pytest.fixture
def tool() -> Tool:
    """Run a tool in the repository and fail with what it says."""

    def run(name: str, *arguments: str | Path, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
        program = find(name)
        require(program is not None, f"{name} is not here (see tests/deploy/conftest.py)")
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, f"{name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
