"""The JSON endpoints about what exists: seasons, a season's sessions, a race's manifest, any key."""

import hashlib

from pipeline.contract.artifacts import CATALOG, SPECS, SessionKey, is_public, key_of, session_of
from pipeline.contract.models import SeasonListing
from serve.call import Call
from serve.models import DOCUMENTS, RacePath, RaceQuery, SeasonPath, SeasonTablePath, Sessions
from serve.problems import Problem
from serve.requests import query_of, validated
from serve.shelf import Shelf
from serve.static import Artifacts


class Listings:
    """Endpoints over one shelf."""

    def __init__(self, artifacts: Artifacts, shelf: Shelf) -> None:
        self._artifacts = artifacts
        self._shelf = shelf
        self._views: dict[int, tuple[SeasonListing, bytes, str]] = {}

    async def data(self, call: Call) -> None:
        """Any artifact by its key."""
        key = call.path["key"]
        if not is_public(key):
            raise Problem(404, "No artifact has such a key. Keys are listed in each race's manifest.")
        await self._file(call, key)

    async def _file(self, call: Call, key: str, *, redirect: bool = True) -> None:
        try:
            if not self._shelf.serves(key):
                raise FileNotFoundError(key)
            await self._artifacts.send(call, key, redirect=redirect)
        except FileNotFoundError:
            raise self._shelf.missing_artifact(key, session_of(key)) from None

    async def seasons(self, call: Call) -> None:
        try:
            await self._artifacts.send(call, CATALOG, redirect=False)
        except FileNotFoundError:
            self._shelf.catalog()
            raise

    async def race(self, call: Call) -> None:
        path, query = validated(RacePath, call.path), query_of(call, RaceQuery)
        key = SessionKey(path.year, path.round, query.session)
        try:
            await self._artifacts.send(call, key.manifest, redirect=False)
        except FileNotFoundError:
            raise self._shelf.missing_race(key) from None

    async def results(self, call: Call) -> None:
        path, query = validated(RacePath, call.path), query_of(call, RaceQuery)
        key = SessionKey(path.year, path.round, query.session)
        await self._file(call, key.file("results"), redirect=False)

    async def season_table(self, call: Call) -> None:
        """Standings and circuits, or a table of all sessions, which is large enough for the CDN."""
        path = validated(SeasonTablePath, call.path)
        table = path.table if path.table in DOCUMENTS else f"season_{path.table}"
        try:
            name = key_of(table, year=path.year)
            await self._artifacts.send(call, name, redirect=path.table not in DOCUMENTS)
        except FileNotFoundError:
            self._shelf.season(path.year)
            raise self._shelf.missing_artifact(name, None) from None

    async def sessions(self, call: Call) -> None:
        season = self._shelf.season(validated(SeasonPath, call.path).year)
        await self._artifacts.send_document(call, f"linked/{season.year}", *self._linked(season))

    def _linked(self, season: SeasonListing) -> tuple[bytes, str]:
        """The listing with links and its ETag, made once for each state of the season."""
        cached = self._views.get(season.year)
        if cached is None or cached[0] is not season:
            body = linked(season).model_dump_json().encode()
            cached = (season, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
            self._views[season.year] = cached
        return cached[1], cached[2]


def linked(season: SeasonListing) -> Sessions:
    view = season.model_dump()
    for event in view["events"]:
        for session in (*event["sessions"], *event.get("other_sessions", [])):
            key = session_of(
                session["manifest"] or ""
            )  # until it is moved a race may be under its old number
            if session["state"] == "published" and key is not None:
                session["links"] = links_of(key)
    return Sessions.model_validate(view)


_API = {
    "manifest": "/f1/races/{race}",
    "frames": "/f1/race-telemetry/{race}",
    "results": "/f1/results/{race}",
    "laps": "/f1/laps/{race}",
    "progress": "/f1/process-telemetry/{race}",
}


def links_of(key: SessionKey) -> dict[str, str]:
    """Where to fetch one session's data: by the API where it has an endpoint, else by key."""
    race = f"{key.year}/{key.round}" + ("" if key.session == "R" else f"?session={key.session}")
    files = {spec.name: f"/data/{key.file(spec.name)}" for spec in SPECS.values() if spec.single}
    return files | {name: path.format(race=race) for name, path in _API.items()}
