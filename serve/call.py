"""One HTTP exchange on plain ASGI: the scope and the two callables, with the few things done to them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

RawHeaders = list[tuple[bytes, bytes]]
Fields = tuple[tuple[bytes, bytes], ...]  # of a response, made once


@dataclass(slots=True)
class Call:
    """What an endpoint is given."""

    scope: Scope
    receive: Receive
    send: Send
    method: str = field(init=False)
    path: dict[str, Any] = field(init=False)  # its parameters
    headers: dict[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.method = self.scope["method"]
        self.path = self.scope["path_params"]
        self.headers = dict(self.scope["headers"])

    async def start(self, status: int, fields: RawHeaders) -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": fields})

    async def reply(self, status: int, fields: RawHeaders, body: bytes = b"") -> None:
        """A whole response."""
        await self.start(status, fields)
        await self.send({"type": "http.response.body", "body": body})


class Endpoint:
    """Makes an async method over `Call` an ASGI app; a Route takes plain functions for request handlers."""

    def __init__(self, handle: Callable[[Call], Awaitable[None]]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handle(Call(scope, receive, send))
