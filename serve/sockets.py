"""uvicorn's WebSocket connection, for clients that have nothing to say; and what is wrong with a handshake.

uvicorn leaves a handshake that it does not understand without an answer, keeps the fragments of a message
without end, and answers pings however many and whether or not the answers are taken.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from serve.problems import Problem

MOST_SAID = 1 << 16  # bytes: the answers to our pings for a day and a half


class Socket(WebSocketsSansIOProtocol):
    """Ends when the client has said more than anyone has to."""

    _said = 0

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:
            self._said += len(data)
        if self._said <= MOST_SAID:
            super().data_received(data)
        elif not self.transport.is_closing():
            self.conn.fail(CloseCode.POLICY_VIOLATION, "nothing is asked of clients here")
            self.handle_parser_exception()
            self._abort_later()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_later()

    def _abort_later(self) -> None:
        """A closed transport waits until its buffer is taken, for ever."""
        self.loop.call_later(self.close_timeout, self.transport.abort)


def fault_of(method: str, url: bytes, headers: list[tuple[bytes, bytes]]) -> Problem | None:
    """Why a handshake is to be refused, found by trying it."""
    head = [method.encode(), b" ", url, b" HTTP/1.1\r\n"]
    for name, value in headers:
        head += [name, b": ", value, b"\r\n"]
    trial = ServerProtocol()
    trial.receive_data(b"".join(head) + b"\r\n")
    for request in trial.events_received():
        if isinstance(request, Request):
            response = trial.accept(request)
            if response.status_code == 101:
                return None
            trial.send_response(response)
    said = b"".join(trial.data_to_send())
    detail = f"This is no WebSocket handshake: {trial.handshake_exc}."
    version = {"Sec-WebSocket-Version": "13"} if said[9:12] == b"426" else {}
    return Problem(int(said[9:12] or 400), detail, headers=version)
