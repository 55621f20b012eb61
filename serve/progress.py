"""The WebSocket that replays a race's progress log, or follows the log of a run under way.

A run appends to a live log, which is deleted once the same lines are published beside the artifacts. So
the live log wins where there is one; when it vanishes, the rest comes from the published one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.events import parse_line
from pipeline.contract.models import ProgressEvent
from serve import logs
from serve.files import Library
from serve.metrics import Metrics
from serve.models import ProgressQuery, RacePath
from serve.problems import UNREADABLE, Problem
from serve.requests import validated
from serve.settings import Settings
from serve.shelf import Shelf

DONE: Final = 1000
TRY_AGAIN: Final = 1013
FORBIDDEN: Final = 4403
NOT_FOUND: Final = 4404
INVALID: Final = 4422

Line = tuple[ProgressEvent, str]


class RefusedError(Exception):
    """The connection ends with one error message and this close code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Logs:
    """Reads progress logs of one library, whole: they are a few kilobytes."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def published(self, key: SessionKey) -> list[Line]:
        """Raises FileNotFoundError."""
        return _parsed(self._library.read(key.progress).body.splitlines(keepends=True))

    def live(self, key: SessionKey) -> tuple[list[bytes], float]:
        """Complete lines so far, and the time of the last. Raises FileNotFoundError."""
        small = self._library.read(key.live_progress)
        lines = small.body.splitlines(keepends=True)
        return lines[: small.body.count(b"\n")], small.stamp.mtime_ns / 1e9

    def has_live(self, key: SessionKey) -> bool:
        return self._library.stamp(key.live_progress) is not None


class Progress:
    """The endpoint; counts its connections."""

    def __init__(self, settings: Settings, shelf: Shelf, metrics: Metrics) -> None:
        self._settings = settings
        self._origins = {origin.strip() for origin in settings.cors_origins.split(",")}
        self._shelf = shelf
        self._logs = Logs(shelf.library)
        self._gauge = metrics.websockets
        self._open = 0

    async def endpoint(self, websocket: WebSocket) -> None:
        self._open += 1
        self._gauge.inc()
        try:
            await websocket.accept()
            code = await self._converse(websocket)
            await websocket.close(code)
        except WebSocketDisconnect:
            return
        finally:
            self._open -= 1
            self._gauge.dec()

    async def _converse(self, websocket: WebSocket) -> int:
        """Send everything; returns the close code."""
        try:
            key, query = self._admitted(websocket)
            await _unless_gone(websocket, self._play(websocket, key, query))
        except RefusedError as refused:
            code, message = refused.code, str(refused)
        except Problem as problem:  # the listings cannot be read to say what exists
            code, message = TRY_AGAIN, problem.detail
        except OSError as error:
            logs.ERRORS.error("progress log not read", exc_info=error)
            code, message = TRY_AGAIN, UNREADABLE
        else:
            return DONE
        await websocket.send_text(_error(message))
        return code

    def _admitted(self, websocket: WebSocket) -> tuple[SessionKey, ProgressQuery]:
        if self._open > self._settings.ws_max:
            raise RefusedError(TRY_AGAIN, "Too many connections at the moment; try again in a while.")
        origin = websocket.headers.get("origin")
        if origin is not None and not self._origins & {"*", origin}:
            raise RefusedError(FORBIDDEN, "This origin may not read here.")
        try:
            path = validated(RacePath, websocket.path_params)
            query = validated(ProgressQuery, dict(websocket.query_params))
        except Problem as problem:
            raise RefusedError(INVALID, problem.detail) from problem
        return SessionKey(path.year, path.round, query.session), query

    async def _play(self, websocket: WebSocket, key: SessionKey, query: ProgressQuery) -> None:
        lines = self._follow(key, query.after) if self._logs.has_live(key) else self._replay(key, query)
        async for line in lines:
            await websocket.send_text(line)

    async def _replay(self, key: SessionKey, query: ProgressQuery) -> AsyncIterator[str]:
        """The published log, at its own pace times `speed`."""
        previous = None
        for event, line in self._rest(key, query.after):
            if query.speed and previous is not None:
                pause = (event.ts - previous).total_seconds() / query.speed
                await asyncio.sleep(min(max(pause, 0), self._settings.ws_idle))
            previous = event.ts
            yield line

    async def _follow(self, key: SessionKey, after: int) -> AsyncIterator[str]:
        """The live log as it grows, to its last event.

        A new run writes a new log at the same place, maybe in the same inode; its first line, with run and
        time, tells it from the old one.
        """
        first, read, last = b"", 0, None
        while True:
            try:
                lines, written_at = self._logs.live(key)
            except FileNotFoundError:
                break
            if first and lines[:1] != [first]:
                read, after, last = 0, -1, None
            first = lines[0] if lines else first
            for event, line in _parsed(lines[read:]):
                last = event
                if event.seq > after or event.type != "progress":
                    yield line
                if event.type != "progress":
                    return
            read = len(lines)
            if time.time() - written_at > self._settings.ws_idle:
                yield _error(f"The run of {key} stopped without finishing.")
                return
            await asyncio.sleep(self._settings.ws_poll)
        seen, run = (last.seq, last.run) if last else (-1, None)
        for _, line in self._rest(key, max(after, seen), run):
            yield line

    def _rest(self, key: SessionKey, after: int, run: str | None = None) -> list[Line]:
        """Published lines after a sequence number (of `run`, else only the end), at least the last one."""
        try:
            lines = self._logs.published(key)
        except FileNotFoundError:
            raise RefusedError(NOT_FOUND, self._no_log(key)) from None
        if not lines or lines[-1][0].type == "progress":
            raise RefusedError(NOT_FOUND, f"The progress log of {key} is damaged: it has no end.")
        if run is not None and lines[-1][0].run != run:
            return lines[-1:]
        return [line for line in lines if line[0].seq > after] or lines[-1:]

    def _no_log(self, key: SessionKey) -> str:
        if self._shelf.library.stamp(key.manifest) is not None:
            return f"{str(key).capitalize()} has no progress log."
        return self._shelf.missing_race(key).detail


async def not_by_http(_: Request) -> Response:
    """What curl or a browser's address bar gets."""
    detail = "The progress log is a WebSocket: connect to this address with ws:// or wss://."
    raise Problem(426, detail, headers={"Connection": "Upgrade", "Upgrade": "websocket"})


async def _unless_gone(websocket: WebSocket, playing: Coroutine[Any, Any, None]) -> None:
    """Play until done, or until the client leaves, which only `receive` notices."""
    player = asyncio.ensure_future(playing)
    watcher = asyncio.ensure_future(_until_gone(websocket))
    try:
        await asyncio.wait({player, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if not player.done():
            raise WebSocketDisconnect
        player.result()
    finally:
        player.cancel()
        watcher.cancel()
        await asyncio.gather(player, watcher, return_exceptions=True)


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _parsed(lines: list[bytes]) -> list[Line]:
    """Whole events and their text; a line that is damaged or still being written is left out."""
    parsed = ((parse_line(line), line) for line in lines)
    return [(event, line.decode().strip()) for event, line in parsed if event is not None]


def _error(message: str) -> str:
    return orjson.dumps({"type": "error", "message": message}).decode()
