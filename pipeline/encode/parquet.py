"""Frames and rows -> typed, sorted, self-describing Parquet, as pipeline.contract.tables declares it.

A table's rows come part by part: a mapping from column to values, an array or list, or one value for all rows
of the part. What a part does not have is null.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.columns import Column
from pipeline.contract.models import Head, Manifest
from pipeline.contract.tables import FRAMES, TABLES, Table
from pipeline.model import RaceFrames, Rows

ZSTD_LEVEL = 6

Part = Mapping[str, Any]
_ENCODINGS = {"delta": "DELTA_BINARY_PACKED", "split": "BYTE_STREAM_SPLIT"}


def write_tables(folder: Path, told: Mapping[str, Rows], race: RaceFrames, about: Head) -> None:
    """Every table of the format as {name}.parquet, in the order of its declaration.

    Args:
        told: the rows of all tables but the frames, see `timing.tell`.
    """
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what was freed
    for table in TABLES:
        parts = _frames(race) if table is FRAMES else [told[table.name]]
        _write(folder / f"{table.name}.parquet", table, parts, about)


def write_table(path: Path, table: Table, rows: Rows, about: Head | Manifest) -> None:
    """One table of a race that is published already."""
    _write(path, table, [rows], about)


def _frames(race: RaceFrames) -> Iterator[Part]:
    """A part a driver, drivers in alphabetical order, rows by time."""
    t_ms = race.clock.t_ms()
    for code, car in sorted(race.cars.items()):
        yield {"t_ms": t_ms[: len(car)], "driver": code, **car.columns}


def arrow_schema(table: Table, about: Head | Manifest) -> pa.Schema:
    """A file's schema. Its metadata says what race and clock the rows belong to, a field's what it holds."""
    table = table.of(about.event.session)
    return schema_of(table, event=about.event.model_dump_json(), clock=about.clock.model_dump_json())


def schema_of(table: Table, **metadata: str) -> pa.Schema:
    """A declared table's schema, with metadata of the file."""
    fields = [
        pa.field(c.name, _arrow_type(c), c.nullable, {"unit": c.unit, "description": c.description})
        for c in table.columns
    ]
    return pa.schema(fields, metadata={"schema_version": str(SCHEMA_VERSION), **metadata})


def _arrow_type(column: Column) -> pa.DataType:
    # a driver is no Arrow dictionary: pyarrow would not skip the row groups of other drivers
    return pa.dictionary(pa.int8(), pa.string()) if column.words else pa.type_for_alias(column.type)


def _write(path: Path, table: Table, parts: Iterable[Part], about: Head | Manifest) -> None:
    table, schema = table.of(about.event.session), arrow_schema(table, about)
    always = about.event.model_dump(include={"year", "round", "session"})
    filled = (_filled(table, {**part, **always}, schema) for part in parts)
    with writer(path, table, schema, table.sorted_by) as stream:
        for rows in filled if table.grouped else [pa.concat_tables(filled)]:
            stream.write_table(rows, row_group_size=max(1, rows.num_rows))


def writer(
    where: Path | BinaryIO, table: Table, schema: pa.Schema, sorted_by: Iterable[str]
) -> pq.ParquetWriter:
    """Writes a declared table, each column as its declaration says."""
    return pq.ParquetWriter(
        where,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[c.name for c in table.columns if c.encoding == "dictionary"],
        column_encoding={c.name: _ENCODINGS[c.encoding] for c in table.columns if c.encoding in _ENCODINGS},
        write_statistics=True,
        sorting_columns=pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in sorted_by]),
    )


def _filled(table: Table, part: Part, schema: pa.Schema) -> pa.Table:
    rows = next((len(values) for values in part.values() if _is_column(values)), 0)
    arrays = [
        _array(column, part.get(column.name), kind, rows)
        for column, kind in zip(table.columns, schema.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _is_column(values: Any) -> bool:
    return isinstance(values, np.ndarray | list)


def _array(column: Column, values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    if not _is_column(values):
        return pa.repeat(pa.scalar(values, kind), rows)
    return _fixed_point(column, values, kind) if column.dtype else pa.array(values, kind, from_pandas=True)


def _fixed_point(column: Column, values: npt.NDArray[np.signedinteger], kind: pa.DataType) -> pa.Array:
    unknown = values == column.null
    mask = unknown if unknown.any() else None
    if column.words:
        return pa.DictionaryArray.from_arrays(pa.array(values), pa.array(column.codes))
    if pa.types.is_floating(kind):
        return pa.array((values / 10.0**column.decimals).astype(np.float32), kind, mask=mask)
    if pa.types.is_boolean(kind):
        return pa.array(values > 0, kind, mask=mask)
    return pa.array(values, kind, mask=mask)
