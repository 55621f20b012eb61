"""Errors at the edge: one sentence on stderr, and the exit code that schedulers and scripts go by."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pipeline.errors import BusyError, PipelineError, UnavailableError, UsageError

EXIT_FAILED, EXIT_USAGE, EXIT_BUSY, EXIT_INTERRUPTED = 1, 2, 75, 130
_CODES = {UsageError: EXIT_USAGE, BusyError: EXIT_BUSY, UnavailableError: EXIT_BUSY}


def code_of(error: PipelineError) -> int:
    """The exit code that a command ends with for it."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), EXIT_FAILED)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What the pipeline raises on purpose ends the command with its sentence; anything else is a bug."""
    try:
        yield
    except PipelineError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(code_of(error))
    except KeyboardInterrupt:
        click.echo("Interrupted: what is published stays whole; the next run goes on from here.", err=True)
        sys.exit(EXIT_INTERRUPTED)
