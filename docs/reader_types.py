"""The pieces of f1-replay.js and f1-replay.d.ts that are made: codes, a car's columns, JSON documents."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from pipeline.contract import SCHEMA_VERSION, models
from pipeline.contract.columns import COLUMNS, REPLAY, SEGMENTS, STATUSES, TRACK_STATUSES, TYRES, Column
from pipeline.contract.models import SCHEMAS
from pipeline.contract.sessions import SESSIONS

Schema = dict[str, Any]
FROZEN = Path(__file__).resolve().parent.parent / "tests/format/v1/schemas/v1"
# names that would hide the browser's own, or that the reader had first
_NAMES = {"Event": "RaceEvent", "RaceControlMessage": "Message", "WeatherSample": "Weather"}
_PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
_WIDTH = 110


def codes() -> str:
    """The constants of f1-replay.js."""
    sessions = SESSIONS.values()
    return "\n".join(
        [
            f"export const SCHEMA_VERSION = {SCHEMA_VERSION};",
            f"export const STATUSES = {json.dumps(STATUSES)};",
            f"export const TYRES = {json.dumps(TYRES)};",
            "export const SESSIONS = {",
            *(
                f"  {s.code}: {{ name: {json.dumps(s.name)}, folder: {json.dumps(s.folder)} }},"
                for s in sessions
            ),
            "};",
            "export const TRACK_STATUSES = {",
            *(f"  {code}: {json.dumps(said)}," for code, said in TRACK_STATUSES.items()),
            "};",
            "export const SEGMENTS = {",
            *(f"  {code}: {json.dumps(said)}," for code, said in SEGMENTS.items()),
            "};",
        ]
    )


def code_types() -> str:
    """Their types."""
    return "\n".join(
        [
            f"export const SCHEMA_VERSION: {SCHEMA_VERSION};",
            "/** Words of the replay's status codes, in order. */",
            "export const STATUSES: Status[];",
            "/** Names of the tyre codes: TYRES[car.tyre]. */",
            "export const TYRES: string[];",
            "/** Name of each session, and its folder below the round's: SESSIONS[event.session]. */",
            "export const SESSIONS: Record<string, { name: string; folder: string }>;",
            "/** What F1's track status codes say: TRACK_STATUSES[status]. */",
            "export const TRACK_STATUSES: Record<string, string>;",
            "/** What F1's codes of a mini-sector say: SEGMENTS[status]; none of others. */",
            "export const SEGMENTS: Record<string, SegmentColor>;",
            "",
            f"/** {_sentence(COLUMNS['status'].meaning)} */",
            f"export type Status = {_words(list(STATUSES))};",
            "/** A mini-sector's colour: of the time in it; pit where that was in the pit lane. */",
            f"export type SegmentColor = {_words([*SEGMENTS.values(), 'unknown'])};",
        ]
    )


def car() -> str:
    """A car in a state of the race, and the names of the columns that the replay carries."""
    lines = ["export interface Car {", *_property("code", "string", "the driver's three letters")]
    for column in COLUMNS.values():
        name = f"{column.name}?" if column.later else column.name
        lines += _property(name, _column_type(column), column.description)
    lines += ["}", "", "export type ColumnName ="]
    return "\n".join([*lines, *(f"  | {json.dumps(name)}" for name in REPLAY)]) + ";"


def _column_type(column: Column) -> str:
    return "Status" if column.words else "number | null" if column.nullable else "number"


def documents() -> str:
    """An interface for each object of the JSON documents."""
    made: dict[str, str] = {}
    for name, model in SCHEMAS.items():
        schema = model.model_json_schema(mode="serialization")
        frozen = FROZEN / f"{name}.schema.json"  # a document that came later has none
        then = json.loads(frozen.read_bytes()) if frozen.exists() else None
        first = _interface(schema, then)
        for inner, said in schema.get("$defs", {}).items():
            made.setdefault(inner, _interface(said, then and then["$defs"].get(inner)))
        made[schema["title"]] = first
    return "\n\n".join(made.values())


def _interface(schema: Schema, then: Schema | None) -> str:
    """`then` is the object as version 1 began: a field that came later may be missing from a file, as is one
    that is left out where it is empty."""
    name = _NAMES.get(schema["title"], schema["title"])
    lines = [*_comment(schema["description"], "")] if "description" in schema else []
    lines.append(f"export interface {name} {{")
    model = getattr(models, schema["title"], None)  # those made of a table's columns have none
    left_out = {field for field, info in model.model_fields.items() if info.exclude_if} if model else set()
    left_out |= {field for field, said in schema["properties"].items() if not model and "default" in said}
    for field, said in schema["properties"].items():
        missing = (then is not None and field not in then["properties"]) or field in left_out
        lines += _property(f"{field}?" if missing else field, _type(said), said["description"])
    return "\n".join([*lines, "}"])


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _NAMES.get(name, name)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return _words(schema["enum"])
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return _PLAIN[schema["type"]]


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(_type, schema['prefixItems']))}]"
    items = _type(schema["items"])
    return f"({items})[]" if "|" in items else f"{items}[]"


def _words(words: list[str]) -> str:
    return " | ".join(map(json.dumps, words))


def _property(name: str, kind: str, said: str) -> list[str]:
    return [*_comment(said, "  "), f"  {name}: {kind};"]


def _comment(said: str, indent: str) -> list[str]:
    """A JSDoc comment, on one line where it fits."""
    text = _sentence(said)
    if "\n" not in text and len(text) + len(indent) + 7 <= _WIDTH:
        return [f"{indent}/** {text} */"]
    paragraphs = [textwrap.wrap(" ".join(part.split()), _WIDTH - 5) for part in text.split("\n\n")]
    lines = [line for part in paragraphs for line in ["", *part]][1:]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _sentence(said: str) -> str:
    """As a sentence of its own."""
    text = said[0].upper() + said[1:] if re.match(r"[a-z]+[,:; ]|[a-z]+$", said) else said
    return text if text.endswith((".", "!", "?")) else text + "."
