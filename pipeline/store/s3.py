"""Artifacts in an S3 bucket: puts are atomic there, and each is looked at again once it is written."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from operator import methodcaller
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from pipeline.errors import StoreError
from pipeline.store.base import Store, Stored, Unfinished, checked
from pipeline.store.s3_client import Bucket
from pipeline.store.s3_errors import is_missing
from pipeline.store.s3_options import S3Options
from pipeline.store.s3_upload import Sender

T = TypeVar("T")
CHUNK_BYTES = 1 << 20


class S3Store(Store):
    """A Store under a prefix of a bucket."""

    def __init__(self, options: S3Options) -> None:
        self.options = options
        self._bucket = Bucket(options)
        self._name = self._bucket.name
        self._sender = Sender(self._bucket)
        self.parallel = options.uploads
        self.sent: list[int] = []

    def close(self) -> None:
        self._bucket.close()

    def where(self, key: str = "") -> str:
        return self.options.url(key)

    def public_url(self, key: str) -> str:
        return f"{self.options.web}/{self.options.root}{key}"

    @property
    def requests(self) -> int:
        """How many were sent, repeated ones included."""
        return self._bucket.requests

    def spent(self, seconds: float) -> str:
        return f"{self.requests} S3 requests, {super().spent(seconds)}"

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        with checked(path, sha256) as body:
            size = path.stat().st_size
            self._sender.upload(key, body, size, sha256)
        self._check_arrived(Stored(key, size, sha256))

    def put_bytes(self, key: str, data: bytes) -> None:
        digest = sha256(data).hexdigest()
        self._sender.upload(key, BytesIO(data), len(data), digest)
        self._check_arrived(Stored(key, len(data), digest))

    def read(self, key: str) -> bytes | None:
        return self._if_there("read", key, lambda s3: bytes(s3.get_object(**self._name(key))["Body"].read()))

    def stat(self, key: str) -> Stored | None:
        """Size and the sha256 that its uploader wrote beside it; None for one that we did not upload."""

        def head(s3: Any) -> Stored:
            found = s3.head_object(**self._name(key))
            return Stored(key, found["ContentLength"], found["Metadata"].get("sha256"), found["LastModified"])

        return self._if_there("read", key, head)

    def digest(self, key: str) -> Stored | None:
        def read(s3: Any) -> Stored:
            hashed, size = sha256(), 0
            for chunk in s3.get_object(**self._name(key))["Body"].iter_chunks(CHUNK_BYTES):
                hashed.update(chunk)
                size += len(chunk)
            return Stored(key, size, hashed.hexdigest())

        return self._if_there("read", key, read)

    def list(self, prefix: str) -> Iterator[Stored]:
        for page in self._pages("list_objects_v2", prefix, {"ContinuationToken": "NextContinuationToken"}):
            for found in page.get("Contents", []):
                key = found["Key"].removeprefix(self.options.root)
                yield Stored(key, found["Size"], modified=found["LastModified"])

    def delete(self, key: str) -> None:
        self._bucket.run("delete", key, lambda s3: s3.delete_object(**self._name(key)))

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        tokens = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        for page in self._pages("list_multipart_uploads", prefix, tokens):
            for found in page.get("Uploads", []):
                key = found["Key"].removeprefix(self.options.root)
                yield Unfinished(key, found["UploadId"], found["Initiated"])

    def abort(self, upload: Unfinished) -> None:
        name = {**self._name(upload.key), "UploadId": upload.id}
        self._bucket.run("abort", upload.key, lambda s3: s3.abort_multipart_upload(**name))

    def _if_there(self, verb: str, key: str, request: Callable[[Any], T]) -> T | None:
        """None where the server says that there is no such object."""

        def attempt(s3: Any) -> T | None:
            try:
                return request(s3)
            except ClientError as error:
                if is_missing(error):
                    return None
                raise

        return self._bucket.run(verb, key, attempt)

    def _check_arrived(self, sent: Stored) -> None:
        found = self.stat(sent.key)
        if found is None or (found.bytes, found.sha256) != (sent.bytes, sent.sha256):
            what = f"{found.bytes} bytes" if found is not None else "nothing"
            raise StoreError(
                f"{self.options.url(sent.key)} did not arrive: {what} of {sent.bytes} bytes, "
                "or another writer's; run again"
            )
        self.sent.append(sent.bytes)

    def _pages(self, operation: str, prefix: str, tokens: dict[str, str]) -> Iterator[dict[str, Any]]:
        where = {"Bucket": self.options.bucket, "Prefix": self.options.root + prefix}
        page: dict[str, Any] = {"IsTruncated": True}
        while page.get("IsTruncated"):
            asked = where | {ours: page[theirs] for ours, theirs in tokens.items() if theirs in page}
            page = self._bucket.run("list", prefix, methodcaller(operation, **asked))
            yield page
