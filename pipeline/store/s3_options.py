"""Which bucket, and how to talk to it: checked before anything is sent. Credentials are boto3's business."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.store.base import Store

ACLS = (
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
_BUCKET = re.compile(r"(?=.{3,63}\Z)(?!\d+\.\d+\.\d+\.\d+\Z)[a-z0-9]+(?:[.-]+[a-z0-9]+)*")
_HOST = re.compile(r"(?=.{1,254}\Z)(?!-)[A-Za-z\d-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z\d-]{1,63}(?<!-))*\.?")
_PREFIX = re.compile(r"[\w!.*'()=-]+(?:/[\w!.*'()=-]+)*", re.ASCII)


@dataclass(frozen=True)
class S3Options:
    """A prefix in a bucket. Plain values: a worker on another machine is given the same.

    acl: a canned ACL for what is written, None to send none. uploads: how many objects travel at once.
    patience_s: for how long a server that does not answer is asked again.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    acl: str | None = None
    uploads: int = 8
    patience_s: float = 120

    def __post_init__(self) -> None:
        """Raises UsageError for names that no S3 server takes."""
        _check_bucket(self.bucket)
        _check_prefix(self.prefix)
        if self.endpoint_url is not None:
            _check_endpoint(self.endpoint_url)

    @property
    def root(self) -> str:
        """What precedes every key in the bucket: nothing, or the prefix and a slash."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def web(self) -> str:
        """The bucket's address for browsers."""
        if self.endpoint_url:
            return f"{self.endpoint_url}/{self.bucket}"
        return f"https://{self.bucket}.s3.amazonaws.com"

    @property
    def endpoint(self) -> str:
        return self.endpoint_url or "Amazon S3"

    def url(self, key: str = "") -> str:
        return f"s3://{self.bucket}/{self.root}{key}".rstrip("/")

    def open(self) -> Store:
        """Raises StoreError for an address or credentials that are none."""
        from pipeline.store.s3 import S3Store  # noqa: PLC0415 - boto3 is slow to import

        return S3Store(self)


def _check_bucket(bucket: str) -> None:
    if bucket.startswith("s3://"):
        name, _, prefix = bucket.removeprefix("s3://").partition("/")
        also = f" --s3-prefix {prefix.rstrip('/')}" if prefix.rstrip("/") else ""
        raise UsageError(f"--s3-bucket takes the name alone: write --s3-bucket {name}{also}")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise UsageError(
            f"{bucket!r} is not a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
            "like my-f1-data"
        )


def _check_prefix(prefix: str) -> None:
    parts = prefix.split("/")
    if prefix and (not _PREFIX.fullmatch(prefix) or ".." in parts or "." in parts or len(prefix) > 512):
        raise UsageError(
            f"{prefix!r} is not a prefix: write folder names of letters, digits and _ - . ! * ' ( ) = "
            "joined by slashes, like data/f1, without one at either end"
        )


def _check_endpoint(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = _HOST.fullmatch(host) is not None or ":" in host  # urlsplit has looked at IPv6 addresses
        plain = named and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        plain = False
    if not plain or parts.scheme not in ("http", "https") or "@" in parts.netloc or re.search(r"\s", url):
        raise UsageError(
            f"{url!r} is not an S3 endpoint: write http:// or https://, a host (letters, digits, hyphens and "
            "dots) and perhaps a port, like https://s3.example.org:9000"
        )
