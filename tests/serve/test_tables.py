"""Results, laps, standings and a season's tables: the published files, and laps as rows made of one."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey, key_of
from serve.models import Laps, Sessions
from tests.serve.support import problem, serving

KEY = SessionKey(DEMO_YEAR, 1)
RACE = f"{KEY.year}/{KEY.round}"


@pytest.fixture(scope="module")
def demo(small_out: Path) -> Iterator[httpx.Client]:
    with serving(small_out) as server, server.client() as client:
        yield client


def test_results_are_the_file(demo: httpx.Client, small_out: Path) -> None:
    assert demo.get(f"/f1/results/{RACE}").content == (small_out / KEY.file("results")).read_bytes()
    etag = demo.head(f"/f1/results/{RACE}").headers["etag"]
    assert demo.get(f"/f1/results/{RACE}", headers={"If-None-Match": etag}).status_code == 304
    assert "rounds" in problem(demo.get(f"/f1/results/{DEMO_YEAR}/77"), 404)
    problem(demo.get(f"/f1/results/{RACE}?session=X"), 422)


def test_laps_are_rows_of_the_timing(demo: httpx.Client, small_out: Path) -> None:
    response = demo.get(f"/f1/laps/{RACE}")
    found = Laps.model_validate_json(response.content)
    timing = json.loads(gzip.decompress((small_out / KEY.file("timing")).read_bytes()))["laps"]
    whole = pq.read_table(small_out / KEY.file("laps_parquet")).select(list(timing)).to_pylist()
    assert [row.model_dump() for row in found.rows] == [
        {name: timing[name][n] for name in timing} for n in range(len(whole))
    ]
    assert [(row.driver, row.lap, row.lap_time_s) for row in found.rows] == [
        (row["driver"], row["lap"], row["lap_time_s"]) for row in whole
    ]
    again = demo.get(f"/f1/laps/{RACE}", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


def test_laps_of_one_driver(demo: httpx.Client) -> None:
    rows = demo.get(f"/f1/laps/{RACE}").json()["rows"]
    driver = rows[0]["driver"]
    for _ in range(2):
        own = demo.get(f"/f1/laps/{RACE}", params={"driver": driver.lower()})
        assert own.json()["rows"] == [row for row in rows if row["driver"] == driver]
    assert driver in problem(demo.get(f"/f1/laps/{RACE}?driver=NON"), 404)["drivers"]
    problem(demo.get(f"/f1/laps/{RACE}?driver=not-letters"), 422)
    problem(demo.get(f"/f1/laps/{DEMO_YEAR}/77"), 404)


def test_laps_of_a_file_that_is_damaged(small_out: Path, own_tree: Path) -> None:
    """A race that was made before there was such a file has none; one that cannot be read is said so."""
    with serving(own_tree) as server, server.client() as client:
        assert "manifest" in problem(client.get("/f1/laps/2025/1"), 404)
        assert "manifest" in problem(client.get("/f1/results/2025/1"), 404)
        assert problem(client.get("/f1/seasons/2025/laps"), 404)["seasons"] == [2025]
        name = SessionKey(2025, 1).file("timing")
        manifest = own_tree / SessionKey(2025, 1).manifest
        about = json.loads(manifest.read_bytes())
        about["artifacts"].append(about["artifacts"][0] | {"key": name})
        manifest.write_text(json.dumps(about))
        whole = (small_out / KEY.file("timing")).read_bytes()
        for content in (
            b"",
            b"no gzip",
            whole[:900],
            gzip.compress(b"[]"),
            gzip.compress(b"{}" + b" " * 9**8),
        ):
            (own_tree / name).write_bytes(content)
            problem(client.get("/f1/laps/2025/1"), 503)
        (own_tree / name).write_bytes(whole)
        assert client.get("/f1/laps/2025/1").json()["rows"]


def test_a_season_has_tables_and_standings(demo: httpx.Client, small_out: Path) -> None:
    for table in ("laps", "stints", "pit_stops", "results", "events", "race_control", "weather"):
        name = key_of(f"season_{table}", year=DEMO_YEAR)
        response = demo.get(f"/f1/seasons/{DEMO_YEAR}/{table}")
        assert response.content == (small_out / name).read_bytes()
        assert demo.get(f"/data/{name}").content == response.content
        part = demo.get(f"/f1/seasons/{DEMO_YEAR}/{table}", headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, b"PAR1")
    told = demo.get(f"/f1/seasons/{DEMO_YEAR}/standings").json()
    assert told["year"] == DEMO_YEAR
    assert [r["round"] for r in told["rounds"]] == sorted(r["round"] for r in told["rounds"])
    tracks = demo.get(f"/f1/seasons/{DEMO_YEAR}/circuits").json()["rounds"]
    assert [track["round"] for track in tracks] == [1, 2]
    assert problem(demo.get("/f1/seasons/2001/laps"), 404)["seasons"] == [DEMO_YEAR]
    problem(demo.get(f"/f1/seasons/{DEMO_YEAR}/frames"), 422)


def test_large_tables_are_on_the_cdn(small_out: Path) -> None:
    with serving(small_out, "--cdn-url", "https://cdn.example") as server, server.client() as client:
        response = client.get(f"/f1/seasons/{DEMO_YEAR}/laps")
        assert response.status_code == 307
        assert response.headers["location"] == f"https://cdn.example/seasons/{DEMO_YEAR}/laps.parquet"
        assert client.get(f"/f1/seasons/{DEMO_YEAR}/standings").status_code == 200


def test_links_lead_there(demo: httpx.Client) -> None:
    listing = Sessions.model_validate_json(demo.get(f"/f1/sessions/{DEMO_YEAR}").content)
    links = [session.links for event in listing.events for session in event.sessions if session.links]
    assert links
    for found in links:
        assert {demo.head(found[name]).status_code for name in ("results", "laps", "timing")} == {200}
    assert listing.files is not None
    for artifact in listing.files.artifacts:
        assert len(demo.get(f"/data/{artifact.key}").content) == artifact.bytes
