"""Every session of past seasons, one line each: `make truth`, or `python -m tests.truth.seasons`.

Verdicts are kept with a fingerprint of the pipeline that they are about: a stopped run goes on where it was.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import orjson

from tests.truth.driven import CHECKER, Session, Verdict, absent, judge, sessions, unpacked

REPOSITORY = Path(__file__).resolve().parents[2]
KEPT = REPOSITORY / "build" / "seasons.jsonl"


def main() -> int:
    options = _parser().parse_args()
    if lost := absent():
        print(lost, file=sys.stderr)
        return 2
    with unpacked() as cache:
        try:
            wanted = sessions(cache, options.only)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
        verdicts = []
        for verdict in _verdicts(wanted, cache, options):
            verdicts.append(verdict)
            print(verdict, flush=True)
    print(_sum(verdicts))
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.seasons", description=__doc__)
    parser.add_argument("--only", default="", help="of these alone, like 2021,2024/8,2025/23S,2021/7Q")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="sessions side by side")
    parser.add_argument("--fps", type=float, default=25.0, help="frames a second; the checks allow 10 and up")
    parser.add_argument("--again", action="store_true", help="run what has a verdict already, too")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where verdicts are kept, one a line")
    return parser


def _verdicts(wanted: list[Session], cache: Path, options: argparse.Namespace) -> Iterator[Verdict]:
    """Verdicts as they come: first those kept from before, then the others."""
    of = f"{_fingerprint()} {options.fps:g}"
    known = {} if options.again else _known(options.kept, of)
    yield from (known[one.key.slug] for one in wanted if one.key.slug in known)
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    pool = ProcessPoolExecutor(options.jobs, get_context("spawn"), max_tasks_per_child=1)
    with pool, options.kept.open("ab") as kept:
        due = [one for one in wanted if one.key.slug not in known]
        for done in as_completed(pool.submit(judge, one, cache, options.fps) for one in due):
            kept.write(orjson.dumps({"of": of, **done.result().as_json()}) + b"\n")
            kept.flush()
            yield done.result()


def _known(path: Path, of: str) -> dict[str, Verdict]:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.is_file() else []
    return {row["session"]: Verdict(**row) for row in rows if row.pop("of") == of}


def _fingerprint() -> str:
    """Of the code that makes the frames, and of what judges them."""
    sources = sorted((REPOSITORY / "pipeline").rglob("*.py"))
    texts = [path.read_bytes() for path in (*sources, *sorted(Path(__file__).parent.glob("*.py")), CHECKER)]
    return sha256(b"\0".join(texts)).hexdigest()[:16]


def _sum(verdicts: list[Verdict]) -> str:
    hold = sum(verdict.holds for verdict in verdicts)
    grades = [verdict.grade or "none" for verdict in verdicts]
    counted = ", ".join(f"{grades.count(grade)} {grade}" for grade in sorted(set(grades)))
    return f"{hold} of {len(verdicts)} sessions hold; grades: {counted}"


if __name__ == "__main__":
    sys.exit(main())
