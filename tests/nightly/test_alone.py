"""What a night must survive on its machine: other runs, dead ones, folders that fail, newer versions."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, cli
from tests.nightly.conftest import Nights

HOLD = """
import sys, time
from pathlib import Path
from pipeline.store.lock import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(out: Path) -> subprocess.Popen[str]:
    """A process that holds the output's lock."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", HOLD, str(out)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.slow
def test_a_second_run_says_who_holds_the_output(nights: Nights) -> None:
    with hold(nights.out) as holder:
        run = nights.run(expect=75)
        holder.kill()
    assert f"in use by process {holder.pid} on " in run.stderr


@pytest.mark.slow
def test_a_lock_left_by_a_dead_process_is_nobodys(nights: Nights) -> None:
    with hold(nights.out) as holder:
        holder.send_signal(signal.SIGKILL)
    assert (nights.out / ".lock.holder").is_file()
    nights.run()
    assert not (nights.out / ".lock.holder").exists()


@pytest.mark.slow
def test_a_night_that_is_killed_leaves_nothing_in_half(nights: Nights) -> None:
    """At any moment: the next night finds the rest, and files set aside come back."""
    for seconds in (0.4, 0.8, 1.2):
        with nights.start() as process:
            time.sleep(seconds)
            process.kill()
    nights.run()
    cli("verify", "--out", nights.out)
    assert nights.listing()["events"][0]["sessions"][0]["state"] == "published"


@pytest.mark.slow
def test_files_of_a_newer_version_are_not_touched(nights: Nights) -> None:
    nights.run()
    path = nights.out / f"telemetry/{nights.year}/1/manifest.json"
    newer = path.read_bytes().replace(b'"schema_version":1', b'"schema_version":9', 1)
    path.write_bytes(newer)
    run = nights.run("--force", expect=1)
    assert "was written by schema_version 9" in run.stderr
    assert path.read_bytes() == newer


@pytest.mark.slow
def test_a_truncated_file_is_made_again(nights: Nights) -> None:
    nights.run()
    path = nights.out / f"telemetry/{nights.year}/1/laps.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    run = nights.run()
    assert "compute: 1 of its files are missing, truncated or altered" in run.stdout
    assert path.read_bytes() == whole


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_in_is_a_problem_not_a_crash(nights: Nights) -> None:
    nights.out.mkdir()
    (nights.out / "runs").write_text("in the way")
    run = nights.run(expect=1)
    assert "Traceback" not in run.stderr
    assert run.stdout.splitlines()[-1].startswith(f"nightly {nights.year}: ")


@pytest.mark.slow
def test_a_dry_run_changes_nothing(nights: Nights) -> None:
    run = nights.run("--dry-run")
    assert "compute: it is over and not published" in run.stdout
    assert not nights.out.exists()
    staged = nights.out / ".staging" / "of-a-run-under-way"
    aside = nights.cache / f"{nights.year}/weekend/race/laps.ff1pkl.aside"
    for path in (staged, aside):
        path.parent.mkdir(parents=True)
        path.touch()
    with hold(nights.out) as holder:  # it looks on while another run works
        nights.run("--dry-run")
        holder.kill()
    assert (staged.exists(), aside.exists()) == (True, True)


@pytest.mark.parametrize(("fault", "code"), [("refused", 75), ("blocked", 1)])
def test_a_dry_run_that_cannot_know_says_so(nights: Nights, fault: str, code: int) -> None:
    nights.hosts.fault = {"schedule": fault}
    webhook = nights.hosts.url("webhook")
    run = nights.run("--dry-run", "--network-budget", "0", "--webhook-url", webhook, expect=code)
    assert f"Error: the schedule of {nights.year} cannot be fetched" in run.stderr
    assert run.stdout == ""
    assert nights.hosts.posted == []


@pytest.mark.slow
def test_a_race_that_an_interrupted_run_left_without_files_is_made_again(nights: Nights) -> None:
    """As a bucket has it, where Dask's workers write, while files are replaced."""
    nights.run()
    path = nights.out / f"telemetry/{nights.year}/1/manifest.json"
    whole = nights.manifest(1)
    kept = [artifact for artifact in whole["artifacts"] if not artifact["key"].endswith("laps.parquet")]
    path.write_text(json.dumps({**whole, "artifacts": kept}))
    run = nights.run()
    assert "compute: an interrupted run has left it without some of its files" in run.stdout
    assert [a["key"] for a in nights.manifest(1)["artifacts"]] == [a["key"] for a in whole["artifacts"]]
    cli("verify", "--out", nights.out)


@pytest.mark.slow
def test_offline_with_a_copied_cache(nights: Nights) -> None:
    """Fetch on one machine, compute on another that F1 blocks."""
    waiting = nights.run("--offline", expect=1)
    assert "is not in the cache" in waiting.stderr
    environment = nights.hosts.environment()
    cli("schedule", str(nights.year), "--fastf1-cache", nights.cache, expect=0, **environment)
    run = nights.run("--offline")
    assert ": 1 without data yet in " in run.stdout.splitlines()[-1]
    assert run.stderr == ""
    waits = f"Waiting for data that the cache does not hold (--offline fetches nothing): {nights.year} 1 R"
    assert waits in run.stdout
    assert not (nights.cache / str(nights.year)).exists()  # fastf1 makes folders for what it will not fetch
    assert nights.listing()["events"][0]["sessions"][0]["state"] == "missing"
    nights.run()
    nights.hosts.fault = dict.fromkeys(("timing", "mirror", "jolpica", "schedule"), "blocked")
    again = nights.run("--offline", "--force")
    assert ": 1 unchanged in " in again.stdout.splitlines()[-1]


@pytest.mark.slow
def test_json_lines(nights: Nights) -> None:
    lines = [json.loads(line) for line in nights.run("--json").stdout.splitlines()]
    assert [line["type"] for line in (lines[0], lines[-2], lines[-1])] == ["decision", "outcome", "summary"]
    assert lines[0]["action"] == "compute"
    assert lines[-1]["counts"] == {"published": 1}
    assert {line["type"] for line in lines} == {"decision", "progress", "complete", "outcome", "summary"}


@pytest.mark.slow
def test_the_webhook_and_the_command_are_told_of_a_failure(nights: Nights, tmp_path: Path) -> None:
    nights.hosts.fault = {"timing": "blocked", "mirror": "blocked"}
    script = f"sh -c 'cat > {tmp_path}/told.json'"
    webhook = nights.hosts.url("webhook")
    run = nights.run("--webhook-url", webhook, "--on-failure", script, expect=1)
    told = json.loads((tmp_path / "told.json").read_bytes())
    published = nights.summary()
    assert published == {**told, "races": [{**told["races"][0], "error": published["races"][0]["error"]}]}
    assert [json.loads(body) for body in nights.hosts.posted] == [told]
    assert told["exit_code"] == 1
    assert told["races"][0]["action"] == "compute"
    assert "refuses this machine's address" in told["races"][0]["error"]
    lost = "lap timing, car positions, car data and track status missing"
    said = f"{nights.year} round 1 race (Testland Grand Prix): {lost}"
    assert published["races"][0]["error"] == said
    assert nights.listing()["events"][0]["sessions"][0]["error"] == published["races"][0]["error"]
    logged = "".join(path.read_text() for path in (nights.out / "runs").rglob("*.json*"))
    assert published["races"][0]["error"] in logged
    assert not [word for word in (str(nights.out), str(nights.cache), "--", "machine") if word in logged]
    assert "Warning" not in run.stderr


@pytest.mark.slow
def test_nobody_is_told_of_a_good_night(nights: Nights) -> None:
    nights.run("--webhook-url", nights.hosts.url("webhook"))
    assert nights.hosts.posted == []


@pytest.mark.parametrize("webhook", ["http://127.0.0.1:1/secret/path", "ftp://example.org/x", "nonsense"])
def test_a_webhook_that_does_not_answer_changes_no_code(nights: Nights, webhook: str) -> None:
    nights.hosts.fault = {"schedule": "blocked"}
    run = nights.run("--webhook-url", webhook, "--on-failure", "false", expect=1)
    assert "Warning: the webhook " in run.stderr
    assert "Warning: the command 'false' ended with exit code 1" in run.stderr
    assert "secret" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--season", "next"), "'next' is not a season: write auto, or years like 2024,2025"),
        (("--season", "2011"), "no telemetry exists for 2011"),
        (("--time-limit", "0"), "Invalid value for '--time-limit'"),
        (("--executor", "cloud"), "Invalid value for '--executor'"),
        (("--publish",), "which bucket?"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    run = cli(
        "nightly", "--out", tmp_path / "out", "--fastf1-cache", tmp_path / "cache", *arguments, expect=2
    )
    assert sentence in run.stderr


def test_an_address_that_is_none(tmp_path: Path) -> None:
    run = cli(
        "schedule", "2025", "--fastf1-cache", tmp_path, expect=2, F1_TIMING_URL="livetiming.formula1.com"
    )
    assert "F1_TIMING_URL=livetiming.formula1.com is not an address" in run.stderr
