"""Commands for whoever looks after it: what is there and what to do, and what is to go."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from pipeline.cli.settings import out_option, s3_options, scope_arguments, to_s3
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.options import option
from pipeline.contract.sessions import CHOICES, SESSIONS
from pipeline.errors import Exit, UsageError

if TYPE_CHECKING:
    from pipeline.night.status import PlaceStatus


@click.command()
@option("--json", "as_json", is_flag=True, help="Print one JSON line for each place.")
@out_option
@s3_options
def status(as_json: bool, out: Path, **options: Any) -> None:
    """Say what is published here and, with --s3-bucket, there; what is not and why; what to do."""
    from pipeline.night.status import behind, look  # noqa: PLC0415
    from pipeline.run.history import History  # noqa: PLC0415
    from pipeline.store.local import LocalStore  # noqa: PLC0415

    now, local = datetime.now(UTC), LocalStore(out)
    found = [look(local, now, History.read(local))]
    if options["s3_bucket"]:
        with to_s3(options).open() as remote:
            found.append(look(remote, now))
        if late := behind(*found):
            found[0].to_do.append(f"{len(late)} are newer here than in the bucket: `f1-precompute publish`")
    for place in found:
        click.echo(orjson.dumps({"type": "status", **_plain(place)}) if as_json else _screen(place, now))
    if not as_json and (holder := _holder(out)):
        click.echo(f"at work: {holder}")


def _holder(out: Path) -> str | None:
    """Who holds the folder just now."""
    from pipeline.errors import BusyError  # noqa: PLC0415
    from pipeline.store.lock import only_run  # noqa: PLC0415

    if not out.is_dir():
        return None
    try:
        with only_run(out):
            return None
    except BusyError as error:
        return str(error)


def _plain(place: PlaceStatus) -> dict[str, Any]:
    """For --json: all but what the sentences are made of."""
    from pipeline.contract.freshness import CONDITIONS  # noqa: PLC0415

    seasons = [
        {"year": s.year, "older": s.older, "revised": s.revised, "gone": s.gone, "bytes": s.bytes}
        | {"sessions": {c: s.sessions[c] for c in CONDITIONS}, "errors": s.failed}
        for s in place.seasons
    ]
    run, newest = place.last_run, place.newest
    return {
        "place": place.place,
        "bytes": place.bytes,
        "seasons": seasons,
        "newest": newest and {**newest.model_dump(), "updated_at": place.newest_made_at},
        "last_run": run and run.model_dump(include={"run", "started_at", "exit_code", "line"}),
        "to_do": place.to_do,
    }


def _screen(place: PlaceStatus, now: datetime) -> str:
    from pipeline.contract.freshness import CONDITIONS  # noqa: PLC0415

    head: tuple[str, ...] = ("year", *CONDITIONS, "older", "revised", "MB")
    rows = [head]
    for s in reversed(place.seasons):
        counts = (*(s.sessions[c] for c in CONDITIONS), s.older, s.revised, round(s.bytes / 1e6))
        rows.append((str(s.year), *map(str, counts)))
    form = "  ".join(f"{{:>{max(map(len, column))}}}" for column in zip(*rows, strict=True))
    size = f"{place.bytes / 1e9:.1f} GB" if place.bytes >= 1e9 else f"{place.bytes / 1e6:.0f} MB"
    lines = [f"{place.place}: {size}{_free(place.place)}"]
    lines += [form.format(*row) for row in rows] if place.seasons else []
    if (newest := place.newest) is not None:
        held, made = _ago(newest.date_utc, now), _ago(place.newest_made_at, now)
        key = SessionKey(newest.year, newest.round, newest.session)
        lines.append(f"newest: {key}, {newest.name}; held {held}, made {made}")
    if (run := place.last_run) is not None:
        lines.append(f"last run: {run.line} (code {run.exit_code}), {_ago(run.started_at, now)}")
    return "\n".join(lines + [f"to do: {sentence}" for sentence in place.to_do])


def _free(place: str) -> str:
    path = Path(place)
    return f" used, {shutil.disk_usage(path).free / 1e9:.0f} GB free" if path.is_dir() else ""


def _ago(then: datetime | None, now: datetime) -> str:
    if then is None:
        return "at an unknown time"
    minutes = (now - then).total_seconds() / 60
    for unit, size in (("days", 2880), ("hours", 120)):
        if minutes >= size:
            return f"{minutes * 2 / size:.0f} {unit} ago"
    return f"{minutes:.0f} minutes ago"


@click.command()
@scope_arguments
@option(
    "--session", type=click.Choice(list(SESSIONS), case_sensitive=False), help=f"Only this one: {CHOICES}."
)
@option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@out_option
@s3_options
def remove(
    year: int | None, round_number: int | None, session: str | None, dry_run: bool, out: Path, **options: Any
) -> None:
    """Take a season, round or session out of what is published: here and, with --s3-bucket, there.

    A season that goes whole leaves no trace. A later run that is asked for what went makes it again.
    """
    from pipeline.run.remove import Scope, remove_from, what_would_go  # noqa: PLC0415
    from pipeline.store.local import LocalStore  # noqa: PLC0415
    from pipeline.store.lock import only_run  # noqa: PLC0415

    if year is None:
        raise UsageError("what is to go? name a season, like `f1-precompute remove 2025`, or a round of it")
    if session is not None and round_number is None:
        raise UsageError("--session is one of a round: name that too, like `f1-precompute remove 2025 3`")
    scope = Scope(year, round_number, session.upper() if session else None)
    place = to_s3(options) if options["s3_bucket"] else None
    there, local = out.is_dir(), LocalStore(out)
    with place.open() if place else nullcontext() as remote, only_run(out) if there else nullcontext():
        gone = 0
        for store, where in ((remote, place), (local if there else None, None)):
            if store is None:
                continue
            for line in what_would_go(store, scope):
                gone += 1
                click.echo(f"{store.where()}: {line} {'would go' if dry_run else 'goes'}")
            if not dry_run:
                remove_from(store, scope, where)
    if not gone:
        click.echo(
            f"Error: {scope} is not published, neither in {out} nor in a bucket that was named", err=True
        )
        sys.exit(Exit.USAGE)
