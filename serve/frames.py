"""GET and POST of a race's frames: the precomputed file as it is, or a cut of the nearest one."""

from pipeline.contract.artifacts import SessionKey, media_of
from serve.call import Call
from serve.conditional import accepts_gzip
from serve.cut import cut, packed
from serve.files import closing
from serve.models import RacePath, TelemetryQuery, TelemetryRequest
from serve.problems import Problem
from serve.requests import body_of, query_of, validated
from serve.shelf import Shelf
from serve.static import Artifacts, fields_of
from serve.streams import unpacked


class Frames:
    """Sends frames documents."""

    def __init__(self, artifacts: Artifacts, shelf: Shelf, body_limit: int) -> None:
        self._body_limit = body_limit
        self._artifacts = artifacts
        self._shelf = shelf

    async def get(self, call: Call) -> None:
        path, query = validated(RacePath, call.path), query_of(call, TelemetryQuery)
        key = SessionKey(path.year, path.round, query.session)
        await self._send(call, key, query.frame_skip, plain=not query.compress)

    async def post(self, call: Call) -> None:
        wanted = await body_of(call, TelemetryRequest, self._body_limit)
        key = SessionKey(wanted.year, wanted.round_number, wanted.session)
        if wanted.refresh_data:
            raise _refused(key)
        await self._send(call, key, wanted.frame_skip)

    async def _send(self, call: Call, key: SessionKey, skip: int, *, plain: bool = False) -> None:
        source = self._source(key, skip)
        try:
            if source == skip:
                await self._artifacts.send(call, key.frames_json(skip), plain=plain)
            else:
                await self._send_cut(call, key.frames_json(source), skip // source, plain)
        except FileNotFoundError:
            raise self._shelf.missing_race(key) from None

    def _source(self, key: SessionKey, skip: int) -> int:
        """The largest precomputed divisor of `skip`: the least to unpack."""
        for divisor in range(skip, 0, -1):
            if skip % divisor == 0 and self._has(key.frames_json(divisor)):
                return divisor
        self._shelf.refuse_unfinished(key)
        available = [n for n in range(1, 11) if self._has(key.frames_json(n))]
        detail = f"{str(key).capitalize()} has no frames that frame_skip {skip} can be cut from."
        raise Problem(404, detail, frame_skips=available)

    def _has(self, key: str) -> bool:
        return self._shelf.library.stamp(key) is not None and self._shelf.serves(key)

    async def _send_cut(self, call: Call, source: str, step: int, plain: bool) -> None:
        plain = plain or not accepts_gzip(call.headers.get(b"accept-encoding"))
        with closing(self._artifacts.library.open(source)) as opened:
            blocks = cut(unpacked(opened), step)
            # Weak where packed here: another release of zlib makes other bytes of the same document.
            etag = f'"{opened.stamp.etag}-by{step}-plain"' if plain else f'W/"{opened.stamp.etag}-by{step}"'
            fields = fields_of(media_of(source), None if plain else "gzip")
            await self._artifacts.send_made(call, blocks if plain else packed(blocks), etag, fields)


def _refused(key: SessionKey) -> Problem:
    session = "" if key.session == "R" else f" --session {key.session}"
    command = f"f1-precompute race {key.year} {key.round}{session} --force"
    detail = f"This API serves precomputed files and computes nothing. To recompute {key}, run: {command}"
    return Problem(409, detail, command=command)
