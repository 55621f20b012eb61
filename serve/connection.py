"""uvicorn's HTTP connection, with an end for clients that keep it waiting.

uvicorn times the pause after a response alone. Without this, a client that connects and says nothing, that
stops in the middle of its request, or that takes no more of a response that was given up, would keep its
socket for ever; a closed transport waits until its buffer is taken.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Wait = tuple[str, object]


class Connection(HttpToolsProtocol):
    """Ends when the client has not moved from one look to the next, `timeout_keep_alive` seconds later."""

    _next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._stop_looking()
        super().handle_websocket_upgrade()

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
            return "take the rest", self.transport.get_write_buffer_size()
        if self.cycle is None or self.cycle.response_complete:
            return "ask", self.cycle
        if self.cycle.more_body and not self.cycle.response_started:
            return "send the rest of", self.cycle
        return None

    def _stop_looking(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()  # else a timer would hold each ended connection for its time
            self._next_look = None
