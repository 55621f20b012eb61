"""Seasons, sessions, manifests, health, metrics and the overview."""

import asyncio
import json
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from pipeline.contract.artifacts import CATALOG, season_key
from pipeline.contract.models import Manifest
from pipeline.publish.race import reduced
from pipeline.store.lock import only_run
from serve.files import Library
from serve.memory import Memory
from serve.models import Sessions
from tests.conftest import require
from tests.serve.support import OTHER, RACE, encoded, problem, publish, publish_listings, serving


def test_seasons_is_the_catalog(client: httpx.Client, tree: Path) -> None:
    assert client.get("/f1/seasons").content == (tree / CATALOG).read_bytes()


def test_race_is_the_manifest(client: httpx.Client, tree: Path) -> None:
    assert client.get("/f1/races/2025/1").content == (tree / RACE.manifest).read_bytes()
    assert client.get("/f1/races/2025/2?session=S").json()["event"]["session"] == "S"
    assert problem(client.get("/f1/races/2025/2"), 404)["nearest_rounds"] == [1, 4]
    problem(client.get("/f1/races/2025/1?session=X"), 422)
    etag = client.head("/f1/races/2025/1").headers["etag"]
    assert client.get("/f1/races/2025/1", headers={"If-None-Match": etag}).status_code == 304


def test_sessions_has_every_event_and_links_that_work(client: httpx.Client) -> None:
    listing = Sessions.model_validate_json(client.get("/f1/sessions/2025").content)
    assert [event.round for event in listing.events] == [1, 2, 3, 4, 5, 6]
    states = [session.state for event in listing.events for session in event.sessions]
    assert states == ["published", "published", "upcoming", "cancelled", "published", "upcoming", "upcoming"]
    linked = [session for event in listing.events for session in event.sessions if session.links]
    assert len(linked) == 3
    for session in linked:
        assert session.links is not None
        assert session.grade == "A"
        links = session.links
        for name in ("manifest", "frames", "frames_parquet", "laps_parquet"):
            url = links[name]
            assert client.head(url).status_code == 200


def test_sessions_revalidates(client: httpx.Client) -> None:
    response = client.get("/f1/sessions/2025")
    etag = response.headers["etag"]
    assert client.get("/f1/sessions/2025", headers={"If-None-Match": etag}).status_code == 304
    plain = client.head("/f1/sessions/2025", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-length"] == str(len(response.content))


def test_a_missing_season_names_the_computed_ones(client: httpx.Client) -> None:
    assert problem(client.get("/f1/sessions/1999"), 404)["seasons"] == [2025]
    problem(client.get("/f1/sessions/next"), 422)


def test_a_new_race_appears_without_a_restart(own_tree: Path) -> None:
    publish_listings(own_tree, (RACE,))
    with serving(own_tree) as server, server.client() as client:
        assert client.get("/f1/sessions/2025").json()["events"][3]["sessions"][0]["links"] is None
        publish_listings(own_tree, (RACE, OTHER))
        assert client.get("/f1/sessions/2025").json()["events"][3]["sessions"][0]["links"]
        assert client.get("/f1/seasons").json()["seasons"][0]["published"] == 2


def test_healthy(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json() == {"status": "ok", "reasons": []}
    newest = {
        "year": 2025,
        "round": 4,
        "session": "R",
        "name": "Grand Prix <4>",
        "date_utc": None,
        "manifest": OTHER.manifest,
    }
    for path in ("/health", "/health/"):
        health = client.get(path)
        assert health.headers["cache-control"] == "no-store"
        assert health.json() | {"version": ""} == {
            "status": "ok",
            "live": "ok",
            "ready": True,
            "reasons": [],
            "version": "",
            "schema_version": 1,
            "seasons": 1,
            "races": 3,
            "newest": newest,
            "newest_session": newest,
        }


def test_health_says_what_is_wrong(own_tree: Path) -> None:
    with serving(own_tree) as server, server.client() as client:

        def reasons() -> str:
            response = client.get("/health/ready")
            assert response.status_code == 503
            assert response.headers["retry-after"]
            assert client.get("/health/").status_code == 503
            assert client.get("/health/live").status_code == 200
            return " ".join(response.json()["reasons"])

        parquet = own_tree / OTHER.file("frames_parquet")
        whole = parquet.read_bytes()
        parquet.unlink()
        assert f"{OTHER.file('frames_parquet')} of the newest session is missing" in reasons()
        parquet.write_bytes(whole[:-5])
        with only_run(own_tree):  # newer than its manifest: being replaced
            assert client.get("/health/ready").status_code == 200
        assert "its manifest says" in reasons()  # whoever replaced it was killed
        manifest = own_tree / OTHER.manifest
        publish(manifest, manifest.read_bytes())
        assert "its manifest says" in reasons()
        manifest.write_bytes(b"{}")
        assert "cannot be read" in reasons()
        (own_tree / CATALOG).write_bytes(b"no json")
        assert "catalog cannot be read" in reasons()
        (own_tree / CATALOG).unlink()
        assert "no catalog" in reasons()


def test_files_without_the_right_to_read_them(own_tree: Path) -> None:
    """A folder of another user: 404 would say that nothing was published, and ready that all is well."""
    command: tuple[str, ...] = (sys.executable, "-m", "serve", "--port", "{port}")
    if os.geteuid() == 0:  # root reads everything, unless that right is taken away
        require(shutil.which("setpriv") is not None, "setpriv is not installed")
        command = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", *command)
    with serving(own_tree, command=command) as server, server.client() as client:
        assert client.get("/health/ready").status_code == 200
        for key in (OTHER.frames_json(1), OTHER.file("frames_parquet"), OTHER.progress):
            (own_tree / key).chmod(0)
        reasons = client.get("/health/ready").json()["reasons"]
        hidden = OTHER.file("frames_parquet")
        assert f"{hidden} of the newest session cannot be read by the server." in reasons
        for path in (f"/data/{OTHER.file('frames_parquet')}", "/f1/race-telemetry/2025/4?frame_skip=3"):
            response = client.get(path)
            assert "cannot be read" in problem(response, 503)["detail"]
            assert response.headers["retry-after"]
        with connect(server.ws + "/f1/process-telemetry/2025/4") as websocket:
            assert "cannot be read" in json.loads(websocket.recv())["message"]
        own_tree.chmod(0)
        assert client.get("/health/ready").json()["reasons"] == ["The catalog cannot be read."]
        problem(client.get("/f1/seasons"), 503)
        own_tree.chmod(0o755)


def test_a_race_is_being_replaced_while_a_run_holds_the_folder(own_tree: Path) -> None:
    """The manifest names what is right already, and says so to those that ask for the rest."""
    manifest = Manifest.model_validate_json((own_tree / OTHER.manifest).read_bytes())
    frames = OTHER.frames_json(1)
    publish(own_tree / OTHER.manifest, encoded(reduced(manifest, [frames, OTHER.frames_json(2)])))
    with serving(own_tree) as server, server.client() as client:
        with only_run(own_tree):
            assert client.get("/health/ready").json() == {"status": "ok", "reasons": []}
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert "names only some of its files" in ready.json()["reasons"][0]
        for path in (f"/data/{frames}", "/f1/race-telemetry/2025/4?frame_skip=2"):
            answer = client.get(path)
            assert "are being replaced" in problem(answer, 503)["detail"]
            assert answer.headers["retry-after"]


def test_looking_for_the_lock_keeps_no_run_out(own_tree: Path) -> None:
    with only_run(own_tree):
        pass
    library = Library(own_tree, Memory(0))
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(lambda: [library.being_written() for _ in range(20_000)])
        while not looking.done():
            with only_run(own_tree):
                assert library.being_written()
        assert True in looking.result()


@pytest.mark.parametrize("gone", ["telemetry/2025/4", "telemetry/2025/2", "sessions/2025.json"])
def test_what_is_removed_by_hand_leaves_the_rest_served(own_tree: Path, gone: str) -> None:
    """A race that is listed and gone is said, and is no reason to serve nothing."""
    path = own_tree / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with serving(own_tree) as server, server.client() as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        (reason,) = ready.json()["reasons"]
        assert gone in reason or "listing of 2025" in reason
        assert client.get("/health").json()["ready"] is True
        assert client.get("/f1/races/2025/1").status_code == 200
        shutil.rmtree(own_tree / "telemetry")
        assert client.get("/health/ready").status_code == 503


@pytest.mark.parametrize(
    "path", ["/f1/seasons", "/f1/sessions/2025", "/f1/races/2025/1", "/data/catalog.json"]
)
def test_before_anything_is_published(tmp_path: Path, path: str) -> None:
    with serving(tmp_path / "absent") as server, server.client() as client:
        response = client.get(path)
        problem(response, 503)
        assert int(response.headers["retry-after"]) > 0
        assert client.get("/").json()["seasons"] == []


def test_a_damaged_listing_is_503(own_tree: Path) -> None:
    (own_tree / season_key(2025)).write_bytes(b'{"year": "soon"}')
    with serving(own_tree) as server, server.client() as client:
        problem(client.get("/f1/sessions/2025"), 503)
        problem(client.get("/f1/races/2025/9"), 503)


def test_overview(client: httpx.Client) -> None:
    overview = client.get("/").json()
    (season,) = overview["seasons"]
    assert (season["year"], season["sessions"]) == (2025, "/f1/sessions/2025")
    assert season["states"] == {"final": 3, "upcoming": 3, "cancelled": 1}
    assert overview["data_age_s"] > 0
    for link in overview["links"].values():
        assert client.get(link).status_code == 200
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    assert '<base href="static/">' in page.text
    for path in re.findall(r'(?:href|src)="((?:home|replay)/[^"]+)"', page.text):
        assert client.get(f"/static/{path}").status_code == 200


def test_metrics_count_by_route(own_tree: Path) -> None:
    with serving(own_tree) as server, server.client() as client:
        size = len(client.get(f"/data/{RACE.file('frames_parquet')}").content)
        client.get("/f1/races/2025/9")
        client.get("/nowhere/at/all")
        text = client.get("/metrics").text
        assert 'f1_requests_total{method="GET",route="/data/{key:path}",status="200"} 1.0' in text
        assert 'f1_requests_total{method="GET",route="/f1/races/{year}/{round}",status="404"} 1.0' in text
        assert 'f1_requests_total{method="GET",route="none",status="404"} 1.0' in text
        sent = re.search(r'f1_response_bytes_total\{route="/data/\{key:path\}"\} (\S+)', text)
        assert sent is not None
        assert float(sent[1]) == size
        assert 'f1_request_seconds_count{route="/data/{key:path}"} 1.0' in text
        assert 'f1_sessions{state="final"} 3.0' in text
        assert 'f1_sessions{state="cancelled"} 1.0' in text
        assert "\nf1_data_age_seconds " in text


def test_an_unknown_path_points_to_the_docs(client: httpx.Client) -> None:
    found = problem(client.get("/f1/nothing?x=1"), 404)
    assert "/docs" in found["detail"]
    assert found["instance"] == "/f1/nothing"


@pytest.mark.slow
def test_many_clients_at_once(client: httpx.Client, tree: Path) -> None:
    expected = (tree / RACE.file("frames_parquet")).read_bytes()

    async def fetch_all() -> list[bytes]:
        async with httpx.AsyncClient(base_url=client.base_url, timeout=30) as many:
            answers = await asyncio.gather(
                *(many.get(f"/data/{RACE.file('frames_parquet')}") for _ in range(30))
            )
        return [answer.content for answer in answers]

    assert all(content == expected for content in asyncio.run(fetch_all()))


def test_json_is_valid_json(client: httpx.Client) -> None:
    for path in ("/openapi.json", "/f1/sessions/2025", "/health/"):
        assert json.loads(client.get(path).content)
