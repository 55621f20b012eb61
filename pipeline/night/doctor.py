"""Would a nightly run work here? One check after the other, each with what to do about it.

FAIL is what the configured job needs and lacks; warn is what it can do without, or will soon need.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import Literal

import requests

from pipeline import __version__
from pipeline.contract.artifacts import CATALOG
from pipeline.errors import BusyError, PipelineError, StoreError
from pipeline.network import answer
from pipeline.network.hosts import HOSTS, Host
from pipeline.network.trouble import Trouble, of_error, of_status
from pipeline.store.base import Place, Store

State = Literal["ok", "warn", "FAIL"]

PACKAGES = ("fastf1", "numpy", "pandas", "pyarrow", "orjson", "boto3")
RACE_BYTES, CACHE_BYTES = 150e6, 90e6  # what a race takes in the output, and in the cache
NEEDED_FREE, WISHED_FREE = 2 * (RACE_BYTES + CACHE_BYTES), 30 * (RACE_BYTES + CACHE_BYTES)
TIMEOUT_S = 15.0
_PROBES = {
    "timing": "/static/StreamingStatus.json",
    "mirror": "/static/StreamingStatus.json",
    "results": "/{year}.json",
    "schedule": "/schedule_{year}.json",
    "circuits": "/api/v1/circuits/10/{year}",
}


@dataclass(frozen=True)
class Check:
    """One line: what was found, and what to do where it is not right."""

    name: str
    state: State
    found: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.state:<4} {self.name}: {self.found}" + (f"; {self.advice}" if self.advice else "")

    def to_json(self) -> str:
        return json.dumps({"type": "check", **asdict(self)}, ensure_ascii=False)


def examine(out: Path, cache: Path, offline: bool, place: Place | None) -> Iterator[Check]:
    """All checks, each as soon as it is done."""
    yield versions()
    yield folder("cache", cache, "--fastf1-cache", f", {_size(cache)}")
    yield folder("output", out, "--out")
    yield lock(out)
    yield from (disk(path) for path in dict.fromkeys((_existing(cache), _existing(out))))
    if not offline:
        yield from map(host, HOSTS)
    if place is not None:
        yield from bucket(place)


def versions() -> Check:
    found, missing = [f"f1-precompute {__version__}"], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        advice = f"install f1-precompute[pipeline]: {', '.join(missing)} missing"
        return Check("versions", "FAIL", ", ".join(found), advice)
    return Check("versions", "ok", ", ".join(found))


def folder(name: str, path: Path, flag: str, about: str = "") -> Check:
    """Whether files can be made there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path) as stream:
            stream.write(b"1" * 4096)
            stream.flush()
    except OSError as error:
        return Check(
            name, "FAIL", f"{path} cannot be written ({error.strerror})", f"choose another with {flag}"
        )
    return Check(name, "ok", f"{path} is writable{about}")


def _size(path: Path) -> str:
    size, sessions = 0, set()
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # a run that is under way moves files
                size += Path(folder, name).stat().st_size
        if any(name.endswith(".ff1pkl") for name in names):
            sessions.add(folder)
    return f"{size / 1e6:.0f} MB, {len(sessions)} sessions"


def lock(out: Path) -> Check:
    from pipeline.store.lock import only_run  # noqa: PLC0415

    try:
        with only_run(out):
            return Check("lock", "ok", "no other run holds the output")
    except BusyError as error:
        return Check("lock", "warn", str(error))
    except StoreError as error:
        return Check("lock", "FAIL", str(error))


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())


def disk(path: Path) -> Check:
    free = shutil.disk_usage(path).free
    found = f"{free / 1e9:.1f} GB free at {path}"
    if free < NEEDED_FREE:
        return Check("disk", "FAIL", found, "free some: a race takes 150 MB, and 90 MB in the cache")
    if free < WISHED_FREE:
        return Check(
            "disk",
            "warn",
            found,
            "a whole season takes about 7 GB with its cache, 15 GB with all sessions",
        )
    return Check("disk", "ok", found)


def host(where: Host) -> Check:
    """Whether a host answers this machine. Data that does not exist is an answer too."""
    trouble = _ask(where)
    name = f"host {where.role}"
    if trouble is None:
        return Check(name, "ok", f"{where.what} answers at {where.url}")
    needed = where.needed and where.role != "mirror"
    return Check(name, "FAIL" if needed else "warn", str(trouble))


def _ask(where: Host) -> Trouble | None:
    now = datetime.now(UTC)
    url = where.url + _PROBES[where.role].format(year=now.year)
    try:
        given = answer.get(url, TIMEOUT_S)
    except OSError as error:
        return of_error(where, error)
    trouble = of_status(where, given.status_code, given.headers, given.content, now)
    return None if trouble is None or trouble.kind == "absent" else trouble


def bucket(place: Place) -> Iterator[Check]:
    """Credentials, list, write, read and delete of an object of our own, and CORS."""
    try:
        with place.open() as store:
            yield _round_trip(store)
            url = store.public_url(CATALOG)
    except PipelineError as error:
        yield Check("bucket", "FAIL", str(error))
        return
    if url is not None:
        yield cors(url)


def _round_trip(store: Store) -> Check:
    key, content = f"runs/doctor-{token_hex(4)}.json", b'{"type":"doctor"}\n'
    where = store.where()
    next(iter(store.list("runs/")), None)
    store.put_bytes(key, content)
    if store.read(key) != content:
        return Check("bucket", "FAIL", f"{where} does not give back what was written", "look for a proxy")
    try:
        store.delete(key)
    except PipelineError as error:
        return Check("bucket", "warn", f"{where}: list, write and read work, {key} stays", str(error))
    return Check("bucket", "ok", f"{where}: list, write, read and delete work")


def cors(url: str) -> Check:
    """Ask as a browser on another site does; a bucket may leave it to the CDN in front of it."""
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    try:
        given = answer.within(TIMEOUT_S, partial(requests.options, url, headers=headers, timeout=TIMEOUT_S))
    except OSError as error:
        return Check("cors", "warn", f"the bucket cannot be asked ({error})", "check it from a browser")
    allowed = given.headers.get("Access-Control-Allow-Origin")
    if allowed is None:
        advice = (
            "allow GET and HEAD for your sites in its CORS rules, or let the CDN in front add the headers"
        )
        return Check("cors", "warn", "browsers may not read the bucket from other sites", advice)
    return Check("cors", "ok", f"browsers may read the bucket from {allowed}")
