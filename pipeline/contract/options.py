"""How both programs, f1-precompute and f1-serve, declare an option: click, and a variable.

A flag wins over its environment variable, the variable over the default; click does that, the checks by the
option's type and --help, and docs make their tables of the same options.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def variable(flag: str) -> str:
    """The environment variable of an option: F1_ and its name."""
    return "F1_" + flag.removeprefix("--").split("/")[0].replace("-", "_").upper()


def option(flag: str, *more: Any, **attrs: Any) -> Callable[[F], F]:
    """A click option whose variable is shown in its help and in what is said of a wrong value."""
    return click.option(flag, *more, envvar=variable(flag), show_envvar=True, **attrs)


class Number(click.FloatRange):
    """A number in a range; nan is in none, though it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number
