"""Errors at the edge: one sentence on stderr."""

import sys
from typing import Any

import click

from pipeline.errors import Exit, PipelineError


class PlainErrors(click.Group):
    """What the pipeline raises on purpose ends a command with its sentence; anything else is a bug."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo(
                "Interrupted: what is published stays whole; the next run goes on from here.", err=True
            )
            sys.exit(Exit.INTERRUPTED)
