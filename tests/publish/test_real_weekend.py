"""Race, qualifying and practice of a real weekend in one command, and what is published above them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest

from pipeline.contract.artifacts import CATALOG, SessionKey, key_of, season_key
from pipeline.contract.sessions import SessionCode
from pipeline.publish.verify import verify
from pipeline.run.season import refresh
from pipeline.store.local import LocalStore
from tests.conftest import cli
from tests.format.test_v1 import frozen

pytestmark = pytest.mark.slow
SESSIONS: tuple[SessionCode, ...] = ("R", "Q", "FP1")


@pytest.fixture
def store(real_out: Path) -> LocalStore:
    """2025 rounds 1 and 2 as far as the cache has them. Read only."""
    return LocalStore(real_out)


@pytest.fixture
def own(real_out: Path, tmp_path: Path) -> LocalStore:
    """The same, to be written to: files are replaced, never changed."""
    return LocalStore(Path(shutil.copytree(real_out, tmp_path / "out", copy_function=os.link)))


def document(store: LocalStore, key: str) -> Any:
    return json.loads(store.read(key) or b"")


def test_the_race_is_made_first(store: LocalStore) -> None:
    log, _ = sorted((store.root / "runs").glob("*.jsonl"))
    codes = [json.loads(line)["session"] for line in log.read_bytes().splitlines()]
    assert tuple(dict.fromkeys(codes)) == SESSIONS


def test_all_is_listed_and_right(store: LocalStore) -> None:
    listing, catalog = document(store, season_key(2025)), document(store, CATALOG)
    jsonschema.validate(listing, frozen("season"))
    jsonschema.validate(catalog, frozen("catalog"))
    first = listing["events"][0]
    assert [(s["session"], s["state"]) for s in first["sessions"]] == [("R", "published")]
    assert [(s["session"], s["state"]) for s in first["other_sessions"]] == [
        ("FP1", "published"),
        ("FP2", "missing"),
        ("FP3", "missing"),
        ("Q", "published"),
    ]
    assert (catalog["newest"]["session"], catalog["seasons"][0]["published"]) == ("R", 4)
    problems = {verdict.key: verdict.problems for verdict in verify(store)}
    keys = (None, *(SessionKey(2025, 1, code) for code in SESSIONS), SessionKey(2025, 2))
    assert problems == {key: [] for key in keys}


def test_a_practice_is_final_without_a_result_and_points_are_the_races(store: LocalStore) -> None:
    provenance = document(store, SessionKey(2025, 1, "FP1").manifest)["provenance"]
    assert (provenance["provisional"], provenance["reasons"]) == (False, [])
    rounds = document(store, key_of("standings", year=2025))["rounds"]
    assert [(told["sessions"], told["complete"]) for told in rounds] == [(["R"], True), (["R"], False)]


def test_the_seasons_files_have_each_session(own: LocalStore) -> None:
    laps = pq.read_table(own.path(key_of("season_laps", year=2025)))
    assert set(laps["session"].to_pylist()) == set(SESSIONS)
    before = own.read(season_key(2025))
    refresh(own, [2025])
    assert own.read(season_key(2025)) == before


def test_it_is_up_to_date_afterwards(own: LocalStore, real_cache: Path) -> None:
    which = ("2025", "--rounds", "1", "--sessions", "R,FP1,Q", "--offline", "--fastf1-cache", real_cache)
    again = cli("season", *which, "--frame-skip", "10", "--out", own.root)
    assert "Nothing to do: all up to date" in again.stdout
