"""The pipeline measured in one run, against the usual way: `python -m bench [--quick] [--only NAME,...]`."""

import argparse
import json
import math
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import figures, inputs
from bench.figures import Figure
from bench.sections import SECTIONS, Bench


def main() -> None:
    options = _parser().parse_args()
    with inputs.opened(options.quick) as given:
        bench = Bench(
            given,
            repeats=1 if options.quick else options.repeats,
            races=2 if options.quick else options.races,
            minutes=options.baseline_minutes or (2.0 if options.quick else 10.0 if given.real else math.inf),
            copies=1 if options.quick else 4,
            rounds=2 if options.quick else 24,
        )
        print(f"{given.name}; {bench.threads} processors, {_machine()}; median of {bench.repeats} runs")
        found: list[Figure] = []
        for line in figures.lines(_kept(_measured(bench, options.only), found)):
            print(line, flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(_document(bench, found), indent=1) + "\n")
    if missed := [figure.name for figure in found if figure.met is False]:
        print(f"\n{len(missed)} targets missed: {', '.join(missed)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--only", type=_sections, default=list(SECTIONS), help=f"of {','.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="the demo season's sprint, every figure once")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each stage; the median counts")
    parser.add_argument("--races", type=int, default=24, help="of the long run")
    parser.add_argument(
        "--baseline-minutes",
        type=float,
        help="of the race for the usual way, which takes minutes for a real one (10); inf for all of it",
    )
    return parser


def _sections(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there is {', '.join(SECTIONS)}")
    return names


def _measured(bench: Bench, names: list[str]) -> Iterator[Figure]:
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        yield from SECTIONS[name](bench)


def _kept(measured: Iterator[Figure], found: list[Figure]) -> Iterator[Figure]:
    for figure in measured:
        found.append(figure)
        yield figure


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _document(bench: Bench, found: list[Figure]) -> dict[str, object]:
    return {
        "input": bench.input.name,
        "real": bench.input.real,
        "machine": _machine(),
        "processors": bench.threads,
        "repeats": bench.repeats,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": [figure.as_json() for figure in found],
    }


if __name__ == "__main__":
    main()
