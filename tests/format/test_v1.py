"""Version 1 as it was published on the day it was frozen: v1/ holds one small race with all its files.

What reads the format today reads these files, and the schemas only ever gain fields that may be missing.
Nothing under v1/ is ever made again.
"""

import copy
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest

from pipeline.contract.columns import RACE_STATUSES
from pipeline.contract.models import SCHEMAS, FramesDocument, Head, Manifest, ProgressEvent
from pipeline.contract.tables import TABLES, Table
from pipeline.encode.parquet import arrow_schema
from tests.conftest import REPOSITORY, cli, require
from tests.page.test_reader import FIELDS, compare
from tests.page.truth import Truth
from tests.serve.support import serving

V1 = Path(__file__).parent / "v1"
RACE = V1 / "telemetry" / "1900" / "1"
# Codes that may be added to; everywhere else a new word would be news that a reader cannot understand.
MAY_GAIN_WORDS = {"session"}
SAYS_NOTHING = {"description", "title"}
Schema = dict[str, Any]


def frozen(name: str) -> Schema:
    schema: Schema = json.loads((V1 / f"schemas/v1/{name}.schema.json").read_bytes())
    return schema


def changes(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """What a reader of `old` could stumble over in `new`."""
    for kind in ("$defs", "properties"):
        for name, said in old.get(kind, {}).items():
            if name not in new.get(kind, {}):
                yield f"{path}/{name} is gone"
            else:
                yield from changes(said, new[kind][name], f"{path}/{name}")
    if set(old.get("required", [])) != set(new.get("required", [])):
        yield f"{path} requires other fields"
    for kind in ("items", "additionalProperties"):
        if isinstance(old.get(kind), dict) and isinstance(new.get(kind), dict):
            yield from changes(old[kind], new[kind], f"{path}/{kind}")
    for kind in ("anyOf", "prefixItems"):
        if len(old.get(kind, [])) == len(new.get(kind, [])):
            for before, now in zip(old.get(kind, []), new.get(kind, []), strict=True):
                yield from changes(before, now, path)
    yield from _values(old, _as_in_races(new, path), path)


def _as_in_races(new: Schema, path: str) -> Schema:
    """What of a field's values races have: qualifying and practice, to which no reader of version 1's first
    day comes, have more of them."""
    if path == "/DriverFrame/status":
        return new | {"enum": [word for word in new["enum"] if word in RACE_STATUSES]}
    if path == "/DriverFrame/position":
        (number,) = (kind for kind in new["anyOf"] if kind["type"] != "null")
        return {key: said for key, said in new.items() if key != "anyOf"} | dict(number)
    return new


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    words = set(old.get("enum", []))
    if words != set(new.get("enum", [])):
        grown = path.rpartition("/")[2] in MAY_GAIN_WORDS and words < set(new.get("enum", []))
        if not grown:
            yield f"{path} has other words"
    seen = {"$defs", "properties", "required", "enum"} | SAYS_NOTHING
    for kind in (old.keys() | new.keys()) - seen:
        before, now = old.get(kind), new.get(kind)
        if isinstance(before, dict) and isinstance(now, dict):
            continue
        if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
            continue
        if before != now:
            yield f"{path} was {kind} {before}, is {now}"


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in (V1 / "schemas/v1").iterdir()))
def test_schemas_only_gain_fields_that_may_be_missing(name: str) -> None:
    assert list(changes(frozen(name), SCHEMAS[name].model_json_schema(mode="serialization"))) == []


def _drop(schema: Schema) -> None:
    del schema["$defs"]["Driver"]["properties"]["grid"]


def _retype(schema: Schema) -> None:
    schema["$defs"]["Clock"]["properties"]["fps"]["type"] = "integer"


def _no_longer_null(schema: Schema) -> None:
    schema["$defs"]["Driver"]["properties"]["color"] = {"type": "string", "default": None}


def _demand(schema: Schema) -> None:
    schema["$defs"]["Driver"]["properties"]["id"] = {"type": "string"}
    schema["$defs"]["Driver"]["required"].append("id")


def _promise_less(schema: Schema) -> None:
    schema["required"].remove("replay")


def _other_items(schema: Schema) -> None:
    schema["$defs"]["Circuit"]["properties"]["x"]["items"]["type"] = "number"


def _other_words(schema: Schema) -> None:
    schema["$defs"]["Check"]["properties"]["level"]["enum"].append("awful")


@pytest.mark.parametrize(
    "change", [_drop, _retype, _no_longer_null, _demand, _promise_less, _other_items, _other_words]
)
def test_a_change_that_breaks_readers_is_found(change: Callable[[Schema], None]) -> None:
    new = copy.deepcopy(frozen("manifest"))
    change(new)
    assert len(list(changes(frozen("manifest"), new))) >= 1


def test_what_may_be_added_is_let_through() -> None:
    new = copy.deepcopy(frozen("manifest"))
    new["$defs"]["Driver"]["properties"]["id"] = {"type": "string", "default": ""}
    new["$defs"]["Event"]["properties"]["session"]["enum"].append("Q")
    assert list(changes(frozen("manifest"), new)) == []


DOCUMENTS = [
    ("catalog", "catalog.json"),
    ("season", "sessions/1900.json"),
    ("manifest", "telemetry/1900/1/manifest.json"),
    ("frames", "telemetry/1900/1/skip_5.json.gz"),
    ("replay_chunk", next((RACE / "replay").glob("*/0001.json.gz")).relative_to(V1).as_posix()),
]


@pytest.mark.parametrize(("name", "key"), DOCUMENTS, ids=[name for name, _ in DOCUMENTS])
def test_documents_fit_the_schemas_of_then_and_now(name: str, key: str) -> None:
    data = (V1 / key).read_bytes()
    document = json.loads(gzip.decompress(data) if key.endswith(".gz") else data)
    jsonschema.validate(document, frozen(name))
    jsonschema.validate(document, SCHEMAS[name].model_json_schema(mode="serialization"))
    SCHEMAS[name].model_validate(document)


def test_progress_fits_the_schemas_of_then_and_now() -> None:
    for line in (RACE / "progress.jsonl").read_bytes().splitlines():
        jsonschema.validate(json.loads(line), frozen("progress"))
        ProgressEvent.model_validate_json(line)


@pytest.mark.parametrize("table", [t for t in TABLES if not t.later], ids=lambda table: str(table.name))
def test_tables_only_gain_columns_at_their_end(table: Table) -> None:
    manifest = Manifest.model_validate_json((RACE / "manifest.json").read_bytes())
    then = pq.read_schema(RACE / f"{table.name}.parquet")
    now = arrow_schema(table, Head.model_validate(manifest.model_dump()))
    assert [now.field(i) for i in range(len(then))] == list(then)


def test_it_verifies(tmp_path: Path) -> None:
    shutil.copytree(V1, tmp_path / "out")
    assert "ok" in cli("verify", "--out", tmp_path / "out").stdout


def test_it_is_served(tmp_path: Path) -> None:
    shutil.copytree(V1, tmp_path / "out")
    manifest = Manifest.model_validate_json((RACE / "manifest.json").read_bytes())
    with serving(tmp_path / "out") as server, server.client() as client:
        assert client.get("/health/ready").status_code == 200
        for artifact in manifest.artifacts:
            answer = client.get(f"/data/{artifact.key}")
            kept = (V1 / artifact.key).read_bytes()
            assert answer.content == (gzip.decompress(kept) if artifact.content_encoding else kept)
        assert Manifest.model_validate_json(client.get("/f1/races/1900/1").content) == manifest
        frames = client.get("/f1/race-telemetry/1900/1", params={"frame_skip": 5}).content
        assert FramesDocument.model_validate_json(frames).frame_skip == 5
        assert client.get("/replay/1900/1").status_code == 200


READ = """
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { openRace } from "./f1-replay.mjs";
const [manifest, times, fields] = JSON.parse(process.argv[2]);
const fetch = async (url) => new Response(await readFile(new URL(url)));
const race = await openRace(pathToFileURL(manifest), { fetch });
const rows = [];
for (const t of times) {
  const { cars } = await race.seek(t);
  rows.push(cars.map((car) => [car.code, ...fields.map((name) => car[name])]));
}
console.log(JSON.stringify(rows));
"""


def test_todays_reader_reads_it(tmp_path: Path) -> None:
    """The same numbers as the frames, to the last of them."""
    node = shutil.which("node")
    require(node is not None, "there is no node on the path")
    shutil.copy(REPOSITORY / "serve/static/f1-replay.js", tmp_path / "f1-replay.mjs")
    (tmp_path / "read.mjs").write_text(READ)
    truth = Truth.read(RACE)
    frames = truth.frames(every=1)
    asked = json.dumps([str(RACE / "manifest.json"), [frame / truth.fps for frame in frames], FIELDS])
    done = subprocess.run(
        [str(node), "read.mjs", asked], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    compare(truth, frames, json.loads(done.stdout))
    assert len(frames) == truth.manifest.clock.frames
