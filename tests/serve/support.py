"""A published tree of a few frames, made through the contract's models, and real servers over it.

The tree is small and known to the byte; tests of the demo's and the real artifacts are in test_artifacts.py.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from pipeline.contract.artifacts import CATALOG, SessionKey, media_of, season_key
from pipeline.contract.events import to_line
from pipeline.contract.models import (
    Artifact,
    Catalog,
    CatalogRace,
    CatalogSeason,
    Circuit,
    Clock,
    Driver,
    DriverFrame,
    Event,
    Frame,
    FramesDocument,
    InputIdentity,
    Manifest,
    Model,
    Options,
    ProgressEvent,
    Provenance,
    Quality,
    Replay,
    ReplayChunk,
    ReplayColumn,
    SeasonEvent,
    SeasonListing,
    SeasonSession,
)
from pipeline.contract.sessions import SESSIONS
from tests.command import REPOSITORY, Running, forked
from tests.waiting import answers, free_port, wait_for
from tests.warm import server

NOW = datetime(2025, 3, 16, 6, 0, tzinfo=UTC)
RACE = SessionKey(2025, 1)
SPRINT = SessionKey(2025, 2, "S")
OTHER = SessionKey(2025, 4)
SKIPS = (1, 2, 5, 10)
FRAMES = 103
GENERATION = "0123abcd"
BIG = 3_000_000


@dataclass(frozen=True)
class Server:
    url: str
    pid: int

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1)


ANEW = (sys.executable, "-m", "serve", "--port", "{port}")  # a command for `serving`


@contextmanager
def serving(out: Path, *arguments: str, command: tuple[str, ...] = (), **env: str) -> Iterator[Server]:
    """A server over `out`: f1-serve, or the given command with {port} in a process that starts anew."""
    port = free_port()
    environment = os.environ | {"F1_OUT": str(out), "PYTHONPATH": str(REPOSITORY), **env}
    with ExitStack() as stack:
        if command:
            line = [part.format(port=port) for part in (*command, *arguments)]
            pid = stack.enter_context(_anew(line, environment)).pid
        else:
            pid = stack.enter_context(forked_server(["--port", str(port), *arguments], environment)).pid
        yield answering(port, pid)


@contextmanager
def _anew(line: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(line, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def forked_server(words: list[str], environment: dict[str, str]) -> Iterator[Running]:
    """f1-serve, which is stopped at the end as an operator does."""
    with forked(server, words, environment) as running:
        try:
            yield running
        finally:
            running.stop()


def answering(port: int, pid: int) -> Server:
    """The server, as soon as it answers."""
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(url + "/health/live"))
    return Server(url, pid)


def publish(path: Path, content: bytes) -> None:
    """Write as the pipeline does: a temporary name, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def encoded(model: Model) -> bytes:
    return model.model_dump_json().encode()


def frames_text(key: SessionKey, skip: int, frames: int = FRAMES, fps: float = 25) -> bytes:
    """A frames document laid out as the format says: the header's line, then one frame a line."""
    document = FramesDocument(
        frame_skip=skip,
        fps=fps / skip,
        event=_event(key),
        clock=_clock(frames),
        drivers=_drivers(),
        total_laps=57,
        driver_colors={"VER": (54, 113, 198)},
        track_statuses=[],
        race_control=[],
        weather=[],
        frames=[],
    )
    header = encoded(document).removesuffix(b"]}")
    lines = [encoded(_frame(index)) for index in range(0, frames, skip)]
    return header + b"\n" + b",\n".join(lines) + b"\n]}\n"


def long_frames_text(key: SessionKey, frames: int) -> bytes:
    """A document larger than any socket's buffers, of equal frames."""
    header, line = frames_text(key, 1, 1).split(b"\n")[:2]
    return header + b"\n" + b",\n".join([line] * frames) + b"\n]}\n"


def _frame(index: int) -> Frame:
    car = DriverFrame(
        x=index * 7, y=-index, dist=index * 3.1, rel_dist=0.5, lap=1, position=1, tyre=1, tyre_life=3,
        speed=280, gear=8, drs=0, throttle=100, brake=0, gap=None, status="track",
    )  # fmt: skip
    return Frame(t=index / 25, lap=1, drivers={"VER": car, "NOR": car})


def _event(key: SessionKey) -> Event:
    return Event(
        year=key.year,
        round=key.round,
        session=key.session,
        name=f"Grand Prix {key.round}",
        official_name="",
        country="",
        location=f"Town {key.round}",
    )


def _clock(frames: int) -> Clock:
    return Clock(fps=25, frames=frames, duration_s=frames / 25, t0_session_s=3600)


def _drivers() -> list[Driver]:
    return [Driver(number="1", code="VER", name="Max Verstappen", team="Red Bull", laps=57)]


def progress_events(key: SessionKey, run: str = "run-1", count: int = 4) -> list[ProgressEvent]:
    """`count` steps a second apart, then the end."""

    def event(seq: int, **fields: Any) -> ProgressEvent:
        ts = NOW + timedelta(seconds=seq)
        return ProgressEvent(
            seq=seq, ts=ts, run=run, year=key.year, round=key.round, session=key.session, **fields
        )

    steps = [
        event(i, type="progress", progress=i * 100 / count, stage="frames", message=f"step {i}")
        for i in range(count)
    ]
    return [*steps, event(count, type="complete", data={"grade": "A"})]


def progress_bytes(events: list[ProgressEvent]) -> bytes:
    return b"".join(map(to_line, events))


def race_files(key: SessionKey, frames: int = FRAMES, big: int = BIG) -> dict[str, bytes]:
    files = {key.frames_json(skip): gzip.compress(frames_text(key, skip, frames), mtime=0) for skip in SKIPS}
    files[key.file("frames_parquet")] = b"PAR1" + os.urandom(big) + b"PAR1"
    files[key.file("laps_parquet")] = b"PAR1laps" * 100
    files[key.file("replay", generation=GENERATION, index=0)] = gzip.compress(b'{"index":0}', mtime=0)
    files[key.progress] = progress_bytes(progress_events(key))
    return files


def manifest_of(key: SessionKey, files: dict[str, bytes]) -> Manifest:
    artifacts = [
        Artifact(
            key=name,
            media_type=media_of(name).content_type,
            content_encoding=media_of(name).content_encoding,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for name, content in files.items()
    ]
    chunk = key.file("replay", generation=GENERATION, index=0)
    return Manifest(
        event=_event(key),
        clock=_clock(FRAMES),
        drivers=_drivers(),
        circuit=Circuit(),
        track_statuses=[],
        race_control=[],
        weather=[],
        quality=Quality(grade="A"),
        artifacts=artifacts,
        replay=Replay(
            generation=GENERATION,
            chunk_s=60,
            hole_ms=2000,
            columns={"x": ReplayColumn(clock="pos")},
            chunks=[ReplayChunk(key=chunk, start_s=0, end_s=4, bytes=len(files[chunk]))],
        ),
        provenance=Provenance(
            version="0",
            fastf1="3",
            created_at=NOW,
            run="run-1",
            provisional=False,
            options=Options(fps=25, frame_skips=list(SKIPS)),
            input=InputIdentity(kind="recording", path="made for tests", sha256="0"),
        ),
    )


def publish_race(out: Path, key: SessionKey, frames: int = FRAMES, big: int = BIG) -> dict[str, bytes]:
    files = race_files(key, frames, big)
    for name, content in files.items():
        publish(out / name, content)
    publish(out / key.manifest, encoded(manifest_of(key, files)))
    return files


def publish_listings(out: Path, published: tuple[SessionKey, ...] = (RACE, SPRINT, OTHER)) -> None:
    def session(round_: int, code: Any) -> SeasonSession:
        key = SessionKey(2025, round_, code)
        if key in published:
            return SeasonSession(
                session=code,
                name=SESSIONS[key.session].name,
                state="published",
                manifest=key.manifest,
                grade="A",
                provisional=False,
                updated_at=NOW,
            )
        return SeasonSession(session=code, name="Race", state="cancelled" if round_ == 3 else "upcoming")

    events = [
        SeasonEvent(
            round=n,
            name=f"Grand Prix <{n}>",
            location=f"Town {n}",
            sessions=[session(n, code) for code in ("SR" if n == 2 else "R")],
        )
        for n in range(1, 7)
    ]
    publish(out / season_key(2025), encoded(SeasonListing(year=2025, updated_at=NOW, events=events)))
    newest = CatalogRace(year=2025, round=4, session="R", name="Grand Prix <4>", manifest=OTHER.manifest)
    season = CatalogSeason(year=2025, key=season_key(2025), published=len(published), updated_at=NOW)
    publish(out / CATALOG, encoded(Catalog(updated_at=NOW, seasons=[season], newest=newest)))


def make_tree(out: Path, big: int = BIG) -> Path:
    for key in (RACE, SPRINT, OTHER):
        publish_race(out, key, big=big)
    publish_listings(out)
    return out


def raw(response: httpx.Response) -> bytes:
    """The body as it came, not unpacked."""
    return b"".join(response.iter_raw())


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of a response, checked for their form."""
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = json.loads(response.content)
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    assert "Traceback" not in response.text
    return content
