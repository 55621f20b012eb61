"""Nightly runs against hosts that work, and that fail in every way."""

import pytest

from tests.cases import some
from tests.nightly import archive
from tests.nightly.archive import Weekend
from tests.nightly.conftest import Nights


@pytest.mark.slow
def test_a_race_is_found_computed_and_then_left_alone(nights: Nights) -> None:
    first = nights.run()
    assert first.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: 1 published in ")
    assert nights.manifest(1)["provenance"]["provisional"] is False
    second = nights.run()
    assert "up to date, final since" in second.stdout
    assert second.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: 1 up to date in ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "code", "counted", "sentence"),
    some(
        [
            ("refused", 75, "1 given up for tonight", "refuses the connection"),
            ("reset", 75, "1 given up for tonight", "breaks the connection off"),
            ("dns", 75, "1 given up for tonight", "has a name that does not resolve"),
            ("truncated", 75, "1 given up for tonight", "sends incomplete answers"),
            ("status:503", 75, "1 given up for tonight", "has an error of its own (503)"),
            ("status:429:1", 75, "1 given up for tonight", "was asked too often (429)"),
            ("status:429:7200", 75, "1 given up for tonight", "was asked too often (429)"),
            ("blocked", 1, "1 failed", "refuses this machine's address (403)"),
            ("status:404", 1, "1 failed", "has no data for this session (yet)"),
            ("missing", 1, "1 failed", "has no data for this session (yet)"),
        ],
        3,
    ),
)
def test_a_timing_host_that_fails(nights: Nights, fault: str, code: int, counted: str, sentence: str) -> None:
    nights.hosts.fault = {"timing": fault, "mirror": fault}
    run = nights.run("--network-budget", "0.03", expect=code)
    assert f"nightly {nights.year}: {counted} in " in run.stdout.splitlines()[-1]
    assert sentence in run.stderr
    assert nights.summary()["exit_code"] == code
    assert nights.summary()["network_wait_s"] < 4
    assert not (nights.out / f"telemetry/{nights.year}").exists()
    assert nights.listing()["events"][0]["sessions"][0]["state"] == "failed"


@pytest.mark.slow
def test_a_host_that_trickles_is_ended_by_the_time_limit(nights: Nights) -> None:
    nights.hosts.fault = {"timing": "slow"}
    run = nights.run("--time-limit", "0.1", expect=1)
    assert "it took longer than 6 seconds and was ended" in run.stderr
    assert "1 failed" in run.stdout.splitlines()[-1]


@pytest.mark.slow
def test_hiccups_are_waited_out(nights: Nights) -> None:
    nights.hosts.hiccups = {
        "schedule": ["status:503"],
        "timing": ["reset", "status:429:1", "truncated", "status:502"],
        "jolpica": ["status:500"],
    }
    run = nights.run()
    assert ": 1 published in " in run.stdout.splitlines()[-1]
    assert nights.manifest(1)["provenance"]["provisional"] is False
    assert nights.summary()["network_wait_s"] > 3


@pytest.mark.slow
def test_the_mirror_serves_where_the_address_is_blocked(nights: Nights) -> None:
    nights.hosts.fault = {"timing": "blocked"}
    nights.hosts.content["mirror"] = nights.hosts.content["timing"]
    nights.run()
    assert nights.manifest(1)["provenance"]["provisional"] is False
    assert nights.hosts.requests["timing"] == 1


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        ("refused", 75, "refuses the connection"),
        ("status:503", 75, "has an error of its own"),
        ("blocked", 1, "refuses this machine's address"),
    ],
)
def test_a_schedule_that_cannot_be_had(nights: Nights, fault: str, code: int, sentence: str) -> None:
    nights.hosts.fault = {"schedule": fault}
    run = nights.run("--network-budget", "0.02", expect=code)
    assert f"the schedule of {nights.year} cannot be fetched" in run.stderr
    assert sentence in run.stderr
    assert run.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: 1 problem in ")


def test_a_season_without_a_schedule_yet(nights: Nights) -> None:
    nights.hosts.content["schedule"] = {}
    run = nights.run(expect=2)
    assert f"{nights.year} has no schedule (yet)" in run.stderr


@pytest.mark.slow
def test_results_that_are_missing_are_fetched_later(nights: Nights, weekend: Weekend) -> None:
    nights.hosts.content["jolpica"] = archive.no_results(weekend)
    nights.run()
    about = nights.manifest(1)["provenance"]
    assert about["reasons"] == ["the official classification is not out yet"]
    assert "made less than an hour ago" in nights.run().stdout
    nights.hosts.content["jolpica"] = archive.results(weekend)
    nights.age(hours=30)
    run = nights.run()
    assert "refresh: provisional: the official classification is not out yet" in run.stdout
    assert ": 1 refreshed in " in run.stdout.splitlines()[-1]
    assert nights.manifest(1)["provenance"]["provisional"] is False


@pytest.mark.slow
def test_jolpica_that_is_down_leaves_the_race_provisional(nights: Nights) -> None:
    nights.hosts.fault = {"jolpica": "refused"}
    run = nights.run("--network-budget", "0.02")
    assert ": 1 published in " in run.stdout.splitlines()[-1]
    assert nights.manifest(1)["provenance"]["reasons"] == [
        "the official classification is not out yet",
        "not everything could be fetched from jolpica (results)",
    ]


@pytest.mark.slow
def test_a_thinner_reload_keeps_what_is_published(nights: Nights, weekend: Weekend) -> None:
    nights.hosts.content["jolpica"] = archive.no_results(weekend)
    nights.run()
    before, cached = nights.manifest(1), nights.cached()
    page = f"/static/{weekend.folder}/WeatherData.jsonStream"
    del nights.hosts.content["timing"][page]
    nights.hosts.content["jolpica"] = archive.results(weekend)
    nights.age(hours=30)
    run = nights.run()
    assert "the new load is thinner (no weather); the published version stays" in run.stdout
    assert ": 1 kept in " in run.stdout.splitlines()[-1]
    assert nights.manifest(1) == nights.aged(before, hours=30)
    assert nights.cached() == cached


@pytest.mark.slow
def test_a_reload_that_fails_keeps_what_is_published(nights: Nights, weekend: Weekend) -> None:
    nights.hosts.content["jolpica"] = archive.no_results(weekend)
    nights.run()
    cached = nights.cached()
    nights.age(hours=30)
    nights.hosts.fault = {"timing": "status:503", "mirror": "status:503"}
    run = nights.run("--network-budget", "0.02", expect=75)
    assert "1 given up for tonight" in run.stdout.splitlines()[-1]
    assert nights.listing()["events"][0]["sessions"][0]["state"] == "published"
    assert nights.cached() == cached


@pytest.mark.slow
def test_files_set_aside_by_a_killed_run_come_back(nights: Nights) -> None:
    nights.run()
    cached = nights.cached()
    for path in list(nights.cache.rglob("*.ff1pkl")):
        path.rename(path.with_name(path.name + ".aside"))
    run = nights.run()
    assert ": 1 up to date in " in run.stdout.splitlines()[-1]
    assert nights.cached() == cached
