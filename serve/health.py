"""Whether the process answers, and whether what it would serve is really there."""

from typing import Any

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from pipeline import __version__
from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Catalog
from serve.models import Health, Live, Newest, Ready
from serve.problems import Problem
from serve.shelf import Shelf

_RETRY_AFTER = "10"


class HealthChecks:
    """Health endpoints over one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def live(self, _: Request) -> Response:
        return _respond(Live(), ready=True)

    async def ready(self, _: Request) -> Response:
        reasons = self._look()[1]
        return _respond(Ready(status=_status(reasons), reasons=reasons), ready=not reasons)

    async def health(self, _: Request) -> Response:
        catalog, reasons = self._look()
        found: dict[str, Any] = {}
        if catalog is not None:
            newest = catalog.newest
            found["seasons"] = len(catalog.seasons)
            found["races"] = sum(season.published for season in catalog.seasons)
            found["newest"] = newest and Newest.model_validate(newest, from_attributes=True)
        state = Health(
            status=_status(reasons),
            ready=not reasons,
            reasons=reasons,
            version=__version__,
            schema_version=SCHEMA_VERSION,
            **found,
        )
        return _respond(state, ready=not reasons)

    def _look(self) -> tuple[Catalog | None, list[str]]:
        """The catalog, and every reason why the server cannot serve what it promises."""
        try:
            catalog = self._shelf.catalog()
        except Problem as problem:
            return None, [problem.detail]
        if catalog.newest is None:
            return catalog, ["The catalog names no race."]
        newest = SessionKey(catalog.newest.year, catalog.newest.round, catalog.newest.session)
        return catalog, self._missing_files(newest)

    def _missing_files(self, key: SessionKey) -> list[str]:
        try:
            manifest = self._shelf.manifest(key)
        except Problem as problem:
            return [f"The newest race's manifest {key.manifest} cannot be read: {problem.detail}"]
        published = self._shelf.library.stamp(key.manifest)
        reasons = []
        for artifact in manifest.artifacts:
            stamp = self._shelf.library.stamp(artifact.key)
            if stamp is None:
                reasons.append(f"{artifact.key} of the newest race is missing.")
            elif not self._shelf.library.readable(artifact.key):
                reasons.append(f"{artifact.key} of the newest race cannot be read by the server.")
            elif stamp.size != artifact.bytes and published and stamp.mtime_ns <= published.mtime_ns:
                # A file newer than its manifest is a race being replaced at this moment: no fault.
                reasons.append(f"{artifact.key} has {stamp.size} bytes, its manifest says {artifact.bytes}.")
        return reasons


def _status(reasons: list[str]) -> Any:
    return "unavailable" if reasons else "ok"


def _respond(state: BaseModel, *, ready: bool) -> Response:
    headers = {"Cache-Control": "no-store"} | ({} if ready else {"Retry-After": _RETRY_AFTER})
    body = orjson.dumps(state.model_dump(mode="json"))
    return Response(body, 200 if ready else 503, headers, "application/json")
