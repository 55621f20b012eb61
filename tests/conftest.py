"""Shared fixtures: the demo season and the two real races as published artifacts, made once a session.

What is made once is shared by all workers of pytest-xdist. The real races are found by F1_REAL_CACHE; tests
that need them skip where they are absent, but with CI=true that is a failure.
"""

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from pipeline.demo import demo_season, demo_timed, simulate, write_recording
from pipeline.demo.answers import answer
from pipeline.demo.season import recorded
from pipeline.input.load import configure, load
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from pipeline.model import RawRace
from tests.cases import examples
from tests.command import RECORDINGS, REPOSITORY, cli, program, recording_name
from tests.warm import hasten

# hypothesis fails an example that takes 200 ms, which on a busy machine any may. Examples are the same on
# every machine, so that a change is judged by what it changes; CI has more, and `make damage` looks further.
settings.register_profile("unhurried", deadline=None, derandomize=True, max_examples=examples(100))
settings.load_profile("unhurried")

# what takes seconds to make or start: `make test-quick` does without the tests that need it
SLOW = {
    *("real_cache", "real_out", "real_races", "past_timing", "demo_out", "small_out"),
    *("nights", "s3_server", "chromium", "browser"),
    "hosts",  # fastf1 asks four times a second at most
}
REAL_CACHE = Path(os.environ.get("F1_REAL_CACHE", REPOSITORY.parent / "shared" / "real" / "fastf1-cache"))


def require(there: bool, reason: str) -> None:
    """Skip where something is absent; on CI its absence is a failure."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_xdist_auto_num_workers() -> int:
    """Two for every processor: now and then a test waits for a server, or for time to pass."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """What needs a slow fixture is slow; what takes longest begins first."""
    for item in items:
        asked = getattr(item, "fixturenames", ())  # or by the name of a parameter
        if any(name in asked or name in item.name for name in SLOW):
            item.add_marker(pytest.mark.slow)
    yield
    items[:] = longest_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


def longest_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Each worker is handed a stretch of the tests: each begins with its share of the long ones."""
    long = sorted((item for item in items if _seconds(item)), key=_seconds, reverse=True)
    rest = [item for item in items if not _seconds(item)]
    dealt: list[pytest.Item] = []
    for worker in range(workers):
        own = long[worker::workers]
        size = (len(items) - len(dealt)) // (workers - worker)
        dealt += own + rest[: size - len(own)]
        del rest[: size - len(own)]
    return dealt


def _seconds(item: pytest.Item) -> int:
    """What its mark says that it takes: slow(30)."""
    return max((mark.args[0] for mark in item.iter_markers("slow") if mark.args), default=0)


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """once(name, make) -> the folder that make(folder) filled: by whichever worker came first, for all."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        with FileLock(shared / f"{name}.lock"):
            if not (shared / f"{name}.made").exists():
                make(shared / name)
                (shared / f"{name}.made").touch()
        return shared / name

    return made


@pytest.fixture(scope="session", autouse=True)
def recordings(once: Once) -> Path:
    """The folder with the demo season's recordings and what is said of it, used by `cli` and this process."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for event, seed, laps in demo_season():
            truth = simulate(seed, laps)
            write_recording(truth, folder / recording_name(seed, laps), event)
            answer(folder, event, truth)

    made = once("recordings", make)
    os.environ[RECORDINGS] = str(made)
    hasten(made)
    return made


@pytest.fixture(scope="session")
def demo_out(once: Once) -> Path:
    """A folder with the artifacts of the demo season. Read only: copy it to change it."""
    return once("demo", lambda out: program("demo", "--out", out))


SMALL = ("--frame-skip", "10", "--fps", "5")  # where it is not the frames that are looked at


@pytest.fixture(scope="session")
def small_out(once: Once) -> Path:
    """The demo season of few frames. Read only: copy it to change it."""
    return once("small-demo", lambda out: cli("demo", "--out", out, *SMALL))


@pytest.fixture(scope="session")
def timed_out(once: Once) -> Path:
    """A folder with the demo season's practice and qualifying. Read only: copy it to change it."""
    sessions = ",".join(event.session for event, _ in demo_timed())
    return once("timed-demo", lambda out: cli("demo", "--sessions", sessions, "--out", out))


@pytest.fixture(scope="session")
def real_cache(once: Once) -> Path:
    """A writable copy of the fastf1 cache with 2025 rounds 1 and 2."""
    require(REAL_CACHE.is_dir(), f"no real races at {REAL_CACHE} (F1_REAL_CACHE)")

    def make(cache: Path) -> None:
        shutil.copytree(REAL_CACHE, cache)
        for path in (cache, *cache.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    return once("real-cache", make)


@pytest.fixture(scope="session")
def real_out(once: Once, real_cache: Path) -> Path:
    """2025 rounds 1 and 2 as far as the cache has them: two races, a qualifying and a practice.

    As JSON it has every tenth frame. Read only: copy it to change it.
    """

    def make(out: Path) -> None:
        where = ("--offline", "--fastf1-cache", real_cache, "--out", out)
        season = ("season", "2025", "--jobs", "1", "--frame-skip", "10", *where)
        cli(*season, "--rounds", "1", "--sessions", "FP1,Q,R")
        cli(*season, "--rounds", "2", "--sessions", "R")

    return once("real", make)


@pytest.fixture(scope="session")
def real_races(once: Once, real_cache: Path) -> Path:
    """The two races with all of their files. Read only."""
    season = ("season", "2025", "--rounds", "1-2", "--sessions", "R", "--jobs", "2", "--offline")
    return once("real-races", lambda out: cli(*season, "--fastf1-cache", real_cache, "--out", out))


@pytest.fixture(scope="session")
def past_timing(once: Once) -> Path:
    """A fastf1 cache with the timing of past seasons, without cars. Read only."""
    from tests.truth.driven import absent, unpack

    lost = absent()
    require(lost is None, str(lost))
    return once("past-timing", unpack)


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> RawRace:
    """The first demo race as loaded through fastf1, to be damaged at will: it is immutable."""
    with recorded() as (tasks, _):
        task = tasks[0]
        cache = tmp_path_factory.mktemp("fastf1")
        from_source = Source(cache, offline=True, recording=task.source.recording)
        configure(from_source)
        return load(task.key, to_fastf1(task.event, task.key.session), from_source)


__all__ = ["REPOSITORY", "SMALL", "cli", "program", "require"]
