"""What request headers ask of a file: encoding, preconditions, ranges (RFC 9110); pure functions."""

import re
from collections.abc import Mapping
from functools import lru_cache

Headers = Mapping[bytes, bytes]

_RANGE = re.compile(r"(\d*)-(\d*)")
_ETAG = re.compile(r'"[^"]*"')


_SHORT = 100  # bytes; real clients send fewer, and memory is not for what others make up


def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether the client asked for gzip. Without the header it gets plain bytes: curl and scripts often
    send none and do not unpack."""
    if accept_encoding is None:
        return False
    known = len(accept_encoding) <= _SHORT
    return _accepts_gzip(accept_encoding) if known else _accepts_gzip.__wrapped__(accept_encoding)


@lru_cache(maxsize=512)
def _accepts_gzip(accept_encoding: bytes) -> bool:
    weights: dict[str, float] = {}
    for item in accept_encoding.decode("latin-1").lower().split(","):
        coding, _, parameters = item.partition(";")
        weights[coding.strip()] = _weight(parameters)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def precondition(headers: Headers, etag: str) -> int | None:
    """304 or 412 where If-None-Match or If-Match says so, else None. `etag` as sent, weak or strong."""
    if_match = headers.get(b"if-match")
    if if_match is not None and not _listed(if_match, etag, weak=False):
        return 412
    if_none_match = headers.get(b"if-none-match")
    if if_none_match is not None and _listed(if_none_match, etag, weak=True):
        return 304
    return None


def _listed(header: bytes, etag: str, *, weak: bool) -> bool:
    text = header.decode("latin-1").strip()
    if text == "*":
        return True
    if weak:
        return etag.removeprefix("W/") in _ETAG.findall(text)
    return not etag.startswith("W/") and etag in [tag.strip() for tag in text.split(",")]


class UnsatisfiableError(Exception):
    """A range that is well-formed and lies outside the file: 416."""


def requested_range(headers: Headers, etag: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last of a single range; None: send the whole file.

    A header that is malformed, in another unit or of several ranges is ignored, as the RFC allows: no
    client of ours reads multipart/byteranges. Several ranges of which none lies in the file are
    416 all the same. If-Range holds only by our strong ETag; a date never does, for we send no
    Last-Modified.
    """
    text = headers.get(b"range", b"").decode("latin-1").strip()
    unit, _, specs = text.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    if_range = headers.get(b"if-range")
    if if_range is not None and if_range.decode("latin-1").strip() != etag:
        return None
    parsed = [_RANGE.fullmatch(spec.strip()) for spec in specs.split(",") if spec.strip()]
    if not parsed or len(parsed) > 100:
        return None
    ranges: list[tuple[int, int]] = []
    for found in parsed:
        if found is None or not (found[1] or found[2]) or len(found[0]) > 40:
            return None
        if found[1] and found[2] and int(found[2]) < int(found[1]):
            return None
        ranges.extend(_within(found[1], found[2], size))
    if not ranges:
        raise UnsatisfiableError
    return ranges[0] if len(parsed) == 1 else None


def _within(first: str, last: str, size: int) -> list[tuple[int, int]]:
    if not first:
        wanted = min(int(last), size)
        return [(size - wanted, size)] if wanted else []
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    return [(start, end)] if start < size else []
