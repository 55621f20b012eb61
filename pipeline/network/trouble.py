"""What went wrong between us and a host, in one word and one sentence. Needs neither fastf1 nor requests."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from pipeline.network.answer import TooLargeError
from pipeline.network.hosts import Host

Kind = Literal[
    "refused", "reset", "dns", "timeout", "truncated", "limited", "server", "blocked", "absent", "other"
]
PASSING: frozenset[Kind] = frozenset({"refused", "reset", "dns", "timeout", "truncated", "limited", "server"})

_SAYS: dict[Kind, str] = {
    "refused": "refuses the connection",
    "reset": "breaks the connection off",
    "dns": "has a name that does not resolve",
    "timeout": "does not answer in time",
    "truncated": "sends incomplete answers",
    "limited": "says that it was asked too often",
    "server": "has an error of its own",
    "blocked": "refuses this machine's address",
    "absent": "does not have it",
    "other": "gives an answer of no use",
}
_DO: dict[Kind, str] = {
    "dns": "check the network and DNS, or use --offline with a filled cache",
    "refused": "check the network, firewall and proxy (HTTPS_PROXY)",
    "blocked": "hosters are often blocked: fetch on another network and publish here with --offline and a "
    "copy of its cache, or name a proxy in HTTPS_PROXY",
    "limited": "run again later",
    "absent": "it may be too early",
}
_LATER = "it should pass: run again later"


@dataclass(frozen=True)
class Trouble:
    """One request that failed. `retry_after` is the wait in seconds that the host asks for."""

    host: Host
    kind: Kind
    status: int | None = None
    retry_after: float | None = None

    @property
    def passing(self) -> bool:
        """Whether it goes away by itself."""
        return self.kind in PASSING

    def __str__(self) -> str:
        code = f" ({self.status})" if self.status else ""
        return f"{self.host.what} ({self.host.url}) {_SAYS[self.kind]}{code}: {_DO.get(self.kind, _LATER)}"


def of_status(
    host: Host, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Trouble | None:
    """What an answer's status tells; None for one of use."""
    if status < 400:
        return None
    wait = retry_after(headers.get("Retry-After"), now)
    if status == 429:
        return Trouble(host, "limited", status, wait)
    if status >= 500:
        return Trouble(host, "server", status, wait)
    if status in (404, 410) or (status == 403 and _is_missing_object(body)):
        return Trouble(host, "absent", status)
    return Trouble(host, "blocked" if status in (401, 403, 451) else "other", status)


def _is_missing_object(body: bytes) -> bool:
    """F1's files lie in S3, which denies access to those that do not exist; a firewall answers otherwise."""
    return b"<Code>AccessDenied</Code>" in body or b"<Code>NoSuchKey</Code>" in body


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date; None for none or nonsense."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,6}\s*", value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def of_error(host: Host, error: BaseException) -> Trouble:
    """What an exception of requests or urllib tells, by the causes it carries."""
    chain = list(_causes(error))
    names = {type(cause).__name__ for cause in chain}
    if isinstance(error, TooLargeError):
        kind: Kind = "other"
    elif "IncompleteRead" in names or "ChunkedEncodingError" in names or "ContentDecodingError" in names:
        kind = "truncated"
    elif any(isinstance(cause, socket.gaierror) for cause in chain) or "NameResolutionError" in names:
        kind = "dns"
    elif any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in chain):
        kind = "timeout"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        kind = "refused"
    else:
        kind = "reset" if any(isinstance(cause, OSError) for cause in chain) else "other"
    return Trouble(host, kind)


def _causes(error: BaseException) -> list[BaseException]:
    """An error, what it wraps and what it was raised from."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop()
        if not isinstance(item, BaseException) or item in found:
            continue
        found.append(item)
        todo += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found
