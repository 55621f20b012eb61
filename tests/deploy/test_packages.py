"""What is installed without a checkout: the wheel, and the reader as a package for npm."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from pipeline import __version__
from tests.command import REPOSITORY, clean_environment
from tests.conftest import Once, require
from tests.waiting import answers, free_port, wait_for


@pytest.fixture(scope="session")
def installed(once: Once) -> Path:
    """The wheel alone, in a folder; its dependencies are those of the environment."""
    return once("wheel", _install)


def _install(folder: Path) -> None:
    source = folder / "source"  # what building leaves behind stays out of the checkout
    left_out = shutil.ignore_patterns(".*", "node_modules", "computed_data", "tests", "build", "*.egg-info")
    shutil.copytree(REPOSITORY, source, ignore=left_out)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index"]
    _run([*pip, "wheel", *alone, "--wheel-dir", folder / "wheels", source])
    shutil.rmtree(source)
    (wheel,) = (folder / "wheels").iterdir()
    assert wheel.name == f"f1_precompute-{__version__}-py3-none-any.whl"
    _run([*pip, "install", *alone, "--target", folder / "site", wheel])


def _run(command: list[str | Path], **more: str) -> str:
    done = subprocess.run(
        command, env=clean_environment() | more, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
def test_the_wheel_computes_and_serves(installed: Path, tmp_path: Path) -> None:
    bin_, alone = installed / "site/bin", {"PYTHONPATH": str(installed / "site")}
    code = "import pipeline, serve; print(pipeline.__file__, serve.__file__)"
    where = _run([sys.executable, "-P", "-c", code], **alone).split()
    assert all(path.startswith(str(installed)) for path in where)
    assert __version__ in _run([bin_ / "f1-precompute", "--version"], **alone)
    few = ("--out", str(tmp_path / "out"), "--fps", "5", "--frame-skip", "10")
    assert "published" in _run([bin_ / "f1-precompute", "demo", *few], **alone)
    port = free_port()
    command: list[str | Path] = [bin_ / "f1-serve", "--out", tmp_path / "out", "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | alone, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{url}/health/ready"), 60)
            own = {path.relative_to(REPOSITORY / "serve/static") for path in _static()}
            for path in [
                *(f"/static/{name.as_posix()}" for name in own),
                "/replay/1900/1",
                "/docs",
                "/redoc",
            ]:
                with urlopen(url + path, timeout=20) as answer:
                    assert answer.status == 200, path
        finally:
            server.terminate()


def _static() -> list[Path]:
    return [path for path in (REPOSITORY / "serve/static").rglob("*") if path.is_file()]


@pytest.mark.slow
def test_the_reader_as_a_package(small_out: Path, tmp_path: Path) -> None:
    """Packed, installed in a project of its own, and asked where the cars are."""
    npm = shutil.which("npm")
    require(npm is not None, "there is no npm on the path")
    reader = REPOSITORY / "serve/static"
    assert json.loads((reader / "package.json").read_bytes())["version"] == __version__
    quiet = {"npm_config_cache": str(tmp_path / "npm"), "npm_config_update_notifier": "false"}
    (packed,) = json.loads(
        _run([str(npm), "pack", "--json", "--pack-destination", tmp_path, reader], **quiet)
    )
    files = {file["path"] for file in packed["files"]}
    assert files == {"package.json", "f1-replay.js", "f1-replay.d.ts"}
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    package = str(tmp_path / packed["filename"])
    _run([str(npm), "install", "--prefix", tmp_path, "--offline", "--no-audit", package], **quiet)
    (tmp_path / "use.js").write_text(
        'import { readFile } from "node:fs/promises";\n'
        'import { openRace } from "f1-replay";\n'
        f"const fetch = async (url) => new Response(await readFile({json.dumps(str(small_out))}"
        " + new URL(url).pathname));\n"
        'const race = await openRace("http://files/telemetry/1900/1/manifest.json", { fetch });\n'
        "console.log((await race.seek(30)).cars.length);\n"
    )
    assert int(_run([str(shutil.which("node")), tmp_path / "use.js"])) > 0
