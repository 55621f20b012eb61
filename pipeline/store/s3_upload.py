"""One object up: in a single put, or in parts where it is large, and never half of it left behind.

A killed run may leave parts that nobody sees and all pay for: `prune` ends them, and so does a lifecycle
rule of the bucket, AbortIncompleteMultipartUpload.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, BinaryIO

from pipeline.contract.artifacts import media_of
from pipeline.errors import PipelineError
from pipeline.store.s3_client import Bucket
from pipeline.store.s3_errors import FAILURES, refuses_checksum

PART_BYTES = 8 << 20  # above S3's least, 5 MiB; each upload under way holds one part in memory

Headers = dict[str, Any]


class Sender:
    """Sends a sha256 along that the server checks; without, once the server has said it knows none."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._checksums = True

    def upload(self, key: str, body: BinaryIO, size: int, digest: str) -> None:
        """Store the `size` bytes of `body` with the format's headers and their sha256 as metadata."""
        headers = self._headers(key, digest)
        if size > PART_BYTES:
            self._parts(key, body, headers)
            return
        data = body.read()
        check = {"ChecksumSHA256": _base64(bytes.fromhex(digest))}
        self._send(
            key, check, lambda s3, sums: s3.put_object(**self._bucket.name(key), Body=data, **headers, **sums)
        )

    def _headers(self, key: str, digest: str) -> Headers:
        media, acl = media_of(key), self._bucket.options.acl
        headers = {
            "ContentType": media.content_type,
            "CacheControl": media.cache_control,
            "ContentEncoding": media.content_encoding,
            "ACL": acl,
        }
        return {name: value for name, value in headers.items() if value} | {"Metadata": {"sha256": digest}}

    def _parts(self, key: str, body: BinaryIO, headers: Headers) -> None:
        name = self._bucket.name(key)
        begun: Any = self._send(
            key,
            {"ChecksumAlgorithm": "SHA256"},
            lambda s3, sums: s3.create_multipart_upload(**name, **headers, **sums),
        )
        upload = {**name, "UploadId": begun["UploadId"]}
        try:
            parts: list[Headers] = []
            while data := body.read(PART_BYTES):
                parts.append(self._part(key, upload, len(parts) + 1, data))
            whole = {"Parts": parts}
            self._bucket.run(
                "write", key, lambda s3: s3.complete_multipart_upload(**upload, MultipartUpload=whole)
            )
        except BaseException:
            self._abort(key, upload)
            raise

    def _part(self, key: str, upload: Headers, number: int, data: bytes) -> Headers:
        sums = {"ChecksumSHA256": _base64(sha256(data).digest())} if self._checksums else {}
        sent: Any = self._bucket.run(
            "write", key, lambda s3: s3.upload_part(**upload, PartNumber=number, Body=data, **sums)
        )
        return {"PartNumber": number, "ETag": sent["ETag"], **sums}

    def _abort(self, key: str, upload: Headers) -> None:
        """As well as can be: what a server that is down keeps, prune removes."""
        try:
            self._bucket.run("abort", key, lambda s3: s3.abort_multipart_upload(**upload))
        except PipelineError:
            return

    def _send(self, key: str, sums: Headers, request: Callable[[Any, Headers], Any]) -> Any:
        def attempt(client: Any) -> Any:
            given = sums if self._checksums else {}
            try:
                return request(client, given)
            except FAILURES as error:
                if not given or not refuses_checksum(error):
                    raise
            answer = request(client, {})
            self._checksums = False
            return answer

        return self._bucket.run("write", key, attempt)


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
