"""Our server against nginx over the same files in the same run: `python -m bench.serve [--out DIR]`.

Needs `wrk` and `nginx` (Debian packages). Without --out it makes files of the size of a long real race.
Both get one worker process; ratios are ours / nginx. "cpu us" is our server's processor time for one request:
unlike requests a second it hardly depends on what else the machine does.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.contract.artifacts import CATALOG, SessionKey, key_of, season_key
from pipeline.contract.models import (
    Catalog,
    CatalogRace,
    CatalogSeason,
    Manifest,
    SeasonEvent,
    SeasonListing,
    SeasonSession,
)
from pipeline.publish.documents import parsed

CONNECTIONS = (1, 16, 256)
NOW = datetime(2025, 3, 16, tzinfo=UTC)
SIZES = {"manifest": 180_000, "chunk": 80_000, "skip_5": 9_000_000, "skip_1": 42_000_000}
NGINX_CONF = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=1000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {out}; }}
}}
"""
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "KB": 1e-6, "MB": 1e-3, "GB": 1.0, "B": 1e-9}


@dataclass(frozen=True)
class Target:
    name: str
    ours: str
    nginx: str


@dataclass(frozen=True)
class Servers:
    """Ours and nginx, by process and address, over the same files."""

    out: Path
    pid: int
    ours: str
    nginx_pid: int
    nginx: str


@dataclass(frozen=True)
class Result:
    requests: float  # a second
    gigabytes: float  # a second
    p50: float  # ms
    p99: float  # ms
    errors: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="published files to serve (default: made up ones)")
    parser.add_argument("--seconds", type=int, default=4, help="of load for each figure")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS)
    options = parser.parse_args()
    with servers(options.out) as both:
        found = targets(both.out)
        compare(found, both, options.connections, options.seconds)
        print(f"\npeak memory of our server: {peak_memory_mb(both.pid):.0f} MB")
        first_bytes(found[-1], both.ours, both.nginx)


@contextmanager
def servers(given: Path | None) -> Iterator[Servers]:
    """Both, with the published files given or with made up ones. Exits where a program is missing."""
    for program in ("wrk", "nginx"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: apt-get install {program}")
    with tempfile.TemporaryDirectory(prefix="bench-serve-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker is another user
        out = given.resolve() if given else make_files(folder / "out")
        with our_server(out) as (pid, ours), nginx_server(out, folder) as nginx:
            yield Servers(out, pid, ours, int((folder / "nginx.pid").read_text()), nginx)


def compare(found: list[Target], both: Servers, connections: list[int], seconds: int) -> None:
    print(
        f"{'':<9}{'MB':>7} {'conns':>5} |{'ours /s':>9}{'GB/s':>6}{'p50 ms':>8}{'p99 ms':>8}{'cpu us':>8} |",
        end="",
    )
    print(f"{'nginx /s':>9}{'GB/s':>6}{'p50 ms':>8}{'p99 ms':>8} | ratio")
    for target in found:
        size = body_size(both.ours + target.ours) / 1e6
        for count in connections:
            before = cpu_seconds(both.pid)
            mine = load(both.ours + target.ours, count, seconds)
            cpu = (cpu_seconds(both.pid) - before) / max(mine.requests * seconds, 1) * 1e6
            theirs = load(both.nginx + target.nginx, count, seconds)
            # Of bytes for large bodies: with many connections few of them end within the time.
            ratio = mine.gigabytes / theirs.gigabytes if size > 1 else mine.requests / theirs.requests
            figures = f"{columns(mine)}{cpu:>8.0f} |{columns(theirs)} | {ratio:.2f}"
            print(f"{target.name:<9}{size:>7.2f} {count:>5} |{figures}", flush=True)


def columns(result: Result) -> str:
    latency = f"{result.p50:>8.1f}{result.p99:>8.1f}" if result.p50 else f"{'-':>8}{'-':>8}"
    errors = f" ({result.errors} errors)" if result.errors else ""
    return f"{result.requests:>9.0f}{result.gigabytes:>6.2f}{latency}{errors}"


def load(url: str, connections: int, seconds: int) -> Result:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    text = subprocess.run(
        [*command, "-H", "Accept-Encoding: gzip", url], capture_output=True, text=True, check=True
    ).stdout
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", text)))
    return Result(
        requests=float(_found(r"Requests/sec:\s+([\d.]+)", text)[0]),
        gigabytes=_quantity(_found(r"Transfer/sec:\s+([\d.]+)(\w+)", text)),
        p50=_quantity(_found(r"50%\s+([\d.]+)(\w+)", text)),
        p99=_quantity(_found(r"99%\s+([\d.]+)(\w+)", text)),
        errors=errors,
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        sys.exit(f"wrk said something else:\n{text}")
    return found.groups()


def _quantity(found: tuple[str, ...]) -> float:
    return float(found[0]) * _UNITS[found[1]]


def first_bytes(target: Target, ours: str, nginx: str) -> None:
    """Time to first byte of one client while 15 others load the largest file."""
    print(f"\ntime to first byte of {target.name}, 16 connections:")
    for name, url in (("ours", ours + target.ours), ("nginx", nginx + target.nginx)):
        busy = subprocess.Popen(
            ["wrk", "-t1", "-c15", "-d8s", "-H", "Accept-Encoding: gzip", url], stdout=subprocess.DEVNULL
        )
        time.sleep(0.5)
        times = sorted(first_byte_ms(url) for _ in range(300))
        busy.wait()
        p99 = times[int(len(times) * 0.99)]
        print(f"  {name:<6} p50 {statistics.median(times):6.2f} ms   p99 {p99:6.2f} ms")


def first_byte_ms(url: str) -> float:
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port))) as connection:
        begin = time.perf_counter()
        connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        connection.recv(1)
        return (time.perf_counter() - begin) * 1000


def targets(out: Path) -> list[Target]:
    newest = Catalog.model_validate_json((out / CATALOG).read_bytes()).newest
    if newest is None:
        sys.exit(f"the catalog of {out} names no race")
    key = SessionKey(newest.year, newest.round, newest.session)
    race = f"{key.year}/{key.round}"
    chunks = sorted((out / key.prefix / "replay").glob("*/*.json.gz"))
    chunk = chunks[len(chunks) // 2].relative_to(out)
    season = f"/f1/seasons/{key.year}"
    later = [  # made up files are without them; of laps nginx has the file that they are made of
        Target("results", f"/f1/results/{race}", f"/{key.file('results')}"),
        Target("laps", f"/f1/laps/{race}", f"/{key.file('timing')}"),
        Target("laps of 1", f"/f1/laps/{race}?driver={first_driver(out, key)}", f"/{key.file('timing')}"),
        Target("standings", f"{season}/standings", f"/{key_of('standings', year=key.year)}"),
        Target("all laps", f"{season}/laps", f"/{key_of('season_laps', year=key.year)}"),
    ]
    return [
        Target("sessions", f"/f1/sessions/{key.year}", f"/{season_key(key.year)}"),
        Target("manifest", f"/f1/races/{race}", f"/{key.manifest}"),
        *(target for target in later if (out / target.nginx[1:]).is_file()),
        Target("chunk", f"/data/{chunk}", f"/{chunk}"),
        Target("skip_5", f"/f1/race-telemetry/{race}?frame_skip=5", f"/{key.frames_json(5)}"),
        Target("skip_1", f"/f1/race-telemetry/{race}", f"/{key.frames_json(1)}"),
    ]


def first_driver(out: Path, key: SessionKey) -> str:
    manifest = parsed((out / key.manifest).read_bytes(), Manifest)
    return manifest.drivers[0].code if manifest is not None else ""


def make_files(out: Path) -> Path:
    """A tree of the sizes of a long race; the bytes of a body do not matter here."""
    key = SessionKey(2025, 1)
    files = {
        key.manifest: os.urandom(SIZES["manifest"]),
        key.file("replay", generation="0123abcd", index=0): os.urandom(SIZES["chunk"]),
        key.frames_json(5): os.urandom(SIZES["skip_5"]),
        key.frames_json(1): os.urandom(SIZES["skip_1"]),
    }
    session = SeasonSession(
        session="R", name="Race", date_utc=NOW, state="published", manifest=key.manifest, grade="A"
    )
    events = [
        SeasonEvent(round=n, name=f"Grand Prix {n}", country="Country", sessions=[session])
        for n in range(1, 25)
    ]
    listing = SeasonListing(year=key.year, updated_at=NOW, events=events)
    season = CatalogSeason(year=key.year, key=season_key(key.year), published=24, updated_at=NOW)
    newest = CatalogRace(
        year=key.year, round=key.round, session="R", name="Grand Prix 1", manifest=key.manifest
    )
    files[season_key(key.year)] = listing.model_dump_json().encode()
    files[CATALOG] = Catalog(updated_at=NOW, seasons=[season], newest=newest).model_dump_json().encode()
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return out


@contextmanager
def our_server(out: Path) -> Iterator[tuple[int, str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "serve", "--out", str(out), "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        yield process.pid, answering(f"http://127.0.0.1:{port}", "/health/live")
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx_server(out: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONF.format(folder=folder, port=port, out=out))
    process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        yield answering(f"http://127.0.0.1:{port}", f"/{CATALOG}")
    finally:
        process.terminate()
        process.wait()


def answering(base: str, path: str) -> str:
    for _ in range(100):
        try:
            body_size(base + path)
            return base
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{base} does not answer")


def body_size(url: str) -> int:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as response:
        return len(response.read())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(_found(r"VmHWM:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main()
