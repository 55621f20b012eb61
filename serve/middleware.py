"""What every response gets: request id, access log, metrics, errors; and headers for security and CORS.

Plain ASGI: starlette's BaseHTTPMiddleware would put a task and a queue between a file and its socket.
"""

import os
import re
import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve import logs
from serve.call import RawHeaders
from serve.metrics import Metrics
from serve.problems import REFUSED, UNREADABLE, Problem, instance_of, respond, unavailable

_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_EXPOSED = b"accept-ranges, content-encoding, content-length, content-range, etag, retry-after, x-request-id"
_ALLOWED_HEADERS = b"accept, content-type, if-match, if-none-match, if-range, range, x-request-id"


class Observe:
    """Outermost: numbers, times, logs and counts each exchange, and logs what escapes."""

    def __init__(self, app: ASGIApp, metrics: Metrics, access_log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        try:
            await self._app(scope, receive, exchange.send)
        except ClientDisconnect:
            pass  # in the middle of its own request: no fault of ours, and nobody to tell
        except Exception as error:
            logs.ERRORS.error("request failed", exc_info=error, extra={"fields": {"request_id": exchange.id}})
        finally:
            self._record(scope, exchange)

    def _record(self, scope: Scope, exchange: "Exchange") -> None:
        seconds = time.perf_counter() - exchange.started
        route = getattr(scope.get("route"), "path", "none")
        method = scope.get("method", "WS")
        if scope["type"] == "http":
            self._metrics.observe(method, route, exchange.status, seconds, exchange.sent)
        if self._log:
            logs.access(_line(scope, exchange, method, route, seconds))


class Exchange:
    """One request and what was answered so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        self.id = (given if _REQUEST_ID.fullmatch(given) else os.urandom(8).hex().encode()).decode()
        self.started = time.perf_counter()
        self.status = 0
        self.sent = 0
        self._length = 0
        self._send = send

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            self.sent += len(message.get("body", b""))
        elif kind in {"http.response.start", "websocket.accept"}:
            self.status = message.get("status", 101)
            headers = [*message.get("headers", ()), (b"x-request-id", self.id.encode())]
            self._length = next((int(value) for name, value in headers if name == b"content-length"), 0)
            message = {**message, "headers": headers}
        elif kind == "http.response.pathsend":
            self.sent = self._length
        elif kind == "websocket.close":
            self.status = message.get("code", 1000)
        await self._send(message)


def _line(scope: Scope, exchange: Exchange, method: str, route: str, seconds: float) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "request_id": exchange.id,
        "client": client[0] if client else None,
        "method": method,
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "route": route,
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


def _apology(error: Exception, scope: Scope) -> ASGIApp:
    problem = Problem(500, "The server failed; its log says why under this response's X-Request-Id.")
    if isinstance(error, OSError):
        problem = unavailable(UNREADABLE)
    return respond(problem, instance_of(scope))


class OutgoingHeaders:
    """Security headers, and CORS by a table of origins: cheap enough for every response.

    Also makes what escapes a problem, which needs the same headers: a page of another origin may not read
    an answer without them.
    """

    def __init__(self, app: ASGIApp, origins: str, methods: str) -> None:
        self._app = app
        self._origins = {origin.strip().encode() for origin in origins.split(",") if origin.strip()}
        self._any = b"*" in self._origins
        self._methods = ", ".join(method.strip().upper() for method in methods.split(",")).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = dict(scope["headers"])
        extra = SECURITY + self._cors(request.get(b"origin"))
        refused = scope.get(REFUSED) or fault_of_host(scope["headers"], scope["http_version"])
        if not refused and scope["method"] == "OPTIONS" and b"access-control-request-method" in request:
            await self._preflight(send, extra)
            return

        started = False

        async def send_with(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = [*message.get("headers", ()), *extra]
                if _POLICY[0] not in dict(headers):
                    headers.append(_POLICY)
                message = {**message, "headers": headers}
            await send(message)

        app = respond(refused, instance_of(scope)) if refused else self._app
        try:
            await app(scope, receive, send_with)
        except ClientDisconnect:
            raise
        except Exception as error:
            if not started:
                await _apology(error, scope)(scope, receive, send_with)
            raise

    def _cors(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        if self._any:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        if not self._origins:
            return []
        vary = (b"vary", b"origin")
        if origin not in self._origins:
            return [vary]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
            vary,
        ]

    async def _preflight(self, send: Send, extra: list[tuple[bytes, bytes]]) -> None:
        headers = [
            *extra,
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", b"86400"),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
