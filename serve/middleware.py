"""What every exchange gets, in one layer around the router: request id, access log, metrics, problems for
what fails, and headers for security and CORS.

Plain ASGI: starlette's own stack puts two more layers between a file and its socket, and its
BaseHTTPMiddleware a task and a queue.
"""

import asyncio
import re
import time
from random import getrandbits
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve import logs
from serve.call import RawHeaders
from serve.conditional import Headers
from serve.metrics import Metrics
from serve.problems import REFUSED, Problem, problem_of, respond
from serve.settings import Settings

_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_READABLE = (
    b"access-control-expose-headers",
    b"accept-ranges, content-encoding, content-length, content-range, etag, retry-after, x-request-id",
)
_ALLOWED_HEADERS = b"accept, content-type, if-match, if-none-match, if-range, range, x-request-id"


class Outermost:
    """Numbers, times, logs and counts each exchange, answers what escapes, and adds the headers."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = settings.access_log
        self._ended: list[tuple[Scope, Exchange, float]] = []
        self._origins = {origin.strip().encode() for origin in settings.cors_origins.split(",")} - {b""}
        self._methods = ", ".join(m.strip().upper() for m in settings.cors_methods.split(",")).encode()
        self._for_all = [(b"access-control-allow-origin", b"*"), _READABLE]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # where there is none, starlette answers 404 and 405 itself, in plain text
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        exchange = Exchange(headers, send, self._cors(scope, headers))
        try:
            if scope["type"] != "http" or not await self._settled(scope, headers, exchange):
                await self._app(scope, receive, exchange.send)
        except ClientDisconnect:
            pass  # in the middle of its own request: no fault of ours, and nobody to tell
        except Exception as error:
            await self._answer(error, scope, receive, exchange)
        finally:
            self._ended.append((scope, exchange, time.perf_counter() - exchange.started))
            if len(self._ended) == 1:
                asyncio.get_running_loop().call_soon(self._record)

    async def _settled(self, scope: Scope, headers: Headers, exchange: "Exchange") -> bool:
        """Whether there is nothing left to do: a preflight is answered here. Raises what is refused."""
        refused = scope.get(REFUSED) or fault_of_host(scope["headers"], scope["http_version"])
        if refused:
            raise refused
        if scope["method"] != "OPTIONS" or b"access-control-request-method" not in headers:
            return False
        fields = [
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", b"86400"),
        ]
        await exchange.send({"type": "http.response.start", "status": 204, "headers": fields})
        await exchange.send({"type": "http.response.body", "body": b""})
        return True

    async def _answer(self, error: Exception, scope: Scope, receive: Receive, exchange: "Exchange") -> None:
        """A problem as the response; what is none of ours as one, and into the log."""
        problem, known = problem_of(error, scope)
        if exchange.status or not known:
            logs.ERRORS.error(
                "request failed", exc_info=error, extra={"fields": {"request_id": exchange.id.decode()}}
            )
        if scope["type"] == "http" and not exchange.status:
            await respond(problem, scope)(scope, receive, exchange.send)

    def _record(self) -> None:
        """Count and log what has ended in one turn of the loop: together, it is less work for each."""
        ended, self._ended = self._ended, []
        for scope, exchange, seconds in ended:
            if scope["type"] == "http":
                method, route = scope["method"], _route(scope)
                self._metrics.observe(method, route, exchange.status, seconds, exchange.sent)
        if self._log:
            logs.access(_line(*one) for one in ended)

    def _cors(self, scope: Scope, headers: Headers) -> RawHeaders:
        if scope["type"] != "http" or not self._origins:
            return []
        if b"*" in self._origins:
            return self._for_all
        origin, vary = headers.get(b"origin"), (b"vary", b"origin")
        return (
            [(b"access-control-allow-origin", origin), _READABLE, vary] if origin in self._origins else [vary]
        )


class Exchange:
    """One request and what was answered so far."""

    def __init__(self, headers: Headers, send: Send, cors: RawHeaders) -> None:
        given = headers.get(b"x-request-id")
        self.id = given if given and _REQUEST_ID.fullmatch(given) else b"%016x" % getrandbits(64)
        self.started = time.perf_counter()
        self.status = 0
        self.sent = 0
        self._cors = cors
        self._send = send

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            self.sent += len(message.get("body", b""))
        elif kind == "http.response.start":
            self.status = message["status"]
            own = message["headers"]
            headers = [*own, (b"x-request-id", self.id), *SECURITY, *self._cors]
            if _POLICY[0] not in dict(own):
                headers.append(_POLICY)
            message = {"type": kind, "status": self.status, "headers": headers}
        elif kind == "websocket.accept":
            self.status = 101
            message = {
                **message,
                "headers": [*message.get("headers", ()), (b"x-request-id", self.id)],
            }
        elif kind == "websocket.close":
            self.status = message.get("code", 1000)
        await self._send(message)


def _route(scope: Scope) -> str:
    route: str = getattr(scope.get("route"), "path", "none")
    return route


def _line(scope: Scope, exchange: Exchange, seconds: float) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "request_id": exchange.id.decode(),
        "client": client[0] if client else None,
        "method": scope.get("method", "WS"),
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "route": _route(scope),
        "status": exchange.status,
        "bytes": exchange.sent,
        "ms": round(seconds * 1000, 2),
    }


def fault_of_host(headers: RawHeaders, version: str) -> Problem | None:
    """A request names one host (RFC 9112, 3.2): of several, each proxy may choose another."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) == 1 and _HOST.fullmatch(hosts[0]):
        return None
    if not hosts and version != "1.1":
        return None
    return Problem(400, "A request has one Host header, with the name or address of the server.")
