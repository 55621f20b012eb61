"""Commands about the bucket: publish what is local, and prune what nothing names any more."""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.settings import age_of, out_option, s3_options, scope_arguments, to_s3
from pipeline.contract.options import Parsed, option
from pipeline.errors import Exit, UsageError

if TYPE_CHECKING:
    from pipeline.store.base import Store


@click.command()
@scope_arguments
@option("--reread", is_flag=True, help="Trust no checksum in the bucket: read all that it has, and compare.")
@out_option
@s3_options
def publish(year: int | None, round_number: int | None, reread: bool, out: Path, **options: Any) -> None:
    """Upload what is computed to S3: everything, a season or a round; only what differs."""
    from pipeline.publish.mend import mend_what_is_gone  # noqa: PLC0415
    from pipeline.publish.sync import sync  # noqa: PLC0415
    from pipeline.publish.verify import published  # noqa: PLC0415
    from pipeline.run.season import refresh_there  # noqa: PLC0415
    from pipeline.store.local import LocalStore  # noqa: PLC0415
    from pipeline.store.lock import only_run  # noqa: PLC0415

    local, place = LocalStore(out), to_s3(options)
    keys = published(local, year, round_number)
    began = monotonic()
    with place.open() as remote, only_run(out):
        mend_what_is_gone(local)
        report = sync(local, remote, keys, reread=reread)
        refresh_there(place, report.due)
        click.echo(remote.summary(monotonic() - began, whole=not report.problems))
    for problem in report.problems.values():
        click.echo(f"Error: {problem}", err=True)
    if report.problems:
        sys.exit(Exit.FAILED)


@click.command()
@scope_arguments
@option(
    "--older-than",
    type=Parsed("age", age_of),
    default="48h",
    help="Keep what was replaced more recently than this.",
)
@option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@out_option
@s3_options
def prune(
    year: int | None,
    round_number: int | None,
    older_than: timedelta,
    dry_run: bool,
    out: Path,
    **options: Any,
) -> None:
    """Remove files that no manifest names: in the bucket with --s3-bucket, else in --out."""
    from pipeline.store.local import LocalStore  # noqa: PLC0415
    from pipeline.store.lock import only_run  # noqa: PLC0415

    if options["s3_bucket"]:
        with to_s3(options).open() as remote:
            _prune(remote, year, round_number, older_than, dry_run)
        return
    if not out.is_dir():
        raise UsageError(f"there is no folder {out}: name the one with the published files with --out")
    with only_run(out):
        _prune(LocalStore(out), year, round_number, older_than, dry_run)


def _prune(
    store: Store, year: int | None, round_number: int | None, older_than: timedelta, dry_run: bool
) -> None:
    from pipeline.publish.prune import abandoned, remove, unused, unused_of_seasons  # noqa: PLC0415
    from pipeline.publish.verify import scope  # noqa: PLC0415

    seasons = unused_of_seasons(store, year, older_than) if round_number is None else ()
    files = size = 0
    verb = "would be removed" if dry_run else "removed"
    for generation in chain(unused(store, scope(year, round_number), older_than), seasons):
        files += len(generation.keys)
        size += generation.bytes
        click.echo(f"{generation.folder}: {len(generation.keys)} files, {generation.bytes / 1e6:.1f} MB")
        if not dry_run:
            remove(store, generation)
    click.echo(f"{files} files {verb}, {size / 1e6:.1f} MB" if files else "Nothing to remove.")
    for upload in abandoned(store, older_than):
        click.echo(f"{upload.key}: upload in parts that never ended{', would be' if dry_run else ''} removed")
        if not dry_run:
            store.abort(upload)
