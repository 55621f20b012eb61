"""Settings: one table of name, environment variable, default and help, read once at the edge.

The table makes the dataclass's values, the flags of `f1-serve` and the table in the documentation, so the
three cannot drift apart. A flag wins over the environment, the environment over the default.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

PREFIX = "F1_"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_URL = re.compile(r"(https?://[^\s;,]+)?")  # it also stands in a header of the replay page


class SettingsError(ValueError):
    """A setting that cannot be understood; the message names it and says what is allowed."""


@dataclass(frozen=True)
class Setting:
    name: str
    kind: type[str] | type[int] | type[float] | type[bool] | type[Path]
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    minimum: float = 0
    maximum: float = 1e9

    @property
    def env(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


TABLE = (
    Setting("out", Path, "computed_data", "folder of the published files"),
    Setting("host", str, "127.0.0.1", "address to listen on"),
    Setting("port", int, 8000, "port to listen on", maximum=65535),
    Setting("workers", int, 1, "server processes", minimum=1),
    Setting("cdn_url", str, "", "base URL of a CDN or bucket: artifact requests answer 307 to it"),
    Setting("sendfile", str, "", "who sends the bytes; nginx: X-Accel-Redirect", choices=("", "nginx")),
    Setting("cors_origins", str, "*", "origins that may read in a browser: *, or a comma-separated list"),
    Setting("cors_methods", str, "GET", "methods for other origins, comma-separated"),
    Setting("cache_mb", int, 32, "memory a worker keeps small files in, MB"),
    Setting("body_limit", int, 16384, "largest request body, bytes", minimum=1),
    Setting("stall_timeout", float, 60.0, "seconds a client may take no bytes before the end", minimum=0.1),
    Setting("transforms", int, 8, "responses a worker cuts or unpacks at a time", minimum=1),
    Setting("transform_wait", float, 10.0, "seconds to wait for one of those places before 503"),
    Setting("ws_max", int, 1000, "WebSocket connections a worker takes", minimum=1),
    Setting("ws_ping", float, 20.0, "seconds between WebSocket pings", minimum=0.1),
    Setting("ws_poll", float, 0.5, "seconds between looks at the log of a run under way", minimum=0.01),
    Setting("ws_idle", float, 900.0, "seconds without news after which a run counts as stopped", minimum=0.1),
    Setting("keep_alive", int, 75, "seconds an idle HTTP connection stays open"),
    Setting("grace", int, 10, "seconds that open responses get at a graceful stop"),
    Setting("access_log", bool, True, "one JSON line a request on standard output"),
)


@dataclass(frozen=True)
class Settings:
    """The values; `TABLE` says what each means."""

    out: Path
    host: str
    port: int
    workers: int
    cdn_url: str
    sendfile: Literal["", "nginx"]
    cors_origins: str
    cors_methods: str
    cache_mb: int
    body_limit: int
    stall_timeout: float
    transforms: int
    transform_wait: float
    ws_max: int
    ws_ping: float
    ws_poll: float
    ws_idle: float
    keep_alive: int
    grace: int
    access_log: bool

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, **flags: Any) -> "Settings":
        """Flags (None: not given) over `env` (default: the process environment) over defaults."""
        source = os.environ if env is None else env
        values = {}
        for setting in TABLE:
            given = flags.get(setting.name)
            raw = source.get(setting.env, setting.default) if given is None else given
            values[setting.name] = parse(setting, raw)
        return cls(**values)

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for worker processes."""
        return {PREFIX + field.name.upper(): str(getattr(self, field.name)) for field in fields(self)}


def parse(setting: Setting, raw: object) -> Any:
    text = str(raw).strip()
    if setting.kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise SettingsError(f"{setting.env} must be true or false, not {text!r}")
        return text.lower() in _TRUE
    try:
        value = setting.kind(text)
    except ValueError as error:
        raise SettingsError(f"{setting.env} must be {_NOUN[setting.kind]}, not {text!r}") from error
    _check(setting, value, text)
    return value


def _check(setting: Setting, value: Any, text: str) -> None:
    if setting.choices and value not in setting.choices:
        allowed = ", ".join(repr(choice) for choice in setting.choices)
        raise SettingsError(f"{setting.env} must be one of {allowed}, not {text!r}")
    if isinstance(value, int | float) and not value >= setting.minimum:  # nan is neither below nor above
        raise SettingsError(f"{setting.env} must be at least {setting.minimum:g}, not {text}")
    if isinstance(value, int | float) and value > setting.maximum:
        raise SettingsError(f"{setting.env} must be at most {setting.maximum:g}, not {text}")
    if setting.name == "cdn_url" and not _URL.fullmatch(text):
        raise SettingsError(f"{setting.env} must begin with https:// or http://, not {text!r}")


_NOUN: dict[type, str] = {int: "a whole number", float: "a number", Path: "a path", str: "text"}
