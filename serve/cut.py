"""Cut every k-th frame out of a precomputed frames document, in bounded memory.

It works on lines, without parsing JSON: the format has the header on the first line, up to `"frames":[`, then
one frame a line. So a cut costs an unpack, a split and a pack, and holds one block at a time.
"""

import re
from collections.abc import Iterator

import orjson
from zlib_ng import zlib_ng

_HEADER = re.compile(rb'"frame_skip":\s*(\d+),\s*"fps":\s*([0-9.eE+-]+)')
_GZIP = 31
_LONGEST_LINE = 1 << 24  # far above any real header; a damaged file must not fill the memory
LEVEL = 2


class NotFramesError(ValueError):
    """The source is not laid out as the format says."""


def lines_of(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Whole lines, as many as came with each block, without their newline."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise NotFramesError("a line without end")
        yield lines
    if rest:
        yield [rest]


def cut(blocks: Iterator[bytes], step: int) -> Iterator[bytes]:
    """The document of every `step`-th frame, in blocks, from the blocks of its source."""
    batches = lines_of(blocks)
    header: bytes | None = None
    index = 0  # of the next frame line in the source
    written = False
    closing = b""
    for lines in batches:
        if header is None and lines:
            header = renumbered(lines.pop(0), step)
            yield header + b"\n"
        frames = [line for line in lines if line.startswith(b"{")]
        closing = next((line for line in lines if line.startswith(b"]")), closing)
        kept = [line.rstrip(b",") for line in frames[-index % step :: step]]
        index += len(frames)
        if kept:
            yield (b",\n" if written else b"") + b",\n".join(kept)
            written = True
    if not closing:
        raise NotFramesError("the frames have no end")
    yield (b"\n" if written else b"") + closing + b"\n"


def renumbered(header: bytes, step: int) -> bytes:
    """The header line with `frame_skip` and `fps` of the cut."""
    found = _HEADER.search(header, 0, 200)
    if found is None or not header.endswith(b'"frames":['):
        raise NotFramesError("the first line is not a frames header")
    fields = b'"frame_skip":%d,"fps":%b' % (int(found[1]) * step, orjson.dumps(float(found[2]) / step))
    return header[: found.start()] + fields + header[found.end() :]


def packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks as a gzip stream."""
    packer = zlib_ng.compressobj(LEVEL, wbits=_GZIP)
    for block in blocks:
        if out := packer.compress(block):
            yield out
    yield packer.flush()
