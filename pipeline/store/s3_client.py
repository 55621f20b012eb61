"""Requests to one bucket: patient while the server is out, counted, and failing in plain sentences."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from pipeline.errors import StoreError
from pipeline.store.patience import Patience
from pipeline.store.s3_errors import FAILURES, explain, is_outage
from pipeline.store.s3_options import S3Options

T = TypeVar("T")
READERS = 32  # verify reads with as many threads
_LIMITS_S = (60.0, 40.0, 25.0, 15.0, 10.0, 6.0, 4.0, 2.0)


class Bucket:
    """A boto3 client and what every request of ours shares. Safe for threads."""

    def __init__(self, options: S3Options) -> None:
        self.options = options
        self.requests = 0
        self._lock, self._counting = Lock(), Lock()
        self._patience = Patience(options.patience_s, options.endpoint)
        self._clients: dict[float, Any] = {}
        self._client(max(_LIMITS_S))

    def run(self, verb: str, key: str, request: Callable[[Any], T]) -> T:
        """What `request` returns, given a client. `verb` and `key` are for the sentence of a failure."""
        doing = f"{verb} {self.options.url(key)}"
        try:
            return self._patience.call(lambda left: request(self._client(_limit(left))), is_outage)
        except FAILURES as error:
            raise explain(error, self.options, doing, self._patience.seconds) from error
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"could not {doing}: {self.options.endpoint} answers what no S3 server does; is it one?"
            ) from error

    def _client(self, limit_s: float) -> Any:
        """A client that waits for an answer so long; boto3 has that setting for all its requests."""
        with self._lock:
            if limit_s not in self._clients:
                self._clients[limit_s] = self._made(limit_s)
            return self._clients[limit_s]

    def _made(self, limit_s: float) -> Any:
        options = self.options
        try:
            config = _config(options, limit_s)
            client: Any = boto3.client("s3", endpoint_url=options.endpoint_url, config=config)
        except (*FAILURES, ValueError) as error:  # ValueError: an address in AWS_ENDPOINT_URL that is none
            raise explain(error, options, f"open {options.url()}", 0) from error
        client.meta.events.register("before-send.s3", self._count)
        return client

    def name(self, key: str) -> dict[str, str]:
        """The arguments by which boto3 knows an object."""
        return {"Bucket": self.options.bucket, "Key": self.options.root + key}

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _count(self, **_: object) -> None:
        with self._counting:
            self.requests += 1


def _limit(left_s: float) -> float:
    """How long to wait for an answer where so much patience is left."""
    return next((limit for limit in _LIMITS_S if limit <= left_s), min(_LIMITS_S))


def _config(options: S3Options, limit_s: float) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},  # asking again is for Patience
        connect_timeout=min(10, limit_s),
        read_timeout=limit_s,
        max_pool_connections=max(READERS, options.uploads),
        # we send a sha256 of our own; boto3's default, a trailer, is unknown to many S3-compatible servers
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if options.endpoint_url else {},
        user_agent_extra="f1-precompute",
    )
