"""A real S3 server for the tests: OpenStack Swift with its s3api, on loopback, in an environment of its own.

The environment is made once from deploy/requirements/swift.txt and kept in a cache folder; each session
gets its own server with its own data, which go when the session ends.
"""

import getpass
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from tests.waiting import answers, free_ports, wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "deploy" / "requirements" / "swift.txt"
KINDS = ("account", "container", "object")
WRITER = ("test:tester", "testing")
READER = ("test:reader", "reading")
SWIFT_CONF = "[swift-hash]\nswift_hash_path_prefix = tests\nswift_hash_path_suffix = tests\n"
BACKEND_CONF = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 1
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
log_address = {folder}/no-syslog
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 1
user = {user}
swift_dir = {folder}
log_address = {folder}/no-syslog
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
memcache_servers = 127.0.0.1:{no_port}
"""
PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk s3api tempauth "
    "slo dlo versioned_writes symlink proxy-logging proxy-server"
)
# What nine runs of swift-ring-builder do, in one: a ring of one device for each kind of server.
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
for kind, port in (ring.split(":") for ring in sys.argv[1:]):
    builder = RingBuilder(4, 1, 0)
    device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1.0}
    builder.add_dev({**device, "replication_ip": "127.0.0.1", "replication_port": int(port), "meta": ""})
    builder.rebalance()
    builder.get_ring().save(f"{kind}.ring.gz")
"""
# those without options; the others are in PROXY_CONF
PLAIN_FILTERS = sorted(set(PIPELINE.split()) - {"cache", "tempauth", "proxy-server"})


def _plain_filter(name: str) -> str:
    return f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n"


class SwiftServer:
    """Account, container and object server, and the proxy that speaks S3. `folder` holds everything."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self._folder = folder
        self._bin = environment / "bin"
        self._ports = dict(zip((*KINDS, "proxy", "none"), free_ports(5), strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self) -> None:
        (self._folder / "devices" / "d1").mkdir(parents=True)
        (self._folder / "swift.conf").write_text(SWIFT_CONF)
        for kind in KINDS:
            self._write_conf(kind, BACKEND_CONF)
        self._make_rings()
        for kind in KINDS:
            self._launch(kind)
        self._write_conf("proxy", PROXY_CONF + "".join(map(_plain_filter, PLAIN_FILTERS)))
        self.start_proxy()

    def start_proxy(self) -> None:
        self._launch("proxy")
        wait_for(lambda: answers(f"{self.url}/healthcheck"), 60)

    def stop_proxy(self) -> None:
        """No more S3, data stay: what a client sees of a server that is down."""
        self._end(self._running.pop("proxy"))

    def stop(self) -> None:
        for process in self._running.values():
            self._end(process)
        self._running.clear()

    def _write_conf(self, kind: str, text: str) -> None:
        values = {
            "port": self._ports[kind],
            "no_port": self._ports["none"],
            "kind": kind,
            "pipeline": PIPELINE,
        }
        filled = text.format(user=getpass.getuser(), folder=self._folder, **values)
        (self._folder / f"{kind}.conf").write_text(filled)

    def _make_rings(self) -> None:
        rings = [f"{kind}:{self._ports[kind]}" for kind in KINDS]
        command: list[str | Path] = [self._bin / "python", "-c", MAKE_RINGS, *rings]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)

    def _launch(self, kind: str) -> None:
        command: list[str | Path] = [
            self._bin / "python",
            self._bin / f"swift-{kind}-server",
            f"{kind}.conf",
            "-v",
        ]
        with self._log(kind).open("ab") as log:
            self._running[kind] = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )

    def _log(self, kind: str) -> Path:
        return self._folder / f"{kind}.log"

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        """The process and its workers, which share its group."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


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
