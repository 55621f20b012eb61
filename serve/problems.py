"""Errors as problem details (RFC 9457): one exception, one way onto the wire.

A `Problem` raised anywhere below the middleware becomes an application/problem+json response. `detail` is
a sentence for a person; `extras` are members for a program, such as the rounds that do exist.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
UNREADABLE = "The data folder cannot be read at the moment."
REFUSED = "serve.refused"  # in the scope of a request: the problem that the connection has with it


class Problem(Exception):  # noqa: N818 - the word of the RFC
    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extras: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extras = extras


def unavailable(detail: str, retry_after: int = 30) -> Problem:
    return Problem(503, detail, headers={"Retry-After": str(retry_after)})


def respond(problem: Problem, instance: str | None = None) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if instance is not None:
        body["instance"] = instance
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(orjson.dumps(body | problem.extras), problem.status, headers, MEDIA_TYPE)


def from_validation(error: ValidationError, model: type[BaseModel]) -> Problem:
    """422 with one sentence that says what is allowed, and every finding as a member."""
    fields = model.model_json_schema().get("properties", {})
    findings = [
        {
            "field": str(found["loc"][0]) if found["loc"] else "",
            "message": found["msg"],
            "allowed": _allowed(fields.get(found["loc"][0], {}) if found["loc"] else {}),
        }
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return Problem(422, "; ".join(map(_sentence, findings)) + ".", errors=findings)


def _sentence(finding: dict[str, str]) -> str:
    field = finding["field"]
    if not field:
        return f"The body is not understood: {finding['message']}"
    if finding["message"] == "Field required":
        return f"{field} is missing, {finding['allowed']}"
    return f"{field} must be {finding['allowed']}" if finding["allowed"] else f"{field}: {finding['message']}"


def _allowed(field: dict[str, Any]) -> str:
    """What the schema of a field lets through, in words."""
    if "enum" in field:
        return " or ".join(map(str, field["enum"]))
    noun = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}.get(
        field.get("type", ""), ""
    )
    if "maximum" in field:
        return f"{noun} from {field['minimum']} to {field['maximum']}"
    return f"{noun} of at least {field['minimum']}" if "minimum" in field else noun


async def on_error(request: Request, error: Exception) -> Response:
    """Our own problems, and what starlette raises: an unknown path, a wrong method, a body over the limit."""
    if isinstance(error, Problem):
        return respond(error, instance_of(request.scope))
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail
    if error.status_code == 404:
        detail = "No such endpoint. The endpoints are listed at /docs and /openapi.json."
    if error.status_code == 405:
        allowed = sorted((error.headers or {}).get("Allow", "").split(", "))
        detail = f"{request.method} is not allowed here. Allowed: {', '.join(allowed)}."
    return respond(Problem(error.status_code, detail, headers=error.headers), instance_of(request.scope))


def instance_of(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "replace")
