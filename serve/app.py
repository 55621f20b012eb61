"""The application: settings in, routes out. `uvicorn --factory serve.app:create_app`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp

from serve import logs, openapi
from serve.call import Call, Endpoint
from serve.files import Library
from serve.frames import Frames
from serve.freshness import Freshness
from serve.health import HealthChecks
from serve.laps import Laps
from serve.listings import Listings
from serve.memory import Memory
from serve.metrics import Metrics
from serve.middleware import Outermost
from serve.pages import Pages
from serve.progress import Progress, not_by_http
from serve.settings import Settings
from serve.shelf import Shelf
from serve.static import Artifacts
from serve.streams import Transforms


def create_app(settings: Settings | None = None) -> ASGIApp:
    settings = settings or Settings.load()
    metrics = Metrics()
    transforms = Transforms(settings.transforms, settings.transform_wait)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        logs.configure()
        if not settings.out.is_dir():
            logs.SERVER.warning(
                "%s is no folder (yet): check F1_OUT, or publish there", settings.out.absolute()
            )
        yield
        transforms.close()

    routes = list(_routes(settings, metrics, transforms))
    return Outermost(Router(routes, redirect_slashes=False, lifespan=lifespan), settings, metrics)


def _routes(settings: Settings, metrics: Metrics, transforms: Transforms) -> Iterator[BaseRoute]:
    memory = Memory(settings.cache_mb << 20)
    library = Library(settings.out.absolute(), memory)
    shelf = Shelf(library)
    artifacts = Artifacts(settings, library, memory, transforms)
    frames, listings = Frames(artifacts, shelf, settings.body_limit), Listings(artifacts, shelf)
    freshness = Freshness(shelf)
    metrics.tell_of(freshness)
    health, pages = HealthChecks(shelf), Pages(artifacts, shelf, freshness, settings.cdn_url)
    # The order is that of traffic: the router tries one route after the other.
    yield _asgi("/data/{key:path}", listings.data)
    yield _asgi("/f1/races/{year}/{round}", listings.race)
    yield _asgi("/f1/race-telemetry/{year}/{round}", frames.get)
    yield _asgi("/f1/results/{year}/{round}", listings.results)
    yield _asgi("/f1/laps/{year}/{round}", Laps(artifacts, shelf, memory).get)
    yield _asgi("/f1/sessions/{year}", listings.sessions)
    yield _asgi("/f1/seasons/{year}/{table}", listings.season_table)
    yield _asgi("/f1/seasons", listings.seasons)
    yield Route("/f1/race-telemetry", Endpoint(frames.post), methods=["POST"])
    yield WebSocketRoute("/f1/process-telemetry/{year}/{round}", Progress(settings, shelf, metrics).endpoint)
    yield Route("/f1/process-telemetry/{year}/{round}", not_by_http)
    yield Route("/health", health.health)
    yield Route("/health/", health.health)
    yield Route("/health/live", health.live)
    yield Route("/health/ready", health.ready)
    yield Route("/metrics", metrics.endpoint)
    yield _asgi("/openapi.json", openapi.Document(artifacts).send)
    yield Route("/docs", pages.swagger)
    yield Route("/redoc", pages.redoc)
    yield Route("/replay/{year}/{round}", pages.replay)
    yield _asgi("/static/{path:path}", pages.asset)
    yield Route("/", pages.overview)


def _asgi(path: str, handle: Callable[[Call], Awaitable[None]]) -> Route:
    return Route(path, Endpoint(handle), methods=["GET"])
