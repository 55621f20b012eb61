"""The laps of a session as rows, all or one driver's, from the columns of its timing.json.gz."""

import zlib

import orjson

from pipeline.contract.artifacts import SessionKey
from serve.call import Call
from serve.files import LARGEST_DOCUMENT, Small
from serve.memory import Memory
from serve.models import LapsQuery, RacePath
from serve.problems import Problem, unavailable
from serve.requests import query_of, validated
from serve.shelf import Shelf
from serve.static import Artifacts


class Laps:
    """Sends laps; what was made of a file is kept in memory as long as that stays as it is."""

    def __init__(self, artifacts: Artifacts, shelf: Shelf, memory: Memory) -> None:
        self._artifacts = artifacts
        self._shelf = shelf
        self._memory = memory

    async def get(self, call: Call) -> None:
        path, query = validated(RacePath, call.path), query_of(call, LapsQuery)
        key = SessionKey(path.year, path.round, query.session)
        name, source = f"laps/{key.slug}/{query.driver or ''}", key.file("timing")
        stamp = self._shelf.library.stamp(source)
        body = None if stamp is None else self._memory.get(name, stamp)
        if body is None or stamp is None or not self._shelf.serves(source):
            timing = self._timing(key, source)
            stamp, body = timing.stamp, _rows(key, timing.body, query.driver)
            self._memory.keep(name, stamp, body)
        await self._artifacts.send_document(call, name, body, f'"{stamp.etag}-{query.driver or "all"}"')

    def _timing(self, key: SessionKey, source: str) -> Small:
        try:
            if not self._shelf.serves(source):
                raise FileNotFoundError(source)
            return self._shelf.library.read(source)
        except FileNotFoundError:
            raise self._shelf.missing_artifact(source, key) from None
        except OSError as error:
            raise unavailable(f"The laps of {key} cannot be read.") from error


def _rows(key: SessionKey, packed: bytes, driver: str | None) -> bytes:
    """The document of all laps, or of a driver's."""
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(packed, LARGEST_DOCUMENT)
        timing = orjson.loads(unpacked)
        event, clock, columns = timing["event"], timing["clock"], timing["laps"]
        drivers = columns["driver"]
        rows = [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
            if driver is None or row[0] == driver
        ]
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unavailable(f"The laps of {key} cannot be read.") from error
    if driver is not None and driver not in drivers:
        known = list(dict.fromkeys(drivers))
        detail = f"{driver} has no lap in {key}. Drivers that have: {', '.join(known) or 'none'}."
        raise Problem(404, detail, drivers=known)
    return orjson.dumps({"event": event, "clock": clock, "rows": rows})
