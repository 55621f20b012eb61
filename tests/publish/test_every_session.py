"""Listings, catalog and summaries of a season with all sessions: true, and no news to readers of today."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from pipeline.contract.artifacts import CATALOG, SessionKey, season_key
from pipeline.contract.models import Catalog, RunSummary, SeasonListing, SeasonSession
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.errors import NotYetError
from pipeline.input.recording import event
from pipeline.job import Outcome, ScheduledEvent
from pipeline.night.summary import summarise
from pipeline.publish.documents import read_model, to_json
from pipeline.publish.listings import publish_season
from pipeline.publish.mend import mend
from pipeline.publish.prune import unused
from pipeline.publish.sync import sync
from pipeline.publish.verify import published, verify
from pipeline.run.decide import Decision
from pipeline.store.local import LocalStore
from tests.format.test_v1 import frozen
from tests.publish.versions import sessions_of
from tests.serve.support import NOW, Server, problem, publish_race, serving

YEAR = 2025
CONVENTIONAL: tuple[SessionCode, ...] = ("FP1", "FP2", "FP3", "Q", "R")
SPRINT: tuple[SessionCode, ...] = ("FP1", "SQ", "S", "Q", "R")


def weekend(number: int, codes: tuple[SessionCode, ...]) -> ScheduledEvent:
    first = datetime(YEAR, 3, 14, 3, tzinfo=UTC) + timedelta(days=7 * (number - 1))
    return event(
        YEAR,
        number,
        name=f"Grand Prix {number}",
        official_name="",
        country="",
        location=f"Town {number}",
        starts={code: first + i * timedelta(hours=11) for i, code in enumerate(codes)},
    )


EVENTS = [weekend(1, CONVENTIONAL), weekend(2, SPRINT)]
KEYS = [SessionKey(YEAR, e.round, session.code) for e in EVENTS for session in e.sessions]


def store_of(folder: Path, keys: list[SessionKey], **errors: str) -> LocalStore:
    """A folder in which these are published, and listed by the schedule."""
    for key in keys:
        publish_race(folder, key, frames=3, big=10)
    store = LocalStore(folder)
    publish_season(store, YEAR, EVENTS, {}, NOW + timedelta(days=30))
    mend(store)  # schemas
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    return store_of(tmp_path_factory.mktemp("whole"), KEYS)


def document(store: LocalStore, key: str) -> Any:
    return json.loads(store.read(key) or b"")


def listing_of(store: Any) -> SeasonListing:
    listing = read_model(store, season_key(YEAR), SeasonListing)
    assert listing is not None
    return listing


def catalog_of(store: Any) -> Catalog:
    catalog = read_model(store, CATALOG, Catalog)
    assert catalog is not None
    return catalog


def codes(sessions: list[SeasonSession]) -> list[str]:
    return [session.session for session in sessions]


def test_todays_readers_meet_two_codes(whole: LocalStore) -> None:
    """The schemas of the day that version 1 was frozen take what a season with all sessions has."""
    listing, catalog = document(whole, season_key(YEAR)), document(whole, CATALOG)
    jsonschema.validate(listing, frozen("season"))
    jsonschema.validate(catalog, frozen("catalog"))
    assert catalog["newest"]["session"] == "R"
    listing["events"][0]["sessions"] += listing["events"][0]["other_sessions"]
    with pytest.raises(jsonschema.ValidationError):  # what they would have stumbled over
        jsonschema.validate(listing, frozen("season"))


def test_each_is_listed_in_the_order_held(whole: LocalStore) -> None:
    conventional, sprint = listing_of(whole).events
    assert codes(conventional.sessions) == ["R"]
    assert codes(conventional.other_sessions) == ["FP1", "FP2", "FP3", "Q"]
    assert codes(sprint.sessions) == ["S", "R"]
    assert codes(sprint.other_sessions) == ["FP1", "SQ", "Q"]
    assert {s.state for e in listing_of(whole).events for s in e.every_session} == {"published"}
    assert set(sessions_of(listing_of(whole))) == set(KEYS)
    assert catalog_of(whole).seasons[0].published == len(KEYS)


def test_with_races_alone_the_others_are_there_and_nothing_is_wrong(tmp_path: Path) -> None:
    races = [key for key in KEYS if SESSIONS[key.session].is_race]
    store = store_of(tmp_path, races)
    for listed in listing_of(store).events:
        assert {session.state for session in listed.sessions} == {"published"}
        assert {(s.state, s.error, s.manifest) for s in listed.other_sessions} == {("missing", None, None)}
    assert [verdict.problems for verdict in verify(store)] == [[]] * (len(races) + 1)


def test_verify_publish_and_prune_know_each(whole: LocalStore, tmp_path: Path) -> None:
    assert published(whole, YEAR, 2) == sorted(key for key in KEYS if key.round == 2)
    verdicts = {verdict.key: verdict.problems for verdict in verify(whole)}
    assert set(verdicts) == {None, *KEYS}
    assert not any(verdicts.values())
    bucket = LocalStore(tmp_path)
    assert sync(whole, bucket, KEYS[:7]).problems == {}
    sync(whole, bucket, KEYS[3:])
    assert not any(verdict.problems for verdict in verify(bucket))
    assert listing_of(bucket).events == listing_of(whole).events
    old = KEYS[3].file("replay", generation="0a", index=0)
    bucket.put_bytes(old, b"x")
    later = datetime.now(UTC) + timedelta(days=3)
    assert [found.keys for found in unused(bucket, "telemetry/", timedelta(days=1), later)] == [(old,)]


def test_what_a_listing_lost_comes_back_from_the_manifests(whole: LocalStore, tmp_path: Path) -> None:
    store = store_of(tmp_path, KEYS)
    (tmp_path / season_key(YEAR)).unlink()
    (tmp_path / CATALOG).unlink()
    mend(store)
    for listed in listing_of(store).events:
        assert {SESSIONS[s.session].is_race for s in listed.sessions} == {True}
    assert set(sessions_of(listing_of(store))) == set(KEYS)
    assert catalog_of(store).newest is not None


def test_a_recording_tells_of_its_own_session_and_takes_none_away(whole: LocalStore, tmp_path: Path) -> None:
    """Where there is no schedule, an event has the one session that is computed."""
    store, seen = LocalStore(tmp_path), list[SessionCode]()
    starts = {session.code: session.start for session in EVENTS[1].sessions}
    for code in ("R", "FP1", "Q"):
        key = SessionKey(YEAR, 2, code)
        publish_race(tmp_path, key, frames=3, big=10)
        about = {"name": "Grand Prix 2", "official_name": "", "country": "", "location": "Town 2"}
        own = event(YEAR, 2, **about, starts={code: starts[code]})  # type: ignore[dict-item]
        publish_season(store, YEAR, [own], {})
        seen.append(code)
        (listed,) = listing_of(store).events
        assert {s.session for s in listed.every_session if s.state == "published"} == set(seen)


def test_the_newest_session_is_beside_the_newest_race(tmp_path: Path) -> None:
    qualifying = SessionKey(YEAR, 2, "Q")
    store = store_of(tmp_path, [qualifying])
    alone = catalog_of(store)
    assert (alone.newest, alone.newest_session and alone.newest_session.manifest) == (
        None,
        qualifying.manifest,
    )
    publish_race(tmp_path, SessionKey(YEAR, 1), frames=3, big=10)
    publish_season(store, YEAR, EVENTS, {}, NOW + timedelta(days=30))
    both = catalog_of(store)
    assert both.newest is not None
    assert (both.newest.round, both.newest.session) == (1, "R")
    assert both.newest_session == alone.newest_session
    jsonschema.validate(document(store, CATALOG), frozen("catalog"))
    wrong = both.model_copy(update={"newest_session": both.newest})
    store.put_bytes(CATALOG, to_json(wrong))
    (problems,) = (verdict.problems for verdict in verify(store) if verdict.key is None)
    assert "catalog.json tells otherwise of the newest session than the listings" in problems[0]
    older = json.loads(to_json(both))
    del older["newest_session"]  # as it was before there was the field
    store.put_bytes(CATALOG, json.dumps(older).encode())
    assert not any(verdict.problems for verdict in verify(store))


def test_a_nights_summary_tells_of_others_apart() -> None:
    decisions = [Decision(key, f"Grand Prix {key.round}", "compute", "not published") for key in KEYS]
    error = NotYetError("FP1: no car data")
    ended = {key: Outcome(key, "published") for key in KEYS} | {
        KEYS[0]: Outcome.failed(KEYS[0], error, blame="not_yet"),
        KEYS[3]: Outcome.failed(KEYS[3], NotYetError("Q: broken")),
    }
    summary = summarise(
        run="r", seasons=[YEAR], started_at=NOW, seconds=1, waited=0, decisions=decisions, ended=ended,
        problems=[], notes=[], public=True,
    )  # fmt: skip
    written = json.loads(to_json(summary))
    jsonschema.validate(written, frozen("run"))
    assert [race["session"] for race in written["races"]] == ["R", "S", "R"]
    assert len(written["other_sessions"]) == len(KEYS) - 3
    assert (summary.exit_code, summary.counts) == (1, {"published": 8, "failed": 2})
    assert RunSummary.model_validate(written) == summary
    assert "other_sessions" not in json.loads(to_json(summary.model_copy(update={"other_sessions": []})))


@pytest.fixture(scope="module")
def served(whole: LocalStore) -> Iterator[Server]:
    with serving(whole.root) as server:
        yield server


@pytest.fixture
def client(served: Server) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def test_the_api_has_each_session(client: httpx.Client) -> None:
    view = client.get(f"/f1/sessions/{YEAR}").json()
    linked = [s for e in view["events"] for s in (*e["sessions"], *e["other_sessions"])]
    assert len(linked) == len(KEYS)
    for session in linked:
        manifest = client.get(session["links"]["manifest"]).json()
        assert manifest["event"]["session"] == session["session"]
        assert client.head(session["links"]["frames"]).status_code == 200
        assert client.head(session["links"]["frames_parquet"]).status_code == 200
    assert client.get(f"/f1/races/{YEAR}/2?session=SQ").json()["event"]["session"] == "SQ"
    frames = client.get(f"/f1/race-telemetry/{YEAR}/1?session=FP2&frame_skip=10").json()
    assert frames["event"]["session"] == "FP2"
    about = problem(client.get(f"/f1/races/{YEAR}/1?session=SQ"), 404)
    assert about["detail"].startswith("2025 round 1 sprint qualifying has no published files. Nearest rounds")
    assert about["nearest_rounds"] == [2]
    problem(client.get(f"/f1/races/{YEAR}/1?session=Q4"), 422)


def test_openapi_names_each_code(client: httpx.Client) -> None:
    assert '"SQ"' in client.get("/openapi.json").text


def test_a_server_with_a_qualifying_alone_is_ready(tmp_path: Path) -> None:
    qualifying = SessionKey(YEAR, 2, "Q")
    store_of(tmp_path, [qualifying])
    with serving(tmp_path) as server, server.client() as client:
        health = client.get("/health/")
        assert health.status_code == 200
        about = health.json()
        assert (about["status"], about["newest"], about["newest_session"]["session"]) == ("ok", None, "Q")
        (tmp_path / qualifying.frames_json(1)).unlink()
        lost = client.get("/health/ready")
        assert lost.status_code == 503
        assert "of the newest session is missing" in lost.json()["reasons"][0]
