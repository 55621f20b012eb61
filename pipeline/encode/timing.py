"""What a browser needs of the timing -> timing.json.gz, column by column, and segments.json.gz."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.columns import Column
from pipeline.contract.models import BROWSER_TABLES, Head
from pipeline.encode.gzipped import gzip_bytes
from pipeline.model import Rows
from pipeline.timing.segments import Changes


def timing(told: Mapping[str, Rows], about: Head) -> bytes:
    """timing.json.gz: the columns that `contract.tables` declares for it, of each table that has any."""
    document = _head(about)
    for declared in BROWSER_TABLES:
        table, rows = declared.of(about.event.session), told[declared.name]
        document[table.name] = {c.name: plain(c, rows.get(c.name, ())) for c in table.in_browser()}
    if about.parts:
        document["parts"] = [part.model_dump(mode="json") for part in about.parts]
    return gzip_bytes(orjson.dumps(document))


def segments(sectors: list[int], cars: Mapping[str, Changes], about: Head) -> bytes:
    """segments.json.gz, from what `pipeline.timing.segments` gives."""
    return gzip_bytes(orjson.dumps({**_head(about), "sectors": sectors, "cars": cars}))


def _head(about: Head) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "event": about.event.model_dump(mode="json"),
        "clock": about.clock.model_dump(mode="json"),
    }


def plain(column: Column, values: Any) -> list[Any]:
    """A column's values as JSON has them: whole where it holds whole numbers, null where unknown."""
    whole = column.type.startswith("int")
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return [
        None if value is None or value != value else int(value) if whole else value  # noqa: PLR0124 - NaN
        for value in plain
    ]
