"""A local HTTP server in place of every host that races are fetched from; it fails as it is told."""

import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from pipeline.network.hosts import apply
from tests.waiting import free_port, http_server

BLOCKED = b"<html><body><h1>403 ERROR</h1>The request could not be satisfied. Request blocked.</body></html>"
MISSING = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Hosts:
    """What is served, by host and path; how hosts fail, for ever (`fault`) or for a while (`hiccups`)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.content: dict[str, dict[str, bytes]] = {}
        self.fault: dict[str, str] = {}
        self.hiccups: dict[str, list[str]] = {}
        self.requests: Counter[str] = Counter()
        self.posted: list[bytes] = []

    def environment(self, **other: str) -> dict[str, str]:
        """Variables that let a command ask this server. `refused` hosts lead to a port where nobody is."""
        names = {
            "timing": "F1_TIMING_URL",
            "mirror": "F1_TIMING_MIRROR_URL",
            "jolpica": "F1_JOLPICA_URL",
            "schedule": "F1_SCHEDULE_URL",
            "circuits": "F1_CIRCUITS_URL",
        }
        return {variable: self.url(host) for host, variable in names.items()} | other

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """This process asks this server; fastf1, which keeps what it is given, has its own again later."""
        with pytest.MonkeyPatch.context() as patch:
            for variable, url in self.environment().items():
                patch.setenv(variable, url)
            yield
        apply()

    def url(self, host: str) -> str:
        if self.fault.get(host) == "refused":
            return f"http://127.0.0.1:{free_port()}/{host}"
        if self.fault.get(host) == "dns":
            return f"http://no-such-host.invalid/{host}"
        return f"http://127.0.0.1:{self.port}/{host}"


@contextmanager
def serving() -> Iterator[Hosts]:
    """The server on a free port, for as long as the context lasts."""
    with http_server(_Handler) as server:
        hosts = Hosts(server.server_port)
        server.hosts = hosts  # type: ignore[attr-defined]
        yield hosts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        hosts: Hosts = self.server.hosts  # type: ignore[attr-defined]
        _, host, rest = self.path.split("?")[0].split("/", 2)
        hosts.requests[host] += 1
        hiccups = hosts.hiccups.get(host)
        fault = hiccups.pop(0) if hiccups else hosts.fault.get(host, "")
        body = hosts.content.get(host, {}).get(f"/{rest}")
        getattr(self, f"_{fault.split(':')[0]}" if fault else "_answer")(body, fault)

    def do_POST(self) -> None:
        hosts: Hosts = self.server.hosts  # type: ignore[attr-defined]
        hosts.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(204, b"")

    def _answer(self, body: bytes | None, _: str) -> None:
        self._send(200 if body is not None else 404, body or b"not here")

    def _status(self, _body: bytes | None, fault: str) -> None:
        """status:503 or status:429:Retry-After"""
        _, code, *wait = fault.split(":")
        self._send(int(code), b"no", {"Retry-After": wait[0]} if wait else {})

    def _blocked(self, *_: Any) -> None:
        self._send(403, BLOCKED)

    def _missing(self, *_: Any) -> None:
        self._send(403, MISSING)

    def _truncated(self, body: bytes | None, _: str) -> None:
        """Half of what was announced, then the end."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write((body or b"x" * 64)[:64])
        self.close_connection = True

    def _reset(self, *_: Any) -> None:
        """The connection is torn down without an answer."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
        self.wfile.close = lambda: None  # type: ignore[method-assign]

    def _slow(self, _body: bytes | None, fault: str) -> None:
        """One byte now and then, for ever; slow:8 for that many."""
        many = int(fault.partition(":")[2] or 600)
        self.send_response(200)
        self.send_header("Content-Length", str(many))
        self.end_headers()
        self._drip(b" " * many)

    def _dripping(self, *_: Any) -> None:
        """So slow from its first line on."""
        self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes" * 9)

    def _drip(self, data: bytes) -> None:
        for byte in data:
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                break
            time.sleep(0.1)
        self.close_connection = True

    def _endless(self, *_: Any) -> None:
        """As fast as can be, without an end."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        for _piece in range(1 << 20):
            try:
                self.wfile.write(b" " * (1 << 16))
            except OSError:
                break

    def _send(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at what was asked."""
