"""Artifacts in an S3 bucket: puts are atomic there, and each is looked at again once it is written."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from pipeline.errors import StoreError
from pipeline.store.base import Fetched, Store, Stored, Unfinished, checked
from pipeline.store.s3_client import Bucket
from pipeline.store.s3_errors import is_missing
from pipeline.store.s3_options import S3Options
from pipeline.store.s3_upload import Sender

T = TypeVar("T")
CHUNK_BYTES = 1 << 20
_MOST_PAGES = 2000  # of a thousand names: ten times what all seasons since 1950 would have
_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentEncoding": "Content-Encoding",
    "ContentDisposition": "Content-Disposition",
    "ContentLanguage": "Content-Language",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
}


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

    def put_file(self, key: str, path: Path, digest: str) -> Stored:
        with checked(path, digest) as body:
            size = path.stat().st_size
            self._sender.upload(key, body, size, digest)
        return self._check_arrived(Stored(key, size, digest))

    def put_bytes(self, key: str, data: bytes) -> Stored:
        digest = sha256(data).hexdigest()
        self._sender.upload(key, BytesIO(data), len(data), digest)
        return self._check_arrived(Stored(key, len(data), digest))

    def fetch(self, key: str) -> Fetched | None:
        def read(s3: Any) -> Fetched:
            found = s3.get_object(**self._name(key))
            data = found["Body"].read()
            return Fetched(_stored(key, found, len(data), sha256(data).hexdigest()), data)

        return self._if_there("read", key, read)

    def stat(self, key: str) -> Stored | None:
        """Size and the sha256 that its uploader wrote beside it; None for one that we did not upload."""

        def head(s3: Any) -> Stored:
            found = s3.head_object(**self._name(key))
            return _stored(key, found, found["ContentLength"], found["Metadata"].get("sha256"))

        return self._if_there("read", key, head)

    def digest(self, key: str) -> Stored | None:
        def read(s3: Any) -> Stored:
            found, hashed, size = s3.get_object(**self._name(key)), sha256(), 0
            for chunk in found["Body"].iter_chunks(CHUNK_BYTES):
                hashed.update(chunk)
                size += len(chunk)
            return _stored(key, found, size, hashed.hexdigest())

        return self._if_there("read", key, read)

    def list(self, prefix: str) -> Iterator[Stored]:
        def stored(page: dict[str, Any]) -> list[Stored]:
            return [
                Stored(self._key(o), o["Size"], modified=o["LastModified"], version=o.get("ETag"))
                for o in page.get("Contents", [])
            ]

        tokens = {"ContinuationToken": "NextContinuationToken"}
        return self._pages("list_objects_v2", prefix, tokens, stored)

    def delete(self, key: str) -> None:
        self._bucket.run("delete", key, lambda s3: s3.delete_object(**self._name(key)))

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        def begun(page: dict[str, Any]) -> list[Unfinished]:
            return [Unfinished(self._key(o), o["UploadId"], o["Initiated"]) for o in page.get("Uploads", [])]

        tokens = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        return self._pages("list_multipart_uploads", prefix, tokens, begun)

    def _key(self, found: dict[str, Any]) -> str:
        return str(found["Key"]).removeprefix(self.options.root)

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

    def _check_arrived(self, sent: Stored) -> Stored:
        found = self.stat(sent.key)
        if found is None or (found.bytes, found.sha256) != (sent.bytes, sent.sha256):
            what = f"{found.bytes} bytes" if found is not None else "nothing"
            raise StoreError(
                f"{self.options.url(sent.key)} did not arrive: {what} of {sent.bytes} bytes, "
                "or another writer's; run again"
            )
        self.sent.append(sent.bytes)
        return found

    def _pages(
        self,
        operation: str,
        prefix: str,
        tokens: dict[str, str],
        read: Callable[[dict[str, Any]], Sequence[T]],
    ) -> Iterator[T]:
        where = {"Bucket": self.options.bucket, "Prefix": self.options.root + prefix}
        asked: dict[str, Any] = {}
        seen: set[tuple[str, ...]] = set()
        while asked or not seen:
            if tuple(asked.values()) in seen or len(seen) == _MOST_PAGES:
                raise StoreError(
                    f"{self.options.endpoint} lists {self.options.url(prefix)} without an end, "
                    f"{len(seen)} pages so far: is it an S3 server?"
                )
            seen.add(tuple(asked.values()))

            def turn(s3: Any, asked: dict[str, Any] = asked) -> tuple[Sequence[T], dict[str, Any]]:
                page = getattr(s3, operation)(**where, **asked)
                if not page.get("IsTruncated"):
                    return read(page), {}
                return read(page), {ours: page[theirs] for ours, theirs in tokens.items()}

            found, asked = self._bucket.run("list", prefix, turn)
            yield from found


def _stored(key: str, found: dict[str, Any], size: int, digest: str | None) -> Stored:
    """What the server says with an object."""
    headers = {name: found[ours] for ours, name in _HEADERS.items() if found.get(ours)}
    return Stored(
        key, size, digest, found["LastModified"], found.get("ETag"), headers, found["Metadata"].get("sha256")
    )
