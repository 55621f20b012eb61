"""f1-precompute as a user runs it, `program`, and without the two seconds that its imports take, `cli`.

`cli` forks a process in which the libraries are loaded already: the command has the environment, streams,
exit code and child processes it always has. Where starting up, signals or the bytes of the demo's recordings
are what is tested, `program` starts Python anew.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent
LIMIT_S = 600
RECORDINGS = "TESTS_DEMO_RECORDINGS"  # the folder with the demo's recordings, which are made once a session
Done = subprocess.CompletedProcess[str]

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.warm"])


def program(*args: str | Path, expect: int | None = 0, **environment: str) -> Done:
    """Run it in a Python of its own, and check its exit code."""
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    return _checked(done, expect)


def cli(*args: str | Path, expect: int | None = 0, **environment: str) -> Done:
    """The same from libraries that are loaded, with recordings of the demo that are there."""
    with start(*args, **environment) as running:
        running.wait()
        return _checked(running.done(), expect)


@contextmanager
def start(*args: str | Path, **environment: str) -> Iterator["Running"]:
    """What `cli` does, under way; at the end it is killed, if it still runs."""
    from tests.warm import command

    with forked(command, [*map(str, args)], clean_environment() | environment) as running:
        yield running


@contextmanager
def forked(what: Callable[..., object], words: list[str], environment: dict[str, str]) -> Iterator["Running"]:
    """what(words) in a process that is forked where libraries are loaded."""
    from tests.warm import become

    with ExitStack() as stack:
        out, err = (stack.enter_context(TemporaryFile("w+")) for _ in range(2))
        paths = tuple(f"/proc/{os.getpid()}/fd/{stream.fileno()}" for stream in (out, err))
        process = _FORKING.Process(target=become, args=(what, words, environment, *paths))
        process.start()
        try:
            yield Running(process, words, out, err)
        finally:
            process.kill()
            process.join()


@dataclass(frozen=True)
class Running:
    """A forked command: what a test may do to it and learn of it."""

    process: BaseProcess
    words: list[str]
    out: IO[str]
    err: IO[str]

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def wait(self, seconds: float = LIMIT_S) -> int:
        """Its exit code. Raises TimeoutExpired."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.words, seconds)
        return self.process.exitcode

    def kill(self) -> None:
        """It alone, as `kill -9` does."""
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """As an operator does."""
        self.process.terminate()
        self.wait(15)

    def done(self) -> Done:
        """What it said, and how it ended if it has."""
        code = self.process.exitcode
        return Done(self.words, -1 if code is None else code, _text(self.out), _text(self.err))


def _text(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


def _checked(done: Done, expect: int | None) -> Done:
    if expect is not None:
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def clean_environment() -> dict[str, str]:
    """What a command is given of ours: all but settings of the project's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("F1_")}


def recording_name(seed: int, laps: int) -> str:
    """A session of the demo season in the folder of its recordings."""
    return f"{seed}-{laps}.txt"
