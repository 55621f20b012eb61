"""Servers that answer otherwise than Swift: a gateway in front of it refuses, throttles or cuts off."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.store.s3 import S3Store
from pipeline.store.s3_options import S3Options
from pipeline.store.s3_upload import PART_BYTES
from tests.s3.support import PREFIX, WRITER, Place, credentials
from tests.waiting import http_server

pytestmark = pytest.mark.slow

Fault = Callable[[BaseHTTPRequestHandler], tuple[int, str] | None]
KEY = "telemetry/2025/1/frames.parquet"


@contextmanager
def gateway(s3: Place, fault: Fault) -> Iterator[str]:
    """The address of a server that passes requests on to Swift, but for those that `fault` answers."""
    behind = urlsplit(s3.server.url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = fault(self)
            if answer is not None:
                status, code = answer
                self._answer(status, [], f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())
                return
            connection = http.client.HTTPConnection(behind, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            connection.request(self.command, self.path, body, headers)
            found = connection.getresponse()
            kept = [
                (n, v) for n, v in found.getheaders() if n.lower() not in ("transfer-encoding", "connection")
            ]
            self._answer(found.status, kept, found.read())
            connection.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if all(name.lower() != "content-length" for name, _ in headers):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815 - http.server's names

    with http_server(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def as_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials(WRITER).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("as_writer")
@pytest.mark.parametrize("size", [1000, PART_BYTES + 1])
def test_a_server_without_checksums(s3: Place, tmp_path: Path, size: int) -> None:
    """S3-compatible servers are older than the checksum headers; uploads must go all the same."""
    refused = []

    def refuse(request: BaseHTTPRequestHandler) -> tuple[int, str] | None:
        if not any("checksum-" in name.lower() and "mode" not in name.lower() for name in request.headers):
            return None
        refused.append(request.path)
        return 501, "NotImplemented"

    path = tmp_path / "file"
    path.write_bytes(bytes(size))
    digest = sha256(bytes(size)).hexdigest()
    with gateway(s3, refuse) as url, S3Store(S3Options(s3.bucket, PREFIX, url, patience_s=5)) as store:
        store.put_file(KEY, path, digest)
        store.put_bytes("catalog.json", b"{}\n")
    assert len(refused) == 1
    assert s3.get(KEY) == bytes(size)
    assert s3.head(KEY)["Metadata"] == {"sha256": digest}


@pytest.mark.usefixtures("as_writer")
def test_a_throttling_server_is_asked_again(s3: Place) -> None:
    asked = []

    def throttle(request: BaseHTTPRequestHandler) -> tuple[int, str] | None:
        asked.append(request.path)
        return (503, "SlowDown") if len(asked) <= 4 else None

    with gateway(s3, throttle) as url, S3Store(S3Options(s3.bucket, PREFIX, url, patience_s=60)) as store:
        store.put_bytes("catalog.json", b"{}\n")
        assert store.requests == 6
    assert s3.get("catalog.json") == b"{}\n"


@pytest.mark.usefixtures("as_writer")
@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredToken", "the S3 credentials have expired, could not write"),
        ("AccessControlListNotSupported", "takes no ACLs: leave out --s3-acl"),
        ("RequestTimeTooSkewed", "refuses this machine's clock"),
        ("InvalidAccessKeyId", "does not take the credentials"),
        ("Whatever", r"could not write s3://.*: no \(Whatever\)"),
    ],
)
def test_refusals_in_plain_words(s3: Place, code: str, says: str) -> None:
    from pipeline.errors import StoreError

    with (
        gateway(s3, lambda _: (400, code)) as url,
        S3Store(S3Options(s3.bucket, PREFIX, url, patience_s=5)) as store,
        pytest.raises(StoreError, match=says),
    ):
        store.put_bytes("catalog.json", b"{}\n")


@pytest.mark.usefixtures("as_writer")
def test_an_object_that_arrives_otherwise_is_noticed(s3: Place) -> None:
    """Someone else writes the same key between our put and our look at it."""
    from pipeline.errors import StoreError

    def overwrite(request: BaseHTTPRequestHandler) -> None:
        if request.command == "HEAD":
            s3.put("catalog.json", b"{}")

    with (
        gateway(s3, overwrite) as url,
        S3Store(S3Options(s3.bucket, PREFIX, url, patience_s=5)) as store,
        pytest.raises(StoreError, match="did not arrive: 2 bytes of 3 bytes"),
    ):
        store.put_bytes("catalog.json", b"{}\n")
