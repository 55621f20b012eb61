"""Make the pictures of the README: `python docs/screenshots.py`, with playwright and a Chromium installed.
`make screenshots` takes others, to look at: four sizes of screen, dark and light.

They show the newest published race; of an empty data folder there is nothing to show, so run
`f1-precompute demo` first.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from pipeline.contract.models import Catalog, Manifest

ROOT = Path(__file__).resolve().parent.parent


SIZES = (
    (1440, 900),
    (1920, 1080),
    (844, 390),
    (390, 844),
)  # desk, large desk, phone held sideways and upright


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page's size, colours, and moment."""

    name: str
    width: int
    height: int
    scheme: str
    fragment: str
    home: bool = False


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT / "computed_data")
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "img")
    options.add_argument("--every", action="store_true", help="four sizes, dark and light, into --out")
    given = options.parse_args()
    catalog = Catalog.model_validate_json((given.data / "catalog.json").read_bytes())
    if catalog.newest is None:
        sys.exit("no race has been published")
    manifest = Manifest.model_validate_json((given.data / catalog.newest.manifest).read_bytes())
    given.out.mkdir(parents=True, exist_ok=True)
    with serving(given.data) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in every(manifest) if given.every else shots(manifest):
            race = f"replay/{manifest.event.year}/{manifest.event.round}"
            take(browser, f"{url}/{'' if shot.home else race}", shot, given.out)


def shots(manifest: Manifest) -> list[Shot]:
    """Under a safety car if there was one, and at the finish."""
    under = [status.start_time for status in manifest.track_statuses if status.status == "4"]
    middle = under[len(under) // 2] + 60 if under else manifest.clock.duration_s / 2
    leader = manifest.drivers[0].code
    finish = min((d.finished_at for d in manifest.drivers if d.finished_at is not None), default=middle)
    return [
        Shot("replay-dark", 1440, 860, "dark", f"t={middle:.0f}&car={leader}"),
        Shot("replay-light", 1440, 860, "light", f"t={finish + 8:.0f}"),
    ]


def every(manifest: Manifest) -> list[Shot]:
    """On each size of screen, dark and light: replay, charts, comparison, home, standings."""
    chosen = ",".join(driver.code for driver in manifest.drivers[1:3])
    fragment = f"t={manifest.clock.duration_s * 0.6:.0f}&car={chosen}"
    pages = {
        "": (fragment, False),
        "-charts": (f"{fragment}&show=gaps,laps", False),
        "-compare": (f"{fragment}&show=compare", False),
        "-home": ("", True),
        "-standings": (f"{manifest.event.year}/standings", True),
    }
    return [
        Shot(f"{width}x{height}-{scheme}{name}", width, height, scheme, shown, home=home)
        for width, height in SIZES
        for scheme in ("dark", "light")
        for name, (shown, home) in pages.items()
    ]


def take(browser: Browser, url: str, shot: Shot, out: Path) -> None:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        device_scale_factor=2 if shot.width < 600 else 1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{url}#{shot.fragment}")
    page.locator("html[data-state=ready]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=out / f"{shot.name}.png")
    context.close()


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """Our server over a data folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, "-m", "serve", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"F1_OUT": str(data.resolve())},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None and not answers(url + "/health/live"):
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:  # noqa: S310 - our own server
            return bool(response.status == 200)
    except URLError:
        return False


if __name__ == "__main__":
    main()
