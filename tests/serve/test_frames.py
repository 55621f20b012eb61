"""GET and POST of frames: stored files, cuts, plain JSON, and what is refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.contract.models import FramesDocument
from serve.cut import NotFramesError, cut, packed
from tests.serve.support import (
    FRAMES,
    RACE,
    SKIPS,
    SPRINT,
    frames_text,
    long_frames_text,
    problem,
    publish,
    raw,
    serving,
)

URL = "/f1/race-telemetry/2025/1"


@pytest.mark.parametrize("skip", SKIPS)
def test_precomputed_frames_are_the_stored_bytes(client: httpx.Client, tree: Path, skip: int) -> None:
    with client.stream("GET", URL, params={"frame_skip": skip}) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["content-type"] == "application/json"
        assert raw(response) == (tree / RACE.frames_json(skip)).read_bytes()


def test_the_default_is_every_frame_of_the_race(client: httpx.Client) -> None:
    document = client.get(URL).json()
    assert document["frame_skip"] == 1
    assert len(document["frames"]) == FRAMES
    assert document["event"]["session"] == "R"


def test_session_s_is_the_sprint(client: httpx.Client) -> None:
    document = client.get("/f1/race-telemetry/2025/2", params={"session": "S"}).json()
    assert document["event"]["session"] == "S"
    found = problem(client.get("/f1/race-telemetry/2025/2"), 404)
    assert found["nearest_rounds"] == [1, 4]


@pytest.mark.parametrize("skip", range(1, 11))
@pytest.mark.parametrize("compress", ["true", "false", "True", "FALSE"])
def test_every_frame_skip_has_every_nth_frame(client: httpx.Client, skip: int, compress: str) -> None:
    response = client.get(URL, params={"frame_skip": skip, "compress": compress})
    assert response.headers.get("content-encoding") == ("gzip" if compress.lower() == "true" else None)
    document = FramesDocument.model_validate_json(response.content)
    assert document.frame_skip == skip
    assert document.fps == pytest.approx(25 / skip)
    assert [frame.t for frame in document.frames] == [index / 25 for index in range(0, FRAMES, skip)]
    assert document.clock.fps == 25


def test_a_cut_equals_the_precomputed_file(tree: Path) -> None:
    source = gzip.decompress((tree / RACE.frames_json(1)).read_bytes())
    for size in (1, 7, 100, 10**6):
        blocks = (source[at : at + size] for at in range(0, len(source), size))
        assert b"".join(cut(blocks, 5)) == frames_text(RACE, 5)


def test_a_cut_of_no_or_one_frame(tree: Path) -> None:
    for frames in (0, 1):
        text = b"".join(cut(iter([frames_text(RACE, 1, frames)]), 3))
        assert len(json.loads(text)["frames"]) == frames


@pytest.mark.parametrize(
    "source", [b"", b"{}", b'{"frames":[\n', b"x" * 20_000_000, frames_text(RACE, 1).removesuffix(b"]}\n")]
)
def test_what_is_not_laid_out_as_the_format_says_is_not_cut(source: bytes) -> None:
    with pytest.raises(NotFramesError):
        list(cut(iter([source]), 3))


def test_packed_is_gzip() -> None:
    assert gzip.decompress(b"".join(packed(iter([b"ab", b"", b"c" * 10**6])))) == b"ab" + b"c" * 10**6


def test_plain_json_for_a_client_without_gzip(client: httpx.Client, tree: Path) -> None:
    for skip in (1, 3):
        response = client.get(URL, params={"frame_skip": skip}, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in response.headers
        assert response.json()["frame_skip"] == skip
        assert response.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("query", ["", "?compress=false", "?frame_skip=3", "?frame_skip=3&compress=false"])
def test_head_and_304(client: httpx.Client, query: str) -> None:
    head = client.head(URL + query)
    assert head.status_code == 200
    assert head.content == b""
    response = client.get(URL + query, headers={"If-None-Match": head.headers["etag"]})
    assert response.status_code == 304
    assert response.content == b""


def test_every_representation_has_its_own_etag(client: httpx.Client) -> None:
    queries = [f"?frame_skip={n}&compress={c}" for n in (1, 3, 7) for c in ("true", "false")]
    assert len({client.head(URL + query).headers["etag"] for query in queries}) == len(queries)


def test_the_nearest_divisor_is_cut(own_tree: Path) -> None:
    for skip in (1, 2):
        (own_tree / RACE.frames_json(skip)).unlink()
    with serving(own_tree) as server, server.client() as client:
        assert len(client.get(URL, params={"frame_skip": 10}).json()["frames"]) == 11
        (own_tree / RACE.frames_json(10)).unlink()
        assert len(client.get(URL, params={"frame_skip": 10}).json()["frames"]) == 11
        assert problem(client.get(URL, params={"frame_skip": 4}), 404)["frame_skips"] == [5]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("frame_skip=0", "frame_skip must be a whole number from 1 to 10."),
        ("frame_skip=11", "frame_skip must be a whole number from 1 to 10."),
        ("frame_skip=x", "frame_skip must be a whole number from 1 to 10."),
        ("frame_skip=", "frame_skip must be a whole number from 1 to 10."),
        ("compress=perhaps", "compress must be true or false."),
        ("session=X", "session must be R or S or Q or SQ or FP1 or FP2 or FP3."),
        (
            "session=X&frame_skip=12",
            "session must be R or S or Q or SQ or FP1 or FP2 or FP3; frame_skip must be a whole number "
            "from 1 to 10.",
        ),
    ],
)
def test_query_values_out_of_range(client: httpx.Client, query: str, sentence: str) -> None:
    assert problem(client.get(f"{URL}?{query}"), 422)["detail"] == sentence


@pytest.mark.parametrize("path", ["abc/1", "2025/abc", "1899/1", "2025/0", "2025/100", "9" * 5000 + "/1"])
def test_path_values_out_of_range(client: httpx.Client, path: str) -> None:
    assert "must be a whole number from" in problem(client.get(f"/f1/race-telemetry/{path}"), 422)["detail"]


def test_a_query_without_end_is_refused(client: httpx.Client) -> None:
    problem(client.get(URL + "?" + "a=1&" * 1000), 422)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [("2025/3", [1, 4]), ("2025/6", [1, 4]), ("2025/99", [1, 4]), ("2025/2?session=R", [1, 4])],
)
def test_a_race_that_is_not_there_names_the_nearest(
    client: httpx.Client, path: str, nearest: list[int]
) -> None:
    found = problem(client.get(f"/f1/race-telemetry/{path}"), 404)
    assert found["nearest_rounds"] == nearest
    assert found["seasons"] == [2025]


def test_a_season_that_is_not_there_names_the_computed_ones(client: httpx.Client) -> None:
    found = problem(client.get("/f1/race-telemetry/2017/1"), 404)
    assert found["seasons"] == [2025]
    assert "2025" in found["detail"]


def test_post_is_the_same(client: httpx.Client, tree: Path) -> None:
    body = {"year": 2025, "round_number": 1, "refresh_data": False, "frame_skip": 5}
    with client.stream("POST", "/f1/race-telemetry", json=body) as response:
        assert raw(response) == (tree / RACE.frames_json(5)).read_bytes()
    sprint = {"year": 2025, "round_number": SPRINT.round, "session": "S", "frame_skip": 3}
    assert client.post("/f1/race-telemetry", json=sprint).json()["event"]["session"] == "S"


def test_refresh_data_is_refused_with_the_command(client: httpx.Client) -> None:
    body = {"year": 2025, "round_number": 1, "refresh_data": True}
    found = problem(client.post("/f1/race-telemetry", json=body), 409)
    assert found["command"].startswith("f1-precompute ")
    assert found["command"] in found["detail"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "year is missing, a whole number from 1900 to 2100; round_number is missing"),
        (
            {"year": 2025, "round_number": 1, "frame_skip": 11},
            "frame_skip must be a whole number from 1 to 10.",
        ),
        ({"year": "x", "round_number": 1}, "year must be a whole number from 1900 to 2100."),
        ({"year": 2025, "round_number": 1, "refresh_data": "x"}, "refresh_data must be true or false."),
        ([], "The body is not understood"),
    ],
)
def test_bodies_that_are_refused(client: httpx.Client, body: Any, sentence: str) -> None:
    assert problem(client.post("/f1/race-telemetry", json=body), 422)["detail"].startswith(sentence)


def test_bodies_that_are_not_read(client: httpx.Client) -> None:
    url, json_type = "/f1/race-telemetry", {"Content-Type": "application/json"}
    problem(client.post(url, content=b"{", headers=json_type), 422)
    problem(client.post(url, content=b"\xff", headers=json_type), 422)
    problem(client.post(url, content=b"year=2025", headers={"Content-Type": "text/plain"}), 415)
    assert problem(client.post(url, content=b" " * 20_000, headers=json_type), 413)["limit"] == 16384
    assert client.post(url, json={"year": 2025, "round_number": 1}).status_code == 200


def test_a_wrong_method_is_refused(client: httpx.Client) -> None:
    response = client.post(URL)
    assert problem(response, 405)["detail"] == "POST is not allowed here. Allowed: GET, HEAD."
    assert "GET" in response.headers["allow"]
    problem(client.get("/f1/race-telemetry"), 405)


@pytest.mark.slow
def test_too_many_transforms_are_told_to_come_again(own_tree: Path) -> None:
    publish(own_tree / RACE.frames_json(1), gzip.compress(long_frames_text(RACE, 300_000), 1))
    slow = f"{URL}?frame_skip=3&compress=false"
    arguments = ("--transforms", "1", "--transform-wait", "0.1")
    with serving(own_tree, *arguments) as server, server.client() as client:
        with client.stream("GET", slow) as first:
            blocks = first.iter_raw(10)
            next(blocks)
            refused = httpx.get(server.url + slow)
            problem(refused, 503)
            assert refused.headers["retry-after"] == "5"
        assert client.get(slow).status_code == 200
