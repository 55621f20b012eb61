"""The manifest says what exists: what it does not name goes, and what listings name has to be there."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.contract.artifacts import CATALOG, SessionKey, season_key
from pipeline.contract.models import Catalog, Manifest, Options, SeasonListing
from pipeline.job import Source
from pipeline.publish.documents import read_manifest, read_model
from pipeline.publish.listings import publish_catalog
from pipeline.publish.prune import remove, unused
from pipeline.publish.race import publish_race
from pipeline.publish.verify import verify
from pipeline.run.found import find
from pipeline.store.local import LocalStore
from tests.conftest import cli
from tests.serve.support import NOW, OTHER, RACE, SPRINT, make_tree, serving


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(make_tree(tmp_path / "out"))


def manifest_of(store: LocalStore) -> Manifest:
    manifest = read_manifest(store, RACE)
    assert manifest is not None
    return manifest


def without(manifest: Manifest, key: str) -> Manifest:
    """As a run with other frame skips makes it."""
    made = manifest.provenance.model_copy(update={"options": Options(fps=10, frame_skips=[1, 5, 10])})
    artifacts = [artifact for artifact in manifest.artifacts if artifact.key != key]
    return manifest.model_copy(update={"artifacts": artifacts, "provenance": made})


def test_a_new_version_takes_away_what_it_does_not_name(store: LocalStore) -> None:
    old, gone = manifest_of(store), RACE.frames_json(2)
    new = without(old, gone)
    generation = f"{RACE.prefix}replay/00ff/0000.json.gz"
    store.put_bytes(generation, b"of the version before")
    store.put_bytes(f"{RACE.prefix}notes.txt", b"not of the format")
    others = {stored.key for stored in store.list("telemetry/")} - {gone}
    assert publish_race(store, new, [], old)
    assert {stored.key for stored in store.list("telemetry/")} == others
    assert generation in others  # readers of the manifest before still want it


def test_a_folder_renamed_by_hand_is_found_broken(store: LocalStore) -> None:
    """Its manifest tells of another race, whose files are gone."""
    copied = SessionKey(RACE.year, 9)
    store.path(RACE.prefix).rename(store.path(copied.prefix))
    found = find(store, RACE.year)
    about = found.examine(copied, Options(fps=10, frame_skips=[1]), Source(store.root, offline=True))
    assert about.broken
    assert about.stale is not None
    assert "missing" in about.stale


def test_a_file_that_nothing_names_is_not_served(store: LocalStore) -> None:
    """As an interrupted run leaves it; a replay generation is named by the manifest that somebody holds."""
    gone = RACE.frames_json(2)
    with serving(store.root) as server, server.client() as client:
        assert client.get(f"/data/{gone}").status_code == 200
        store.put_bytes(RACE.manifest, without(manifest_of(store), gone).model_dump_json().encode())
        assert client.get(f"/data/{gone}").status_code == 404
        cut = client.get("/f1/race-telemetry/2025/1", params={"frame_skip": 2})
        assert (cut.status_code, cut.json()["frame_skip"]) == (200, 2)
        assert client.get(f"/data/{RACE.frames_json(5)}").status_code == 200
        generation = f"{RACE.prefix}replay/00ff/0000.json.gz"
        store.put_bytes(generation, b"x")
        assert client.get(f"/data/{generation}").status_code == 200
        store.delete(RACE.manifest)
        assert client.get(f"/data/{RACE.frames_json(5)}").status_code == 404


def test_prune_takes_what_no_manifest_names_after_the_grace_time(store: LocalStore) -> None:
    gone = RACE.frames_json(2)
    store.put_bytes(RACE.manifest, without(manifest_of(store), gone).model_dump_json().encode())
    assert list(unused(store, "telemetry/", timedelta(hours=1))) == []
    found = list(unused(store, "telemetry/", timedelta(0), datetime.now(UTC) + timedelta(seconds=1)))
    assert [unnamed.keys for unnamed in found] == [(gone,)]
    remove(store, found[0])
    assert store.stat(gone) is None


def test_verify_finds_a_race_that_a_listing_names_and_nobody_has(store: LocalStore) -> None:
    shutil.rmtree(store.root / "telemetry/2025/1")
    done = cli("verify", "--out", store.root, expect=1)
    assert f"{RACE.manifest} is missing, though sessions/2025.json lists the race as published" in done.stdout
    assert "to mend it: f1-precompute race 2025 1 --force" in done.stdout
    shutil.rmtree(store.root / "telemetry")
    verdicts = list(verify(store, 2025))
    assert [verdict.key for verdict in verdicts if verdict.problems][1:] == [RACE, SPRINT, OTHER]


@pytest.mark.parametrize("command", ["verify", "publish", "prune"])
def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, command: str) -> None:
    done = cli(command, "--out", tmp_path / "typo", expect=2, **_bucket(command))
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def _bucket(command: str) -> dict[str, str]:
    return {"F1_S3_BUCKET": "any"} if command == "publish" else {}


def catalog(store: LocalStore) -> Catalog:
    found = read_model(store, CATALOG, Catalog)
    assert found is not None
    return found


def test_the_newest_race_is_the_last_that_is_there(store: LocalStore) -> None:
    """A new season without a race yet; then folders of the old one are removed by hand."""
    coming = SeasonListing(year=2026, updated_at=NOW, events=[])
    store.put_bytes(season_key(2026), coming.model_dump_json().encode())
    publish_catalog(store, coming, NOW)
    newest = catalog(store).newest
    assert newest is not None
    assert newest.manifest == OTHER.manifest
    shutil.rmtree(store.root / "telemetry/2025/4")
    publish_catalog(store, coming, NOW)
    newest = catalog(store).newest
    assert newest is not None
    assert newest.manifest == SPRINT.manifest
    shutil.rmtree(store.root / "telemetry")
    (store.root / season_key(2025)).unlink()
    publish_catalog(store, coming, NOW)
    assert [season.year for season in catalog(store).seasons] == [2026]
    assert catalog(store).newest is None
