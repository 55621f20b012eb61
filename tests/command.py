"""f1-precompute as a user runs it, `program`, and without the two seconds that its imports take, `cli`.

`cli` forks a process in which the libraries are loaded already: the command has the environment, streams,
exit code and child processes it always has. Where starting up, signals or the bytes of the demo's recordings
are what is tested, `program` starts Python anew.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from multiprocessing import get_context
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
    from tests.warm import run

    words = [*map(str, args)]
    with ExitStack() as stack:
        out, err = (stack.enter_context(TemporaryFile("w+")) for _ in range(2))
        paths = tuple(f"/proc/{os.getpid()}/fd/{stream.fileno()}" for stream in (out, err))
        process = _FORKING.Process(target=run, args=(words, clean_environment() | environment, *paths))
        process.start()
        process.join(LIMIT_S)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, LIMIT_S)
        done = Done(words, process.exitcode, _text(out), _text(err))
    return _checked(done, expect)


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
