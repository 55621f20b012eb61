"""The damage table: `make damage`, or `python -m tests.damage.table [--seeds 15] [--only positions]`.

One line a kind of damage: how often it was tried, in how many runs values were false, how many, how often it
was named, how often the contract broke, and the grades. It ends with 1 where a falsehood went by in silence.
"""

import argparse
import sys
from collections import Counter

from tests.damage.catalogue import KINDS
from tests.damage.trial import Trial, attempt, demo, drawn


def main() -> int:
    options = _parser().parse_args()
    given = demo()
    broken: list[Trial] = []
    runs = 0
    print("| damage | runs | with false values | values | named | broken | A | B | C | D |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        if options.only not in name:
            continue
        tried = [
            attempt(given, drawn(given, kind, seed))
            for seed in range(options.first, options.first + options.seeds)
        ]
        print(line(name, tried), flush=True)
        broken += [trial for trial in tried if trial.wrong]
        runs += len(tried)
        if options.show:
            print("\n".join(str(trial) for trial in tried if trial.wrong), flush=True)
    print(f"\n{runs} runs, {len(broken)} break the contract")
    return 1 if broken else 0


def line(name: str, tried: list[Trial]) -> str:
    false = [trial for trial in tried if trial.false]
    named = sum(trial.named for trial in false)
    broken = sum(bool(trial.wrong) for trial in tried)
    grades = Counter(trial.grade for trial in tried)
    cells = [
        len(tried),
        len(false),
        sum(t.frames for t in false),
        named,
        broken,
        *(grades[g] or "" for g in "ABCD"),
    ]
    return f"| {name} | {' | '.join(map(str, cells))} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.damage.table", description=__doc__)
    parser.add_argument("--seeds", type=int, default=15, help="runs of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    parser.add_argument("--show", action="store_true", help="print each run that breaks the contract")
    return parser


if __name__ == "__main__":
    sys.exit(main())
