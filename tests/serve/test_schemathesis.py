"""schemathesis against the document: what it says of requests and responses is what the server does."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import require
from tests.serve.support import Server


@pytest.mark.thorough
def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    require(find_spec("schemathesis") is not None, "schemathesis is not installed")
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    result = subprocess.run(
        [program, "run", server.url + "/openapi.json", "--max-examples", "15", "--seed", "1", "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout[-6000:]
