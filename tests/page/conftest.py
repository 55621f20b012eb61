"""A headless Chromium, and the servers that the pages come from."""

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, require
from tests.serve.support import serving
from tests.waiting import http_server

STATIC = REPOSITORY / "serve" / "static"
PAGE_FILES = ("f1-replay.js", "home.html", "home", "replay.html", "replay")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=SpareRendererForSitePerProcess",  # a process for a page that nobody opens
    "--enable-precise-memory-info",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by playwright, of which a process can run but one at a time."""
    require(find_spec("playwright") is not None, "playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require(found is not None, "there is no chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Tab:
    """One browser tab, with what went wrong in it and what it asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, url: str) -> "Tab":
        self.page.goto(url)
        self.page.locator("html[data-state=ready]").wait_for(state="attached")
        return self

    def seek(self, t: float) -> None:
        """Go to a moment as a link to it would, and wait until it is shown."""
        self.page.evaluate(GO_TO, t)

    def text(self, selector: str) -> str:
        content: str = self.page.inner_text(selector)
        return content.strip()

    def order(self) -> list[str]:
        """The codes in the table, but for the cars that have left."""
        rows: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('#order tbody tr')]"
            ".filter((row) => row.querySelector('.p').textContent).map((row) => row.dataset.code)"
        )
        return rows


GO_TO = """(t) => new Promise((resolve, reject) => {
  const begun = performance.now();
  location.hash = `t=${t}`;
  const look = () => {
    const at = document.querySelector("#bar input").value;
    const notice = document.getElementById("notice");
    if (Math.abs(Number(at) - t) < 0.05 && notice.hidden) resolve(performance.now() - begun);
    else if (performance.now() - begun > 30_000) reject(new Error(`at ${at}: ${notice.textContent}`));
    else setTimeout(look, 1);
  };
  look();
})"""


@pytest.fixture
def new_tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, each in a profile of its own; at the end no page may have complained."""
    tabs: list[tuple[Any, Tab]] = []

    def new(**options: Any) -> Tab:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        tab = Tab(context.new_page())
        tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.page.on("console", lambda line: tab.errors.extend(complaint(line)))
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        tabs.append((context, tab))
        return tab

    yield new
    for context, tab in tabs:
        context.close()
        assert tab.errors == []


def complaint(line: Any) -> list[str]:
    """A console line if it is an error; that a page without an icon has none is not."""
    missing_icon = line.location["url"].endswith("/favicon.ico")
    return [line.text] if line.type == "error" and not missing_icon else []


@pytest.fixture(scope="session")
def served(demo_out: Path) -> Iterator[str]:
    """Our server over the demo season."""
    with serving(demo_out) as server:
        yield server.url


@pytest.fixture(scope="session")
def served_real(real_out: Path) -> Iterator[str]:
    """Our server over the real races."""
    with serving(real_out) as server:
        yield server.url


@pytest.fixture(scope="session")
def plain(demo_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo season with the page's files beside it, behind Python's own file server.

    It sends *.json.gz without a Content-Encoding.
    """
    root = tmp_path_factory.mktemp("plain")
    for path in (*demo_out.iterdir(), *(STATIC / name for name in PAGE_FILES)):
        if not path.name.startswith("."):
            (root / path.name).symlink_to(path)
    with http_server(functools.partial(Quiet, directory=str(root))) as server:
        yield f"http://127.0.0.1:{server.server_port}"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
