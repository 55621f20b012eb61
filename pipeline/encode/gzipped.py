"""One deterministic gzip stream, its blocks compressed side by side.

Each block is deflated on its own and ends on a byte boundary (a sync flush), so the blocks join to a
single member: some browsers stop after the first member of a file that has several.
"""

import struct
from collections import deque
from concurrent.futures import Executor, Future
from typing import BinaryIO

from zlib_ng import zlib_ng

LEVEL = 8
BLOCKS, SMALL_BLOCKS = 9, 7  # memory levels: how much text shares one table of codes
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, mtime 0, unknown system
_EMPTY_LAST_BLOCK = b"\x03\x00"
_AHEAD = 2  # blocks


class GzipWriter:
    """Compresses blocks on `pool` and writes them to `out` in order; keeps a few in memory."""

    def __init__(self, out: BinaryIO, pool: Executor) -> None:
        self._out = out
        self._pool = pool
        self._pending: deque[Future[bytes]] = deque()
        self._crc = 0
        self._size = 0
        out.write(_HEADER)

    def write(self, block: bytes, repeats_after: int = 0) -> None:
        """Append a block of text.

        Args:
            repeats_after: bytes after which the text resembles itself; the compressor then looks no further
                back, which finds the same matches in half the time and names them in fewer bits.
        """
        if not block:
            return
        self._crc = zlib_ng.crc32(block, self._crc)
        self._size += len(block)
        self._pending.append(self._pool.submit(_deflate, block, _window(repeats_after)))
        while len(self._pending) > _AHEAD:
            self._out.write(self._pending.popleft().result())

    def close(self) -> None:
        """Write what is pending and the trailer; the file stays open."""
        while self._pending:
            self._out.write(self._pending.popleft().result())
        self._out.write(_EMPTY_LAST_BLOCK + struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))


def _window(distance: int) -> int:
    """The smallest window, as a power of two, in which a match `distance` back can be found."""
    margin = 262  # zlib's own: the longest match and what it reads ahead
    return min(15, max(9, (distance + margin - 1).bit_length())) if distance else 15


def _deflate(
    block: bytes, window: int = 15, flush: int = zlib_ng.Z_SYNC_FLUSH, blocks: int = BLOCKS
) -> bytes:
    # the text is digits that look random between long repeats, which is what Z_FILTERED is for: 2 % smaller
    compressor = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, -window, blocks, zlib_ng.Z_FILTERED)
    return compressor.compress(block) + compressor.flush(flush)


def gzip_bytes(data: bytes) -> bytes:
    """A small document, whose parts differ, as one deterministic gzip member."""
    body = _deflate(data, flush=zlib_ng.Z_FINISH, blocks=SMALL_BLOCKS)
    return _HEADER + body + struct.pack("<LL", zlib_ng.crc32(data), len(data) & 0xFFFFFFFF)
