"""Pages for a browser: the overview at /, the two API documentations, and the assets they load.

The overview is the same as JSON for everyone who does not ask for HTML.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline import __version__
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.media import REVALIDATE, Media
from pipeline.contract.models import SeasonEvent, SeasonSession
from pipeline.contract.sessions import SESSIONS, session_code
from serve.call import Call
from serve.files import Library
from serve.freshness import Freshness
from serve.listings import links_of
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
        headers = {"Vary": "Accept", "Cache-Control": REVALIDATE}
        if _wants_html(request.headers.get("accept", "")):
            body = "".join(self._races())
            style = '<link rel="stylesheet" href="/static/replay/replay.css">'
            body = f'<main class="picker"><h1>F1 race telemetry</h1>{body}</main>'
            return _page("F1 race telemetry", body, head=style, headers=headers)
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
        return _page("F1 race telemetry: API", _SWAGGER, head=style)

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
        text = self._assets.read("replay.html").body.decode()
        text = text.replace("<head>", '<head>\n<base href="../../static/">', 1)
        return HTMLResponse(text, status, _HEADERS | {"Content-Security-Policy": self._replay_policy})

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

    def _races(self) -> Iterator[str]:
        years = self._years()
        if not years:
            yield "<p>Nothing has been published yet.</p>"
        for year in years:
            yield f"<h2>{year}</h2><ol>"
            for event in self._events(year):
                yield from (_race(year, event, s) for s in event.sessions if s.state == "published")
                if others := [s for s in event.other_sessions if s.state == "published"]:
                    yield _others(year, event, others)
            yield f'</ol><p><a href="/f1/sessions/{year}">all sessions</a></p>'
        yield "<p>" + " ".join(f'<a href="{path}">{name}</a>' for name, path in _LINKS.items()) + "</p>"

    def _events(self, year: int) -> list[SeasonEvent]:
        try:
            return self._shelf.season(year).events
        except Problem:
            return []


def _race(year: int, event: SeasonEvent, session: SeasonSession) -> str:
    links = links_of(SessionKey(year, event.round, session.session))
    name = escape(f"{event.name}, {SESSIONS[session.session].word}")
    note = f"grade {session.grade}" + (", provisional" if session.provisional else "")
    named = {"manifest": "manifest", "frames": "frames", "frames_parquet": "Parquet"}
    files = " ".join(f'<a href="{links[name]}">{text}</a>' for name, text in named.items())
    return (
        f'<li><span>{event.round or "–"}</span><a href="{_replay(links)}">{name}</a> '
        f"<small>{files}</small> "
        f'<b class="grade" data-grade="{session.grade}" title="{note}">{session.grade}</b></li>'
    )


def _others(year: int, event: SeasonEvent, sessions: list[SeasonSession]) -> str:
    """Qualifying and practice of a weekend, on one line."""
    links = []
    for session in sessions:
        replay = _replay(links_of(SessionKey(year, event.round, session.session)))
        note = f"grade {session.grade}" + (", provisional" if session.provisional else "")
        links.append(f'<a href="{replay}" title="{note}">{SESSIONS[session.session].word}</a>')
    name = escape(event.name)
    return f'<li class="others"><span></span><small><em>{name}</em> {" ".join(links)}</small></li>'


def _replay(links: dict[str, str]) -> str:
    return links["manifest"].replace("/f1/races/", "/replay/")


def _wants_html(accept: str) -> bool:
    """Browsers name text/html; API clients send */* or application/json."""
    return "text/html" in accept.lower()


def _page(title: str, body: str, *, head: str = "", headers: dict[str, Any] | None = None) -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="/static/vendor/swagger-ui/favicon-32x32.png">{head}</head>'
        f"<body>{body}</body></html>"
    )
    return HTMLResponse(text, headers=_HEADERS | (headers or {}))
