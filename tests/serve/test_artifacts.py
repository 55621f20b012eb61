"""The server over what the pipeline really made: the demo season, and real races where they are present."""

import asyncio
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow.parquet as pq
import pytest
from websockets.asyncio.client import connect

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Catalog, FramesDocument, Manifest
from serve.models import Sessions
from tests.cases import some
from tests.serve.support import Server, raw, serving


@pytest.fixture(scope="module", params=some(["demo_out", "real_races"], 2))
def made(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="module")
def running(made: Path) -> Iterator[Server]:
    with serving(made) as server:
        yield server


@pytest.fixture
def http(running: Server) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


@pytest.fixture(scope="module")
def key(made: Path) -> SessionKey:
    newest = Catalog.model_validate_json((made / "catalog.json").read_bytes()).newest
    assert newest is not None
    return SessionKey(newest.year, newest.round, newest.session)


def url(kind: str, key: SessionKey, query: str = "") -> str:
    return f"/f1/{kind}/{key.year}/{key.round}?session={key.session}{query}"


def test_ready(http: httpx.Client) -> None:
    assert http.get("/health/").json()["reasons"] == []
    assert http.get("/health/ready").status_code == 200


def test_every_artifact_is_what_the_manifest_says(http: httpx.Client, key: SessionKey) -> None:
    manifest = Manifest.model_validate_json(http.get(url("races", key)).content)
    assert manifest.artifacts
    for artifact in manifest.artifacts:
        with http.stream("GET", f"/data/{artifact.key}") as response:
            content = raw(response)
        assert response.status_code == 200
        packed = response.headers.get("content-encoding")
        if packed != artifact.content_encoding:  # plain text is packed on its way
            assert packed == "gzip"
            content = gzip.decompress(content)
        assert len(content) == artifact.bytes
        assert hashlib.sha256(content).hexdigest() == artifact.sha256
        assert response.headers["content-type"] == artifact.media_type


def test_the_listing_links_to_every_published_session(http: httpx.Client, key: SessionKey) -> None:
    listing = Sessions.model_validate_json(http.get(f"/f1/sessions/{key.year}").content)
    linked = [session.links for event in listing.events for session in event.sessions if session.links]
    assert linked
    for links in linked:
        for name in ("manifest", "frames", "frames_parquet", "laps_parquet"):
            link = links[name]
            assert http.head(link).status_code == 200


@pytest.fixture(scope="module")
def stored(made: Path, key: SessionKey) -> dict[str, Any]:
    """All frames."""
    document: dict[str, Any] = orjson.loads(gzip.decompress((made / key.frames_json(1)).read_bytes()))
    return document


def frames_of(http: httpx.Client, key: SessionKey, skip: int, *, compress: bool = True) -> dict[str, Any]:
    query = f"&frame_skip={skip}&compress={json.dumps(compress)}"
    document: dict[str, Any] = orjson.loads(http.get(url("race-telemetry", key, query)).content)
    return document


def test_frames_are_documents_of_the_format(http: httpx.Client, key: SessionKey) -> None:
    FramesDocument.model_validate(frames_of(http, key, 10))


@pytest.mark.parametrize("skip", some([4, 7, 9], 3))
def test_a_cut_is_every_nth_of_the_stored_frames(
    http: httpx.Client, stored: dict[str, Any], key: SessionKey, skip: int
) -> None:
    cut = frames_of(http, key, skip)
    assert cut.pop("frame_skip") == skip
    assert cut.pop("fps") == pytest.approx(stored["fps"] / skip)
    assert cut.pop("frames") == stored["frames"][::skip]
    assert cut.items() <= stored.items()


def test_cutting_5_and_10_gives_the_precomputed_ones(made: Path, key: SessionKey) -> None:
    from serve.cut import cut
    from serve.files import Library, closing
    from serve.memory import Memory
    from serve.streams import unpacked

    library = Library(made, Memory(0))
    for source, skip in ((1, 5), (5, 10)):
        with closing(library.open(key.frames_json(source))) as opened:
            made_here = orjson.loads(b"".join(cut(unpacked(opened), skip // source)))
        stored = orjson.loads(gzip.decompress((made / key.frames_json(skip)).read_bytes()))
        assert made_here == stored


def test_plain_is_the_unpacked_file(http: httpx.Client, made: Path, key: SessionKey) -> None:
    plain = http.get(url("race-telemetry", key, "&frame_skip=2&compress=false"))
    assert "content-encoding" not in plain.headers
    assert plain.content == gzip.decompress((made / key.frames_json(2)).read_bytes())


def test_parquet_over_http_by_ranges(running: Server, made: Path, key: SessionKey) -> None:
    """A Parquet reader seeks to the footer, then to the row groups it needs."""
    with running.client() as client:
        address = f"/data/{key.file('frames_parquet')}"
        tail = client.get(address, headers={"Range": "bytes=-8"})
        assert tail.status_code == 206
        footer = int.from_bytes(tail.content[:4], "little") + 8
        last = client.get(address, headers={"Range": f"bytes=-{footer}"}).content
        padded = io.BytesIO(b"PAR1" + last)
        assert (
            pq.read_metadata(padded).num_rows == pq.read_metadata(made / key.file("frames_parquet")).num_rows
        )


def test_progress_is_the_log_of_the_run(running: Server, made: Path, key: SessionKey) -> None:
    async def read() -> list[dict[str, Any]]:
        async with connect(running.ws + url("process-telemetry", key, "&speed=0")) as websocket:
            return [json.loads(text) async for text in websocket]

    events = asyncio.run(read())
    assert events == [json.loads(line) for line in (made / key.progress).read_text().splitlines()]
    assert events[-1]["type"] == "complete"
    assert events[-1]["data"]
    steps = [event["progress"] for event in events[:-1]]
    assert steps == sorted(steps)
