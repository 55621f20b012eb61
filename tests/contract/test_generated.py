"""What documents and the reader's types say of the code is what `make docs` makes from it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

MADE = (
    "README.md",
    ".env.example",
    "docs/format.md",
    "serve/static/f1-replay.d.ts",
    "serve/static/f1-replay.js",
)


def generate(root: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "docs/generate.py"), what],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The files that are made, and what makes them."""
    makers = [str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "docs").glob("*.py")]
    for name in (*MADE, *makers):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    shutil.copytree(REPOSITORY / "tests/format/v1/schemas", tmp_path / "tests/format/v1/schemas")
    return tmp_path


def test_up_to_date() -> None:
    done = generate(REPOSITORY, "--check")
    assert done.returncode == 0, done.stderr


def test_drift_is_found_and_mended(copied: Path) -> None:
    changed = {
        "README.md": ("official lap, from 1", "official lap, from 0"),
        ".env.example": ("#F1_FPS=25.0", "#F1_FPS=50.0"),
        "docs/format.md": ("| `lap_time_s` | float64 |", "| `lap_time_s` | float32 |"),
        "serve/static/f1-replay.d.ts": ("generation: string;", "generation: number;"),
        "serve/static/f1-replay.js": ('"SOFT", "MEDIUM"', '"MEDIUM", "SOFT"'),
    }
    assert set(changed) == set(MADE)
    for name, (right, wrong) in changed.items():
        text = (copied / name).read_text()
        assert right in text, name
        (copied / name).write_text(text.replace(right, wrong))
    done = generate(copied, "--check")
    assert done.returncode == 1
    assert all(name in done.stderr for name in MADE)
    assert generate(copied, "--write").returncode == 0
    for name in MADE:
        assert (copied / name).read_text() == (REPOSITORY / name).read_text(), name
