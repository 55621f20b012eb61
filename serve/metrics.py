"""Prometheus metrics of one worker, or of all of them where a shared folder is set; and of the data.

`PROMETHEUS_MULTIPROC_DIR` is the client library's own switch; `f1-serve` sets it when it starts
several workers, so that /metrics answers for all, whichever worker is asked.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

SHARED_DIR = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}


class Metrics:
    """The server's metrics, in a registry of their own so that several apps fit in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._data = CollectorRegistry()  # what all workers find alike is not added up
        self._requests = Counter(
            "f1_requests", "responses by route", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "f1_request_seconds", "until the last byte", ["route"], buckets=_BUCKETS, registry=self._registry
        )
        self._bytes = Counter("f1_response_bytes", "body bytes", ["route"], registry=self._registry)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram, Counter]] = {}
        self.websockets = Gauge(
            "f1_websockets_open",
            "WebSocket connections",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def tell_of(self, data: Collector) -> None:
        """Ask it, too, whenever somebody asks here."""
        self._data.register(data)

    def observe(self, method: str, route: str, status: int, seconds: float, sent: int) -> None:
        method = method if method in _METHODS else "other"
        children = self._children.get((method, route, status))
        if children is None:
            children = self._children[method, route, status] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(route),
                self._bytes.labels(route),
            )
        children[0].inc()
        children[1].observe(seconds)
        children[2].inc(sent)

    async def endpoint(self, _: Request) -> Response:
        registry = self._registry
        if SHARED_DIR in os.environ:
            _forget_dead(Path(os.environ[SHARED_DIR]))
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        text = generate_latest(registry) + generate_latest(self._data)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _forget_dead(folder: Path) -> None:
    """Drop the open connections of workers that were killed: they closed none of them, yet have none."""
    for path in folder.glob("gauge_live*.db"):
        pid = int(path.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
