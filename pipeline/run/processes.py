"""Run a function in a process of its own: nothing it does can take another race with it.

A SystemExit, a crash or a memory kill ends one child and is reported as a sentence; what it used in
memory goes back to the system. A child whose parent is gone ends itself, and one that takes longer than
its limit is ended.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from math import inf
from multiprocessing import connection, get_context
from time import monotonic
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError, refused

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext
    from multiprocessing.process import BaseProcess

PRELOAD = ["pipeline.run.race"]  # imported once in the fork server, not once for every race


@dataclass(frozen=True)
class Call:
    """`target` is "module:function"; it is called with `args` and, if `events`, a sink for values.

    limit_s: after so many seconds it is ended.
    """

    target: str
    args: tuple[Any, ...]
    events: bool = False
    limit_s: float | None = None


@dataclass(frozen=True)
class Event:
    """Something a child sent while it worked."""

    tag: int
    value: Any


@dataclass(frozen=True)
class Result:
    """How a child ended: a value, or an error in one sentence."""

    tag: int
    value: Any = None
    error: PipelineError | None = None


class CrashError(PipelineError):
    """A child process ended without an answer."""


class LimitError(CrashError):
    """A child process took too long and was ended."""

    public = "computing it took too long"


@dataclass
class _Child:
    tag: int
    process: BaseProcess
    inbox: Connection
    alive: Connection = field(repr=False)
    limit_s: float | None = None
    deadline: float = inf


def run_all(calls: Iterable[Call], size: int) -> Iterator[Event | Result]:
    """Run calls in at most `size` child processes at a time; events and results as they come.

    The tag is the call's place in `calls`. A call is taken from there when there is room for it, so what it
    is given may depend on results.
    """
    waiting = enumerate(calls)
    running: list[_Child] = []
    try:
        while True:
            for tag, call in islice(waiting, size - len(running)):
                running.append(_start(tag, call))
            if not running:
                return
            for child, message in _messages(running):
                if isinstance(message, Result):
                    running.remove(child)
                    _reap(child)
                yield message
    finally:
        for child in running:
            child.process.kill()
            _reap(child)


def _start(tag: int, call: Call) -> _Child:
    context = _context()
    inbox, outbox = context.Pipe(duplex=False)
    watch, alive = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(tag, call, outbox, watch), daemon=True)
    process.start()
    outbox.close()
    watch.close()
    deadline = inf if call.limit_s is None else monotonic() + call.limit_s
    return _Child(tag, process, inbox, alive, call.limit_s, deadline)


def call(target: str, *args: Any, limit_s: float | None = None) -> Any:
    """Run one function in a child and return its value; raises what it raised, or CrashError."""
    (result,) = run_all([Call(target, args, limit_s=limit_s)], 1)
    if isinstance(result, Event):
        raise TypeError(f"{target} was not asked for events")
    if result.error is not None:
        raise result.error
    return result.value


def _context() -> ForkServerContext | SpawnContext:
    if sys.platform == "linux":
        context = get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        return context
    return get_context("spawn")


def _messages(running: list[_Child]) -> list[tuple[_Child, Event | Result]]:
    """Wait for the next messages; a child past its deadline is ended."""
    left = max(0.0, min(child.deadline for child in running) - monotonic())
    ready = connection.wait([child.inbox for child in running], None if left == inf else left)
    found = [(child, _receive(child)) for child in running if child.inbox in ready]
    for child in running:
        if child.inbox not in ready and child.deadline <= monotonic():
            child.process.kill()
            found.append((child, Result(child.tag, error=LimitError(_too_long(child.limit_s or 0.0)))))
    return found


def _too_long(limit_s: float) -> str:
    limit = f"{limit_s / 60:.0f} minutes" if limit_s >= 120 else f"{limit_s:.0f} seconds"
    return f"it took longer than {limit} and was ended: see its progress log, or raise --time-limit"


def _receive(child: _Child) -> Event | Result:
    try:
        message: Event | Result = child.inbox.recv()
    except (EOFError, OSError):
        child.process.join()
        return Result(child.tag, error=CrashError(_cause(child.process.exitcode)))
    return message


def _cause(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed (signal 9): most likely the machine ran out of memory; try --jobs 1"
    if code is not None and code < 0:
        name = next((known.name for known in signal.Signals if known == -code), f"signal {-code}")
        return f"its process crashed ({name})"
    return f"its process ended without an answer (exit code {code})"


def _reap(child: _Child) -> None:
    child.process.join()
    child.inbox.close()
    child.alive.close()


def _main(tag: int, call: Call, outbox: Connection, watch: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and kills
    threading.Thread(target=_end_with_parent, args=(watch,), daemon=True).start()
    try:
        module, name = call.target.split(":")
        function: Callable[..., Any] = getattr(import_module(module), name)
        gc.freeze()  # the libraries stay: 0.07 s each time that garbage is looked for
        extra = (lambda value: outbox.send(Event(tag, value)),) if call.events else ()
        outbox.send(Result(tag, function(*call.args, *extra)))
    except PipelineError as error:
        outbox.send(Result(tag, error=error))
    except SystemExit as error:
        outbox.send(Result(tag, error=CrashError(f"it asked to exit (code {error.code})")))
    except Exception as error:
        what = refused(error) or f"unexpected {type(error).__name__}: {error}"
        outbox.send(Result(tag, error=CrashError(what)))
    outbox.close()


def _end_with_parent(watch: Connection) -> None:
    try:
        watch.recv()
    except (EOFError, OSError):
        os._exit(1)
