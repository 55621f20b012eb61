"""Swift's servers of some kinds in one process: swift_serve.py KIND:PORT..., by its environment's Python.

Their configurations are <kind>.conf in this folder; the storage kinds make their rings too. It says "ready"
when all listen, and ends when its input does: with the tests that started it, however those end.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import eventlet
from swift.common import utils, wsgi
from swift.common.middleware import memcache
from swift.common.ring import RingBuilder


class Kept:
    """What a memcached would keep of accounts and containers, without which each request asks three more."""

    def __init__(self, *_: object) -> None:
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, key: str, **_: object) -> Any:
        until, value = self._kept.get(key, (0.0, ""))
        return json.loads(value) if until > time.monotonic() else None

    def set(self, key: str, value: object, **options: Any) -> None:
        self._kept[key] = time.monotonic() + options["time"], json.dumps(value)

    def delete(self, key: str, **_: object) -> None:
        self._kept.pop(key, None)


def make_ring(kind: str, port: int) -> None:
    """Of one device: what three runs of swift-ring-builder make."""
    builder = RingBuilder(4, 1, 0)
    device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0}
    builder.add_dev({**device, "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
    builder.rebalance()
    builder.get_ring().save(f"{kind}.ring.gz")


def serve(kind: str, port: int) -> Any:
    """As swift.common.wsgi.run_server does, which takes one kind a process."""
    app, *_ = wsgi.init_request_processor(str(Path(f"{kind}.conf").resolve()), f"{kind}-server")
    listening = eventlet.listen(("127.0.0.1", port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers in two parts cost 40 ms
    return eventlet.spawn(
        wsgi.wsgi.server,
        listening,
        app,
        utils.NullLogger(),
        protocol=wsgi.SwiftHttpProtocol,
        capitalize_response_headers=False,  # boto3 wants an ETag, no Etag
        url_length_limit=wsgi.constraints.MAX_REQUEST_LINE,
    )


def end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    servers = [(kind, int(port)) for kind, port in (word.split(":") for word in sys.argv[1:])]
    eventlet.patcher.original("threading").Thread(target=end_with_input, daemon=True).start()
    utils.monkey_patch()
    memcache.load_memcache = Kept
    for kind, port in servers:
        if kind != "proxy":
            make_ring(kind, port)
    serving = [serve(kind, port) for kind, port in servers]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    serving[0].wait()


if __name__ == "__main__":
    main()
