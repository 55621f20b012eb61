"""Nights that publish: what the bucket holds afterwards, whatever happened to the rounds."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import Nights
from tests.nightly.test_ended import just_over
from tests.nightly.test_renumbered import serve, states
from tests.nightly.test_revisions import season_page, standings, standings_pages
from tests.s3.support import READER, Place, credentials, s3, s3_server

pytestmark = pytest.mark.slow

__all__ = ["s3", "s3_server"]


@pytest.fixture
def publishing(nights: Nights, s3: Place) -> Nights:
    """Nights with a bucket."""
    return replace(nights, more=s3.environment(F1_PUBLISH="1"))


def test_a_night_publishes_and_the_next_one_sends_its_summary_alone(publishing: Nights, s3: Place) -> None:
    first = publishing.run()
    assert f"files uploaded to s3://{s3.bucket}/data/f1" in first.stdout
    told = s3.json(next(name for name in s3.names() if re.fullmatch(r"runs/.*\.json", name)))
    assert told == publishing.summary()
    assert told["counts"] == {"published": 1}
    assert [race["state"] for race in told["races"]] == ["published"]
    assert not s3.lies()
    assert s3.published() == {f"telemetry/{publishing.year}/1/manifest.json"}
    before = s3.names()
    second = publishing.run()
    assert "1 files uploaded" in second.stdout
    assert len(s3.names() - before) == 1
    assert s3.json(max(s3.names() - before))["line"].startswith(f"nightly {publishing.year}: 1 up to date")


def test_a_race_is_in_the_bucket_in_the_first_run_after_its_data_is_there(
    publishing: Nights, s3: Place, tmp_path: Path
) -> None:
    """An hour after its start, by the feed's word, provisional at first."""
    page = just_over(publishing, tmp_path)
    timing = publishing.hosts.content["timing"]
    whole, timing[page] = (
        timing[page],
        timing[page].replace(b"Finalised", b"Finished").replace(b"Ends", b"Finished"),
    )
    publishing.run()
    assert s3.published() == set()
    timing[page] = whole
    publishing.run()
    (name,) = s3.published()
    assert s3.json(name)["provenance"]["provisional"]
    assert not s3.lies()
    assert s3.json("runs/idle.json")["line"].startswith(f"nightly {publishing.year}: 1 waiting")
    publishing.hosts.requests.clear()
    publishing.run()
    assert s3.json("runs/idle.json") == publishing.summary()
    assert not publishing.hosts.requests


@pytest.mark.thorough
def test_official_standings_reach_the_bucket_without_a_race_that_changed(
    publishing: Nights, s3: Place, weekend: Weekend
) -> None:
    season_page(publishing, weekend)
    publishing.run()
    name = f"seasons/{publishing.year}/standings.json"
    assert "official_at" not in s3.json(name)["rounds"][0]
    standings_pages(publishing, [30.0, 20.5])
    publishing.run_a_day_later()
    assert s3.json(name)["rounds"][0]["drivers"][0]["points"] == 30
    assert s3.json(name)["rounds"][0] == standings(publishing)
    assert not s3.lies()
    assert "1 files uploaded" in publishing.run().stdout  # its summary alone


@pytest.fixture
def numbered_from(publishing: Nights, tmp_path: Path) -> Callable[..., None]:
    """Serves Testland and Mockania as rounds n and n + 1, after other weekends."""
    first, second = hours_ago(300), hours_ago(100)

    def serve_from(number: int, *before: Weekend) -> None:
        testland = Weekend(number, "Testland Grand Prix", first, 2)
        mockania = Weekend(number + 1, "Mockania Grand Prix", second, 3)
        serve(publishing, tmp_path, *before, testland, mockania)

    return serve_from


def holds_rounds_1_and_2(s3: Place, year: int) -> None:
    prefix = f"telemetry/{year}"
    assert s3.json(f"{prefix}/1/manifest.json")["event"]["name"] == "Testland Grand Prix"
    assert s3.json(f"{prefix}/2/manifest.json")["event"]["name"] == "Mockania Grand Prix"
    assert not [name for name in s3.names() if name.startswith(f"{prefix}/3/")]
    assert not s3.lies()


@pytest.mark.thorough
def test_a_renumbered_season_in_the_bucket(
    publishing: Nights, s3: Place, numbered_from: Callable[..., None]
) -> None:
    numbered_from(2, Weekend(1, "Lost Grand Prix", hours_ago(-400), 1))
    publishing.run()
    numbered_from(1)
    publishing.forget_schedule()
    publishing.run()
    assert states(s3.json(f"sessions/{publishing.year}.json")) == [
        (0, "Lost Grand Prix", "cancelled"),
        (1, "Testland Grand Prix", "published"),
        (2, "Mockania Grand Prix", "published"),
    ]
    holds_rounds_1_and_2(s3, publishing.year)


@pytest.mark.thorough
def test_a_race_that_cannot_be_taken_out_is_tried_again(
    publishing: Nights, s3: Place, numbered_from: Callable[..., None]
) -> None:
    """A night that may not write; until one may, no listing has a race twice or under another's number."""
    numbered_from(2)
    publishing.run()
    numbered_from(1)
    publishing.forget_schedule()
    s3.client.put_bucket_acl(Bucket=s3.bucket, ACL="public-read")
    failed = replace(publishing, more=publishing.more | credentials(READER)).run(expect=1)
    assert "not allowed to write" in failed.stderr
    assert publishing.summary()["exit_code"] == 1
    assert {race["state"] for race in publishing.summary()["races"]} == {"failed", None}
    again = publishing.run()
    assert "round 3 race (Mockania Grand Prix): retire: it is round 2 now" in again.stdout
    assert states(s3.json(f"sessions/{publishing.year}.json")) == [
        (1, "Testland Grand Prix", "published"),
        (2, "Mockania Grand Prix", "published"),
    ]
    holds_rounds_1_and_2(s3, publishing.year)


@pytest.mark.thorough
def test_a_thinner_race_of_a_lost_folder_does_not_replace_the_better_one(
    publishing: Nights, s3: Place, weekend: Weekend
) -> None:
    publishing.run()
    prefix = f"telemetry/{publishing.year}/1"
    better = s3.get(f"{prefix}/manifest.json")
    shutil.rmtree(publishing.out)
    shutil.rmtree(publishing.cache)
    page = f"/static/{weekend.folder}/WeatherData.jsonStream"
    weather = publishing.hosts.content["timing"].pop(page)
    run = publishing.run()
    assert "what S3 has is better (no weather) and stays there" in run.stdout
    assert publishing.summary()["counts"] == {"kept": 1}
    assert publishing.manifest(1)["weather"] == []
    assert s3.get(f"{prefix}/manifest.json") == better
    assert not s3.lies()
    publishing.hosts.content["timing"][page] = weather
    shutil.rmtree(publishing.cache)
    publishing.run("--force")
    assert publishing.manifest(1)["weather"] == s3.json(f"{prefix}/manifest.json")["weather"] != []
    assert not s3.lies()


def test_a_bucket_that_does_not_answer_is_temporary(publishing: Nights, s3: Place) -> None:
    publishing.more |= {"F1_S3_ENDPOINT_URL": "http://127.0.0.1:9", "F1_S3_PATIENCE": "1"}
    run = publishing.run("--webhook-url", publishing.hosts.url("webhook"), expect=75)
    assert "did not answer" in run.stderr
    assert [json.loads(told)["exit_code"] for told in publishing.hosts.posted] == [75]


def test_a_bucket_that_is_missing_is_an_error(publishing: Nights, s3: Place) -> None:
    publishing.more |= {"F1_S3_BUCKET": "no-such-bucket-here"}
    run = publishing.run(expect=1)
    assert "has no bucket no-such-bucket-here" in run.stderr
