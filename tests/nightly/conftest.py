"""A season of one online race, as served by a local server, and a nightly run against it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from requests_cache.backends.sqlite import SQLiteCache

from tests.command import Running, cli, start
from tests.nightly import archive
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.hosts import Hosts, serving

QUICK = ("--frame-skip", "10", "--fps", "5", "--jobs", "1")


@dataclass
class Nights:
    """Nightly runs of one output folder against local hosts."""

    hosts: Hosts
    folder: Path
    year: int
    more: dict[str, str] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def run(self, *more: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        return cli(*self._words, *more, expect=expect, **self.hosts.environment(**self.more))

    def run_a_day_later(self, *more: str) -> subprocess.CompletedProcess[str]:
        """As far as what is done once a day is concerned."""
        if (history := self.out / ".nightly.json").exists():
            attempts = json.loads(history.read_bytes())
            history.write_text(json.dumps({k: v for k, v in attempts.items() if k[:4].isdecimal()}))
        return self.run(*more)

    def start(self) -> AbstractContextManager[Running]:
        return start(*self._words, **self.hosts.environment(**self.more))

    @property
    def _words(self) -> tuple[str | Path, ...]:
        where = ("--season", str(self.year), "--out", self.out, "--fastf1-cache", self.cache)
        return ("nightly", *where, *QUICK)

    def listing(self) -> Any:
        return json.loads((self.out / f"sessions/{self.year}.json").read_bytes())

    def manifest(self, number: int) -> Any:
        return json.loads((self.out / f"telemetry/{self.year}/{number}/manifest.json").read_bytes())

    def cached(self) -> dict[str, str]:
        """What is parsed and cached, by name."""
        files = (path for path in self.cache.rglob("*.ff1pkl*"))
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}

    def forget_schedule(self) -> None:
        """A day later: the cached schedule is out of date."""
        (self.cache / f"f1_precompute_schedule_{self.year}.json").unlink(missing_ok=True)
        url = f"{self.hosts.url('schedule')}/schedule_{self.year}.json"
        with closing(SQLiteCache(str(self.cache / "fastf1_http_cache.sqlite"))) as cached:
            cached.delete(urls=[url])

    def age(self, hours: float) -> None:
        """Let everything that was done be some hours ago."""
        for path in self.out.glob("telemetry/*/*/manifest.json"):
            path.write_text(json.dumps(self.aged(json.loads(path.read_bytes()), hours)))
        for path in self.cache.rglob("*.ff1pkl"):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - hours * 3600))
        history = self.out / ".nightly.json"
        if history.exists():
            attempts = json.loads(history.read_bytes())
            aged = {
                slug: {**attempt, "at": _earlier(attempt["at"], hours)} for slug, attempt in attempts.items()
            }
            history.write_text(json.dumps(aged))

    def aged(self, manifest: Any, hours: float) -> Any:
        about = manifest["provenance"]
        made_from = {**about["input"], "fetched_at": _earlier(about["input"]["fetched_at"], hours)}
        made = {"created_at": _earlier(about["created_at"], hours), "input": made_from}
        return {**manifest, "provenance": {**about, **made}}

    def summary(self) -> Any:
        """Of the last run."""
        told = [json.loads(path.read_bytes()) for path in (self.out / "runs").glob("*.json")]
        return max(told, key=lambda summary: summary["started_at"])  # two may be of one second


def _earlier(text: str, hours: float) -> str:
    moment = datetime.fromisoformat(text) - timedelta(hours=hours)
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def weekend() -> Weekend:
    """A race that was over some days ago."""
    return Weekend(1, "Testland Grand Prix", hours_ago(100), 90001)


@pytest.fixture(scope="session")
def timing(weekend: Weekend, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return archive.timing(weekend, tmp_path_factory.mktemp("archive"))


@pytest.fixture
def nights(hosts: Hosts, weekend: Weekend, timing: dict[str, bytes], tmp_path: Path) -> Nights:
    """Everything is served as it should be."""
    year = weekend.start.year
    hosts.content = {
        "timing": dict(timing),
        "jolpica": archive.results(weekend),
        "schedule": {f"/schedule_{year}.json": archive.schedule([weekend])},
    }
    return Nights(hosts, tmp_path, year)
