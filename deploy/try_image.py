"""Try the Dockerfile where there is no container engine: `python deploy/try_image.py`.

Follows its steps for both targets in fresh folders, then starts what came out as the user it names, on a
read-only root: a demo season is computed and verified by `pipeline` and served by `serve`. Linux only; needs
`unshare` and root, or a machine that lets users make namespaces.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from image.box import Box
from image.dockerfile import Ignore, parse
from image.replay import Image, Replay, inside

ROOT = Path(__file__).resolve().parents[1]
NOT_IN_SERVE = {"boto3", "fastf1", "matplotlib", "numpy", "pandas", "pyarrow", "scipy"}
STARTS = 5


class FailedError(Exception):
    """The image does not do what it should."""


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


def python_prefix(wanted: str) -> Path:
    """Where the Python of that version is installed; where there is none, the one that runs this."""
    ask = [f"python{wanted}", "-c", "import sys; print(sys.base_prefix)"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        say(f"no python{wanted} here as in the image: trying with {sys.version.split()[0]}")
        return Path(sys.base_prefix)
    return Path(done.stdout.strip())


def box_of(image: Image, python: Path, *volumes: str, **env: str) -> Box:
    """As `docker run --read-only` would start it: the image's user, and only the volumes can be written."""
    config = image.config
    return Box(image.root, python, config.env | env, config.workdir, config.user, True, list(volumes))


def check_confined(box: Box) -> None:
    """The user is who the Dockerfile says, and can write nowhere but to /tmp and the volumes."""
    config_user = box.user if os.geteuid() == 0 else "0:0"
    user = box.run(["/bin/sh", "-c", "echo $(id -u):$(id -g)"]).strip()
    if user != config_user:
        raise FailedError(f"runs as {user}, not as {config_user}")
    for place in ("/", "/opt/f1", "/opt/f1/bin", "/etc", "/usr/local"):
        probe = box.run(["/bin/sh", "-c", f"touch {place}/probe 2>/dev/null && echo written || true"])
        if probe:
            raise FailedError(f"{place} can be written to")
    box.run(["/bin/sh", "-c", "touch /tmp/probe"])


def check_contents(image: Image) -> None:
    """`serve` has nothing of the pipeline's libraries, and no image has the build's tools."""
    site = next(inside(image.root, "/opt/f1/lib").glob("python*/site-packages"))
    unwanted = ({"pip", "setuptools"} | NOT_IN_SERVE) & {path.name for path in site.iterdir()}
    if unwanted:
        raise FailedError(f"serve has {', '.join(sorted(unwanted))}")


def size(top: Path) -> int:
    return sum(path.lstat().st_size for path in top.rglob("*") if path.is_file() and not path.is_symlink())


def demo_run(box: Box) -> dict[str, Any]:
    """Compute the demo season in the pipeline image and verify it there."""
    started = time.monotonic()
    say(box.run(["f1-precompute", "demo"]).strip())
    seconds = time.monotonic() - started
    say(box.run(["f1-precompute", "verify"]).strip())
    return {"demo_s": round(seconds, 1)}


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_live(process: "subprocess.Popen[str]", port: int, started: float) -> float:
    while time.monotonic() - started < 30:
        if process.poll() is not None:
            raise FailedError(f"serve ended with {process.returncode} at its start")
        try:
            if get(port, "/health/live")[0] == 200:
                return time.monotonic() - started
        except OSError:
            time.sleep(0.005)
    raise FailedError("serve did not answer within 30 s")


def serve_run(image: Image, box: Box, port: int) -> float:
    """Start it, look at its health and some answers, stop it as an engine would; the seconds to its start."""
    started = time.monotonic()
    process = box.start([*image.config.entrypoint, *image.config.command], stdout=subprocess.DEVNULL)
    try:
        seconds = wait_live(process, port, started)
        for path in ("/health/live", "/health/ready", "/f1/seasons", "/data/catalog.json", "/openapi.json"):
            status, body = get(port, path)
            if status != 200:
                raise FailedError(f"{path} answered {status}: {body.decode(errors='replace')}")
        box.run(image.config.healthcheck)
    finally:
        process.send_signal(signal.Signals[image.config.stopsignal])
        code = process.wait(timeout=15)
    if code not in (0, -signal.Signals[image.config.stopsignal]):
        raise FailedError(f"serve ended with {code} after {image.config.stopsignal}")
    return seconds


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def volume(folder: Path, user: str) -> Path:
    """As an engine makes a new volume: with the owner of the folder that it covers."""
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, *map(int, user.split(":")))
    return folder


def try_pipeline(image: Image, python: Path, work: Path) -> dict[str, Any]:
    user = image.config.user
    data, cache = volume(work / "data", user), volume(work / "cache", user)
    box = box_of(image, python, f"{data}:/data:rw", f"{cache}:/cache:rw")
    check_confined(box)
    return {"installed_bytes": size(inside(image.root, "/opt/f1")), **demo_run(box)}


def try_serve(image: Image, python: Path, work: Path) -> dict[str, Any]:
    check_contents(image)
    port = free_port()
    box = box_of(image, python, f"{work / 'data'}:/data:ro", F1_PORT=str(port))
    check_confined(box)
    starts = [serve_run(image, box, port) for _ in range(STARTS)]
    bare = replace(box, env={k: v for k, v in box.env.items() if not k.startswith("F1_")})
    bare.run(["python", "-c", "import serve.app"])
    installed = size(inside(image.root, "/opt/f1"))
    return {"installed_bytes": installed, "start_s": [round(s, 3) for s in starts]}


def build_and_try(dockerfile: Path, python: Path | None, work: Path) -> dict[str, Any]:
    stages = parse(dockerfile.read_text())
    base = next(iter(stages.values())).parent
    version = ".".join(base.partition(":")[2].split("-")[0].split(".")[:2])
    prefix = python or python_prefix(version)
    say(f"{base.partition('@')[0]}: standing in for it, the Python in {prefix}")
    replay = Replay(stages, ROOT, Ignore.read(ROOT / ".dockerignore"), prefix, work, say)
    return {
        "pipeline": try_pipeline(replay.build("pipeline"), prefix, work),
        "serve": try_serve(replay.build("serve"), prefix, work),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--python", type=Path, help="prefix of the Python that stands in for the base image's"
    )
    python = parser.parse_args().python
    work = Path(tempfile.mkdtemp(prefix="f1-image-"))
    work.chmod(0o755)
    try:
        report = build_and_try(ROOT / "Dockerfile", python, work)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}\nended with {error.returncode}:\n{error.output}")
    except FailedError as error:
        sys.exit(f"Failed: {error}")
    finally:
        shutil.rmtree(work)
    for target, found in report.items():
        say(f"{target}: {found['installed_bytes'] / 1e6:.1f} MB installed on top of the base image")
    start = statistics.median(report["serve"]["start_s"])
    say(f"serve: answers {start:.2f} s after its start (median of {STARTS})")
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
