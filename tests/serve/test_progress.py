"""The progress WebSocket: replaying, following, resuming, and what ends it."""

import asyncio
import json
import os
import resource
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from pipeline.contract.artifacts import CATALOG, SessionKey
from pipeline.contract.events import to_line
from tests.cases import some
from tests.serve.support import (
    NOW,
    OTHER,
    RACE,
    Server,
    make_tree,
    problem,
    progress_bytes,
    progress_events,
    publish,
    serving,
)
from tests.waiting import wait_for

URL = "/f1/process-telemetry/2025/1"
Event = dict[str, Any]


async def read(websocket: ClientConnection) -> tuple[list[Event], int]:
    """Every event until the server closes, and its code."""
    events = []
    async with asyncio.timeout(30):
        with suppress(ConnectionClosedError):  # any close code but 1000
            async for text in websocket:
                events.append(json.loads(text))
    return events, websocket.close_code or 0


def talk(server: Server, path: str, **headers: str) -> tuple[list[Event], int]:
    async def run() -> tuple[list[Event], int]:
        async with connect(server.ws + path, additional_headers=headers) as websocket:
            return await read(websocket)

    return asyncio.run(run())


def test_replays_the_published_log(server: Server) -> None:
    events, code = talk(server, URL + "?speed=0")
    assert code == 1000
    assert [event["seq"] for event in events] == [0, 1, 2, 3, 4]
    assert events[2]["type"] == "progress"
    assert events[2]["progress"] == 50.0
    assert events[2]["message"] == "step 2"
    assert events[-1]["type"] == "complete"
    assert events[-1]["data"] == {"grade": "A"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("events", "query", "seconds"),
    some(
        [(5, "?speed=0", 0), (5, "?speed=1000", 4), (81, "", 4), (81, "?speed=80", 1), (81, "?speed=20", 4)],
        2,
    ),
)
def test_speed(own_tree: Path, events: int, query: str, seconds: int) -> None:
    """Not faster than asked; and the reader's deadline ends what is several times slower."""
    step = 1000 if events == 5 else 1
    log = [
        event.model_copy(update={"ts": NOW + timedelta(seconds=event.seq * step)})
        for event in progress_events(RACE, count=events - 1)
    ]
    publish(own_tree / RACE.progress, progress_bytes(log))
    with serving(own_tree) as server:
        begin = time.monotonic()
        received, code = talk(server, URL + query)
        assert time.monotonic() - begin >= seconds * 0.9  # timers of the server are rounded
    assert [event["seq"] for event in received] == list(range(events))
    assert code == 1000


@pytest.mark.parametrize(
    ("after", "expected"), [(-1, [0, 1, 2, 3, 4]), (1, [2, 3, 4]), (3, [4]), (4, [4]), (99, [4])]
)
def test_resumes_after_a_sequence_number(server: Server, after: int, expected: list[int]) -> None:
    events, _ = talk(server, f"{URL}?speed=0&after={after}")
    assert [event["seq"] for event in events] == expected


def test_sprint(server: Server) -> None:
    events, _ = talk(server, "/f1/process-telemetry/2025/2?session=S&speed=0")
    assert events[-1]["session"] == "S"


@pytest.mark.parametrize(
    ("path", "message", "expected"),
    [
        ("2025/3", "2025 round 3 race was cancelled. Nearest rounds with a race: 1, 4.", 4404),
        ("2017/1", "There is no season 2017. Computed seasons: 2025.", 4404),
        ("2025/2", "Nearest rounds", 4404),
        ("2025/abc", "round must be a whole number from 1 to 99.", 4422),
        ("2025/1?speed=-1", "speed must be", 4422),
        ("2025/1?speed=nan", "speed must be", 4422),
        ("2025/1?after=x", "after must be a whole number", 4422),
        ("2025/1?session=X", "session must be R or S or Q or SQ or FP1 or FP2 or FP3.", 4422),
    ],
)
def test_a_clear_error_and_close_code(server: Server, path: str, message: str, expected: int) -> None:
    events, code = talk(server, f"/f1/process-telemetry/{path}")
    assert code == expected
    assert [event["type"] for event in events] == ["error"]
    assert message in events[0]["message"]


def test_a_race_without_a_log(own_tree: Path) -> None:
    (own_tree / RACE.progress).unlink()
    publish(own_tree / OTHER.progress, b'{"damaged\n')
    with serving(own_tree) as server:
        events, code = talk(server, URL)
        assert (events[0]["message"], code) == ("2025 round 1 race has no progress log.", 4404)
        events, code = talk(server, "/f1/process-telemetry/2025/4")
        assert code == 4404
        assert "damaged" in events[0]["message"]


def test_an_unknown_path_is_refused(server: Server) -> None:
    async def run() -> None:
        async with connect(server.ws + "/nothing"):
            pass

    with pytest.raises(InvalidStatus):
        asyncio.run(run())


def test_plain_http_is_told_to_connect_otherwise(client: httpx.Client) -> None:
    response = client.get(URL)
    assert "WebSocket" in problem(response, 426)["detail"]
    assert response.headers["upgrade"] == "websocket"


def test_listings_that_cannot_be_read(own_tree: Path) -> None:
    (own_tree / CATALOG).unlink()
    with serving(own_tree) as server:
        events, code = talk(server, "/f1/process-telemetry/2025/9")
        assert code == 1013
        assert "no catalog" in events[0]["message"]


def none_open(server: Server) -> bool:
    return "f1_websockets_open 0.0" in httpx.get(server.url + "/metrics").text


class LiveLog:
    """A run writing its log, as the pipeline does."""

    def __init__(self, out: Path, key: SessionKey, run: str) -> None:
        self.path = out / key.live_progress
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = [to_line(event) for event in progress_events(key, run)]
        self.path.write_bytes(b"")

    def write(self, *numbers: int) -> None:
        for number in numbers:
            self.append(self.lines[number])

    def append(self, content: bytes) -> None:
        with self.path.open("ab", buffering=0) as file:
            file.write(content)


async def numbers(websocket: ClientConnection, count: int) -> list[int]:
    return [json.loads(await asyncio.wait_for(websocket.recv(), 10))["seq"] for _ in range(count)]


def test_follows_a_run_under_way(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    log = LiveLog(out, RACE, "run-2")
    log.write(0, 1)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL) as websocket:
            assert await numbers(websocket, 2) == [0, 1]
            log.append(log.lines[2][:30])  # half a line is not an event yet
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(websocket.recv(), 0.3)
            log.append(log.lines[2][30:])
            assert await numbers(websocket, 1) == [2]
            log.write(3, 4)
            events, code = await read(websocket)
            assert [event["type"] for event in events] == ["progress", "complete"]
            assert {event["run"] for event in events} == {"run-2"}
            assert code == 1000

    with serving(out, "--ws-poll", "0.05") as server:
        asyncio.run(run(server))
        assert [event["seq"] for event in talk(server, URL + "?after=2")[0]] == [3, 4]
        assert [event["seq"] for event in talk(server, URL + "?after=9")[0]] == [4]


def test_finishes_from_the_published_log_when_the_live_one_vanishes(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    log = LiveLog(out, RACE, "run-2")
    log.write(0, 1)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL) as websocket:
            assert await numbers(websocket, 2) == [0, 1]
            publish(out / RACE.progress, b"".join(log.lines))
            log.path.unlink()
            events, code = await read(websocket)
            assert [event["seq"] for event in events] == [2, 3, 4]
            assert code == 1000

    with serving(out, "--ws-poll", "0.05") as server:
        asyncio.run(run(server))


def test_a_run_that_published_nothing_new_ends_with_the_published_end(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    log = LiveLog(out, RACE, "run-2")
    log.write(0, 1)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL) as websocket:
            await numbers(websocket, 2)
            log.path.unlink()
            events, code = await read(websocket)
            assert [(event["run"], event["type"]) for event in events] == [("run-1", "complete")]
            assert code == 1000

    with serving(out, "--ws-poll", "0.05") as server:
        asyncio.run(run(server))


@pytest.mark.parametrize("same_inode", [True, False])
def test_a_new_run_in_the_middle_starts_again(tmp_path: Path, same_inode: bool) -> None:
    out = make_tree(tmp_path / "out")
    log = LiveLog(out, RACE, "run-2")
    log.write(0, 1)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL + "?after=0") as websocket:
            assert await numbers(websocket, 1) == [1]
            lines = [to_line(event) for event in progress_events(RACE, "run-3")]
            if same_inode:
                log.path.write_bytes(b"".join(lines[:4]))  # longer than before: size alone tells nothing
            else:
                publish(log.path, lines[0])
            assert await numbers(websocket, 1) == [0]
            log.path.write_bytes(b"".join(lines))
            events, _ = await read(websocket)
            assert [event["seq"] for event in events] == [1, 2, 3, 4]
            assert {event["run"] for event in events} == {"run-3"}

    with serving(out, "--ws-poll", "0.05") as server:
        asyncio.run(run(server))


def test_a_failed_run_ends_with_its_error(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    first, *_, last = progress_events(RACE, "run-2")
    error = last.model_copy(update={"type": "error", "message": "no laps", "data": None, "seq": 1})
    publish(out / RACE.live_progress, progress_bytes([first, error]))
    with serving(out) as server:
        events, code = talk(server, URL)
        assert [event["type"] for event in events] == ["progress", "error"]
        assert events[-1]["message"] == "no laps"
        assert code == 1000


def test_a_run_that_died_is_an_error(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    publish(out / RACE.live_progress, progress_bytes(progress_events(RACE)[:2]))
    before = time.time() - 3600
    os.utime(out / RACE.live_progress, (before, before))
    with serving(out) as server:
        events, code = talk(server, URL)
        assert [event["type"] for event in events] == ["progress", "progress", "error"]
        assert "stopped without finishing" in events[-1]["message"]
        assert code == 1000


@pytest.mark.slow
def test_many_clients_at_once(server: Server) -> None:
    clients = 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))

    async def one() -> tuple[list[Event], int]:
        async with connect(server.ws + URL + "?speed=2", open_timeout=30) as websocket:
            return await read(websocket)

    async def run() -> tuple[list[tuple[list[Event], int]], str]:
        talks = asyncio.gather(*(one() for _ in range(clients)))
        await asyncio.sleep(1.2)
        async with httpx.AsyncClient(timeout=10) as client:
            metrics = (await client.get(server.url + "/metrics")).text
        return await talks, metrics

    results, metrics = asyncio.run(run())
    assert all([event["seq"] for event in events] == [0, 1, 2, 3, 4] for events, _ in results)
    assert all(code == 1000 for _, code in results)
    assert "f1_websockets_open" in metrics  # answered in the midst of it
    wait_for(lambda: none_open(server))


def test_over_the_limit_of_connections(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    LiveLog(out, RACE, "run-2").write(0)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL), connect(server.ws + URL):
            async with connect(server.ws + URL) as third:
                events, code = await read(third)
            assert code == 1013
            assert "Too many" in events[0]["message"]
        await asyncio.to_thread(wait_for, lambda: none_open(server))
        async with connect(server.ws + URL) as again:
            assert await numbers(again, 1) == [0]

    with serving(out, "--ws-max", "2", "--ws-poll", "0.05") as server:
        asyncio.run(run(server))


@pytest.mark.slow
def test_pings_keep_an_idle_connection_and_find_a_dead_one(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    LiveLog(out, RACE, "run-2").write(0)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL, ping_interval=None) as websocket:
            assert await numbers(websocket, 1) == [0]
            await asyncio.sleep(5)
            assert websocket.state.name == "OPEN"
            websocket.transport.pause_reading()  # alive at the socket, but answers no ping
            await asyncio.to_thread(wait_for, lambda: none_open(server))
            websocket.transport.abort()

    with serving(out, "--ws-ping", "2") as server:  # a busy machine must have the time to answer
        asyncio.run(run(server))


def test_a_follower_that_leaves_is_noticed(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    LiveLog(out, RACE, "run-2").write(0)

    async def run(server: Server) -> None:
        async with connect(server.ws + URL) as websocket:
            await websocket.send("hello")  # clients have nothing to say; it is ignored
            await numbers(websocket, 1)

    with serving(out) as server:
        asyncio.run(run(server))
        wait_for(lambda: none_open(server))


def test_origins(tmp_path: Path) -> None:
    out = make_tree(tmp_path / "out")
    with serving(out, "--cors-origins", "https://a.example, https://b.example") as server:
        assert talk(server, URL + "?speed=0", Origin="https://b.example")[1] == 1000
        assert talk(server, URL + "?speed=0")[1] == 1000
        events, code = talk(server, URL + "?speed=0", Origin="https://evil.example")
        assert (events[0]["type"], code) == ("error", 4403)
