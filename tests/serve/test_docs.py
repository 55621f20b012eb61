"""The OpenAPI document, and the two documentations in a browser without a network."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import require
from tests.serve.support import Server

CHROMIUM = "/usr/bin/chromium"
ENDPOINTS = (
    "/f1/race-telemetry/{year}/{round}",
    "/f1/race-telemetry",
    "/f1/races/{year}/{round}",
    "/f1/sessions/{year}",
    "/f1/results/{year}/{round}",
    "/f1/laps/{year}/{round}",
    "/f1/seasons",
    "/f1/seasons/{year}/standings",
    "/f1/seasons/{year}/circuits",
    "/f1/seasons/{year}/{table}",
    "/data/{key}",
    "/health/",
    "/health/live",
    "/health/ready",
    "/metrics",
)


def test_openapi_document(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == set(ENDPOINTS)
    text = client.get("/openapi.json").text
    for name in re.findall(r'"\$ref":"#/components/schemas/(\w+)"', text):
        assert name in document["components"]["schemas"]
    assert "FramesDocument" in document["components"]["schemas"]
    skip = next(
        parameter
        for parameter in document["paths"][ENDPOINTS[0]]["get"]["parameters"]
        if parameter["name"] == "frame_skip"
    )
    assert skip["schema"] == {"type": "integer", "minimum": 1, "maximum": 10, "default": 1}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    require(find_spec("playwright") is not None, "playwright is not installed")
    require(Path(CHROMIUM).exists(), f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@pytest.mark.parametrize(
    ("path", "selector"), [("/docs", ".opblock-summary-path"), ("/redoc", "li[role=menuitem] label")]
)
def test_documentation_works_without_a_network(
    browser: Any, server: Server, path: str, selector: str
) -> None:
    page = browser.new_page()
    outside: list[str] = []

    def only_ours(route: Any) -> None:
        if route.request.url.startswith((server.url, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page.route("**/*", only_ours)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # what the policy refuses is asked of nobody, and is told here
    page.on("console", lambda message: errors.extend([message.text] * (message.type == "error")))
    page.goto(server.url + path)
    page.wait_for_selector(selector, timeout=20_000)
    text = page.inner_text("body").replace("\u200b", "")
    if path == "/docs":
        for endpoint in ENDPOINTS:
            assert endpoint in text
    else:
        assert "The frames of a race" in text
        assert "Any published file by its key" in text
    assert errors == []
    assert outside == []
    page.close()
