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
    """A click option whose help shows default and variable; what is said of a wrong value names it."""
    shown: dict[str, Any] = {"show_default": True, "envvar": variable(flag), "show_envvar": True}
    return click.option(flag, *more, **(shown | attrs))


class Number(click.FloatRange):
    """A number in a range; nan is in none, though it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Parsed(click.ParamType[Any]):
    """A value that a function makes of its text; what is wrong with the text its ValueError says."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
