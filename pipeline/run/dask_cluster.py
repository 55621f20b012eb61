"""Races as tasks of a Dask cluster that somebody else runs. Losing a worker is Dask's to mend: the scheduler
gives its races to the others. Ours is to bring progress and results back, and to say what went wrong.
"""

import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from pipeline.contract.events import parse_line
from pipeline.errors import UnavailableError, UsageError
from pipeline.run.processes import Call, CrashError, Event, LimitError, Result
from pipeline.store.base import Place

Client = Any  # distributed's types are not for checking
Future = Any

CONNECT_S = 10.0  # for the scheduler to answer
WORKERS_S = 60.0  # for a cluster to have a worker (again)
LOOK_S = 5.0
CLOSE_S = 5.0
SCHEMES = ("tcp", "tls", "ws", "wss")


def run_on(scheduler: str, calls: Iterable[Call], remote: Place) -> Iterator[Event | Result]:
    """Events and results as they come; the tag is the call's place in `calls`.

    Raises:
        UsageError: distributed is not installed, or `scheduler` is no address.
        UnavailableError: no such scheduler, or no worker for a minute.
    """
    calls = list(calls)
    with _client(scheduler) as client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError as error:
            raise _no_worker(scheduler) from error
        yield from _Run(client, scheduler, remote).run(calls)


@contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    try:
        import distributed  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise UsageError(
            "--executor dask needs Dask: pip install 'f1-precompute[pipeline,dask]', here and on the workers"
        ) from error
    # they print tracebacks of what we say in a sentence
    for name in ("distributed.client", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        _knock(scheduler)
        connect: Any = distributed.Client
        client: Client = connect(scheduler, timeout=CONNECT_S, set_as_default=False)
    except OSError as error:
        raise UnavailableError(
            f"no Dask scheduler answers at {scheduler}: start one (`dask scheduler`), or correct --scheduler"
        ) from error
    try:
        yield client
    finally:
        with suppress(TimeoutError):  # a scheduler that hangs answers no goodbye
            client.close(timeout=CLOSE_S)


def _knock(scheduler: str) -> None:
    """Raise OSError where no scheduler is. Dask's client would wait for ever for a silent server."""
    with socket.create_connection(_host_and_port(scheduler), timeout=CONNECT_S) as door:
        greets_first = "://" not in scheduler or scheduler.startswith("tcp://")
        if greets_first and not door.recv(1):
            raise ConnectionError("it closes the connection")


def _host_and_port(scheduler: str) -> tuple[str, int]:
    """Asked before Dask is: it answers a malformed address with a minute of silence."""
    try:
        parts = urlsplit(scheduler if "://" in scheduler else f"tcp://{scheduler}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.scheme not in SCHEMES:
        raise UsageError(
            f"{scheduler!r} is not a Dask scheduler's address: write it like tcp://10.0.0.5:8786"
        )
    return host, port


def _no_worker(scheduler: str) -> UnavailableError:
    return UnavailableError(
        f"the Dask cluster at {scheduler} has had no worker for {WORKERS_S:.0f} s: "
        f"start some with `dask worker {scheduler}`"
    )


@dataclass(frozen=True)
class _Began:
    """A worker has taken a call up, maybe once more after another was lost."""

    tag: int


class _Run:
    """Tasks under way, and one queue of what comes from them."""

    def __init__(self, client: Client, scheduler: str, remote: Place) -> None:
        self._client = client
        self._scheduler = scheduler
        self._remote = remote
        self._topic = f"f1-precompute-{uuid4().hex}"
        self._inbox: SimpleQueue[Event | _Began | Future] = SimpleQueue()
        self._idle_s = 0.0
        self._answers = True
        self._deadlines: dict[int, float] = {}

    def run(self, calls: list[Call]) -> Iterator[Event | Result]:
        self._client.subscribe_topic(self._topic, self._receive)
        futures = {tag: self._submit(tag, call) for tag, call in enumerate(calls)}
        waiting = {future.key: tag for tag, future in futures.items()}
        for future in futures.values():
            future.add_done_callback(self._inbox.put)
        try:
            while waiting:
                message = self._next()
                if isinstance(message, Event):
                    yield message
                elif isinstance(message, _Began):
                    self._deadlines[message.tag] = monotonic() + (calls[message.tag].limit_s or inf)
                elif message is not None and message.key in waiting:
                    yield self._result(waiting.pop(message.key), message)
                for tag in self._overdue(set(waiting.values())):
                    del waiting[futures[tag].key]
                    self._client.cancel(futures[tag])
                    yield Result(tag, error=_too_long(calls[tag]))
        finally:
            if self._answers:
                self._client.cancel(list(futures.values()))
                self._client.unsubscribe_topic(self._topic)

    def _result(self, tag: int, future: Future) -> Result:
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415 - an optional extra

        try:
            return Result(tag, future.result())
        except KilledWorker:
            error = "it took several Dask workers with it: most likely they ran out of memory"
        except CancelledError:
            if self._client.status != "running":
                raise UnavailableError(
                    f"the Dask scheduler at {self._scheduler} is gone: start it again and run again"
                ) from None
            error = "somebody cancelled it in the Dask scheduler"
        except Exception as raised:
            error = f"its Dask worker could not run it ({type(raised).__name__}: {raised})"
        return Result(tag, error=CrashError(error))

    def _submit(self, tag: int, call: Call) -> Future:
        from pipeline.run.dask_worker import VERSIONS, compute  # noqa: PLC0415 - imports distributed

        key = f"{self._topic}-{tag}"
        given = (call.args[0], self._remote, self._topic, tag, VERSIONS)
        return self._client.submit(compute, *given, key=key, pure=False)

    def _overdue(self, waiting: set[int]) -> list[int]:
        return [tag for tag, end in self._deadlines.items() if tag in waiting and end < monotonic()]

    def _receive(self, stamped: tuple[float, dict[str, Any]]) -> None:
        _, message = stamped
        event = parse_line(message["line"].encode())
        self._inbox.put(_Began(message["tag"]) if event is None else Event(message["tag"], event))

    def _next(self) -> Event | _Began | Future | None:
        """What came; None where nothing did for a while and workers are there to wait for."""
        try:
            return self._inbox.get(timeout=LOOK_S)
        except Empty:
            self._idle_s = 0.0 if self._has_workers() else self._idle_s + LOOK_S
            if self._idle_s >= WORKERS_S:
                raise _no_worker(self._scheduler) from None
            return None

    def _has_workers(self) -> bool:
        """Whether the cluster has any. Raises UnavailableError where its scheduler hangs."""
        try:
            asked = self._client.scheduler.identity
            return bool(self._client.sync(asked, n_workers=1, callback_timeout=CONNECT_S)["workers"])
        except TimeoutError as error:
            self._answers = False
            raise UnavailableError(
                f"the Dask scheduler at {self._scheduler} has not answered for {CONNECT_S:.0f} s: see if "
                "it hangs, start it again and run again"
            ) from error
        except OSError:  # it is gone, which the races under way tell
            return True


def _too_long(call: Call) -> LimitError:
    """A thread of a worker cannot be ended from here: it is free for others once it is through."""
    return LimitError(
        f"it took longer than {call.limit_s or 0:.0f} s on its Dask worker and was given up: "
        "see its progress log, or raise --time-limit"
    )
