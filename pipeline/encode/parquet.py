"""RaceFrames and laps -> typed, sorted, self-describing Parquet."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.models import Clock, Event
from pipeline.model import COLUMNS, STATUSES, CarFrames, Column, RaceFrames, RawRace

ZSTD_LEVEL = 6

_FRAME_TYPES: dict[str, pa.DataType] = {
    "lap": pa.int16(),
    "position": pa.int8(),
    "x": pa.int32(),
    "y": pa.int32(),
    "z": pa.int32(),
    "dist": pa.float32(),
    "rel_dist": pa.float32(),
    "speed": pa.float32(),
    "rpm": pa.int32(),
    "gear": pa.int8(),
    "throttle": pa.int8(),
    "brake": pa.bool_(),
    "drs": pa.int8(),
    "tyre": pa.int8(),
    "tyre_life": pa.int16(),
    "gap": pa.float32(),
    "status": pa.dictionary(pa.int8(), pa.string()),
}
# chosen by measurement: what is a straight line between samples has constant differences
_DELTA = ("t_ms", "x", "y", "z", "rpm", "throttle")
_SPLIT = ("dist", "rel_dist", "speed")
_PLAIN = ("gap", "gear", "brake")


def frames_schema(event: Event, clock: Clock) -> pa.Schema:
    """Schema of frames.parquet; its metadata says what race and clock the rows belong to."""
    fields = [pa.field("t_ms", pa.int32(), nullable=False)]
    # as an Arrow dictionary, pyarrow would not skip the row groups of other drivers
    fields.append(pa.field("driver", pa.string(), nullable=False))
    fields += [pa.field(name, kind, nullable=COLUMNS[name].nullable) for name, kind in _FRAME_TYPES.items()]
    return pa.schema(fields, metadata=_metadata(event, clock))


def _metadata(event: Event, clock: Clock) -> dict[str, str]:
    return {
        "schema_version": str(SCHEMA_VERSION),
        "event": event.model_dump_json(),
        "clock": clock.model_dump_json(),
    }


def write_frames(path: Path, race: RaceFrames, event: Event, clock: Clock) -> None:
    """One row group a driver, drivers in alphabetical order, rows by time."""
    schema = frames_schema(event, clock)
    t_ms = race.clock.t_ms()
    by_value = [n for n in schema.names if n not in (*_DELTA, *_SPLIT, *_PLAIN)]
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=by_value,
        column_encoding=dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED")
        | dict.fromkeys(_SPLIT, "BYTE_STREAM_SPLIT"),
        write_statistics=True,
        sorting_columns=pq.SortingColumn.from_ordering(
            schema, [("driver", "ascending"), ("t_ms", "ascending")]
        ),
    ) as writer:
        for code in sorted(race.cars):
            table = _car_table(code, race.cars[code], t_ms, schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))


def _car_table(code: str, car: CarFrames, t_ms: npt.NDArray[np.int32], schema: pa.Schema) -> pa.Table:
    n = len(car)
    arrays = [pa.array(t_ms[:n]), pa.repeat(code, n)]
    arrays += [_array(COLUMNS[name], car.columns[name], kind) for name, kind in _FRAME_TYPES.items()]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(column: Column, values: npt.NDArray[np.signedinteger], kind: pa.DataType) -> pa.Array:
    unknown = values == column.null
    mask = unknown if unknown.any() else None
    if column.name == "status":
        return pa.DictionaryArray.from_arrays(pa.array(values), pa.array(STATUSES))
    if pa.types.is_floating(kind):
        return pa.array((values / 10.0**column.decimals).astype(np.float32), kind, mask=mask)
    if pa.types.is_boolean(kind):
        return pa.array(values > 0, kind, mask=mask)
    return pa.array(values, kind, mask=mask)


def write_laps(path: Path, raw: RawRace, t0: float, event: Event, clock: Clock) -> None:
    """One row per driver and lap. Times are seconds on the frame clock; durations end in `_time_s`."""
    codes = {d.number: d.code for d in raw.drivers}
    tables = [
        _lap_table(codes[number], raw.laps[number].columns(), t0)
        for number in sorted(raw.laps, key=lambda number: codes[number])
    ]
    table = pa.concat_tables(tables).replace_schema_metadata(_metadata(event, clock))
    pq.write_table(table, path, compression="zstd", compression_level=ZSTD_LEVEL)


def _lap_table(code: str, columns: dict[str, npt.NDArray[np.generic]], t0: float) -> pa.Table:
    out = {"driver": pa.array([code] * len(columns["lap"]), pa.string())}
    for name, values in columns.items():
        if name in ("start_s", "end_s", "pit_in_s", "pit_out_s"):
            out[name] = pa.array(np.round(values.astype(np.float64) - t0, 3), from_pandas=True)
        else:
            out[name] = pa.array(values, _LAP_TYPES.get(name), from_pandas=True)
    return pa.table(out)


_LAP_TYPES: dict[str, pa.DataType] = {
    "lap": pa.int16(),
    "tyre": pa.int8(),
    "tyre_life": pa.int16(),
    "stint": pa.int16(),
    "position": pa.int8(),
    "track_status": pa.string(),
    "deleted_reason": pa.string(),
}
