"""Clients that mean no good: each costs what docs/security.md says, and the others are served."""

import gzip
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pipeline.contract.artifacts import CATALOG, season_key
from serve.sockets import MOST_SAID
from serve.streams import network_of
from tests.cases import some
from tests.serve.support import RACE, Server, long_frames_text, problem, publish, serving
from tests.waiting import wait_for

HOST = b"Host: x\r\n"
SEASONS = b"GET /f1/seasons HTTP/1.1\r\n" + HOST
CLOSE = b"Connection: close\r\n\r\n"
CHUNKED = b"POST /f1/race-telemetry HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
PROGRESS = b"GET /f1/process-telemetry/2025/1?speed=0 HTTP/1.1\r\n"


def connected(server: Server, source: str = "127.0.0.1") -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0))


def said(server: Server, content: bytes) -> bytes:
    """Everything that the server answers until it closes, which it has to."""
    with connected(server) as connection:
        connection.sendall(content)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def counted(server: Server, status: int) -> float:
    """Responses of this status that belong to no route."""
    name = f'f1_requests_total{{method="GET",route="none",status="{status}"}} '
    lines = httpx.get(server.url + "/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def memory_mb(server: Server, kind: str = "VmRSS") -> float:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


@contextmanager
def flat(server: Server, most_mb: float) -> Iterator[None]:
    """The server needs at no time so much more memory, and answers in the end."""
    before = memory_mb(server)
    yield
    assert httpx.get(server.url + "/health/live", timeout=20).status_code == 200
    assert memory_mb(server, "VmHWM") - before < most_mb


@pytest.fixture
def fresh(tree: Path) -> Iterator[Server]:
    """A server of its own, whose peak of memory is the test's."""
    with serving(tree) as running:
        yield running


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (SEASONS + b"A: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (SEASONS + b"A: " + b"x" * 400_000, 431),
        (SEASONS + b"a: b\r\n" * 200 + b"\r\n", 431),
        (SEASONS + b"a: b\r\n" * 100_000, 431),
        (b"GET /" + b"x" * 400_000, 431),
        (b"GET /f1/seasons?" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
        (b"\r\n" * 100_000, 431),
        (CHUNKED + b"0\r\n" + b"a: b\r\n" * 100_000, 431),
        (CHUNKED + b"1;" + b"a=b;" * 100_000, 431),
        (CHUNKED + b"no number\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /f1/seasons HTTP/1.1\r\n" + CLOSE, 400),
        (SEASONS + b"Host: y\r\n" + CLOSE, 400),
        (b"GET /f1/seasons HTTP/1.1\r\nHost: x y/z\r\n" + CLOSE, 400),
        (b"GET /f1/seasons HTTP/1.0\r\n\r\n", 200),
        (b"GET /f1/seasons?" + b"x" * 60_000 + b" HTTP/1.1\r\n" + HOST + CLOSE, 200),
        (SEASONS + b"a: b\r\n" * 100 + CLOSE, 200),
    ],
)
def test_a_head_is_refused_or_answered(server: Server, content: bytes, status: int) -> None:
    before = counted(server, status)
    answer = said(server, content)
    assert status_of(answer) == status
    if status != 200:
        assert b"application/problem+json" in answer
        assert b"x-content-type-options: nosniff" in answer
        assert b"connection: close" in answer
        assert counted(server, status) == before + 1


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (PROGRESS + HOST + UPGRADE + b"A: " + b"x" * 9_000 + b"\r\n\r\n", 431),
        (PROGRESS + HOST + UPGRADE + b"A: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (PROGRESS + HOST + UPGRADE + b"a: b\r\n" * 125 + b"\r\n", 431),
        (PROGRESS + HOST + UPGRADE + b"a: b\r\n" * 4_000 + b"\r\n", 431),
        (PROGRESS.replace(b"=0", b"=0&a=" + b"x" * 9_000) + HOST + UPGRADE + b"\r\n", 414),
        (PROGRESS + HOST + UPGRADE + b"Content-Length: 5\r\n\r\nhello", 400),
        (PROGRESS + HOST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (PROGRESS + HOST + UPGRADE.replace(b"Key", b"Lock") + b"\r\n", 400),
        (PROGRESS + UPGRADE + b"\r\n", 400),
        (PROGRESS + HOST + HOST + UPGRADE + b"\r\n", 400),
    ],
)
def test_a_handshake_is_refused_and_counted(server: Server, content: bytes, status: int) -> None:
    before = counted(server, status)
    answer = said(server, content)
    # what it is called differs by the version of `websockets`
    assert status_of(answer) in ({status} if status == 400 else {status, 400, 431})
    assert b"application/problem+json" in answer
    assert counted(server, status_of(answer)) > before * (status_of(answer) == status)


def test_heads_without_end_cost_little(fresh: Server) -> None:
    """Eight clients of 128 MB each took a gigabyte, and half a minute from everybody."""
    block = b"x" * (1 << 20)
    with flat(fresh, 20), ExitStack() as stack:
        connections = [stack.enter_context(connected(fresh)) for _ in range(8)]
        for connection in connections:
            connection.sendall(SEASONS + b"Accept-Encoding: ")
            with suppress(OSError):  # closed before it has said all
                for _ in range(128):
                    connection.sendall(block)
        for connection in connections:
            with suppress(ConnectionResetError):
                assert status_of(connection.recv(1 << 16)) == 431


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (SEASONS + b"Accept-Encoding: %60000d\r\n", 200),
        (b"GET /data/telemetry/2025/1/R/%060000d HTTP/1.1\r\nHost: x\r\n", 404),
        (b"GET /data/runs/%060000d.jsonl HTTP/1.1\r\nHost: x\r\n", 404),
        (b"GET /f1/seasons/2025/%060000d HTTP/1.1\r\nHost: x\r\n", 422),
        (b"GET /static/%060000d HTTP/1.1\r\nHost: x\r\n", 404),
    ],
)
def test_nothing_is_kept_of_strings_that_clients_make_up(fresh: Server, asked: bytes, status: int) -> None:
    with flat(fresh, 20):
        for number in range(400):
            assert status_of(said(fresh, asked % number + CLOSE)) == status


def test_requests_that_do_not_wait_for_answers_are_few(fresh: Server) -> None:
    with flat(fresh, 20):
        request = SEASONS + b"\r\n"
        assert said(fresh, request * 20 + SEASONS + CLOSE).count(b"HTTP/1.1 200") == 21
        answer = said(fresh, request * 100_000)
    assert answer.count(b"HTTP/1.1 200") == 33
    assert answer.count(b"connection: close") == 1  # the last says that the rest was not read


def test_what_is_refused_waits_for_what_was_asked_before(server: Server) -> None:
    answer = said(server, (SEASONS + b"\r\n") * 3 + b"no request\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200", b"200", b"400"]


def frame(opcode: int, payload: bytes = b"", *, end: bool = True) -> bytes:
    """A masked frame (RFC 6455, 5.2); the mask is zero."""
    return struct.pack("!BBI", opcode | (0x80 if end else 0), 0x80 | len(payload), 0) + payload


FLOODS = {
    "pings": lambda _: frame(9, b"x" * 125),
    "fragments of nothing": lambda first: frame(1 if first else 0, end=False),
    "messages": lambda _: frame(1, b"x"),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_websocket_client_may_say_little(fresh: Server, flood: Callable[[bool], bytes]) -> None:
    slow = PROGRESS.replace(b"speed=0", b"speed=0.001")
    with flat(fresh, 30), ExitStack() as stack:
        clients = [stack.enter_context(connected(fresh)) for _ in range(8)]
        for client in clients:
            client.sendall(slow + HOST + UPGRADE + b"\r\n")
            assert status_of(client.recv(1 << 16)) == 101
        for client in clients:
            with suppress(OSError):  # closed before it has said all
                client.sendall(flood(True))
                for _ in range(200):
                    client.sendall(flood(False) * 1000)
        wait_for(lambda: "f1_websockets_open 0.0" in httpx.get(fresh.url + "/metrics").text)


def test_a_websocket_client_is_told_why(server: Server) -> None:
    with connect(server.ws + "/f1/process-telemetry/2025/1?speed=0.001") as websocket:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012
            # not a byte beyond what the server reads: its reset would overtake its word
            for _ in range(MOST_SAID // 1008 + 1):
                websocket.send("x" * 1000)  # and 8 bytes of a frame's head
            while True:
                websocket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/replay/" + "1" * 4301 + "/1", "/replay/2025/" + "9" * 4301, "/replay/x/1"]
)
def test_numbers_of_any_length_are_refused(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 422)


PLAIN = b"GET /f1/race-telemetry/2025/1?compress=false HTTP/1.1\r\n" + HOST + b"\r\n"
LONG = 300_000  # frames; some 100 MB


@pytest.fixture
def long_tree(own_tree: Path) -> Path:
    publish(own_tree / RACE.frames_json(1), gzip.compress(long_frames_text(RACE, LONG), 1))
    return own_tree


@contextmanager
def slow_clients(server: Server, count: int, sources: int) -> Iterator[list[socket.socket]]:
    """Clients of some addresses that began to take a long response and take no more of it."""
    with ExitStack() as stack:
        clients = []
        for number in range(count):
            client = stack.enter_context(connected(server, f"127.0.0.{2 + number % sources}"))
            client.sendall(PLAIN)
            client.recv(100)
            clients.append(client)
        yield clients


@pytest.mark.slow
def test_slow_clients_of_made_responses_keep_nobody_waiting(long_tree: Path) -> None:
    """Eight took all places for as long as they liked. They need some memory, of which there is a bound."""
    with serving(long_tree, "--transform-wait", "0.1") as server:
        others = ("?compress=false", "?frame_skip=3", "?frame_skip=4&compress=false")
        with flat(server, 120), slow_clients(server, 60, 2):
            for query in others:
                answer = httpx.get(f"{server.url}/f1/race-telemetry/2025/4{query}", timeout=20)
                assert answer.status_code == 200


@pytest.mark.slow
def test_one_address_does_not_take_all(long_tree: Path) -> None:
    with serving(long_tree, "--transforms", "6", "--transform-wait", "0.1") as server:
        url = f"{server.url}/f1/race-telemetry/2025/4?compress=false"
        with slow_clients(server, 3, 1):
            with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as same:
                problem(same.get(url), 503)
            assert httpx.get(url).status_code == 200
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as same:
            wait_for(lambda: same.get(url).status_code == 200)


@pytest.mark.slow
def test_a_client_below_the_least_rate_is_cut_off(long_tree: Path) -> None:
    """It takes bytes all the time, so it does not stall, and on average too few."""
    with serving(long_tree, "--stall-timeout", "1.5", "--least-rate", "100000000") as server:
        with connected(server) as client:
            client.sendall(PLAIN)
            got = 0
            while part := client.recv(1 << 16):
                got += len(part)
                time.sleep(0.01)
        assert 0 < got < 50_000_000


@pytest.mark.parametrize(
    ("addresses", "one"),
    [
        (["2001:db8:0:1::1", "2001:db8::1:ffff:1:2:3"], True),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], False),
        (["::ffff:10.0.0.1", "10.0.0.1"], True),
        (["::ffff:10.0.0.1", "::ffff:10.0.0.2"], False),
        (["10.0.0.1", "10.0.0.2"], False),
    ],
)
def test_a_client_has_all_addresses_of_its_network(addresses: list[str], one: bool) -> None:
    networks = {network_of(address) for address in addresses}
    assert (len(networks) == 1) == one


@pytest.mark.parametrize(
    "key", some([RACE.manifest, CATALOG, season_key(2025), RACE.progress, RACE.live_progress], 3)
)
def test_documents_larger_than_any_are_not_read(own_tree: Path, key: str) -> None:
    """One of 200 MB took the server 6 s from everybody, and 2 GB of memory for good."""
    path = own_tree / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, 200_000_000)
    paths = ["/f1/seasons", "/f1/sessions/2025", "/f1/races/2025/1", "/f1/races/2025/9", "/health/ready"]
    progress = "/f1/process-telemetry/2025/1?speed=0"
    with serving(own_tree) as server, server.client() as client, flat(server, 20):
        texts = [client.get(path).text for path in paths]
        with suppress(ConnectionClosed), connect(server.ws + progress) as websocket:
            texts.extend(map(str, websocket))
    assert any(f"{key} has 200000000 bytes" in text for text in texts)
