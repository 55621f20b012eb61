"""The damage table: `make damage`, or `python -m tests.damage.table [--session Q] [--seeds 15]
[--only positions] [--real 2021/19S]`.

One line a kind of damage: how often it was tried, in how many runs values were false, how many, how often it
was named, how often the contract broke, and the grades. It ends with 1 where a falsehood went by in silence.
"""

import argparse
import sys
from collections import Counter

from tests.damage.catalogue import KINDS
from tests.damage.real import worlds
from tests.damage.trial import Trial, World, attempt, demo, drawn, kinds, smaller
from tests.truth.driven import absent, unpacked


def main() -> int:
    options = _parser().parse_args()
    if options.real and (lost := absent()):
        print(lost, file=sys.stderr)
        return 2
    if not options.real:
        return _table({"": demo(options.session)}, options)
    with unpacked() as cache:
        return _table(worlds(cache, options.real), options)


def _table(given: dict[str, World], options: argparse.Namespace) -> int:
    broken, runs = 0, 0
    print("| damage | runs | with false values | values | named | broken | A | B | C | D |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        if options.only not in name or (options.real and kind.topic == "recording"):
            continue
        seeds = range(options.first, options.first + options.seeds)
        worlds_ = [one for one in given.values() if name in kinds(one)]
        pairs = [(one, attempt(one, drawn(one, kind, seed))) for one in worlds_ for seed in seeds]
        if not pairs:
            continue
        tried = [trial for _, trial in pairs]
        print(line(name, tried), flush=True)
        wrong = [(one, trial) for one, trial in pairs if trial.wrong]
        for one, trial in wrong if options.show else []:
            print(smaller(one, trial), flush=True)
        broken, runs = broken + len(wrong), runs + len(tried)
    print(f"\n{runs} runs, {broken} break the contract")
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
    parser.add_argument(
        "--session", default="R", choices=("R", "Q", "FP1"), help="which of the demo's is damaged"
    )
    parser.add_argument("--seeds", type=int, default=15, help="runs of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    parser.add_argument("--real", default="", help="not the demo but these sessions, like 2021/19S,2022/1R")
    parser.add_argument("--show", action="store_true", help="print what breaks the contract, shrunk")
    return parser


if __name__ == "__main__":
    sys.exit(main())
