"""Processor time for one small file: `python -m bench.serve_cost [--out DIR]`.

Ours, nginx, and an app that answers with a constant under our connection: what a request costs whatever is
served. The least of several short turns, one server after the other: other work on the machine adds to each.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from bench.serve import answering, free_port, load, servers, targets
from pipeline.contract.media import JSON
from serve.middleware import SECURITY
from serve.static import fields_of

CONNECTIONS = 16
SMALL = ("sessions", "manifest", "chunk", "results", "standings")
BODY = b" " * 14_000
HEADERS = [
    *fields_of(JSON, "gzip"),
    *SECURITY,
    *((f"x-field-{i}".encode(), b"as long as any other") for i in range(5)),
    (b"content-length", str(len(BODY)).encode()),
]


async def constant(scope: Any, _receive: Any, send: Any) -> None:
    """An app with one answer, of a manifest's size and with as many fields."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="published files to serve (default: made up ones)")
    parser.add_argument("--turns", type=int, default=8, help="of a second, for each figure")
    options = parser.parse_args()
    with servers(options.out) as both, constant_server() as constant_:
        worker = child_of(both.nginx_pid)
        asked = {"a constant": constant_}
        for target in (target for target in targets(both.out) if target.name in SMALL):
            asked[f"{target.name}, ours"] = both.pid, both.ours + target.ours
            asked[f"{target.name}, nginx"] = worker, both.nginx + target.nginx
        least = dict.fromkeys(asked, float("inf"))
        for _ in range(options.turns):
            for name, (process, url) in asked.items():
                least[name] = min(least[name], cost_us(process, url))
    for name, cost in least.items():
        print(f"{name:<20}{cost:>6.1f} us  {1e6 / cost:>7.0f} a second and processor")


def cost_us(pid: int, url: str) -> float:
    before = running_ns(pid)
    asked = load(url, CONNECTIONS, 1).requests
    return (running_ns(pid) - before) / 1000 / asked


def running_ns(pid: int) -> int:
    """Of all threads; to the nanosecond, where /proc/PID/stat has ticks."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@contextmanager
def constant_server() -> Iterator[tuple[int, str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.serve_cost"], env=os.environ | {_PORT: str(port)}
    )
    try:
        yield process.pid, answering(f"http://127.0.0.1:{port}", "/")
    finally:
        process.terminate()
        process.wait()


_PORT = "F1_BENCH_CONSTANT_PORT"

if __name__ == "__main__":
    if _PORT in os.environ:
        uvicorn.run(
            constant,
            port=int(os.environ[_PORT]),
            http="serve.connection:Connection",
            access_log=False,
            log_level="error",
            server_header=False,
            lifespan="off",
        )
    else:
        main()
