"""Servers that are silent, or answer what no S3 server does: one sentence, within the patience."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pipeline.errors import PipelineError, StoreError, UnavailableError
from pipeline.store.base import Store
from pipeline.store.s3_options import S3Options
from tests.cases import some
from tests.conftest import cli
from tests.s3.support import WRITER, credentials
from tests.serve.support import make_tree
from tests.waiting import http_server

Answer = tuple[int, dict[str, str], bytes]
Use = Callable[[Store], object]


@pytest.fixture(autouse=True)
def as_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials(WRITER).items():
        monkeypatch.setenv(name, value)


@contextmanager
def silent(begins: bytes) -> Iterator[str]:
    """A server that takes connections and says no more than this."""
    open_: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                open_.append(connection)
                connection.sendall(begins)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in open_:
        connection.close()


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nLast-Modified: Sun, 16 Mar 2025 06:00:00 GMT\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("begins", some([b"", b"HTTP/1.1 20", BEGUN, BEGUN + b"\r\nhalf of it"], 3))
def test_a_silent_server_costs_the_patience_and_no_more(begins: bytes) -> None:
    """Measured: 4 to 5 s where it was 482; afterwards each question costs one short attempt."""
    with silent(begins) as url, S3Options("bucket", "", url, patience_s=4).open() as store:
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="did not answer for 4 s"):
            store.read("catalog.json")
        first = time.monotonic() - began
        with pytest.raises(UnavailableError):
            store.put_bytes("catalog.json", b"{}")
        assert first < 10  # it was a minute an attempt
        assert time.monotonic() - began < 20


@pytest.mark.slow
def test_publishing_to_a_silent_server_ends(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out", big=1000)
    with silent(b"") as url:
        settings = {"F1_S3_BUCKET": "bucket", "F1_S3_ENDPOINT_URL": url, "F1_S3_PATIENCE": "3"}
        began = time.monotonic()
        done = cli("publish", "--out", out, expect=75, **settings, **credentials(WRITER))
        assert time.monotonic() - began < 30
    assert "did not answer for 3 s" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answer(self)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _answer  # noqa: N815 - http.server's names

    with http_server(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def round_and_round(request: BaseHTTPRequestHandler) -> Answer:
    return 307, {"Location": f"http://{request.headers['Host']}/again"}, b""


def always(status: int, body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], Answer]:
    return lambda _: (status, headers, body)


HTML = b"<!doctype html><html><body><p>Welcome<br></body></html>"
ANSWERS = {
    "307 for ever": round_and_round,
    "301": always(301, b"<Error><Code>PermanentRedirect</Code></Error>"),
    "HTML": always(200, HTML),
    "HTML, 403": always(403, HTML),
    "HTML, 404": always(404, HTML),
    "JSON": always(200, b'{"bucket": 1}'),
    "nothing": always(204, b""),
    "half a listing": always(200, b"<R><Contents><Key>a</Key></Contents></R>"),
    "no numbers": always(200, b"<R><Contents><Key>a</Key><Size>big</Size></Contents></R>"),
    "no dates": always(200, b"<R></R>", **{"Last-Modified": "lately"}),
}
USES: dict[str, Use] = {
    "list": lambda store: list(store.list("")),
    "unfinished": lambda store: list(store.unfinished("")),
    "read": lambda store: store.read("catalog.json"),
    "stat": lambda store: store.stat("catalog.json"),
    "digest": lambda store: store.digest("catalog.json"),
    "put": lambda store: store.put_bytes("catalog.json", b"{}"),
    "delete": lambda store: store.delete("catalog.json"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", some(ANSWERS, 3))
def test_odd_answers_are_a_sentence(name: str) -> None:
    said = []
    with answering(ANSWERS[name]) as url, S3Options("bucket", "", url, patience_s=1).open() as store:
        for use in USES.values():
            try:
                use(store)
            except PipelineError as error:
                said.append(str(error))
    assert said
    assert all("\n" not in sentence and "Traceback" not in sentence for sentence in said)


PAGE = "<R><IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken></R>"


@pytest.mark.parametrize("tokens", ["one", "two in turn", "none", "ever new"])
def test_a_listing_without_an_end_is_refused(tokens: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.store.s3._MOST_PAGES", 30)
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        asked.append(request.path)
        token = {"one": "x", "two in turn": "xy"[len(asked) % 2], "none": "", "ever new": str(len(asked))}
        return 200, {}, PAGE.format(token[tokens]).encode()

    with (
        answering(answer) as url,
        S3Options("bucket", "", url, patience_s=1).open() as store,
        pytest.raises(StoreError, match="without an end"),
    ):
        list(store.list(""))
    assert len(asked) <= 30
