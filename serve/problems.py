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


def respond(problem: Problem, scope: Scope) -> Response:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path.decode("ascii", "replace"),
    }
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


def problem_of(error: Exception, scope: Scope) -> tuple[Problem, bool]:
    """What a client is told of an error, and whether that is all: no fault of the server is in it."""
    if isinstance(error, Problem):
        return error, True
    if isinstance(error, HTTPException):  # of starlette's router: an unknown path, a wrong method
        detail = "No such endpoint. The endpoints are listed at /docs and /openapi.json."
        if error.status_code == 405:
            allowed = sorted((error.headers or {}).get("Allow", "").split(", "))
            detail = f"{scope['method']} is not allowed here. Allowed: {', '.join(allowed)}."
        return Problem(error.status_code, detail, headers=error.headers), True
    if isinstance(error, OSError):
        return unavailable(UNREADABLE), False
    return Problem(500, "The server failed; its log says why under this response's X-Request-Id."), False
