"""Bytes of an open file onto the wire: as they are, unpacked, or handed to the server by name.

Blocks are small enough that hundreds of slow clients stay within tens of megabytes, and that one fast client
does not keep the others waiting; they are large enough that Python is not what limits throughput.
"""

import asyncio
import gzip
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import IPv6Address
from weakref import WeakValueDictionary

from zlib_ng import gzip_ng

from serve.call import Call
from serve.files import Open
from serve.memory import Memory
from serve.problems import unavailable

BLOCK = 1 << 16
UNPACKED_BLOCK = 1 << 18
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)


class ClientGoneError(Exception):
    """The client left or took no bytes for too long: stop, there is nobody to tell."""


class Client:
    """The sending side of one response, which notices a client that is gone, stalled or too slow.

    `send` returns at once for a client that has left, so without watching `receive` a cut of
    hundreds of megabytes would run on for nobody.
    """

    def __init__(self, call: Call, stall_timeout: float, least_rate: float = 0) -> None:
        """`least_rate`: bytes a second that the client takes on average, looked at after `stall_timeout`
        seconds of waiting for it; making the bytes does not count."""
        self._receive = call.receive
        self._send = call.send
        self._timeout = stall_timeout
        self._rate = least_rate
        self._sent = 0
        self._waited = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Client":
        self._watch = asyncio.create_task(self._until_gone())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def write(self, body: bytes | bytearray, more: bool = True) -> None:
        if self._watch is not None and self._watch.done():
            raise ClientGoneError
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError as error:
            raise ClientGoneError from error
        self._sent += len(body)
        self._waited += time.monotonic() - begun
        if self._waited > self._timeout and self._sent < self._rate * self._waited:
            raise ClientGoneError
        # A send that fits the socket's buffer never suspends; the other connections get their turn here.
        await asyncio.sleep(0)


async def send_range(client: Client, opened: Open, start: int, end: int) -> None:
    """Bytes `start` to `end` of the file."""
    while start < end:
        block = await read_block(opened.fd, min(BLOCK, end - start), start)
        if not block:
            raise ClientGoneError  # shorter than fstat said: someone wrote it in place; cut off, not padded
        start += len(block)
        await client.write(block, more=start < end)


async def read_block(fd: int, size: int, offset: int) -> bytes | bytearray:
    """Read without ever blocking the event loop on a disk: from the page cache here, else in a thread."""
    if _NOWAIT is not None:
        block = bytearray(size)
        try:
            got = os.preadv(fd, [block], offset, _NOWAIT)
        except OSError:  # not in memory, or a file system without the flag
            got = 0
        if got:
            del block[got:]
            return block
    return await asyncio.to_thread(os.pread, fd, size, offset)


def unpacked(opened: Open) -> Iterator[bytes]:
    """The plain bytes of a gzip file, in blocks of bounded size whatever the ratio."""
    try:
        with (
            open(opened.fd, "rb", buffering=0, closefd=False) as packed,
            gzip_ng.open(packed) as plain,  # type: ignore[no-untyped-call]
        ):
            while block := plain.read(UNPACKED_BLOCK):
                yield block
    except gzip.BadGzipFile as error:  # an OSError, which would stand for a file that cannot be read just now
        raise ValueError("a file is not gzip as it says") from error


class Transforms:
    """Work on whole documents (unpacking, cutting): block by block in threads, as many as processors.

    Between two blocks a document waits for its client and holds about a megabyte, so how many are open is
    bounded, and one address has at most half of them. Clients that are slow keep nobody from a thread.
    """

    def __init__(self, limit: int, wait: float) -> None:
        self._places = asyncio.Semaphore(limit)
        self._share = max(limit // 2, 1)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._wait = wait
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "transform")

    @asynccontextmanager
    async def place(self, call: Call) -> AsyncIterator[None]:
        """Room for one document that is made for a client."""
        client = network_of((call.scope.get("client") or [""])[0])
        share = self._shares.setdefault(client, asyncio.Semaphore(self._share))
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._wait):
                    await stack.enter_async_context(share)
                    await stack.enter_async_context(self._places)
            except TimeoutError as error:
                raise unavailable("Too many requests for cut or unpacked frames at the moment.", 5) from error
            yield

    async def following(self, blocks: Iterator[bytes]) -> bytes | None:
        """The next block, made in a thread; None at the end."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(next, blocks, None))

    async def run(self, function: Callable[[bytes], bytes], body: bytes) -> bytes:
        """Work on a document that is small, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, body)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def network_of(address: str) -> str:
    """Whose an address is: of IPv6 a client has a whole network, and may come from any address of it."""
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or parsed.exploded[:19])


class Packer:
    """Text as gzip: made in a thread, once for all who wait for it."""

    def __init__(self, memory: Memory, transforms: Transforms) -> None:
        self._memory = memory
        self._transforms = transforms
        self._making: dict[tuple[str, str], asyncio.Future[bytes]] = {}

    async def packed(self, name: str, etag: str, body: bytes) -> bytes:
        name = f"{name}\0gzip"
        kept = self._memory.get(name, etag)
        if kept is not None:
            return kept
        making = self._making.get((name, etag))
        if making is None:
            making = asyncio.ensure_future(self._transforms.run(_gzip, body))
            self._making[name, etag] = making
            making.add_done_callback(lambda _: self._making.pop((name, etag)))
        packed = await asyncio.shield(making)  # who waits may go; the others go on waiting
        self._memory.keep(name, etag, packed)
        return packed


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
