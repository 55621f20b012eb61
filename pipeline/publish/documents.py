"""The JSON documents of the format: read, written, and refused where a newer version made them."""

from collections.abc import Iterable
from functools import cache
from typing import TypeVar

import orjson
from pydantic import ValidationError

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey, key_of, session_of
from pipeline.contract.models import SCHEMAS, Manifest, Model
from pipeline.errors import NewerSchemaError
from pipeline.store.base import Readable, Store

M = TypeVar("M", bound=Model)


def to_json(model: Model) -> bytes:
    return model.model_dump_json().encode() + b"\n"


def read_manifest(store: Readable, key: SessionKey) -> Manifest | None:
    """The published manifest; None where there is none or it cannot be read (it will be made anew).

    Raises:
        NewerSchemaError: a newer version of the format wrote it.
    """
    return read_model(store, key.manifest, Manifest)


def published_in(keys: Iterable[str]) -> set[SessionKey]:
    """The sessions that have a manifest among these keys."""
    named = (key for key in keys if key.endswith("/manifest.json"))
    return {session for key in named if (session := session_of(key)) and key == session.manifest}


def refuse_newer(data: bytes, key: str) -> None:
    """Raise NewerSchemaError for a JSON file that a newer version of the format wrote."""
    try:
        version = orjson.loads(data)["schema_version"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"{key} was written by schema_version {version}, this version knows {SCHEMA_VERSION}: "
            "upgrade f1-precompute, or choose another place with --out or --s3-prefix"
        )


def read_model(store: Readable, key: str, model: type[M]) -> M | None:
    """A published JSON file; None where there is none or it cannot be read. Raises NewerSchemaError."""
    data = store.read(key)
    if data is not None:
        refuse_newer(data, key)
    return parsed(data, model)


def parsed(data: bytes | None, model: type[M]) -> M | None:
    """None where there is nothing, or what is no such document."""
    try:
        return None if data is None else model.model_validate_json(data)
    except ValidationError:
        return None


@cache
def schemas() -> dict[str, bytes]:
    """The JSON Schema of each document, by name."""
    made = {name: model.model_json_schema(mode="serialization") for name, model in SCHEMAS.items()}
    return {name: orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n" for name, schema in made.items()}


def publish_schemas(store: Store) -> None:
    """Write the JSON Schemas of the format where they are missing or differ."""
    for name, data in schemas().items():
        key = key_of("schema", schema=name, version=SCHEMA_VERSION)
        there = store.fetch(key)
        if there is None or there.data != data or there.stored.mislabelled:
            store.put_bytes(key, data)


def relabel(store: Store, keys: Iterable[str]) -> None:
    """Put again what is right and said to be something else."""
    for key in keys:
        there = store.fetch(key)
        if there is not None and there.stored.mislabelled:
            store.put_bytes(key, there.data)
