"""GET /data/{key}: bytes, encodings, conditions, ranges, and nothing outside the folder."""

import gzip
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pipeline.contract.artifacts import CATALOG, media_of, season_key
from pipeline.contract.media import IMMUTABLE, REVALIDATE
from pipeline.contract.models import Manifest
from tests.serve.support import (
    BIG,
    GENERATION,
    OTHER,
    RACE,
    Server,
    frames_text,
    long_frames_text,
    problem,
    publish,
    raw,
    serving,
)

PARQUET = f"/data/{RACE.file('frames_parquet')}"
PACKED = f"/data/{RACE.frames_json(5)}"


def test_every_artifact_is_served_byte_for_byte(client: httpx.Client, tree: Path) -> None:
    manifest = Manifest.model_validate_json((tree / RACE.manifest).read_bytes())
    for key in [artifact.key for artifact in manifest.artifacts] + [RACE.manifest, CATALOG, season_key(2025)]:
        media = media_of(key)
        accepted = {"Accept-Encoding": media.content_encoding or "identity"}
        with client.stream("GET", f"/data/{key}", headers=accepted) as response:
            assert response.status_code == 200
            assert raw(response) == (tree / key).read_bytes()
        assert response.headers["content-type"] == media.content_type
        assert response.headers.get("content-encoding") == media.content_encoding
        assert response.headers["cache-control"] == media.cache_control
        assert int(response.headers["content-length"]) == (tree / key).stat().st_size


@pytest.mark.parametrize(
    "path", [f"/data/{RACE.manifest}", "/f1/races/2025/1", "/f1/sessions/2025", "/openapi.json"]
)
def test_text_is_packed_for_clients_that_take_gzip(client: httpx.Client, path: str) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        body = raw(packed)
    assert gzip.decompress(body) == plain.content
    assert len(body) < len(plain.content) / 2
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(body))
    assert "content-encoding" not in plain.headers
    etags = {encoding: response.headers["etag"] for encoding, response in (("gzip", packed), ("br", plain))}
    assert etags["gzip"] != etags["br"]
    for encoding, etag in etags.items():
        asked = {"Accept-Encoding": encoding, "If-None-Match": etag}
        assert client.get(path, headers=asked).status_code == 304
    for response in (packed, plain):
        assert response.headers["vary"] == "accept-encoding"


def test_a_part_of_a_text_is_of_its_stored_bytes(client: httpx.Client, tree: Path) -> None:
    part = client.get(f"/data/{RACE.manifest}", headers={"Range": "bytes=100-199", "Accept-Encoding": "gzip"})
    assert part.status_code == 206
    assert part.content == (tree / RACE.manifest).read_bytes()[100:200]
    assert "content-encoding" not in part.headers


def test_what_a_packet_holds_and_what_is_packed_within_stay_as_they_are(client: httpx.Client) -> None:
    for path in ("/f1/seasons", PARQUET, f"/data/{RACE.progress}"):
        assert "content-encoding" not in client.head(path, headers={"Accept-Encoding": "gzip"}).headers


def test_replay_chunks_alone_never_expire(client: httpx.Client) -> None:
    chunk = client.get(f"/data/{RACE.file('replay', generation=GENERATION, index=0)}")
    assert chunk.headers["cache-control"] == IMMUTABLE
    assert client.get(PARQUET).headers["cache-control"] == REVALIDATE


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip;q=0, *", "", None])
def test_a_client_without_gzip_gets_plain_bytes(
    client: httpx.Client, tree: Path, accepted: str | None
) -> None:
    headers = client.headers.copy()
    del headers["accept-encoding"]
    if accepted is not None:
        headers["accept-encoding"] = accepted
    request = httpx.Request("GET", f"{client.base_url}{PACKED}", headers=headers)
    response = client.send(request)
    assert response.content == gzip.decompress((tree / RACE.frames_json(5)).read_bytes())
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip", "*", "x-gzip", "GZIP;q=0.5, identity;q=1"])
def test_a_client_with_gzip_gets_the_stored_bytes(client: httpx.Client, tree: Path, accepted: str) -> None:
    with client.stream("GET", PACKED, headers={"Accept-Encoding": accepted}) as response:
        assert raw(response) == (tree / RACE.frames_json(5)).read_bytes()
        assert response.headers["vary"] == "accept-encoding"


def test_both_encodings_have_their_own_etag(client: httpx.Client) -> None:
    packed = client.head(PACKED, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    plain = client.head(PACKED, headers={"Accept-Encoding": "identity"}).headers["etag"]
    assert packed != plain
    for etag, encoding, status in ((packed, "gzip", 304), (plain, "identity", 304), (plain, "gzip", 200)):
        response = client.get(PACKED, headers={"If-None-Match": etag, "Accept-Encoding": encoding})
        assert response.status_code == status


def test_not_modified(client: httpx.Client) -> None:
    etag = client.get(PARQUET).headers["etag"]
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = client.get(PARQUET, headers={"If-None-Match": given})
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["etag"] == etag
        assert response.headers["cache-control"] == REVALIDATE
    assert client.get(PARQUET, headers={"If-None-Match": '"other"'}).status_code == 200


def test_if_match(client: httpx.Client) -> None:
    etag = client.head(PARQUET).headers["etag"]
    assert client.get(PARQUET, headers={"If-Match": etag}).status_code == 200
    problem(client.get(PARQUET, headers={"If-Match": '"other"'}), 412)
    problem(client.get(PARQUET, headers={"If-Match": f"W/{etag}"}), 412)


def test_head(client: httpx.Client, tree: Path) -> None:
    response = client.head(PARQUET)
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) == (tree / RACE.file("frames_parquet")).stat().st_size
    assert response.headers["accept-ranges"] == "bytes"


SIZE = BIG + 8


@pytest.mark.parametrize(
    ("given", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-1023", 0, 1024),
        ("bytes=2500000-", 2_500_000, SIZE),
        ("bytes=1000000-2999999", 1_000_000, 3_000_000),
        ("bytes=-8", SIZE - 8, SIZE),
        ("bytes=-99999999999", 0, SIZE),
        ("bytes=10-99999999999", 10, SIZE),
        ("Bytes = 5-9", 5, 10),
    ],
)
def test_range(client: httpx.Client, tree: Path, given: str, begin: int, end: int) -> None:
    response = client.get(PARQUET, headers={"Range": given})
    assert response.status_code == 206
    assert response.content == (tree / RACE.file("frames_parquet")).read_bytes()[begin:end]
    assert response.headers["content-range"] == f"bytes {begin}-{end - 1}/{SIZE}"
    assert int(response.headers["content-length"]) == end - begin


def test_range_of_a_small_file(client: httpx.Client, tree: Path) -> None:
    response = client.get(f"/data/{CATALOG}", headers={"Range": "bytes=1-4"})
    assert response.status_code == 206
    assert response.content == (tree / CATALOG).read_bytes()[1:5]


def test_range_is_of_the_stored_bytes(client: httpx.Client, tree: Path) -> None:
    headers = {"Range": "bytes=2-9", "Accept-Encoding": "gzip"}
    with client.stream("GET", PACKED, headers=headers) as response:
        assert response.status_code == 206
        assert raw(response) == (tree / RACE.frames_json(5)).read_bytes()[2:10]


@pytest.mark.parametrize(
    "given",
    [
        "bytes=0-3,10-13",
        "bytes=",
        "bytes=5-2",
        "bytes=a-b",
        "lines=0-3",
        "bytes=-",
        "bytes=0-3, 99999999-",
        "0-3",
    ],
)
def test_ranges_that_are_ignored(client: httpx.Client, given: str) -> None:
    response = client.get(PARQUET, headers={"Range": given})
    assert response.status_code == 200
    assert len(response.content) == SIZE


@pytest.mark.parametrize(
    "given", [f"bytes={SIZE}-", "bytes=99999999-", "bytes=-0", "bytes=99999999-,88888888-"]
)
def test_ranges_outside_the_file(client: httpx.Client, given: str) -> None:
    response = client.get(PARQUET, headers={"Range": given})
    assert problem(response, 416)["size"] == SIZE
    assert response.headers["content-range"] == f"bytes */{SIZE}"


def test_if_range(client: httpx.Client) -> None:
    etag = client.head(PARQUET).headers["etag"]
    given = {etag: 206, '"other"': 200, f"W/{etag}": 200, "Sun, 16 Mar 2025 06:00:00 GMT": 200}
    for condition, status in given.items():
        response = client.get(PARQUET, headers={"Range": "bytes=0-3", "If-Range": condition})
        assert response.status_code == status


def test_head_ignores_ranges(client: httpx.Client) -> None:
    assert client.head(PARQUET, headers={"Range": "bytes=0-3"}).status_code == 200


def raw_request(server: Server, target: str) -> bytes:
    """The answer to a request line as it is: clients tidy paths up before they send them."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


TRAVERSALS = [
    "/data/../secret.txt",
    "/data/telemetry/../../secret.txt",
    "/data/%2e%2e/secret.txt",
    "/data/%2e%2e%2fsecret.txt",
    "/data/..%2fsecret.txt",
    "/data/..%5csecret.txt",
    "/data/%252e%252e%252fsecret.txt",
    "/data/%252e%252e/secret.txt",
    "/data//etc/passwd",
    "/data/%2fetc%2fpasswd",
    "/data//{out}/../secret.txt",
    "/data/%00",
    "/data/catalog.json%00.json",
    "/data/telemetry/2025/1/manifest.json/../../../../../secret.txt",
    "/data/%c0%ae%c0%ae/secret.txt",
    "/data/telemetry/2025/1/",
    "/data/telemetry",
    "/data/",
    "/data",
    "/static/../settings.py",
    "/static/%2e%2e/settings.py",
    "/static/..%2fsettings.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/vendor",
    "/static/vendor/../../settings.py",
    "/data/runs/live/2025-1-R.jsonl",
]


@pytest.mark.parametrize("target", TRAVERSALS)
def test_no_path_leads_out_of_the_folder(server: Server, tree: Path, target: str) -> None:
    (tree.parent / "secret.txt").write_text("the secret")
    answer = raw_request(server, target.replace("{out}", str(tree)))
    assert answer.split(b" ")[1] in {b"404", b"400"}
    for leak in (b"the secret", b"root:", b"frozen=True", b"Traceback"):
        assert leak not in answer


def test_symbolic_links_are_not_followed(own_tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "manifest.json").write_text("the secret")
    key = RACE.file("laps_parquet")
    (own_tree / key).unlink()
    (own_tree / key).symlink_to(secret / "manifest.json")
    (own_tree / "telemetry/2025/5").symlink_to(secret)
    (own_tree / "telemetry/2025/6").symlink_to(own_tree / "telemetry/2025/1")
    with serving(own_tree) as server, server.client() as client:
        for path in (key, "telemetry/2025/5/manifest.json", "telemetry/2025/6/manifest.json"):
            problem(client.get(f"/data/{path}"), 404)
        assert client.get(f"/data/{RACE.manifest}").status_code == 200
        assert client.get("/f1/races/2025/5").status_code == 404


def test_what_is_not_a_file_is_not_served(own_tree: Path) -> None:
    (own_tree / RACE.file("laps_parquet")).unlink()
    os.mkfifo(own_tree / RACE.file("laps_parquet"))
    (own_tree / OTHER.file("laps_parquet")).unlink()
    (own_tree / OTHER.file("laps_parquet")).mkdir()
    with serving(own_tree) as server, server.client() as client:
        problem(client.get(f"/data/{RACE.file('laps_parquet')}"), 404)
        problem(client.get(f"/data/{OTHER.file('laps_parquet')}"), 404)


def test_a_missing_artifact_names_what_exists(client: httpx.Client) -> None:
    found = problem(client.get(f"/data/{RACE.frames_json(3)}"), 404)
    assert RACE.frames_json(5) in found["artifacts"]
    assert problem(client.get("/data/sessions/1999.json"), 404)["seasons"] == [2025]
    assert problem(client.get("/data/telemetry/2025/5/manifest.json"), 404)["nearest_rounds"] == [1, 4]


def test_a_file_replaced_while_it_is_read_stays_whole(own_tree: Path) -> None:
    path = own_tree / RACE.file("frames_parquet")
    old, new = b"a" * 30_000_000, b"b" * 20_000_000
    publish(path, old)
    with serving(own_tree) as server, server.client() as client:
        with client.stream("GET", PARQUET) as response:
            blocks = response.iter_raw(65536)
            got = next(blocks)
            publish(path, new)
            got += b"".join(blocks)
        assert got == old
        assert client.get(PARQUET).content == new


@pytest.mark.slow
@pytest.mark.parametrize("size", [300_000, 6_000_000])  # from memory, and streamed
def test_many_readers_of_a_file_that_is_replaced_all_the_time(own_tree: Path, size: int) -> None:
    path = own_tree / RACE.file("frames_parquet")
    publish(path, b"0" * size)
    etags: dict[str, bytes] = {}

    def read(client: httpx.Client) -> None:
        for _ in range(25):
            response = client.get(PARQUET)
            first = response.content[:1]
            assert response.content == first * len(response.content)
            assert etags.setdefault(response.headers["etag"], first) == first

    with serving(own_tree) as server, server.client() as client, ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read, client) for _ in range(4)]
        generation = 0
        while not all(reader.done() for reader in readers):
            generation += 1
            publish(path, str(generation % 10).encode() * (size + generation % 3))
        for reader in readers:
            reader.result()
    assert len(etags) > 3


@pytest.mark.slow
def test_a_cut_of_a_file_replaced_while_it_is_read_stays_whole(own_tree: Path) -> None:
    path = own_tree / RACE.frames_json(1)
    publish(path, gzip.compress(long_frames_text(RACE, 300_000), 1))
    with serving(own_tree) as server, server.client() as client:
        url = "/f1/race-telemetry/2025/1?frame_skip=3&compress=false"
        with client.stream("GET", url) as response:
            blocks = response.iter_bytes(65536)
            got = next(blocks)
            publish(path, gzip.compress(frames_text(RACE, 1, 9)))
            got += b"".join(blocks)
        assert got.count(b'{"t":') == 100_000
        assert client.get(url).text.count('{"t":') == 3


def test_new_and_replaced_small_files_appear_at_once(own_tree: Path) -> None:
    path = own_tree / RACE.file("laps_parquet")
    with serving(own_tree) as server, server.client() as client:
        url = f"/data/{RACE.file('laps_parquet')}"
        before = client.get(url)
        publish(path, b"PAR1new!" * 100)  # as many bytes
        after = client.get(url, headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.content == b"PAR1new!" * 100
        path.unlink()
        problem(client.get(url), 404)
        publish(path, b"PAR1")
        assert client.get(url).content == b"PAR1"


def test_a_damaged_gzip_file_is_an_error_not_half_a_document(own_tree: Path) -> None:
    publish(own_tree / RACE.frames_json(5), b"not gzip at all")
    whole = gzip.compress(b'{"frames":[\n' + b"{}" * 3_000_000, 0)
    publish(own_tree / RACE.frames_json(2), whole[:-200])
    plain = {"Accept-Encoding": "identity"}
    with serving(own_tree) as server, server.client(**plain) as client:
        problem(client.get(f"/data/{RACE.frames_json(5)}"), 500)
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"/data/{RACE.frames_json(2)}")
        assert client.get("/health/live").status_code == 200
