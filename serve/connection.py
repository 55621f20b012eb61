"""uvicorn's HTTP connection, bounded in what a client may say and in how long it may keep silent.

uvicorn takes heads of any size, queues any number of requests, and times the pause after a response alone: a
client that connects and says nothing, that stops in the middle of its request, or that takes no more of a
response given up, would keep its socket for ever; a closed transport waits until its buffer is taken.

What is refused here goes through the app: its answer is counted, logged and dressed as any other.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serve.middleware import fault_of_host
from serve.problems import REFUSED, Problem
from serve.sockets import fault_of

LARGEST_HEAD = 1 << 16  # bytes; of browsers it is a few hundred, with cookies a few thousand
MOST_FIELDS = 128  # of one head; each costs memory far beyond its bytes
MOST_WAITING = 32  # requests sent before the answers to earlier ones; browsers send none
LINGER_S = 2.0
_STEP = 1 << 16  # bytes of a response given up that a client has to take from one look to the next
_SHOWN = 200  # bytes of a path in the answer and the log

Wait = tuple[str, object]


class _Stop(Exception):  # noqa: N818 - it ends the parser's loop and is no error
    pass


class Connection(HttpToolsProtocol):
    """Ends when the client has not moved from one look to the next, `timeout_keep_alive` seconds later."""

    url = b""
    _next_look: asyncio.TimerHandle | None = None
    _unparsed = 0  # bytes since a head or a piece of a body was whole
    _over = False  # what still comes is dropped
    _problem: Problem | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > LARGEST_HEAD and not self._over:
            self._refuse(_too_large())

    def on_headers_complete(self) -> None:
        # Most heads come in one piece, which says how large they can be at most.
        large = self._unparsed > LARGEST_HEAD and self._head_size() > LARGEST_HEAD
        self._unparsed = 0
        if large or len(self.headers) > MOST_FIELDS:
            self._problem = _too_large()
            raise _Stop
        super().on_headers_complete()
        if len(self.pipeline) >= MOST_WAITING:
            self.cycle.keep_alive = False  # those after this one are for another connection
            self._over = True
            raise _Stop

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        if not self._over:
            self._refuse(self._problem or Problem(400, "The request is not HTTP as it should be."))

    def handle_websocket_upgrade(self) -> None:
        problem = fault_of_host(self.headers, self.scope["http_version"]) or fault_of(
            self.scope["method"], self.url, self.headers
        )
        if problem is not None:
            self._refuse(problem)
            return
        self._stop_looking()
        super().handle_websocket_upgrade()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self, problem: Problem) -> None:
        """Answer after what was asked before, and close."""
        self._over = True
        refusal = self._refusal(problem)
        before, self.cycle = self.cycle, refusal
        if before is None or before.response_complete:
            self._start_asgi_task(refusal, self.app)
        elif before.response_started or not before.more_body:
            self.pipeline.appendleft((refusal, self.app))
        elif self.pipeline:  # the request whose body is at fault has not had its turn
            self.pipeline[0] = (refusal, self.app)
        else:
            before.disconnected = True
            before.message_event.set()
            self._start_asgi_task(refusal, self.app)

    def _refusal(self, problem: Problem) -> RequestResponseCycle:
        path = self.url.partition(b"?")[0][:_SHOWN]
        self.on_message_begin()  # makes a new scope: the one there is may be half filled
        scope = {"method": "GET", "path": path.decode("latin-1"), "raw_path": path, "query_string": b""}
        return RequestResponseCycle(
            scope=self.scope | scope | {REFUSED: problem},  # type: ignore[arg-type]
            transport=_Lingering(self.transport, self.loop),  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )

    def _look(self, before: Wait | None) -> None:
        wait = self._waits_for()
        if wait is not None and wait == before:
            if self.transport.is_closing():
                self.transport.abort()
                return
            self.transport.close()
        self._next_look = self.loop.call_later(max(self.timeout_keep_alive, 1), self._look, wait)

    def _waits_for(self) -> Wait | None:
        """What the client has to do next; None where it is the server's turn, or the app keeps the time."""
        if self.transport.is_closing():
            return "take the rest", self.transport.get_write_buffer_size() // _STEP
        if self.cycle is None or self.cycle.response_complete:
            return "ask", self.cycle
        if self.cycle.more_body and not self.cycle.response_started:
            return "send the rest of", self.cycle
        return None

    def _stop_looking(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()  # else a timer would hold each ended connection for its time
            self._next_look = None


class _Lingering:
    """A transport whose closing lets the client read the answer first: closing a socket that has unread bytes
    resets the connection, and takes back what was sent."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._transport.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._transport.write_eof()
        self._transport.resume_reading()
        self._loop.call_later(LINGER_S, self._transport.abort)


def _too_large() -> Problem:
    return Problem(431, f"The head of a request may have {LARGEST_HEAD} bytes and {MOST_FIELDS} fields.")
