"""What a forked command starts from: the libraries of a run loaded once; recordings made, and read, once."""

import gc
import os
import pickle
import shutil
import signal
from collections.abc import Callable, Sequence
from hashlib import sha256
from multiprocessing import parent_process, util
from pathlib import Path
from threading import Thread
from typing import Any

import boto3  # noqa: F401 - as all of these, to be there
import rich.live  # noqa: F401
from fastf1.req import Cache, _SessionWithRateLimiting

import pipeline.cli.main
import pipeline.demo.season
import pipeline.run.race
import serve.__main__
import serve.app
import serve.connection
from pipeline.contract.artifacts import SessionKey
from pipeline.demo import DEMO_YEAR, DemoEvent, Truth
from pipeline.demo.answers import answer
from pipeline.input.cache import identify
from pipeline.input.load import HTTP_CACHE, load
from pipeline.job import Source
from pipeline.model import RawRace
from pipeline.network.patience import Watch
from pipeline.publish.documents import schemas
from tests.command import RECORDINGS, REPOSITORY, recording_name

_spawn = util.spawnv_passfds
schemas()  # from here on they are there, in each process that is forked
gc.freeze()


def become(
    what: Callable[..., object], words: list[str], environment: dict[str, str], out: str, err: str
) -> None:
    """In a forked process: what(words) with this environment and these streams, as long as the tests run."""
    Thread(target=_end_with_tests, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(REPOSITORY)
    for path, number in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    what(words)


def _end_with_tests() -> None:
    """A server of tests that were killed would stay for good."""
    tests = parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getpid(), signal.SIGKILL)


def prepare() -> None:
    """Let the races of this process be forked where libraries are loaded, and waste no time."""
    util.spawnv_passfds = _fork_the_fork_server
    if RECORDINGS in os.environ:
        hasten(Path(os.environ[RECORDINGS]))


def command(words: list[str]) -> None:
    """f1-precompute."""
    prepare()
    pipeline.cli.main.main(words, prog_name="f1-precompute")


def server(words: list[str]) -> None:
    """f1-serve."""
    serve.__main__.main(words, prog_name="f1-serve")


def _fork_the_fork_server(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """What multiprocessing calls to start its servers; the one that races are forked from comes warm."""
    if "multiprocessing.forkserver" not in args[-1]:
        return _spawn(path, args, passfds)
    process = os.fork()
    if process:
        return process
    try:
        kept = sorted({0, 1, 2, *passfds})
        for first, last in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
            os.closerange(first + 1, last)
        exec(args[-1], {"__name__": "__main__"})
    finally:
        os._exit(0)


def hasten(folder: Path) -> None:
    """Let the demo find its recordings instead of making them, and what fastf1 read in them before; and the
    tests' hosts be asked as often as may be: F1's are asked four times a second at most.
    """
    _SessionWithRateLimiting._RATE_LIMITS.clear()

    def simulate(seed: int, laps: int) -> tuple[int, int]:
        return seed, laps

    def write_recording(race: tuple[int, int] | Truth, path: Path, event: DemoEvent) -> None:
        if isinstance(race, Truth):
            pipeline.demo.write_recording(race, path, event)
        else:
            shutil.copy(folder / recording_name(*race), path)

    def answered(cache: Path, event: DemoEvent, race: tuple[int, int] | Truth) -> None:
        if isinstance(race, Truth):
            answer(cache, event, race)
        elif not (cache / HTTP_CACHE).exists():
            shutil.copy(folder / HTTP_CACHE, cache)

    def remembered(key: SessionKey, session: Any, source: Source, watch: Watch | None = None) -> RawRace:
        if key.year != DEMO_YEAR or not source.recording:
            return load(key, session, source, watch)
        answers = len(Cache._requests_session_cached.cache.responses)
        told = (key, session.name, session.event.to_dict(), identify("", source), answers)
        kept = folder / f"{sha256(repr(told).encode()).hexdigest()}.pickle"
        if kept.exists():
            raw: RawRace = pickle.loads(kept.read_bytes())
            return raw
        raw = load(key, session, source, watch)
        made = kept.with_suffix(f".{os.getpid()}")
        made.write_bytes(pickle.dumps(raw))
        made.replace(kept)
        return raw

    vars(pipeline.demo.season).update(simulate=simulate, write_recording=write_recording, answer=answered)
    vars(pipeline.run.race).update(load=remembered)
