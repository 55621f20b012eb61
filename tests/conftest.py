"""Shared fixtures: the demo season and the two real races as published artifacts, made once a session.

With pytest-xdist each worker makes its own. The real races are found by F1_REAL_CACHE; tests that need
them skip where they are absent, but with CI=true that is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.demo.season import recorded
from pipeline.input.load import configure, load
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from pipeline.model import RawRace

# hypothesis fails an example that takes 200 ms, which on a busy machine any may
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_CACHE = Path(os.environ.get("F1_REAL_CACHE", REPOSITORY.parent / "shared" / "real" / "fastf1-cache"))


def cli(*args: str | Path, expect: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run f1-precompute as a user does, in a process of its own, and check its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, args)],
        cwd=REPOSITORY,
        env={**_clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if expect is not None:
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("F1_")}


def require(there: bool, reason: str) -> None:
    """Skip where something is absent; on CI its absence is a failure."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def demo_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the artifacts of the demo season. Read only: copy it to change it."""
    out = tmp_path_factory.mktemp("demo") / "out"
    cli("demo", "--out", out)
    return out


@pytest.fixture(scope="session")
def real_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A writable copy of the fastf1 cache with 2025 rounds 1 and 2."""
    require(REAL_CACHE.is_dir(), f"no real races at {REAL_CACHE} (F1_REAL_CACHE)")
    cache = tmp_path_factory.mktemp("real") / "cache"
    shutil.copytree(REAL_CACHE, cache)
    for path in (cache, *cache.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return cache


@pytest.fixture(scope="session")
def real_out(tmp_path_factory: pytest.TempPathFactory, real_cache: Path) -> Path:
    """A folder with the artifacts of 2025 rounds 1 and 2. Read only: copy it to change it."""
    out = tmp_path_factory.mktemp("real-out") / "out"
    cli(
        "season",
        "2025",
        "--rounds",
        "1-2",
        "--sessions",
        "R",
        "--offline",
        "--fastf1-cache",
        real_cache,
        "--out",
        out,
    )
    return out


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> RawRace:
    """The first demo race as loaded through fastf1, to be damaged at will: it is immutable."""
    with recorded() as (tasks, _):
        task = tasks[0]
        cache = tmp_path_factory.mktemp("fastf1")
        from_source = Source(cache, offline=True, recording=task.source.recording)
        configure(from_source)
        return load(task.key, to_fastf1(task.event, task.key.session), from_source)
