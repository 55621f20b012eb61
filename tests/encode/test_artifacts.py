"""JSON, Parquet and replay say the same, and are what the format promises."""

import gzip
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from pipeline.contract.models import FramesDocument, Manifest, ReplayChunkDocument
from pipeline.contract.tables import LAPS, TABLES, Table
from pipeline.encode.parquet import arrow_schema, write_tables
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.model import RawRace
from pipeline.timing import tell
from tests.encode.reader import Replayed

RACES = ["1900/1", "1900/2", "1900/2/sprint"]
FIELDS = (
    "x",
    "y",
    "dist",
    "rel_dist",
    "lap",
    "position",
    "tyre",
    "tyre_life",
    "speed",
    "gear",
    "drs",
    "throttle",
)


@pytest.fixture(scope="module", params=RACES)
def folder(request: pytest.FixtureRequest, demo_out: Path) -> Path:
    return demo_out / "telemetry" / str(request.param)


def document(folder: Path, skip: int) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads(gzip.decompress((folder / f"skip_{skip}.json.gz").read_bytes()))
    return parsed


def test_json_is_the_documented_model(folder: Path) -> None:
    text = gzip.decompress((folder / "skip_10.json.gz").read_bytes())
    parsed = FramesDocument.model_validate_json(text)
    assert parsed.frame_skip == 10
    assert parsed.fps == 2.5
    assert len(parsed.frames) == -(-parsed.clock.frames // 10)


def test_every_skip_takes_the_same_frames(folder: Path) -> None:
    whole = document(folder, 1)
    for skip in (2, 5, 10):
        part = document(folder, skip)
        assert part["frames"] == whole["frames"][::skip]
        assert {k: v for k, v in part.items() if k not in ("frames", "frame_skip", "fps")} == {
            k: v for k, v in whole.items() if k not in ("frames", "frame_skip", "fps")
        }


def test_one_frame_a_line(folder: Path) -> None:
    lines = gzip.decompress((folder / "skip_5.json.gz").read_bytes()).split(b"\n")
    frames = document(folder, 5)["frames"]
    assert lines[0].startswith(b'{"schema_version":1,"frame_skip":5,"fps":5.0,')
    assert lines[0].endswith(b'"frames":[')
    assert lines[-2:] == [b"]}", b""]
    assert [orjson.loads(line.removesuffix(b",")) for line in lines[1:-2]] == frames


def test_gzip_is_one_deterministic_member(folder: Path) -> None:
    data = (folder / "skip_1.json.gz").read_bytes()
    assert data[4:8] == b"\0\0\0\0"  # mtime
    reader = zlib.decompressobj(31)
    reader.decompress(data)
    assert reader.eof
    assert reader.unused_data == b""


def test_parquet_says_what_json_says(folder: Path) -> None:
    table = pq.read_table(folder / "frames.parquet").to_pylist()
    rows = {(row["t_ms"], row["driver"]): row for row in table}
    frames = document(folder, 1)["frames"]
    assert len(rows) == sum(len(frame["drivers"]) for frame in frames)
    for frame in frames[::37]:
        t_ms = round(frame["t"] * 1000)
        leader = next(c for c in frame["drivers"].values() if c["position"] == 1)
        assert frame["lap"] == leader["lap"]
        for code, car in frame["drivers"].items():
            row = rows[t_ms, code]
            assert all(_same(car[name], row[name]) for name in (*FIELDS, "gap", "status"))
            assert (None if car["brake"] is None else bool(car["brake"])) == row["brake"]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float):
        return other is not None and abs(one - other) <= 1e-6 * max(1.0, abs(one))
    return bool(one == other)


def test_parquet_is_sorted_typed_and_describes_itself(folder: Path) -> None:
    file = pq.ParquetFile(folder / "frames.parquet")
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["t_ms"] == "int32"
    assert types["driver"] == "string"
    assert types["status"].startswith("dictionary<values=string")
    assert (types["x"], types["lap"], types["position"], types["gap"], types["brake"]) == (
        "int32",
        "int16",
        "int8",
        "float",
        "bool",
    )
    metadata = {
        k.decode(): orjson.loads(v) for k, v in file.schema_arrow.metadata.items() if k != b"ARROW:schema"
    }
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert metadata == {"schema_version": 1, "event": manifest["event"], "clock": manifest["clock"]}
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, columns=["driver", "t_ms"]).to_pydict()
        assert len(set(rows["driver"])) == 1
        assert rows["t_ms"] == sorted(rows["t_ms"])
    drivers = [
        file.read_row_group(g, columns=["driver"])["driver"][0].as_py() for g in range(file.num_row_groups)
    ]
    assert drivers == sorted(drivers)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_parquet_is_as_declared_and_explains_itself(folder: Path, table: Table) -> None:
    rows = pq.read_table(folder / f"{table.name}.parquet")
    assert rows.column_names == [column.name for column in table.columns]
    for field, column in zip(rows.schema, table.columns, strict=True):
        assert field.nullable == column.nullable
        told = {b"unit": column.unit.encode(), b"description": column.description.encode()}
        assert told.items() <= field.metadata.items()
        assert column.description
    event = orjson.loads((folder / "manifest.json").read_bytes())["event"]
    for name in {"year", "round", "session"} & set(rows.column_names):
        assert rows[name].unique().to_pylist() == [event[name]][: rows.num_rows]


def test_readers_that_take_every_column_of_a_frame_for_a_number_go_on(demo_out: Path) -> None:
    """As the first ones did: all columns but the driver and the status."""
    rows = pq.read_table(demo_out / "telemetry/1900/1/frames.parquet").slice(0, 2000)
    for name in set(rows.column_names) - {"driver", "status"}:
        [float(value) for value in rows[name].to_pylist() if value is not None]


def test_columns_of_every_session_read_as_one(demo_out: Path) -> None:
    for name, columns, races in (
        ("frames", "year, round", [(1900, 1), (1900, 2)]),
        ("laps", "year, round, session", [(1900, 1, "R"), (1900, 2, "R"), (1900, 2, "S")]),
    ):
        query = f"select {columns}, count(distinct driver) from read_parquet($1) group by all order by all"
        files = [str(demo_out / "telemetry" / race / f"{name}.parquet") for race in RACES]
        assert duckdb.connect().execute(query, [files]).fetchall() == [(*race, 10) for race in races]


@pytest.mark.slow
def test_a_table_without_what_it_could_say_has_nulls(demo_raw: RawRace, tmp_path: Path) -> None:
    """laps.parquet has its columns and types whatever the feed lacks."""
    bare = {number: replace(laps, extra={}) for number, laps in demo_raw.laps.items()}
    raw = replace(demo_raw, laps=bare)
    frames = compute(raw, 1.0)
    about = head(raw, frames)
    write_tables(tmp_path, tell(raw, frames), frames, about)
    rows = pq.read_table(tmp_path / "laps.parquet")
    assert rows.schema.equals(arrow_schema(LAPS, about))
    assert rows["lap_time_s"].null_count == rows.num_rows == sum(map(len, bare.values()))


def test_duckdb_reads_it(folder: Path) -> None:
    query = f"select count(distinct driver), max(speed) from '{folder}/frames.parquet' where status = 'track'"
    [(cars, fastest)] = duckdb.connect().execute(query).fetchall()
    assert cars == 10
    assert 250 < fastest < 340


def test_laps_parquet(folder: Path) -> None:
    laps = pq.read_table(folder / "laps.parquet").to_pandas()
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    for driver in manifest["drivers"]:
        own = laps[(laps["driver"] == driver["code"]) & ~laps["generated"]]
        assert len(own) == driver["laps"]
        if driver["finished_at"] is not None:
            assert own["end_s"].iloc[-1] == pytest.approx(driver["finished_at"], abs=0.002)


def test_manifest_lists_every_file(folder: Path) -> None:
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    root = folder.parents[len(folder.parts) - folder.parts.index("telemetry") - 1]
    listed = {a.key: a for a in manifest.artifacts}
    assert len(listed) == len(manifest.artifacts)
    for key, artifact in listed.items():
        assert (root / key).stat().st_size == artifact.bytes
    mine = manifest.event_key.prefix
    there = {p.relative_to(root).as_posix() for p in folder.rglob("*") if p.is_file()}
    if manifest.event.session == "R":
        there = {key for key in there if not key.startswith(mine + "sprint/")}
    assert there - {manifest.event_key.manifest} == set(listed)
    assert [c.key for c in manifest.replay.chunks] == sorted(k for k in listed if "/replay/" in k)


@pytest.mark.slow
def test_published_json_fits_its_schema(demo_out: Path) -> None:
    pairs = [
        ("catalog", "catalog.json"),
        ("season", "sessions/1900.json"),
        ("manifest", "telemetry/1900/1/manifest.json"),
        ("results", "telemetry/1900/1/results.json"),
    ]
    for name, key in pairs:
        schema = orjson.loads((demo_out / f"schemas/v1/{name}.schema.json").read_bytes())
        jsonschema.validate(orjson.loads((demo_out / key).read_bytes()), schema)
    schema = orjson.loads((demo_out / "schemas/v1/frames.schema.json").read_bytes())
    jsonschema.validate(document(demo_out / "telemetry/1900/2/sprint", 10), schema)


def test_replay_gives_the_frames(folder: Path) -> None:
    """A client that joins the samples by straight lines has the numbers of frames.parquet."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    root = folder.parents[len(folder.parts) - folder.parts.index("telemetry") - 1]
    chunks = [
        ReplayChunkDocument.model_validate_json(gzip.decompress((root / c.key).read_bytes()))
        for c in manifest.replay.chunks
    ]
    replayed = Replayed(manifest.replay, chunks)
    table = pq.read_table(folder / "frames.parquet").to_pandas()
    for code, rows in table.groupby("driver", observed=True):
        t_ms = rows["t_ms"].to_numpy()
        for name, tolerance in (
            ("x", 1),
            ("y", 1),
            ("z", 1),
            ("speed", 1),
            ("rpm", 6),
            ("throttle", 1),
            ("dist", 0.6),
        ):
            shown = replayed.line(str(code), name, t_ms)
            if name == "dist":
                lap, length = replayed.step(str(code), "lap", t_ms), manifest.circuit.length_m or 0.0
                shown = np.clip(shown, (lap - 1) * length, lap * length)
            wanted = rows[name].astype("float64").to_numpy()
            assert (np.isnan(shown) == np.isnan(wanted)).all(), (code, name)
            assert np.nanmax(np.abs(shown - wanted)) <= tolerance, (code, name)
        for name in ("lap", "position", "tyre", "tyre_life", "gear", "drs", "brake", "gap"):
            shown = replayed.step(str(code), name, t_ms)
            wanted = rows[name].astype("float64").to_numpy()
            assert np.allclose(shown, wanted, equal_nan=True, atol=1e-4), (code, name)
