"""Commands for machines without a person: nightly, and doctor, which says why it would not work."""

from __future__ import annotations

import sys
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
)
from pipeline.contract.options import Number, option
from pipeline.errors import Exit, NewerSchemaError, StoreError, UsageError

if TYPE_CHECKING:
    from pipeline.contract.models import RunRace, RunSummary
    from pipeline.night.run import Plan


@click.command()
@option(
    "--season",
    default="auto",
    help="Years like 2024,2025; auto: this one, and in January the last.",
)
@sessions_option
@option(
    "--time-limit",
    type=Number(0, 1440, min_open=True),
    default=30,
    help="Minutes that one race may take.",
)
@option(
    "--network-budget",
    type=Number(0, 1440),
    default=20,
    help="Minutes that the night may wait for hosts that fail.",
)
@option("--webhook-url", help="POST the summary there as JSON when something failed.")
@option("--on-failure", help="Command that gets the summary on its standard input then.")
@option("--dry-run", is_flag=True, help="Say what would be done and why, and do nothing.")
@source_options
@compute_options
@publish_options
def nightly(**options: Any) -> None:
    """Find what is to be done and do it, without a person: new races, provisional ones, failed ones.

    Ends with one line for a monitor, and code 0 (done), 1 (something failed) or 75 (busy, or temporarily
    impossible). What it did about each race and why is also in OUT/runs/RUN.json.
    """
    from pipeline.cli.view import listening  # noqa: PLC0415
    from pipeline.night.run import run  # noqa: PLC0415

    as_json = options["as_json"]
    try:
        with listening(as_json) as listener:
            if not as_json:
                listener.on_uploaded = click.echo
            summary = run(_plan(options), listener)
    except (StoreError, NewerSchemaError) as error:
        _tell(options, orjson.dumps({"exit_code": error.exit_code, "line": f"nightly: {error}"}))
        raise
    _close(summary, options)


def _close(summary: RunSummary, options: dict[str, Any]) -> None:
    """Say how it went, tell whoever is to be told, and exit with its code."""
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
    if summary.exit_code and not dry:
        _tell(options, summary.model_dump_json().encode())
    sys.exit(summary.exit_code)


def _waiting(races: list[RunRace], offline: bool) -> str:
    """One line for all sessions whose data is not there yet."""
    where = "the cache does not hold (--offline fetches nothing)" if offline else "is not out yet"
    names = ", ".join(f"{race.year} {race.round} {race.session}" for race in races)
    return f"Waiting for data that {where}: {names}"


def _tell(options: dict[str, Any], summary: bytes) -> None:
    from pipeline.night.notify import tell  # noqa: PLC0415

    for trouble in tell(options["webhook_url"], options["on_failure"], summary):
        click.echo(f"Warning: {trouble}", err=True)


def _plan(options: dict[str, Any]) -> Plan:
    from pipeline.night.run import Plan  # noqa: PLC0415
    from pipeline.run.decide import seasons  # noqa: PLC0415

    wanted = options["season"]
    try:
        years = seasons(wanted, datetime.now(UTC))
    except ValueError:
        raise UsageError(f"{wanted!r} is not a season: write auto, or years like 2024,2025") from None
    return Plan(
        settings=settings_of(source_of(options), options, 64, options["time_limit"] * 60),
        years=years,
        sessions=options["sessions"],
        explicit=wanted != "auto",
        network_s=options["network_budget"] * 60,
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
