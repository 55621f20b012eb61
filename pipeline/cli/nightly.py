"""Commands for machines without a person: nightly, and doctor, which says why it would not work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import orjson

from pipeline.cli.settings import (
    compute_options,
    out_option,
    publish_options,
    s3_options,
    sessions_option,
    settings_of,
    source_of,
    source_options,
    to_s3,
    together,
)
from pipeline.contract.options import Number, option
from pipeline.errors import Exit, NewerSchemaError, StoreError, UsageError

if TYPE_CHECKING:
    from pipeline.contract.models import RunRace, RunSummary
    from pipeline.night.run import Plan
    from pipeline.run.batch import Listener
    from pipeline.run.decide import Decision


night_options = together(
    option(
        "--season",
        default="auto",
        help="Years like 2024,2025; auto: this one, and in January the last.",
    ),
    sessions_option,
    option(
        "--time-limit",
        type=Number(0, 1440, min_open=True),
        default=30,
        help="Minutes that one race may take.",
    ),
    option(
        "--network-budget",
        type=Number(0, 1440),
        default=20,
        help="Minutes that the night may wait for hosts that fail.",
    ),
    option(
        "--upgrade-budget",
        type=Number(0, 1440),
        default=60,
        help="Minutes a night for races that an older version made, of any season.",
    ),
    option("--webhook-url", help="POST the summary there as JSON when something failed."),
    option("--on-failure", help="Command that gets the summary on its standard input then."),
    source_options,
    compute_options,
    publish_options,
)


@click.command()
@option("--dry-run", is_flag=True, help="Say what would be done and why, and do nothing.")
@night_options
def nightly(**options: Any) -> None:
    """Find what is to be done and do it, without a person: new races, provisional ones, failed ones.

    Ends with one line for a monitor, and code 0 (done), 1 (something failed) or 75 (busy, or temporarily
    impossible). What it did about each race and why is also in OUT/runs/RUN.json.
    """
    from pipeline.night.run import run  # noqa: PLC0415

    with _failures_told(options), _listening(options) as listener:
        summary = run(_plan(options), listener)
    _say(summary, options)
    if summary.exit_code and not options["dry_run"]:
        _tell(options, summary.model_dump_json().encode())
    sys.exit(summary.exit_code)


@click.command()
@night_options
def watch(**options: Any) -> None:
    """Go on as nightly does, again and again: each session minutes after its data is there.

    What is to be done is decided as by nightly, and one may run beside the other. It ends by a signal, or
    with code 1 or 2 where somebody has to act first, such as after files of a newer version.
    """
    from pipeline.errors import PipelineError  # noqa: PLC0415
    from pipeline.night.watch import Clock, end_on_terminate, watch  # noqa: PLC0415

    options["dry_run"], told = False, ""
    end_on_terminate()
    with _failures_told(options), _listening(options) as listener:
        listener.on_decision = _only_work(listener.on_decision)
        for result in watch(lambda now: _plan(options, now), listener, Clock()):
            if isinstance(result, PipelineError):
                click.echo(f"Waiting: {result}", err=True)
                continue
            news = f"{result.exit_code} {result.counts} {result.problems} {[r.error for r in result.races]}"
            if news == told:
                continue
            _say(result, options)
            if result.exit_code == Exit.FAILED:
                _tell(options, result.model_dump_json().encode())
            told = news


def _only_work(say: Callable[[Decision], None]) -> Callable[[Decision], None]:
    """What is left alone is the same each time, and not said."""
    from pipeline.run.decide import WORK  # noqa: PLC0415

    return lambda decision: say(decision) if decision.action in {*WORK, "retire"} else None


@contextmanager
def _listening(options: dict[str, Any]) -> Iterator[Listener]:
    from pipeline.cli.view import listening  # noqa: PLC0415

    with listening(options["as_json"]) as listener:
        if not options["as_json"]:
            listener.on_uploaded = click.echo
        yield listener


@contextmanager
def _failures_told(options: dict[str, Any]) -> Iterator[None]:
    """What ends a night before its summary is told as that is."""
    try:
        yield
    except (StoreError, NewerSchemaError) as error:
        _tell(options, orjson.dumps({"exit_code": error.exit_code, "line": f"nightly: {error}"}))
        raise


def _say(summary: RunSummary, options: dict[str, Any]) -> None:
    """Say how it went."""
    from pipeline.cli.view import say_json  # noqa: PLC0415
    from pipeline.night.summary import WAITING  # noqa: PLC0415

    dry, as_json = options["dry_run"], options["as_json"]
    if as_json and not dry:
        say_json("summary", summary.model_dump(mode="json"))
    else:
        waiting = [race for race in summary.every_session if race.state == WAITING]
        failed = [race.error for race in summary.every_session if race.error and race not in waiting]
        for text in [*failed, *summary.problems]:
            click.echo(f"Error: {text}", err=True)
        if waiting:
            click.echo(_waiting(waiting, options["offline"]))
    if not as_json and not dry:
        for note in summary.notes:
            click.echo(note)
        click.echo(summary.line)


def _waiting(races: list[RunRace], offline: bool) -> str:
    """One line for all sessions whose data is not there yet."""
    where = "the cache does not hold (--offline fetches nothing)" if offline else "is not out yet"
    names = ", ".join(f"{race.year} {race.round} {race.session}" for race in races)
    return f"Waiting for data that {where}: {names}"


def _tell(options: dict[str, Any], summary: bytes) -> None:
    from pipeline.night.notify import tell  # noqa: PLC0415

    for trouble in tell(options["webhook_url"], options["on_failure"], summary):
        click.echo(f"Warning: {trouble}", err=True)


def _plan(options: dict[str, Any], now: datetime | None = None) -> Plan:
    from pipeline.night.run import Plan  # noqa: PLC0415
    from pipeline.run.decide import seasons  # noqa: PLC0415

    wanted = options["season"]
    try:
        years = seasons(wanted, now or datetime.now(UTC))
    except ValueError:
        raise UsageError(f"{wanted!r} is not a season: write auto, or years like 2024,2025") from None
    return Plan(
        settings=settings_of(source_of(options), options, 64, options["time_limit"] * 60),
        years=years,
        sessions=options["sessions"],
        explicit=wanted != "auto",
        network_s=options["network_budget"] * 60,
        upgrade_s=options["upgrade_budget"] * 60,
        dry_run=options["dry_run"],
    )


@click.command()
@option("--json", "as_json", is_flag=True, help="Print the checks as JSON lines.")
@source_options
@out_option
@s3_options
def doctor(as_json: bool, **options: Any) -> None:
    """Check what a nightly run needs: versions, folders, hosts and, with --s3-bucket, the bucket."""
    from pipeline.night.doctor import examine  # noqa: PLC0415

    bucket = to_s3(options) if options["s3_bucket"] else None
    broken = False
    for check in examine(options["out"], options["fastf1_cache"], options["offline"], bucket):
        broken |= check.state == "FAIL"
        click.echo(check.to_json() if as_json else str(check))
    if broken:
        sys.exit(Exit.FAILED)
