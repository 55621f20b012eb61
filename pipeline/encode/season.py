"""One table of all sessions of a season -> one Parquet file, with a row group for each session."""

from collections.abc import Iterable
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.tables import Table
from pipeline.encode.parquet import schema_of, writer


def rows_of(table: Table, content: bytes, key: SessionKey) -> pa.Table | None:
    """A session's file as the table is declared now; None where it is no such file.

    Columns that an older file does not have yet are null, but for those that say which session it is.
    """
    schema = schema_of(table.of_all)
    try:
        rows = pq.read_table(BytesIO(content))
        there = set(rows.column_names)
        columns = [
            rows.column(f.name).cast(f.type)
            if f.name in there
            else pa.array([getattr(key, f.name, None)] * rows.num_rows, f.type)
            for f in schema
        ]
        return pa.Table.from_arrays(columns, schema=schema)
    except (pa.ArrowException, OSError):
        return None


def combined(table: Table, year: int, sessions: Iterable[pa.Table]) -> bytes:
    """The sessions' rows in one file, in the order given, as each has them."""
    out = BytesIO()
    schema = schema_of(table.of_all, year=str(year))
    with writer(out, table.of_all, schema, ("round", "session", *table.sorted_by)) as stream:
        for rows in sessions:
            if rows.num_rows:
                stream.write_table(rows.replace_schema_metadata(schema.metadata), rows.num_rows)
    return out.getvalue()
