"""Requests to one bucket: patient while the server is out, counted, and failing in plain sentences."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from pipeline.store.patience import Patience
from pipeline.store.s3_errors import FAILURES, explain, is_outage
from pipeline.store.s3_options import S3Options

T = TypeVar("T")
READERS = 32  # verify reads with as many threads


class Bucket:
    """A boto3 client and what every request of ours shares. Safe for threads."""

    def __init__(self, options: S3Options) -> None:
        self.options = options
        self.requests = 0
        self._lock = Lock()
        self._patience = Patience(options.patience_s, options.endpoint)
        try:
            self._client: Any = boto3.client("s3", endpoint_url=options.endpoint_url, config=_config(options))
        except (*FAILURES, ValueError) as error:  # ValueError: an address in AWS_ENDPOINT_URL that is none
            raise explain(error, options, f"open {options.url()}", 0) from error
        self._client.meta.events.register("before-send.s3", self._count)

    def run(self, verb: str, key: str, request: Callable[[Any], T]) -> T:
        """What `request` returns, given the client. `verb` and `key` are for the sentence of a failure."""
        try:
            return self._patience.call(lambda: request(self._client), is_outage)
        except FAILURES as error:
            doing = f"{verb} {self.options.url(key)}"
            raise explain(error, self.options, doing, self._patience.seconds) from error

    def name(self, key: str) -> dict[str, str]:
        """The arguments by which boto3 knows an object."""
        return {"Bucket": self.options.bucket, "Key": self.options.root + key}

    def close(self) -> None:
        self._client.close()

    def _count(self, **_: object) -> None:
        with self._lock:
            self.requests += 1


def _config(options: S3Options) -> Config:
    return Config(
        retries={"mode": "standard", "max_attempts": 3},  # the short pauses; Patience has the long ones
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=max(READERS, options.uploads),
        # we send a sha256 of our own; boto3's default, a trailer, is unknown to many S3-compatible servers
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if options.endpoint_url else {},
        user_agent_extra="f1-precompute",
    )
