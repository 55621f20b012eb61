"""OpenAPI 3.1 of the API, made from the same pydantic models that check requests and files."""

import zlib
from functools import cached_property, partial
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pipeline import __version__
from pipeline.contract.models import Catalog, Circuits, FramesDocument, Manifest, Results, Standings
from serve.call import Call
from serve.models import (
    DOCUMENTS,
    Health,
    Laps,
    LapsQuery,
    Live,
    ProblemDetails,
    RacePath,
    RaceQuery,
    Ready,
    SeasonPath,
    SeasonTablePath,
    Sessions,
    TelemetryQuery,
    TelemetryRequest,
)
from serve.problems import MEDIA_TYPE
from serve.static import Artifacts

Json = dict[str, Any]
_TEMPLATE = "#/components/schemas/{model}"
_MODELS = (
    Catalog, FramesDocument, Health, Laps, Live, Manifest, ProblemDetails, Ready, Results, Sessions,
    Standings, Circuits, TelemetryRequest,
)  # fmt: skip
_DESCRIPTION = """Precomputed Formula 1 race telemetry, read only. Everything is a file computed before; the
same files are on the CDN or bucket under the keys of `/data/`.

**Progress log**: the WebSocket `/f1/process-telemetry/{year}/{round}` replays how a race was computed, or
follows a run under way. Query: `session` R or S; `speed` 0 at once, 1 as it was, default 20; `after` a
sequence number, to resume. Each message is one JSON event:
`{"type":"progress","progress":50.0,"message":"..."}`, at last
`{"type":"complete","data":{...}}` or `{"type":"error","message":"..."}`. Close codes: 1000 all was said,
1008 the client says too much, 1013 not possible at the moment, 4403 origin not allowed, 4404 no progress log,
4422 a value out of range."""
_REASONS = {
    303: "The file is on the CDN.",
    304: "The client's copy is current.",
    307: "The file is on the CDN.",
    404: "Not there; the problem names what is.",
    409: "Refused: this API computes nothing. The problem names the command that does.",
    412: "If-Match names another state of the file.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    416: "The range lies outside the file.",
    422: "A value is missing or out of range; the problem says what is allowed.",
    503: "Not possible at the moment; try again after Retry-After seconds.",
}
_PARQUET: Json = {"application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}}}
_ENCODING = {
    "name": "Accept-Encoding",
    "in": "header",
    "description": "with gzip the stored bytes are sent, without it the plain ones",
    "schema": {"type": "string"},
}


class Document:
    """The document as an endpoint; made when first asked for, not at start."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    @cached_property
    def body(self) -> bytes:
        return orjson.dumps(document())

    async def send(self, call: Call) -> None:
        etag = f'"{__version__}-{zlib.crc32(self.body):x}"'
        await self._artifacts.send_document(call, "openapi.json", self.body, etag)


def document() -> Json:
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_TEMPLATE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "F1 race telemetry", "version": __version__, "description": _DESCRIPTION},
        "tags": [{"name": name} for name in ("races", "files", "health")],
        "paths": _races() | _tables() | _files() | _service(),
        "components": {"schemas": schemas["$defs"]},
    }


def _races() -> Json:
    race = _parameters(RacePath, "path")
    frames = _ok("The frames.", FramesDocument)
    return {
        "/f1/race-telemetry/{year}/{round}": _get(
            "races", "get_frames", "The frames of a race", frames, [304, 307, 404, 412, 416, 422, 503],
            parameters=[*race, *_parameters(TelemetryQuery, "query"), _ENCODING],
        ),
        "/f1/race-telemetry": _operation(
            "post", "races", "post_frames", "The frames of a race, by a JSON body", frames,
            [303, 304, 404, 409, 412, 413, 415, 422, 503],
            requestBody={"required": True, "content": _json(TelemetryRequest)},
        ),
        "/f1/races/{year}/{round}": _get(
            "races", "get_race", "A race's manifest", _ok("The manifest.", Manifest),
            [304, 404, 412, 416, 422, 503], parameters=[*race, *_parameters(RaceQuery, "query")],
        ),
        "/f1/sessions/{year}": _get(
            "races", "get_sessions", "Every event of a season, and what exists of it",
            _ok("The season.", Sessions), [304, 404, 412, 422, 503],
            parameters=_parameters(SeasonPath, "path"),
        ),
        "/f1/seasons": _get(
            "races", "get_seasons", "The seasons that exist", _ok("The catalog.", Catalog),
            [304, 412, 416, 503],
        ),
    }  # fmt: skip


def _tables() -> Json:
    race, season = _parameters(RacePath, "path"), _parameters(SeasonPath, "path")
    (table,) = (p for p in _parameters(SeasonTablePath, "path") if p["name"] == "table")
    table["schema"] = {"type": "string", "enum": [n for n in table["schema"]["enum"] if n not in DOCUMENTS]}
    whole = {"description": "The Parquet file.", "content": _PARQUET}
    part = {"description": "The range of it.", "content": _PARQUET}
    return {
        "/f1/results/{year}/{round}": _get(
            "races", "get_results", "The classification, and what its last revision changed",
            _ok("The results.", Results), [304, 404, 412, 416, 422, 503],
            parameters=[*race, *_parameters(RaceQuery, "query")],
        ),
        "/f1/laps/{year}/{round}": _get(
            "races", "get_laps", "The laps, of all drivers or of one", _ok("The laps.", Laps),
            [304, 404, 412, 422, 503], parameters=[*race, *_parameters(LapsQuery, "query")],
        ),
        "/f1/seasons/{year}/standings": _get(
            "races", "get_standings", "Both championships after each round",
            _ok("The standings.", Standings), [304, 404, 412, 416, 422, 503], parameters=season,
        ),
        "/f1/seasons/{year}/circuits": _get(
            "races", "get_circuits", "Each weekend's track, learned from all its sessions",
            _ok("The tracks.", Circuits), [304, 404, 412, 416, 422, 503], parameters=season,
        ),
        "/f1/seasons/{year}/{table}": _get(
            "races", "get_season_table", "A table of all sessions of a season",
            {"200": whole, "206": part}, [304, 307, 404, 412, 416, 422, 503], parameters=[*season, table],
        ),
    }  # fmt: skip


def _files() -> Json:
    types = {
        "application/json": {},
        "application/schema+json": {},
        "application/x-ndjson": {"schema": {"type": "string"}},
        **_PARQUET,
    }
    headers = {"ETag": {"schema": {"type": "string"}}}
    whole = {"200": {"description": "The file.", "content": types, "headers": headers}}
    part = {"206": {"description": "The range of it.", "content": types, "headers": headers}}
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "an artifact's key, with its slashes, as the manifests and listings name it",
        "schema": {"type": "string", "minLength": 1, "examples": ["catalog.json"]},
    }
    operation = _get(
        "files", "get_file", "Any published file by its key", whole | part, [304, 307, 404, 412, 416, 503],
        parameters=[key, _ENCODING],
        description="With `Range: bytes=0-1023` (one range, of the stored bytes) a part of it; If-Range too.",
    )  # fmt: skip
    return {"/data/{key}": operation}


def _service() -> Json:
    health, ready = _ok("Yes.", Health), _ok("Yes.", Ready)
    for responses in (health, ready):
        responses["503"] = {**responses["200"], "description": "No; the reasons say why."}
    text: Json = {"200": {"description": "Prometheus text.", "content": {"text/plain": {}}}}
    return {
        "/health/": _get("health", "get_health", "Health, version and counts", health, []),
        "/health/live": _get("health", "get_live", "Whether the process answers", _ok("Yes.", Live), []),
        "/health/ready": _get("health", "get_ready", "Whether the newest session can be served", ready, []),
        "/metrics": _get("health", "get_metrics", "Metrics by route", text, []),
    }


def _operation(
    method: str, tag: str, name: str, summary: str, ok: Json, errors: list[int], **more: Any
) -> Json:
    responses = ok | {str(status): _failure(status) for status in errors}
    return {method: {"tags": [tag], "operationId": name, "summary": summary, "responses": responses, **more}}


_get = partial(_operation, "get")


def _failure(status: int) -> Json:
    described: Json = {"description": _REASONS[status]}
    if status >= 400:
        described["content"] = {MEDIA_TYPE: {"schema": _ref(ProblemDetails)}}
    return described


def _ok(description: str, model: type[BaseModel]) -> Json:
    return {"200": {"description": description, "content": _json(model)}}


def _json(model: type[BaseModel]) -> Json:
    return {"application/json": {"schema": _ref(model)}}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": _TEMPLATE.format(model=model.__name__)}


def _parameters(model: type[BaseModel], where: str) -> list[Json]:
    """Path or query parameters from the model that checks them."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": where,
            "required": name in required,
            "description": field.pop("description", ""),
            "schema": {key: value for key, value in field.items() if key != "title"},
        }
        for name, field in schema["properties"].items()
    ]
