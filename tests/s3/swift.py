"""A real S3 server for the tests: OpenStack Swift with its s3api, on loopback, in an environment of its own.

The environment is made once from deploy/requirements/swift.txt and kept in a cache folder; each session
gets its own server with its own data, which go when the session ends.
"""

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from tests.waiting import free_ports

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "deploy" / "requirements" / "swift.txt"
SERVE = Path(__file__).with_name("swift_serve.py")
KINDS = ("account", "container", "object")
WRITER = ("test:tester", "testing")
READER = ("test:reader", "reading")
SWIFT_CONF = "[swift-hash]\nswift_hash_path_prefix = tests\nswift_hash_path_suffix = tests\n"
BACKEND_CONF = """[DEFAULT]
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
log_address = {folder}/no-syslog
log_level = WARNING
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """[DEFAULT]
user = {user}
swift_dir = {folder}
log_address = {folder}/no-syslog
log_level = WARNING
[pipeline:main]
pipeline = {pipeline}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_reader = reading
[filter:cache]
use = egg:swift#memcache
"""
PIPELINE = (
    "catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth "
    "slo dlo versioned_writes symlink proxy-server"
)
# those without options; the others are in PROXY_CONF
PLAIN_FILTERS = sorted(set(PIPELINE.split()) - {"cache", "tempauth", "proxy-server"})


def _plain_filter(name: str) -> str:
    return f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n"


@contextmanager
def running(folder: Path, environment: Path) -> Iterator["SwiftServer"]:
    """A server with its data in the folder, which is made where it is not there."""
    server = SwiftServer(folder, environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class SwiftServer:
    """Account, container and object server, and the proxy that speaks S3. `folder` holds everything."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self._folder = folder
        self._python = environment / "bin" / "python"
        self._ports = dict(zip((*KINDS, "proxy"), free_ports(4), strict=True))
        self._running: list[subprocess.Popen[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self) -> None:
        (self._folder / "devices" / "d1").mkdir(parents=True)
        (self._folder / "swift.conf").write_text(SWIFT_CONF)
        for kind in KINDS:
            self._write_conf(kind, BACKEND_CONF)
        self._write_conf("proxy", PROXY_CONF + "".join(map(_plain_filter, PLAIN_FILTERS)))
        self._launch(*KINDS)
        self.start_proxy()

    def start_proxy(self) -> None:
        self._launch("proxy")

    def stop_proxy(self) -> None:
        """No more S3, data stay: what a client sees of a server that is down."""
        self._end_last()

    def stop(self) -> None:
        while self._running:
            self._end_last()

    def _write_conf(self, kind: str, text: str) -> None:
        filled = text.format(user=getpass.getuser(), folder=self._folder, kind=kind, pipeline=PIPELINE)
        (self._folder / f"{kind}.conf").write_text(filled)

    def _launch(self, *kinds: str) -> None:
        """One process for these kinds, as soon as all of them listen. It ends when nobody holds its input."""
        command: list[str | Path] = [
            self._python,
            "-P",
            SERVE,
            *(f"{kind}:{self._ports[kind]}" for kind in kinds),
        ]
        with (self._folder / f"{kinds[-1]}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", (self._folder / f"{kinds[-1]}.log").read_text()

    def _end_last(self) -> None:
        process = self._running.pop()
        process.communicate(timeout=60)


def environment() -> Path:
    """The virtual environment with Swift, made if need be. Raises CalledProcessError where it cannot be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or REPOSITORY / ".cache") / "f1-precompute"
    cache.mkdir(parents=True, exist_ok=True)
    name = f"swift-{sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}-py{sys.version_info.minor}"
    made = cache / name
    with FileLock(cache / f"{name}.lock"):
        if not (made / ".complete").is_file():
            shutil.rmtree(made, ignore_errors=True)
            _run(sys.executable, "-m", "venv", made)
            _run(made / "bin" / "pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS)
            (made / ".complete").touch()
    return made


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
