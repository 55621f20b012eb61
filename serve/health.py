"""Whether the process answers, and whether what it would serve is really there."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from pipeline import __version__
from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.artifacts import SessionKey, session_of
from pipeline.contract.models import Catalog
from serve.models import Health, Live, Ready, Status
from serve.problems import Problem
from serve.shelf import Shelf

_RETRY_AFTER = "10"


@dataclass(frozen=True)
class _Look:
    """What was found: races that are listed and gone while others are there; what keeps it from serving."""

    catalog: Catalog | None
    gone: list[str]
    wrong: list[str]

    @property
    def ready(self) -> bool:
        return not self.wrong

    @property
    def reasons(self) -> list[str]:
        return self.wrong + self.gone

    @property
    def status(self) -> Status:
        return "unavailable" if self.wrong else "degraded" if self.gone else "ok"


class HealthChecks:
    """Health endpoints over one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def live(self, _: Request) -> Response:
        return _respond(Live(), ready=True)

    async def ready(self, _: Request) -> Response:
        found = self._look()
        return _respond(Ready(status=found.status, reasons=found.reasons), ready=found.ready)

    async def health(self, _: Request) -> Response:
        look, found = self._look(), dict[str, Any]()
        if look.catalog is not None:
            found["seasons"] = len(look.catalog.seasons)
            found["races"] = sum(season.published for season in look.catalog.seasons)
            found |= {"newest": look.catalog.newest, "newest_session": look.catalog.last_held}
        state = Health(
            status=look.status,
            ready=look.ready,
            reasons=look.reasons,
            version=__version__,
            schema_version=SCHEMA_VERSION,
            **found,
        )
        return _respond(state, ready=look.ready)

    def _look(self) -> _Look:
        try:
            catalog = self._shelf.catalog()
        except Problem as problem:
            return _Look(None, [], [problem.detail])
        if catalog.last_held is None:
            return _Look(catalog, [], ["The catalog names no session."])
        races, gone = self._listed(catalog)
        newest = catalog.last_held.manifest
        if self._is_there(newest):
            races.insert(0, newest)
        elif not any(newest in reason for reason in gone):
            gone.insert(0, f"{newest} of the newest session is missing.")
        keys = [key for manifest in races if (key := session_of(manifest)) is not None]
        return _Look(catalog, gone, self._missing_files(keys[0])) if keys else _Look(catalog, [], gone)

    def _listed(self, catalog: Catalog) -> tuple[list[str], list[str]]:
        """Manifests of listed races that are there, newest first; a sentence a season that lacks some."""
        there, gone = list[str](), list[str]()
        for season in sorted(catalog.seasons, key=lambda season: season.year, reverse=True):
            try:
                listed = [race.manifest for race in self._shelf.season(season.year).published]
            except Problem:
                gone.append(f"The listing of {season.year} cannot be read.")
                continue
            there += filter(self._is_there, listed)
            if missing := [manifest for manifest in listed if not self._is_there(manifest)]:
                more = f" and {len(missing) - 1} more" if missing[1:] else ""
                gone.append(f"{season.key} lists races that are missing: {missing[0]}{more}.")
        return there, gone

    def _is_there(self, manifest: str) -> bool:
        return self._shelf.library.stamp(manifest) is not None

    def _missing_files(self, key: SessionKey) -> list[str]:
        """What of a race cannot be served. While a run holds the folder, a race may be being replaced."""
        library = self._shelf.library
        try:
            manifest = self._shelf.manifest(key)
        except Problem as problem:
            return [f"The newest session's manifest {key.manifest} cannot be read: {problem.detail}"]
        published, reasons, passing = library.stamp(key.manifest), [], []
        if manifest.lacks:
            passing.append(
                f"{key.manifest} names only some of its files: a run that replaced them was ended."
            )
        for artifact in manifest.artifacts:
            stamp = library.stamp(artifact.key)
            if stamp is None:
                reasons.append(f"{artifact.key} of the newest session is missing.")
            elif not library.readable(artifact.key):
                reasons.append(f"{artifact.key} of the newest session cannot be read by the server.")
            elif stamp.size != artifact.bytes:
                newer = published is not None and stamp.mtime_ns > published.mtime_ns
                said = f"{artifact.key} has {stamp.size} bytes, its manifest says {artifact.bytes}."
                (passing if newer else reasons).append(said)
        return reasons if passing and library.being_written() else passing + reasons


def _respond(state: BaseModel, *, ready: bool) -> Response:
    headers = {"Cache-Control": "no-store"} | ({} if ready else {"Retry-After": _RETRY_AFTER})
    return Response(state.model_dump_json(), 200 if ready else 503, headers, "application/json")
