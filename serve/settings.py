"""Settings, each declared once: name, type, how it is checked, what it means, default.

Of these are made the values, the flags of `f1-serve` and the table in the documentation. They are read once,
at the edge; a server that is started otherwise than by `f1-serve` reads the environment alone.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import click

from pipeline.contract.options import Number, Parsed, option, variable

_F = TypeVar("_F", bound=Callable[..., Any])
_MOST = 10**9


def _text(form: str, rule: str) -> Parsed:
    """Text of one form; `rule` says of other text what it should be."""

    def parse(text: str) -> str:
        if not re.fullmatch(form, text.strip()):
            raise ValueError(f"{text!r} {rule}.")
        return text.strip()

    return Parsed("text", parse)


def _count(least: int = 0, most: int = _MOST) -> click.IntRange:
    return click.IntRange(least, most)


_SERVER = _text("|nginx", "must be nginx, or nothing")
# it also stands in a header of the replay page
_URL = _text(r"(https?://[^\s;,]+)?", "must begin with https:// or http://")
_SECONDS = Number(0.1, _MOST)


@dataclass(frozen=True)
class Settings:
    """The values, and what each means."""

    out: Annotated[Path, click.Path(path_type=Path), "Folder of the published files."] = Path("computed_data")
    host: Annotated[str, click.STRING, "Address to listen on."] = "127.0.0.1"
    port: Annotated[int, _count(0, 65535), "Port to listen on."] = 8000
    workers: Annotated[int, _count(1), "Server processes."] = 1
    cdn_url: Annotated[str, _URL, "Base URL of a CDN or bucket: artifact requests answer 307 to it."] = ""
    sendfile: Annotated[Literal["", "nginx"], _SERVER, "Who sends the bytes; nginx: X-Accel-Redirect."] = ""
    cors_origins: Annotated[
        str, click.STRING, "Origins that may read in a browser: *, or a comma-separated list."
    ] = "*"
    cors_methods: Annotated[str, click.STRING, "Methods for other origins, comma-separated."] = "GET"
    cache_mb: Annotated[int, _count(), "Memory a worker keeps small files in, MB."] = 32
    body_limit: Annotated[int, _count(1), "Largest request body, bytes."] = 16384
    stall_timeout: Annotated[float, _SECONDS, "Seconds a client may take no bytes before the end."] = 60.0
    transforms: Annotated[
        int, _count(1), "Cut or unpacked responses a worker has open; half of them for one address."
    ] = 64
    transform_wait: Annotated[float, Number(0, _MOST), "Seconds to wait to be one of those before 503."] = (
        10.0
    )
    least_rate: Annotated[int, _count(), "Bytes a second that a client takes of those, or the end."] = 16384
    ws_max: Annotated[int, _count(1), "WebSocket connections a worker takes."] = 1000
    ws_ping: Annotated[float, _SECONDS, "Seconds between WebSocket pings."] = 20.0
    ws_poll: Annotated[float, Number(0.01, _MOST), "Seconds between looks at the log of a run under way."] = (
        0.5
    )
    ws_idle: Annotated[float, _SECONDS, "Seconds without news after which a run counts as stopped."] = 900.0
    keep_alive: Annotated[int, _count(), "Seconds an idle HTTP connection stays open."] = 75
    grace: Annotated[int, _count(), "Seconds that open responses get at a graceful stop."] = 10
    access_log: Annotated[bool, click.BOOL, "One JSON line a request on standard output."] = True

    @classmethod
    def load(cls, args: Sequence[str] = ()) -> "Settings":
        """The values of a command line. Raises click.UsageError."""
        command = click.command("f1-serve")(options(partial(cls)))
        settings: Settings = command.main(list(args), standalone_mode=False)
        return settings

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for worker processes."""
        return {variable(f"--{each.name}"): str(getattr(self, each.name)) for each in fields(self)}


class _Option(click.Option):
    """An option whose empty variable is a value: `F1_CORS_ORIGINS=` lets no other origin read."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        return os.environ.get(str(self.envvar))


def options(command: _F) -> _F:
    """Give a command one option for each setting."""
    declared = get_type_hints(Settings, include_extras=True)
    for each in reversed(fields(Settings)):
        kind, meaning = declared[each.name].__metadata__
        flag, shown = "--" + each.name.replace("_", "-"), each.default != "" or "none"
        if kind is click.BOOL:  # of a switch click would show the name of its flag
            flag, shown = f"{flag}/--no-{flag[2:]}", str(each.default).lower()
        add = option(flag, cls=_Option, type=kind, default=each.default, show_default=shown, help=meaning)
        command = add(command)
    return command
