"""`f1-serve`: the settings as flags, and uvicorn set up for this app."""

import os
import resource
import sys
import tempfile
from typing import Any

import click
import uvicorn

from serve.logs import config, on_terminal
from serve.metrics import SHARED_DIR
from serve.settings import Settings, options

_OPEN_FILES = 65536
_WS_MESSAGE_LIMIT = 4096  # clients have nothing to say


@click.command()
@options
def main(**values: Any) -> None:
    """Serve precomputed race telemetry over HTTP and WebSocket."""
    settings = Settings(**values)
    if not settings.out.is_dir():
        where = settings.out.absolute()
        click.echo(f"Warning: {where} is no folder (yet): check --out, or publish there", err=True)
    if on_terminal() and settings.port:
        click.echo(f"Serving {settings.out} on {address(settings)} (Ctrl-C ends it).")
    raise_file_limit()
    # Worker processes build their own app, and know the flags only by this.
    os.environ.update(settings.environment())
    if settings.workers == 1:
        run(settings)
        return
    with tempfile.TemporaryDirectory(prefix="f1-serve-metrics-") as folder:
        os.environ[SHARED_DIR] = folder
        run(settings)


def address(settings: Settings) -> str:
    """Where a browser on this machine finds it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}/" if ":" in host else f"http://{host}:{settings.port}/"


def raise_file_limit() -> None:
    """A connection is a descriptor, and the usual limit of 1,024 is less than what the settings allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(settings: Settings) -> None:
    uvicorn.run(
        "serve.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http="serve.connection:Connection",
        ws="serve.sockets:Socket",
        access_log=False,
        server_header=False,
        log_config=config("uvicorn", "serve"),
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=settings.grace,
        ws_max_size=_WS_MESSAGE_LIMIT,
        ws_ping_interval=settings.ws_ping,
        ws_ping_timeout=settings.ws_ping,
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    sys.exit(main())
