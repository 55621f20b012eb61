"""Races on a Dask cluster: two worker processes, one of them killed, and everything that is not there."""

import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.command import RECORDINGS, Running, forked, start
from tests.conftest import REPOSITORY, SMALL, cli
from tests.s3.remake import remake
from tests.s3.support import Place
from tests.waiting import free_port, wait_for
from tests.warm import hasten


def dask(words: list[str]) -> None:
    """In a forked process: what `dask scheduler` and `dask worker` run."""
    hasten(Path(os.environ[RECORDINGS]))
    name, *rest = words
    importlib.import_module(f"distributed.cli.dask_{name}").main(rest, prog_name=f"dask {name}")


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._processes = ExitStack()
        self.address = f"tcp://127.0.0.1:{free_port()}"
        where = ["--host", "127.0.0.1", "--port", self.address.rpartition(":")[2]]
        self.scheduler = self._start("scheduler", *where, "--no-dashboard")
        wait_for(self._listens, 60)

    def add_worker(self) -> Running:
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder))
        return self._start("worker", self.address, "--host", "127.0.0.1", *options)

    def stop(self) -> None:
        self._processes.close()

    def _listens(self) -> bool:
        host, port = self.address.removeprefix("tcp://").split(":")
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return True
        return False

    def _start(self, *words: str) -> Running:
        return self._processes.enter_context(forked(dask, list(words), self._environment))


@contextmanager
def cluster(folder: Path, s3: Place) -> Iterator[Cluster]:
    made = Cluster(folder, s3.environment())
    try:
        yield made
    finally:
        made.stop()


def _dask(address: str) -> list[str]:
    return ["--publish", "--executor", "dask", "--scheduler", address]


@pytest.mark.slow(15)
def test_two_workers_compute_into_the_bucket(s3: Place, small_out: Path, tmp_path: Path) -> None:
    """Whatever lies in the folder from earlier runs, what the workers made is what is published."""
    out = tmp_path / "out"
    shutil.copytree(small_out / "telemetry", out / "telemetry")
    remake(out, 5)
    with cluster(tmp_path, s3) as dask:
        dask.add_worker()
        dask.add_worker()
        done = s3.cli("demo", "--out", out, *SMALL, *_dask(dask.address))
        again = s3.cli("demo", "--out", out, *SMALL, *_dask(dask.address))
    assert "Nothing to do: all up to date" in again.stdout
    assert s3.lies() == []
    assert len(s3.published()) == 3
    assert all(name in s3.names() for name in s3.published())
    runs = {s3.json(name)["provenance"]["run"] for name in s3.published()}
    assert len(runs) == 1
    assert "version-5" not in runs
    assert done.stdout.count(" published") >= 3
    (log,) = out.glob("runs/*.jsonl")
    assert log.read_text().count('"type":"complete"') == 3
    assert f"runs/{log.name}" in s3.names()
    assert not [path for path in tmp_path.rglob("race-*") if path.is_dir()]


@pytest.mark.thorough
@pytest.mark.slow(15)
def test_a_killed_worker_loses_no_race(s3: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path, s3) as dask:
        workers = [dask.add_worker(), dask.add_worker()]
        demo = ("demo", "--out", out, "--frame-skip", "10")
        with start(*demo, *_dask(dask.address), **s3.environment()) as process:
            _wait_for_frames(out, races=2)
            workers[0].kill()
            assert process.wait(240) == 0
    assert s3.lies() == []
    assert len(s3.published()) == 3


@pytest.mark.thorough
@pytest.mark.slow(30)
def test_a_real_race_whose_only_worker_is_killed(s3: Place, real_cache: Path, tmp_path: Path) -> None:
    """The race is begun again by the worker that comes next."""
    out = tmp_path / "out"
    with cluster(tmp_path, s3) as dask:
        worker = dask.add_worker()
        season = ("season", "2025", "--rounds", "1", "--sessions", "R", "--out", out, *SMALL)
        source = ("--offline", "--fastf1-cache", real_cache)
        with start(*season, *source, *_dask(dask.address), **s3.environment()) as process:
            _wait_for_frames(out, races=1)
            worker.kill()
            dask.add_worker()
            assert process.wait(400) == 0
    assert s3.lies() == []
    assert s3.published() == {"telemetry/2025/1/manifest.json"}


def _wait_for_frames(out: Path, races: int) -> None:
    """Until so many races are under way, in the middle of it."""

    def under_way() -> bool:
        text = "".join(path.read_text() for path in out.glob("runs/*.jsonl"))
        return len(set(re.findall(r'"round":(\d+),"session":"(\w)".*"stage":"frames"', text))) >= races

    wait_for(under_way, 400)


BAD = [
    (["--executor", "dask", "--publish"], 2, "which Dask cluster? name its scheduler with --scheduler"),
    (["--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"], 2, "--executor dask needs --publish"),
    (["--scheduler", "tcp://127.0.0.1:1"], 2, "--scheduler is for --executor dask"),
    (["--executor", "kubernetes"], 2, "'kubernetes' is not one of 'process', 'dask'"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), BAD, ids=[" ".join(args) for args, _, _ in BAD])
def test_options_that_do_not_work(tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    done = cli("demo", "--out", tmp_path / "out", *arguments, expect=code, F1_S3_BUCKET="never-asked")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_address_that_is_no_schedulers(s3: Place, tmp_path: Path) -> None:
    done = s3.cli("demo", "--out", tmp_path / "out", *_dask("nonsense://x"), expect=2)
    assert "is not a Dask scheduler's address" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_no_scheduler_there(s3: Place, tmp_path: Path) -> None:
    done = s3.cli("demo", "--out", tmp_path / "out", *_dask("tcp://127.0.0.1:1"), expect=75)
    assert "no Dask scheduler answers at tcp://127.0.0.1:1: start one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_server_that_is_no_scheduler(s3: Place, tmp_path: Path) -> None:
    """One that takes the connection and says nothing, as every HTTP server does at first."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        done = s3.cli("demo", "--out", tmp_path / "out", *_dask(address), expect=75)
    assert f"no Dask scheduler answers at {address}: start one" in done.stderr


@pytest.mark.slow
def test_a_scheduler_that_dies_is_temporary(s3: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path, s3) as dask:
        dask.add_worker()
        with start("demo", "--out", out, *SMALL, *_dask(dask.address), **s3.environment()) as process:
            _wait_for_frames(out, races=1)
            dask.scheduler.kill()
            assert process.wait(240) == 75
            told = process.done().stderr
    assert f"the Dask scheduler at {dask.address} is gone" in told
    assert "Traceback" not in told
    assert s3.lies() == []


@pytest.mark.slow
def test_a_cluster_without_workers(s3: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.errors import UnavailableError
    from pipeline.run import dask_cluster
    from tests.s3.support import options

    monkeypatch.setattr(dask_cluster, "WORKERS_S", 1.0)
    with cluster(tmp_path, s3) as dask, pytest.raises(UnavailableError, match="has had no worker for 1 s"):
        list(dask_cluster.run_on(dask.address, [], options(s3)))


@pytest.mark.slow
def test_a_worker_of_another_version_publishes_nothing(
    s3: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.demo.season import recorded
    from pipeline.job import Job
    from pipeline.run import dask_worker
    from pipeline.run.dask_cluster import run_on
    from pipeline.run.processes import Call, Event
    from tests.s3.support import options

    monkeypatch.setattr(dask_worker, "VERSIONS", ("0.1", 9))
    with cluster(tmp_path, s3) as dask, recorded() as (tasks, _):
        dask.add_worker()
        job = Job(tasks[0].key, tasks[0].event, tasks[0].source, tmp_path, "run")
        (result,) = run_on(dask.address, [Call("pipeline.run.race:run", (job,), events=True)], options(s3))
    assert not isinstance(result, Event)
    assert result.value.state == "failed"
    assert "was asked by 0.1, format 9: install the same on both" in result.value.error
    assert s3.names() == set()


@pytest.mark.slow
def test_a_race_that_takes_too_long_is_given_up(s3: Place, tmp_path: Path) -> None:
    from pipeline.demo.season import recorded
    from pipeline.job import Job
    from pipeline.run.dask_cluster import run_on
    from pipeline.run.processes import Call, Event, LimitError
    from tests.s3.support import options

    with cluster(tmp_path, s3) as dask, recorded() as (tasks, _):
        dask.add_worker()
        task = tasks[0]
        job = Job(task.key, task.event, task.source, tmp_path, "run")
        call = Call("pipeline.run.race:run", (job,), events=True, limit_s=0.01)
        *events, result = run_on(dask.address, [call], options(s3))
    assert all(isinstance(event, Event) for event in events)
    assert not isinstance(result, Event)
    assert isinstance(result.error, LimitError)


@pytest.mark.thorough
def test_a_race_that_hangs_before_it_says_a_word_is_given_up(s3: Place, tmp_path: Path) -> None:
    from pipeline.demo.season import recorded
    from pipeline.job import Job
    from pipeline.run.dask_cluster import run_on
    from pipeline.run.processes import Call, LimitError, Result
    from tests.s3.support import options

    with cluster(tmp_path, s3) as dask, recorded() as (tasks, _), socket.create_server(("", 0)) as silent:
        dask.add_worker()
        job = Job(tasks[0].key, tasks[0].event, tasks[0].source, tmp_path, "run")
        bucket = replace(options(s3), endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        call = Call("pipeline.run.race:run", (job,), events=True, limit_s=1.0)
        (result,) = run_on(dask.address, [call], bucket)
    assert isinstance(result, Result)
    assert isinstance(result.error, LimitError)


@pytest.mark.slow
def test_a_scheduler_that_hangs_is_noticed(
    s3: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.demo.season import recorded
    from pipeline.errors import UnavailableError
    from pipeline.job import Job
    from pipeline.run import dask_cluster
    from pipeline.run.processes import Call
    from tests.s3.support import options

    monkeypatch.setattr(dask_cluster, "LOOK_S", 0.5)
    with cluster(tmp_path, s3) as dask, recorded() as (tasks, _):
        dask.add_worker()
        job = Job(tasks[0].key, tasks[0].event, tasks[0].source, tmp_path, "run")
        messages = dask_cluster.run_on(dask.address, [Call("", (job,), events=True)], options(s3))
        next(messages)
        monkeypatch.setattr(dask_cluster, "CONNECT_S", 1.0)
        os.kill(dask.scheduler.pid, signal.SIGSTOP)
        with pytest.raises(UnavailableError, match="has not answered for 1 s: see if it hangs"):
            list(messages)
    assert s3.lies() == []


def test_help_needs_neither_boto3_nor_dask() -> None:
    code = """
import sys
import pipeline.cli.main
pipeline.cli.main.main(["publish", "--help"], standalone_mode=False)
print({"boto3", "distributed", "fastf1", "pandas"} & sys.modules.keys())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
