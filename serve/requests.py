"""Path, query and body of a request as validated models; what does not fit is a 422 of one sentence."""

from functools import cache
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from serve.call import Call
from serve.problems import Problem, from_validation

_M = TypeVar("_M", bound=BaseModel)
_MAX_FIELDS = 50


def query_of(call: Call, model: type[_M]) -> _M:
    query = call.scope["query_string"]
    if not query:
        asked: _M = _defaults(model)
        return asked
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Problem(422, f"The query has more than {_MAX_FIELDS} values.") from error
    return validated(model, dict(pairs))


@cache
def _defaults(model: type[_M]) -> _M:
    """What most requests ask; it cannot be changed."""
    return validated(model, {})


async def body_of(call: Call, model: type[_M], limit: int) -> _M:
    content_type = call.headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if content_type != b"application/json":
        raise Problem(415, "The body must be application/json.", headers={"Accept-Post": "application/json"})
    body = b""
    async for chunk in Request(call.scope, call.receive).stream():
        body += chunk
        if len(body) > limit:
            # The rest stays unread, so the connection cannot carry another request.
            raise Problem(
                413, f"The body is over {limit} bytes.", headers={"Connection": "close"}, limit=limit
            )
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error, model) from error


def validated(model: type[_M], values: object) -> _M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise from_validation(error, model) from error
