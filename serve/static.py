"""One artifact as an HTTP response: encoding, ETag, 304, ranges, HEAD, and who sends the bytes.

Written on plain ASGI instead of starlette's FileResponse, which reads in small blocks through a thread
each, serves x.json.gz without its Content-Encoding, and opens the file again after the stat.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from pipeline.contract.artifacts import media_of
from pipeline.contract.media import JSON, REVALIDATE, Media
from serve.call import Call, Fields, RawHeaders
from serve.conditional import UnsatisfiableError, accepts_gzip, precondition, requested_range
from serve.files import Library, Open, Small, closing
from serve.memory import Memory
from serve.problems import Problem
from serve.settings import Settings
from serve.streams import Client, ClientGoneError, Packer, Transforms, send_range, unpacked

ACCEL_PREFIX = "/_artifacts/"  # the internal location in deploy/nginx.conf
PACKED_FROM = 1024  # bytes; what is smaller fits a packet or two either way
# Not progress logs: what a manifest lists goes out with the bytes and the encoding that it says.
_TEXTS = ("text/", "application/json", "application/schema+json", "image/svg+xml")


class Artifacts:
    """Sends artifacts of one library."""

    def __init__(self, settings: Settings, library: Library, memory: Memory, transforms: Transforms) -> None:
        self.library = library
        self._packer = Packer(memory, transforms)
        self._transforms = transforms
        self._stall = settings.stall_timeout
        self._least_rate = settings.least_rate
        self._cdn = settings.cdn_url.rstrip("/")
        self._accel = settings.sendfile == "nginx"

    async def send(self, call: Call, key: str, *, plain: bool = False, redirect: bool = True) -> None:
        """Send `key`: stored bytes where the client takes them, else (or if `plain`) unpacked.

        Raises FileNotFoundError if there is no such file.
        """
        media = media_of(key)
        if media.content_encoding and (plain or not accepts_gzip(call.headers.get(b"accept-encoding"))):
            await self._send_plain(call, key, media)
        elif self._cdn and redirect:
            self._must_exist(key)
            where = (b"location", f"{self._cdn}/{key}".encode())
            # After 307 a client would send its POST to the CDN, which refuses it; 303 makes it a GET.
            await call.reply(
                303 if call.method == "POST" else 307, [where, _cache(REVALIDATE), *_vary(media)]
            )
        elif self._accel and not _is_plain_text(media):  # which is packed here, and small
            self._must_exist(key)
            where = (b"x-accel-redirect", f"{ACCEL_PREFIX}{key}".encode())
            await call.reply(200, [*fields_of(media, media.content_encoding), where])
        else:
            await self.send_file(call, key, self.library.fetch(key), media)

    async def send_file(self, call: Call, name: str, found: Small | Open, media: Media) -> None:
        """A stored file, small text packed where the client takes that; closes it."""
        etag = f'"{found.stamp.etag}"'
        if isinstance(found, Small):
            await self._send_small(call, name, found.body, etag, media)
            return
        with closing(found):
            await self._send_whole(call, found, etag, fields_of(media, media.content_encoding))

    async def send_document(self, call: Call, name: str, body: bytes, etag: str) -> None:
        """A JSON document made by the server. It has no ranges."""
        await self._send_small(call, name, body, etag, JSON, ranges=False)

    async def _send_small(
        self, call: Call, name: str, body: bytes, etag: str, media: Media, *, ranges: bool = True
    ) -> None:
        """Text as gzip, several times smaller, where the client takes it. Ranges are of the stored bytes."""
        encoding = media.content_encoding
        worth_it = _is_plain_text(media) and len(body) >= PACKED_FROM and b"range" not in call.headers
        if worth_it and accepts_gzip(call.headers.get(b"accept-encoding")):
            body, encoding = await self._packer.packed(name, etag, body), "gzip"
            etag = f'{etag[:-1]}-gzip"'
        await self._send_whole(call, body, etag, fields_of(media, encoding), ranges=ranges)

    async def send_made(self, call: Call, blocks: Iterator[bytes], etag: str, own: Fields) -> None:
        """A document made on the way. Its length is not known, so it has no ranges."""
        fields = [*own, (b"etag", etag.encode())]
        if await _stopped_by_precondition(call, etag, fields):
            return
        if call.method == "HEAD":
            await call.reply(200, fields)
            return
        async with self._transforms.place(call), Client(call, self._stall, self._least_rate) as client:
            # The first block is made before the status is sent: a damaged source is still an honest error.
            block = await self._transforms.following(blocks)
            await call.start(200, fields)
            with suppress(ClientGoneError):
                while block is not None:
                    await client.write(block)
                    block = await self._transforms.following(blocks)
                await client.write(b"", more=False)

    async def _send_plain(self, call: Call, key: str, media: Media) -> None:
        with closing(self.library.open(key)) as opened:
            etag = f'"{opened.stamp.etag}-plain"'
            await self.send_made(call, unpacked(opened), etag, fields_of(media, None))

    async def _send_whole(
        self, call: Call, found: bytes | Open, etag: str, own: Fields, *, ranges: bool = True
    ) -> None:
        size = found.stamp.size if isinstance(found, Open) else len(found)
        fields = [*own, (b"etag", etag.encode())]
        if ranges:
            fields.append((b"accept-ranges", b"bytes"))
        if await _stopped_by_precondition(call, etag, fields):
            return
        start, end, status = 0, size, 200
        if ranges and (part := _part(call, etag, size)):
            (start, end), status = part, 206
            fields.append((b"content-range", f"bytes {start}-{end - 1}/{size}".encode()))
        fields.append((b"content-length", str(end - start).encode()))
        if call.method == "HEAD":
            await call.reply(status, fields)
        elif isinstance(found, bytes):
            await call.reply(status, fields, found[start:end])
        else:
            await call.start(status, fields)
            async with Client(call, self._stall) as client:
                with suppress(ClientGoneError):
                    await send_range(client, found, start, end)

    def _must_exist(self, key: str) -> None:
        with closing(self.library.open(key)):
            pass


@cache
def fields_of(media: Media, encoding: str | None) -> Fields:
    """Headers that follow from the media type, and how the bytes are encoded, alone."""
    packed = () if encoding is None else ((b"content-encoding", encoding.encode()),)
    return (
        (b"content-type", media.content_type.encode()),
        (b"cache-control", media.cache_control.encode()),
        *packed,
        *_vary(media),
    )


def _vary(media: Media) -> Fields:
    return ((b"vary", b"accept-encoding"),) if media.content_encoding or _is_plain_text(media) else ()


def _is_plain_text(media: Media) -> bool:
    return not media.content_encoding and media.content_type.startswith(_TEXTS)


def _cache(value: str) -> tuple[bytes, bytes]:
    return b"cache-control", value.encode()


async def _stopped_by_precondition(call: Call, etag: str, fields: RawHeaders) -> bool:
    status = precondition(call.headers, etag)
    if status == 412:
        raise Problem(412, "The file is not the one that If-Match names.")
    if status == 304:
        await call.reply(304, [field for field in fields if field[0] in _WITH_304])
    return status is not None


_WITH_304 = {b"cache-control", b"etag", b"vary"}


def _part(call: Call, etag: str, size: int) -> tuple[int, int] | None:
    """The range to send; a range is defined for GET alone."""
    if call.method != "GET" or b"range" not in call.headers:
        return None
    try:
        return requested_range(call.headers, etag, size)
    except UnsatisfiableError:
        detail = f"The range lies outside the file, which has {size} bytes."
        raise Problem(416, detail, headers={"Content-Range": f"bytes */{size}"}, size=size) from None
