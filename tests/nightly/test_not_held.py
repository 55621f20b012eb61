"""Sessions that are scheduled and of which F1 has no data: a night wakes nobody, and gives up in time."""

import json

import pytest

from tests.conftest import cli
from tests.nightly.conftest import QUICK, Nights

LONG_AGO = "2026-01-01T00:00:00Z"
OTHERS = ["FP1", "FP2", "FP3", "Q"]


@pytest.mark.slow
def test_a_weekend_of_which_the_race_alone_was_held(nights: Nights) -> None:
    done = nights.run("--sessions", "all")
    assert done.stdout.splitlines()[-1].startswith(
        f"nightly {nights.year}: 1 published, 4 without data yet in "
    )
    (event,) = nights.listing()["events"]
    assert [(s["session"], s["state"]) for s in event["sessions"]] == [("R", "published")]
    assert [(s["session"], s["state"]) for s in event["other_sessions"]] == [
        (code, "failed") for code in OTHERS
    ]
    assert (
        "practice 1 (Testland Grand Prix): lap timing, car positions and car data missing"
        in (event["other_sessions"][0]["error"])
    )
    (log,) = (nights.out / "runs").glob("*.jsonl")
    begun = dict.fromkeys(json.loads(line)["session"] for line in log.read_bytes().splitlines())
    assert list(begun) == ["R", "Q", "FP1", "FP2", "FP3"]  # one after the other: races first
    summary = nights.summary()
    assert summary["exit_code"] == 0
    assert {race["state"] for race in summary["other_sessions"]} == {"without data yet"}
    history = nights.out / ".nightly.json"
    tried = {
        slug: attempt | {"count": 8, "at": LONG_AGO}
        for slug, attempt in json.loads(history.read_bytes()).items()
        if slug.count("-") == 2  # not what is done now and then
    }
    assert {slug.rpartition("-")[2] for slug in tried} == set(OTHERS)
    history.write_text(json.dumps(tried))
    asked = nights.hosts.requests["timing"]
    again = nights.run("--sessions", "all")
    assert again.stdout.count("taken as not held") == len(OTHERS)
    assert again.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: 5 up to date in ")
    assert nights.hosts.requests["timing"] == asked
    by_hand = ("race", str(nights.year), "1", "--session", "FP1", "--fastf1-cache", nights.cache, *QUICK)
    failed = cli(*by_hand, "--out", nights.out, expect=1, **nights.hosts.environment())
    sentence = "F1's timing host has no data for this session (yet): it may be too early, or it was not held"
    assert sentence in failed.stdout


@pytest.mark.slow
def test_races_are_all_that_a_night_does_unless_told(nights: Nights) -> None:
    done = nights.run()
    assert done.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: 1 published in ")
    (event,) = nights.listing()["events"]
    assert [(s["session"], s["state"], s["error"]) for s in event["other_sessions"]] == [
        (code, "missing", None) for code in OTHERS
    ]
    assert "other_sessions" not in nights.summary()
    assert nights.run().returncode == 0
