"""Errors at the edge: one sentence on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pipeline.errors import Exit, PipelineError


@contextmanager
def plain_errors() -> Iterator[None]:
    """What the pipeline raises on purpose ends the command with its sentence; anything else is a bug."""
    try:
        yield
    except PipelineError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("Interrupted: what is published stays whole; the next run goes on from here.", err=True)
        sys.exit(Exit.INTERRUPTED)
