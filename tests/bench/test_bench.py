"""The benchmark measures every figure it promises; how fast anything is, is not asked here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import memory
from bench.child import measured, run
from bench.figures import Figure, lines
from bench.sections import SECTIONS
from tests.conftest import REPOSITORY, Once

EXPECTED = {
    "stages": {
        "load",
        "frames",
        "Parquet",
        "replay",
        "hashing",
        "publishing",
        "frames as JSON, all skips, compressed, 1 thread",
        "loaded session to published folder",
        "driver-frames a second, all artifacts",
    },
    "race": {"command line, the demo season, 3 sessions", "peak memory of its largest process"},
    "bytes": {
        "skip_1.json.gz",
        "skip_2.json.gz",
        "skip_5.json.gz",
        "skip_10.json.gz",
        "frames.parquet",
        "laps.parquet",
        "manifest.json",
        "progress.jsonl",
        "replay, whole race",
        "manifest and first replay chunk",
    },
    "baseline": {
        "usual way, loaded session to skip_1",
        "ours, loaded session to skip_1",
        "ours, skip_1: times faster",
        "ours, all artifacts: times faster",
    },
    "season": {
        "1 job, 1 thread",
        "2 jobs, 1 thread each",
        "2 jobs against 1, 1 thread each",
        "2 processes that only deflate, against 1",
        "2 processes that only copy memory, against 1",
    },
    "memory": {
        "2 races in one run",
        "the run itself after race 1",
        "the run itself after race 2",
        "largest process of race 1",
        "largest process of race 2",
        "the same season again, unchanged",
    },
    "fps": {f"{fps} frames a second" for fps in (5, 10, 25, 50)},
    "reading": {
        "pyarrow, one driver, all columns",
        "pyarrow, all drivers, all columns",
        "DuckDB, one driver, all columns",
        "DuckDB, all drivers, all columns",
    },
    "verify": {"one race"},
    "startup": {"f1-precompute --help", "import pipeline.cli.main"},
    "nights": {
        "from the feed's word to the bucket",
        "the next run, published and uploaded",
        "nothing to do, 10 sessions: processor",
        "nothing to do: requests",
    },
}
Document = dict[str, Any]


@pytest.fixture(scope="session")
def report(once: Once) -> tuple[str, Document]:
    """What `python -m bench --quick` printed and wrote."""

    def make(folder: Path) -> None:
        folder.mkdir(exist_ok=True)  # one that failed is tried again
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--quick", "--json", folder / "figures.json"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (folder / "table.txt").write_text(done.stdout)

    made = once("bench", make)
    return (made / "table.txt").read_text(), json.loads((made / "figures.json").read_text())


def test_every_section_is_expected() -> None:
    assert set(EXPECTED) == set(SECTIONS)


@pytest.mark.thorough
@pytest.mark.parametrize("section", SECTIONS)
def test_quick_run_has_every_figure(report: tuple[str, Document], section: str) -> None:
    table, document = report
    found = {f["name"]: f for f in document["figures"] if f["section"] == section}
    assert EXPECTED[section] <= set(found)
    for name, figure in found.items():
        assert figure["value"] >= 0, name
        assert name in table


@pytest.mark.thorough
@pytest.mark.slow(60)
def test_stages_have_memory_and_the_baseline_says_its_share(report: tuple[str, Document]) -> None:
    _, document = report
    figures = {f["name"]: f for f in document["figures"]}
    assert figures["frames"]["peak_mb"] > 10
    assert figures["frames"]["cpu_s"] > 0
    assert "only the first 2 min: 3,0" in figures["usual way, loaded session to skip_1"]["note"]
    assert figures["one race"]["note"] == "0 problems"
    assert figures["the same season again, unchanged"]["note"] == "2 of 2 skipped"


@pytest.mark.thorough
def test_a_demo_has_no_targets_of_the_real_race(report: tuple[str, Document]) -> None:
    _, document = report
    assert not document["real"]
    assert [f["name"] for f in document["figures"] if f["limit"] is not None] == ["f1-precompute --help"]


def test_unknown_section_is_refused() -> None:
    command = [sys.executable, "-m", "bench", "--only", "stages,nonsense"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no nonsense; there is stages" in done.stderr


@pytest.mark.parametrize(
    ("value", "floor", "met"),
    [(1.0, False, True), (2.5, False, False), (1.0, True, False), (2.5, True, True)],
)
def test_targets(value: float, floor: bool, met: bool) -> None:
    figure = Figure("race", "seconds", value, "s", limit=2.0, floor=floor)
    assert figure.met is met
    assert ("ok" if met else "MISS") in list(lines([figure]))[1]


def test_child_runs_in_a_fresh_process() -> None:
    assert run("os:getpid") != os.getpid()


def stretches() -> tuple[float, float]:
    """What 64 MB grow by, and nothing at all."""
    with measured() as cost:
        held = bytearray(64_000_000)
    del held
    with measured() as small:
        pass
    return cost.grew_mb, small.grew_mb


@pytest.mark.skipif(not memory.AVAILABLE, reason="needs Linux's /proc")
def test_memory_of_a_stretch_is_its_own() -> None:
    """In a process of its own: this one may have so much left from before."""
    large, small = run("tests.bench.test_bench:stretches")
    assert large >= 63
    assert small < 32


@pytest.mark.skipif(not memory.AVAILABLE, reason="needs Linux's /proc")
def test_family_watch_sees_processes_below_others() -> None:
    allocate = "held = bytearray(80_000_000); input()"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {allocate!r}])"
    with subprocess.Popen([sys.executable, "-c", command], stdin=subprocess.PIPE, text=True) as process:
        watch = memory.FamilyWatch(os.getpid())
        largest = 0.0
        while largest < 80 and process.poll() is None:
            watch.look()
            largest = watch.take()
        process.communicate("\n")
    assert largest >= 80
