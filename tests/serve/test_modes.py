"""Ways to run it: CDN, nginx, several workers; headers, logs, limits and the way it stops."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from pipeline.contract.artifacts import CATALOG, media_of
from tests.command import Running, clean_environment
from tests.conftest import REPOSITORY, require
from tests.serve.support import (
    ANEW,
    GENERATION,
    RACE,
    Server,
    answering,
    forked_server,
    long_frames_text,
    problem,
    progress_bytes,
    progress_events,
    publish,
    raw,
    serving,
)
from tests.waiting import answers, free_port, wait_for

PARQUET = f"/data/{RACE.file('frames_parquet')}"
FRAMES = "/f1/race-telemetry/2025/1"
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
}


def test_cdn_gets_the_artifact_requests(own_tree: Path) -> None:
    with serving(own_tree, F1_CDN_URL="https://cdn.example/f1/") as server, server.client() as client:
        for path, key in (
            (PARQUET, RACE.file("frames_parquet")),
            (FRAMES, RACE.frames_json(1)),
            (FRAMES + "?frame_skip=5", RACE.frames_json(5)),
        ):
            response = client.get(path)
            assert response.status_code == 307
            assert response.headers["location"] == f"https://cdn.example/f1/{key}"
            assert response.content == b""
            assert response.headers.get("vary") == ("accept-encoding" if key.endswith(".gz") else None)
        posted = client.post("/f1/race-telemetry", json={"year": 2025, "round_number": 1})
        assert posted.status_code == 303  # a CDN takes no POST
        assert posted.headers["location"] == f"https://cdn.example/f1/{RACE.frames_json(1)}"
        assert client.get(FRAMES + "?frame_skip=3").json()["frame_skip"] == 3
        assert client.get(FRAMES + "?compress=false").json()["frame_skip"] == 1
        assert client.get(FRAMES, headers={"Accept-Encoding": "identity"}).json()["frame_skip"] == 1
        assert client.get("/f1/seasons").status_code == 200
        problem(client.get("/f1/race-telemetry/2025/9"), 404)
        problem(client.get("/data/telemetry/2025/9/manifest.json"), 404)


@pytest.mark.parametrize(
    "path", [PARQUET, "/f1/sessions/2025", "/nothing", "/f1/race-telemetry/2025/1?frame_skip=x"]
)
def test_cors_and_security_headers_by_default(client: httpx.Client, path: str) -> None:
    headers = client.get(path, headers={"Origin": "https://a.example"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "etag" in headers["access-control-expose-headers"]
    assert SECURITY.items() <= dict(headers).items()
    assert "server" not in headers


def test_preflight(client: httpx.Client) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    response = client.options(PARQUET, headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "GET"
    assert "range" in response.headers["access-control-allow-headers"]


def test_cors_by_a_list_of_origins(own_tree: Path) -> None:
    arguments = ("--cors-origins", "https://a.example,https://b.example", "--cors-methods", "GET,POST")
    with serving(own_tree, *arguments) as server, server.client() as client:
        allowed = client.get("/f1/seasons", headers={"Origin": "https://b.example"}).headers
        assert allowed["access-control-allow-origin"] == "https://b.example"
        assert "origin" in allowed["vary"].split(", ")
        for origin in ({"Origin": "https://evil.example"}, {}):
            refused = client.get("/f1/seasons", headers=origin).headers
            assert "access-control-allow-origin" not in refused
            assert "origin" in refused["vary"].split(", ")
        asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        assert client.options(FRAMES, headers=asked).headers["access-control-allow-methods"] == "GET, POST"


def test_request_ids(client: httpx.Client) -> None:
    made = client.get("/health/live").headers["x-request-id"]
    assert len(made) == 16
    assert client.get("/health/live").headers["x-request-id"] != made
    given = {"X-Request-Id": "abc-1.2_3"}
    assert client.get("/nothing", headers=given).headers["x-request-id"] == "abc-1.2_3"
    for bad in ("x" * 65, 'a"b', "a b"):
        assert client.get("/health/live", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad


@contextmanager
def logged(out: Path, *arguments: str) -> Iterator[tuple[Running, Server]]:
    """f1-serve, with what it says on both its streams."""
    port = free_port()
    words = ["--port", str(port), "--out", str(out), *arguments]
    with forked_server(words, clean_environment()) as running:
        yield running, answering(port, running.pid)


def lines_of(process: Running) -> list[dict[str, object]]:
    return [json.loads(line) for line in process.done().stdout.splitlines()]


def test_a_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with logged(tmp_path / "nowhere") as (process, server):
        assert httpx.get(server.url + "/health/ready").status_code == 503
        process.stop()
        (said,) = [line for line in lines_of(process) if line["level"] == "warning"]
        told = process.done().stderr
    assert said["message"] == f"{tmp_path}/nowhere is no folder (yet): check F1_OUT, or publish there"
    warning = f"Warning: {tmp_path}/nowhere is no folder (yet): check --out, or publish there\n"
    assert told == warning


def test_access_log_is_one_json_line_a_request(own_tree: Path) -> None:
    with logged(own_tree) as (process, server):
        httpx.get(server.url + FRAMES + "?frame_skip=11", headers={"X-Request-Id": "mine"})
        httpx.get(server.url + PARQUET)
        httpx.get(server.url + "/a%0Ab")
        process.stop()
        lines = lines_of(process)
    assert all("ts" in line and "level" in line for line in lines)
    requests = [
        line for line in lines if line["logger"] == "serve.access" and line["route"] != "/health/live"
    ]
    assert len(requests) == 3
    refused, served, odd = requests
    assert refused["request_id"] == "mine"
    assert refused["status"] == 422
    assert refused["route"] == "/f1/race-telemetry/{year}/{round}"
    assert refused["query"] == "frame_skip=11"
    assert served["bytes"] == (own_tree / RACE.file("frames_parquet")).stat().st_size
    assert served["client"] == "127.0.0.1"
    assert isinstance(served["ms"], float)
    assert odd["path"] == "/a\nb"


def test_errors_are_logged_with_the_request_id_and_not_told(own_tree: Path) -> None:
    publish(own_tree / RACE.frames_json(5), b"damaged")
    with logged(own_tree, "--no-access-log") as (process, server):
        response = httpx.get(f"{server.url}{FRAMES}?frame_skip=5&compress=false")
        problem(response, 500)
        process.stop()
        lines = lines_of(process)
    errors = [line for line in lines if line["level"] == "error"]
    assert errors[0]["request_id"] == response.headers["x-request-id"]
    assert "Traceback" in str(errors[0]["traceback"])
    assert all(line["logger"] != "serve.access" for line in lines)


def test_a_failed_request_has_the_headers_of_any_other(own_tree: Path) -> None:
    """Without them a page of another origin would not learn that it failed."""
    publish(own_tree / RACE.frames_json(5), b"damaged")
    with serving(own_tree) as server, server.client(Origin="https://a.example") as client:
        response = client.get(f"{FRAMES}?frame_skip=5&compress=false")
        assert problem(response, 500)["instance"] == FRAMES
        assert response.headers["access-control-allow-origin"] == "*"
        assert SECURITY.items() <= dict(response.headers).items()
        assert response.headers["x-request-id"]


def test_a_client_that_leaves_in_its_own_request_is_no_error(own_tree: Path) -> None:
    with logged(own_tree) as (process, server):
        send(server, HALF_BODY).close()
        wait_for(lambda: '"method":"POST"' in process.done().stdout)
        process.stop()
        assert "error" not in {line["level"] for line in lines_of(process)}


HALF_BODY = b"POST /f1/race-telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"


def send(server: Server, content: bytes) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(content)
    return connection


@pytest.mark.parametrize(
    "content", [b"", b"GET / HTTP/1.1\r\nHos", HALF_BODY], ids=["nothing", "head", "body"]
)
def test_a_client_that_stops_in_its_request_is_cut_off(own_tree: Path, content: bytes) -> None:
    with serving(own_tree, "--keep-alive", "1") as server, send(server, content) as connection:
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert httpx.get(server.url + "/health/live").status_code == 200


def test_the_socket_of_a_client_that_takes_no_bytes_is_freed(own_tree: Path) -> None:
    publish(own_tree / RACE.file("frames_parquet"), bytes(60_000_000))
    with serving(own_tree, "--stall-timeout", "0.3", "--keep-alive", "1") as server:
        request = f"GET {PARQUET} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        with send(server, request), send(server, request):
            wait_for(lambda: len(connections_of(server)) == 2)
            wait_for(lambda: not connections_of(server))


def connections_of(server: Server) -> list[str]:
    """The clients that the server is connected to, as the kernel sees it."""
    port = f":{int(server.url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[2] for row in rows if row[1].endswith(port) and row[3] == "01"]


def test_a_graceful_stop_finishes_open_responses(own_tree: Path) -> None:
    content = os.urandom(1000) * 60_000
    publish(own_tree / RACE.file("frames_parquet"), content)
    with logged(own_tree) as (process, server):
        with httpx.stream("GET", server.url + PARQUET) as response:
            blocks = response.iter_raw(65536)
            got = next(blocks)
            os.kill(process.pid, signal.SIGTERM)
            wait_for(lambda: not answers(server.url + "/health/live"))
            got += b"".join(blocks)
        assert got == content
        assert process.wait(10) in {0, -signal.SIGTERM}
        assert "Traceback" not in process.done().stdout


def counted(server: Server, route: str) -> bool:
    """Whether an exchange of the route is over."""
    return f'f1_requests_total{{method="GET",route="{route}"' in httpx.get(server.url + "/metrics").text


@pytest.mark.slow
def test_a_client_that_takes_no_bytes_is_cut_off(own_tree: Path) -> None:
    publish(own_tree / RACE.file("frames_parquet"), bytes(60_000_000))
    publish(own_tree / RACE.frames_json(1), gzip.compress(long_frames_text(RACE, 300_000), 1))
    with serving(own_tree, "--stall-timeout", "0.3", "--transforms", "1", "--transform-wait", "5") as server:
        for path, route in ((PARQUET, "/data/{key:path}"), (FRAMES, "/f1/race-telemetry/{year}/{round}")):
            host, port = server.url.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                wait_for(partial(counted, server, route))
                got = 0
                while part := connection.recv(1 << 20):
                    got += len(part)
                assert got < 50_000_000
        # and its place is free again
        assert httpx.get(f"{server.url}{FRAMES}?frame_skip=10&compress=false", timeout=10).status_code == 200


@pytest.mark.slow
def test_work_for_a_client_that_left_stops(own_tree: Path) -> None:
    publish(own_tree / RACE.frames_json(1), gzip.compress(long_frames_text(RACE, 600_000), 1))
    with serving(own_tree, "--transforms", "1", "--transform-wait", "2") as server:
        with httpx.stream("GET", f"{server.url}{FRAMES}?compress=false") as response:
            next(response.iter_raw(10))
        # 503 if the only place were still taken; the whole of it would take longer than the wait
        again = httpx.get(f"{server.url}{FRAMES}?frame_skip=10&compress=false", timeout=30)
        assert again.status_code == 200


@pytest.mark.slow
def test_memory_stays_flat_whatever_the_size(own_tree: Path) -> None:
    publish(own_tree / RACE.file("frames_parquet"), bytes(400_000_000))
    publish(own_tree / RACE.frames_json(1), gzip.compress(long_frames_text(RACE, 500_000), 1))
    paths = (PARQUET, FRAMES + "?compress=false", FRAMES + "?frame_skip=3")
    with serving(own_tree, command=ANEW) as server, server.client() as client:
        for path in paths:
            with client.stream("GET", path) as response:
                for _ in response.iter_raw(1 << 20):
                    pass
        status = Path(f"/proc/{server.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        assert peak < 150_000


@pytest.mark.slow
def test_several_workers_share_metrics(own_tree: Path) -> None:
    with serving(own_tree, "--workers", "2", command=ANEW) as server:
        for _ in range(40):
            assert answers(server.url + "/f1/seasons")
        text = httpx.get(server.url + "/metrics").text
        assert 'f1_requests_total{method="GET",route="/f1/seasons",status="200"} 40.0' in text


@pytest.mark.slow
def test_a_killed_worker_has_no_connections(own_tree: Path) -> None:
    publish(own_tree / RACE.live_progress, progress_bytes(progress_events(RACE)[:1]))
    with serving(own_tree, "--workers", "2", command=ANEW) as server:

        def opened(count: int) -> bool:
            return f"f1_websockets_open {count}.0" in httpx.get(server.url + "/metrics").text

        with connect(server.ws + "/f1/process-telemetry/2025/1") as websocket:
            websocket.recv()
            wait_for(lambda: opened(1))
            for worker in workers_of(server):
                os.kill(worker, signal.SIGKILL)
            wait_for(lambda: answers(server.url + "/health/live"))
            wait_for(lambda: opened(0))  # one may answer while the other is still being taken note of


def workers_of(server: Server) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_limit_of_open_files_is_raised(server: Server) -> None:
    limits = Path(f"/proc/{server.pid}/limits").read_text()
    soft, hard = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()[3:5]
    assert int(soft) >= min(int(hard), 65536)


@pytest.mark.slow
def test_by_uvicorn_alone(own_tree: Path) -> None:
    command = (sys.executable, "-m", "uvicorn", "--factory", "serve.app:create_app", "--port", "{port}")
    with serving(own_tree, command=command) as server, server.client() as client:
        assert client.get(PARQUET).content == (own_tree / RACE.file("frames_parquet")).read_bytes()
        assert client.get("/health/ready").status_code == 200


@contextmanager
def nginx_before(server: Server, out: Path, folder: Path) -> Iterator[str]:
    """nginx by deploy/nginx.conf, with only what its head says to change changed."""
    port = free_port()
    text = (REPOSITORY / "deploy/nginx.conf").read_text()
    for old, new in (
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", server.url.removeprefix("http://")),
        ("/srv/f1/computed_data", str(out)),
        ("worker_processes auto;", f"user root; worker_processes 1; daemon off; pid {folder}/pid;"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")])
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health/live"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def test_nginx_sends_the_files(own_tree: Path, tmp_path: Path) -> None:
    require(shutil.which("nginx") is not None, "nginx is not installed")
    with serving(own_tree, F1_SENDFILE="nginx") as server, nginx_before(server, own_tree, tmp_path) as url:
        handed = httpx.head(server.url + PARQUET)
        assert handed.headers["x-accel-redirect"] == f"/_artifacts/{RACE.file('frames_parquet')}"
        with httpx.Client(base_url=url) as client:
            for key in (
                RACE.file("frames_parquet"),
                RACE.frames_json(5),
                RACE.manifest,
                RACE.progress,
                RACE.file("replay", generation=GENERATION, index=0),
                CATALOG,
            ):
                media = media_of(key)
                accepted = {"Accept-Encoding": media.content_encoding or "identity"}
                with client.stream("GET", f"/data/{key}", headers=accepted) as response:
                    assert raw(response) == (own_tree / key).read_bytes()
                assert response.headers["content-type"] == media.content_type
                assert response.headers.get("content-encoding") == media.content_encoding
                assert response.headers["cache-control"] == media.cache_control
                assert response.headers["access-control-allow-origin"] == "*"
                assert SECURITY.items() <= dict(response.headers).items()
                assert "x-accel-redirect" not in response.headers
                etag = response.headers["etag"]
                again = client.get(f"/data/{key}", headers={"If-None-Match": etag, **accepted})
                assert again.status_code == 304
            assert client.get(f"/data/{RACE.manifest}").headers["content-encoding"] == "gzip"
            part = client.get(PARQUET, headers={"Range": "bytes=5-9"})
            assert part.status_code == 206
            assert part.content == (own_tree / RACE.file("frames_parquet")).read_bytes()[5:10]
            plain = client.get(FRAMES, headers={"Accept-Encoding": "identity"})
            assert plain.json()["frame_skip"] == 1
            assert client.get(FRAMES).json()["frame_skip"] == 1
            posted = client.post("/f1/race-telemetry", json={"year": 2025, "round_number": 1})
            assert posted.json()["frame_skip"] == 1
            assert client.get(FRAMES + "?frame_skip=3").json()["frame_skip"] == 3
            assert client.get("/f1/sessions/2025").headers["content-encoding"] == "gzip"
            problem(client.get("/f1/races/2025/9"), 404)
            inside = client.get(f"/_artifacts/{RACE.file('frames_parquet')}")
            assert inside.status_code == 404
            assert client.get("/metrics").status_code == 200
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
            assert other.get(url + "/metrics").status_code == 403


def test_nginx_passes_websockets(own_tree: Path, tmp_path: Path) -> None:
    require(shutil.which("nginx") is not None, "nginx is not installed")
    path = "/f1/process-telemetry/2025/1?speed=0"
    with (
        serving(own_tree) as server,
        nginx_before(server, own_tree, tmp_path) as url,
        connect(url.replace("http", "ws") + path) as websocket,
    ):
        assert [json.loads(text)["seq"] for text in websocket] == [0, 1, 2, 3, 4]


def test_on_a_terminal_somebody_reads_it(own_tree: Path) -> None:
    """An address to click, and lines of words, in which no path can speak to the terminal."""
    master, slave = os.openpty()
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "serve",
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
        "--out",
        str(own_tree),
    ]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=slave, stderr=slave) as process:
        os.close(slave)
        answering(port, process.pid)
        httpx.get(f"http://127.0.0.1:{port}/f1/seasons?%1b=1")
        httpx.get(f"http://127.0.0.1:{port}/%1b[2Jx")
        process.terminate()
        said = b""
        with suppress(OSError):  # the end of a terminal
            while chunk := os.read(master, 65536):
                said += chunk
    os.close(master)
    assert f"on http://127.0.0.1:{port}/ (Ctrl-C ends it).".encode() in said
    assert b" 200 GET /f1/seasons?%1b=1  " in said
    assert b" 404 GET /\\x1b[2Jx  " in said
    assert b"\x1b[2J" not in said
    assert b"{" not in said
