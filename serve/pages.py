"""Pages for a browser: home at /, a replay of each race, both API documentations, and what they load.

At / is JSON for everyone who does not ask for HTML.
"""

from html import escape
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline import __version__
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.media import REVALIDATE, Media
from pipeline.contract.sessions import session_code
from serve.call import Call
from serve.files import Library
from serve.freshness import Freshness
from serve.memory import Memory
from serve.models import RacePath
from serve.problems import Problem
from serve.requests import validated
from serve.shelf import Shelf
from serve.static import Artifacts

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
# Both documentations set styles from script; ReDoc searches in a worker made from a blob.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
    "frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": REVALIDATE}
_LINKS = {
    "seasons": "/f1/seasons",
    "docs": "/docs",
    "redoc": "/redoc",
    "openapi": "/openapi.json",
    "health": "/health/",
    "metrics": "/metrics",
}
_SWAGGER = """<div id="swagger-ui"></div>
<script src="/static/vendor/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/static/docs.js"></script>"""
_REDOC = """<redoc spec-url="/openapi.json"></redoc>
<script src="/static/vendor/redoc/redoc.standalone.js"></script>"""


class Pages:
    """Endpoints for people."""

    def __init__(self, artifacts: Artifacts, shelf: Shelf, freshness: Freshness, cdn_url: str) -> None:
        self._artifacts = artifacts
        self._shelf = shelf
        self._freshness = freshness
        self._assets = Library(Path(__file__).parent / "static", Memory(4 << 20))
        # where a CDN is set, the page's requests for data are redirected there
        self._replay_policy = f"{_POLICY}; connect-src 'self' {cdn_url}"

    async def overview(self, request: Request) -> Response:
        """The home page, which reads what there is as it does in a bucket; JSON for everyone else."""
        headers = {"Vary": "Accept", "Cache-Control": REVALIDATE}
        if _wants_html(request.headers.get("accept", "")):
            head = '<base href="static/">\n<meta name="f1-root" content="data/">'
            return self._static("home.html", head, headers)
        counted = self._freshness.sessions()
        seasons: list[dict[str, Any]] = [
            {"year": year, "sessions": f"/f1/sessions/{year}", "states": dict(counted.get(year, {}))}
            for year in self._years()
        ]
        content = {
            "name": "f1-precompute",
            "version": __version__,
            "seasons": seasons,
            "data_age_s": self._freshness.age_s(),
            "links": _LINKS,
        }
        return Response(orjson.dumps(content), headers=headers, media_type="application/json")

    async def swagger(self, _: Request) -> Response:
        style = '<link rel="stylesheet" href="/static/vendor/swagger-ui/swagger-ui.css">'
        return _page("F1 race telemetry: API", _SWAGGER, style)

    async def redoc(self, _: Request) -> Response:
        return _page("F1 race telemetry: API reference", _REDOC)

    async def replay(self, request: Request) -> Response:
        """The same page for every race: it reads from its own address which one to show.

        Where there is none it says so itself; the status says it to programs.
        """
        path = validated(RacePath, request.path_params)
        try:
            session = session_code(request.query_params.get("session", "R"))
        except ValueError as error:
            raise Problem(422, f"{error}.") from None
        key = SessionKey(path.year, path.round, session)
        status = 200 if self._shelf.library.stamp(key.manifest) else 404
        return self._static("replay.html", '<base href="../../static/">', status=status)

    def _static(
        self, name: str, head: str, headers: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        """A page of a bucket, told where its own files and the data are here."""
        text = self._assets.read(name).body.decode().replace("<head>", f"<head>\n{head}", 1)
        own = {"Content-Security-Policy": self._replay_policy}
        return HTMLResponse(text, status, _HEADERS | own | (headers or {}))

    async def asset(self, call: Call) -> None:
        path = call.path["path"]
        content_type = _TYPES.get(Path(path).suffix, "text/plain; charset=utf-8")
        try:
            found = self._assets.fetch(path)
        except FileNotFoundError:
            raise Problem(404, "There is no such asset.") from None
        await self._artifacts.send_file(call, f"static/{path}", found, Media(content_type, None, REVALIDATE))

    def _years(self) -> list[int]:
        try:
            return self._shelf.years()[::-1]
        except Problem:
            return []


def _wants_html(accept: str) -> bool:
    """Browsers name text/html; API clients send */* or application/json."""
    return "text/html" in accept.lower()


def _page(title: str, body: str, head: str = "") -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="/static/vendor/swagger-ui/favicon-32x32.png">{head}</head>'
        f"<body>{body}</body></html>"
    )
    return HTMLResponse(text, headers=_HEADERS)
