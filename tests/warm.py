"""What a forked command starts from: the libraries of a run loaded once, and recordings made once."""

import os
import shutil
from collections.abc import Sequence
from multiprocessing import util
from pathlib import Path
from typing import Any

import boto3  # noqa: F401 - as all of these, to be there
import rich.live  # noqa: F401

import pipeline.cli.main
import pipeline.demo.season
import pipeline.run.race
from tests.command import RECORDINGS, REPOSITORY, recording_name

_spawn = util.spawnv_passfds


def run(args: list[str], environment: dict[str, str], out: str, err: str) -> None:
    """In a forked process: become f1-precompute with these arguments and streams."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(REPOSITORY)
    for path, number in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    util.spawnv_passfds = _fork_the_fork_server
    if RECORDINGS in environment:
        use_recordings(Path(environment[RECORDINGS]))
    pipeline.cli.main.main(args, prog_name="f1-precompute")


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


def use_recordings(folder: Path) -> None:
    """Let the demo find its recordings instead of making them."""

    def simulate(seed: int, laps: int) -> tuple[int, int]:
        return seed, laps

    def write_recording(race: tuple[int, int], path: Path, _: Any) -> None:
        shutil.copy(folder / recording_name(*race), path)

    vars(pipeline.demo.season).update(simulate=simulate, write_recording=write_recording)
