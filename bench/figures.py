"""What was measured, as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

Limits = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """One measured value.

    limit: what is asked of it on the race of the targets: at most so much, or at least where `floor`.
    cpu_s: processor seconds of the stretch, which other work on the machine disturbs less. peak_mb,
    grew_mb: memory in it, and how much of that it added.
    """

    section: str
    name: str
    value: float
    unit: str
    note: str = ""
    limit: float | None = None
    floor: bool = False
    cpu_s: float | None = None
    peak_mb: float | None = None
    grew_mb: float | None = None

    @property
    def met(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.floor else self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def lines(figures: Iterable[Figure]) -> Iterable[str]:
    """The table, line by line, so that it can be printed while the measurements go on."""
    section = ""
    for figure in figures:
        if figure.section != section:
            section = figure.section
            yield f"\n{section}"
        yield _line(figure).rstrip()


def _line(figure: Figure) -> str:
    verdict, cost = "", ""
    if figure.limit is not None:
        sign = ">=" if figure.floor else "<="
        verdict = f"{'ok  ' if figure.met else 'MISS'} {sign} {_number(figure.limit)}"
    if figure.peak_mb is not None:
        cost = (
            f"cpu {figure.cpu_s:.2f} s, peak {figure.peak_mb:,.0f} MB ({figure.grew_mb:+,.0f} in the stage)"
        )
    return f"  {figure.name:<50}{_number(figure.value):>12} {figure.unit:<8} {verdict:<21}{figure.note}{cost}"


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
