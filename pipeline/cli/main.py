"""The command line, `f1-precompute`: a command sets up and calls one function; heavy imports come late."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline import __version__
from pipeline.cli.compute import Wanted, backfill, compute
from pipeline.cli.limits import check_limits
from pipeline.cli.nightly import doctor, nightly, watch
from pipeline.cli.remote import prune, publish
from pipeline.cli.settings import (
    compute_options,
    out_option,
    publish_options,
    rounds_of,
    s3_options,
    scope_arguments,
    sessions_option,
    source_of,
    source_options,
    to_s3,
    years_of,
)
from pipeline.cli.upkeep import remove, status
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.options import Number, Parsed, option
from pipeline.contract.sessions import CHOICES, SESSIONS, session_code
from pipeline.errors import Exit, PipelineError, refused

if TYPE_CHECKING:
    from pipeline.job import ScheduledEvent, Source


class _Unheard(io.FileIO):
    """The standard output; where nobody listens any more (`| head -1`) words are lost, not the work."""

    _failed = False

    def write(self, text: Any) -> int:
        try:
            return len(text) if self._failed else super().write(text)
        except BrokenPipeError:
            return len(text)
        except OSError:
            self._failed = True  # said once, and not again when the interpreter ends
            raise


class PlainErrors(click.Group):
    """What the pipeline raises on purpose ends a command with its sentence; anything else is a bug."""

    def main(self, *args: Any, **extra: Any) -> Any:
        out = sys.stdout
        if out is sys.__stdout__ and isinstance(out, io.TextIOWrapper):
            heard = io.BufferedWriter(_Unheard(out.fileno(), "w", closefd=False))
            sys.stdout = io.TextIOWrapper(
                heard, out.encoding, out.errors, line_buffering=True, write_through=out.write_through
            )
        try:
            return super().main(*args, **extra)
        except OSError as error:
            click.echo(f"Error: {error.filename or 'the output'}: {error.strerror}", err=True)
            sys.exit(Exit.FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            check_limits()
            return super().invoke(ctx)
        except PipelineError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except (OSError, MemoryError, RuntimeError) as error:
            if (sentence := refused(error)) is None:
                raise
            click.echo(f"Error: {sentence}", err=True)
            sys.exit(Exit.FAILED)
        except KeyboardInterrupt:
            click.echo(
                "Interrupted: what is published stays whole; the next run goes on from here.", err=True
            )
            sys.exit(Exit.INTERRUPTED)


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="f1-precompute")
def main() -> None:
    """Precompute Formula 1 race telemetry: frames, replay and Parquet of every race of a season."""


@main.command()
@click.argument("years", metavar="YEAR", type=Parsed("years", years_of))
@option("--rounds", type=Parsed("rounds", rounds_of), help="Only these rounds, like 1,3-5.")
@option(
    "--rate",
    type=Number(1, 1e6),
    default=150,
    help="Of several seasons, sessions an hour to fetch at most.",
)
@sessions_option
@source_options
@compute_options
@publish_options
def season(
    years: list[int], rounds: frozenset[int] | None, rate: float, sessions: frozenset[str], **options: Any
) -> None:
    """Compute every race and sprint of a season that is over, or the --sessions named; or of 2018-2026.

    Of several the newest comes first. What is there is left alone: a run that was ended goes on where it was.
    """
    wanted = Wanted(source_of(options), set(rounds) if rounds is not None else None, set(sessions), options)
    if not (compute(*wanted.of(years[0])) if len(years) == 1 else backfill(years, wanted, rate)):
        sys.exit(Exit.FAILED)


@main.command()
@click.argument("year", type=int)
@click.argument("round_number", metavar="ROUND", type=click.IntRange(1, 99))
@option(
    "--session",
    type=click.Choice(list(SESSIONS), case_sensitive=False),
    default="R",
    help=f"{CHOICES}.",
)
@option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Compute from a recording of `python -m fastf1.livetiming save`; repeat for several files.",
)
@source_options
@compute_options
@publish_options
def race(year: int, round_number: int, session: str, recording: tuple[Path, ...], **options: Any) -> None:
    """Compute one race, or the --session named."""
    from pipeline.input.schedule import pick  # noqa: PLC0415
    from pipeline.run.batch import Task, load_schedule  # noqa: PLC0415

    source = source_of(options, recording)
    key = SessionKey(year, round_number, session_code(session))
    events = _schedule_for(key, source) if recording else load_schedule(year, source)
    event = pick(events, key, None if recording else datetime.now(UTC))
    if not compute([Task(key, event, source)], source, options, events):
        sys.exit(Exit.FAILED)


@main.command()
@click.argument("year", type=int)
@source_options
def schedule(year: int, **options: Any) -> None:
    """List a season's events and sessions."""
    from pipeline.run.batch import load_schedule  # noqa: PLC0415

    for event in load_schedule(year, source_of(options)):
        starts = "  ".join(f"{s.code} {s.start:%Y-%m-%d %H:%M} UTC" for s in event.sessions if s.start)
        click.echo(f"{event.round:>2}  {event.name:<28}{event.location:<18}{starts}")


@main.command()
@sessions_option
@compute_options
@publish_options
def demo(sessions: frozenset[str], **options: Any) -> None:
    """Simulate the demo season and compute it like any other; needs no network."""
    from pipeline.demo.season import recorded  # noqa: PLC0415

    with recorded(sessions) as (tasks, events):
        if not compute(tasks, tasks[0].source, options, events):
            sys.exit(Exit.FAILED)


@main.command()
@scope_arguments
@option("--s3", "in_bucket", is_flag=True, help="Check the bucket: read every byte that it serves.")
@option("--mend", is_flag=True, help="First make listings, catalog and schemas again from the manifests.")
@out_option
@s3_options
def verify(
    year: int | None, round_number: int | None, in_bucket: bool, mend: bool, out: Path, **options: Any
) -> None:
    """Check all that is published: catalog, listings, manifests, files, and what a bucket says of them."""
    from pipeline.publish import mend as mending  # noqa: PLC0415
    from pipeline.publish import verify as verifying  # noqa: PLC0415
    from pipeline.run.season import refresh  # noqa: PLC0415
    from pipeline.store.local import LocalStore  # noqa: PLC0415
    from pipeline.store.lock import only_run  # noqa: PLC0415

    place = to_s3(options) if in_bucket else None
    with LocalStore(out) if place is None else place.open() as store:
        if mend:
            with nullcontext() if in_bucket else only_run(out):
                mending.mend(store)
                refresh(store, mending.listed_years(store), place)
        wrong = 0
        for verdict in verifying.verify(store, year, round_number):
            wrong += len(verdict.problems)
            state = "ok" if not verdict.problems else f"{len(verdict.problems)} wrong"
            what = verdict.key or "catalog, listings, schemas and logs"
            click.echo(f"{what}: {verdict.files} files, {verdict.bytes / 1e6:.1f} MB, {state}")
            for sentence in (*verdict.problems, *verdict.notes):
                click.echo(f"  {sentence}")
            if verdict.problems:
                click.echo(f"  to mend it: {verifying.cure(verdict.key, in_bucket)}")
        if wrong:
            sys.exit(Exit.FAILED)


for command in (nightly, watch, doctor, status, publish, prune, remove):
    main.add_command(command)


def _schedule_for(key: SessionKey, source: Source) -> list[ScheduledEvent]:
    """A recording's event: from the schedule where it can be had, else from the recording itself."""
    from pipeline.errors import SourceError  # noqa: PLC0415
    from pipeline.input.recording import event_of  # noqa: PLC0415
    from pipeline.run.batch import load_schedule  # noqa: PLC0415

    try:
        return load_schedule(key.year, source)
    except SourceError:
        return [event_of(source.recording, key)]
