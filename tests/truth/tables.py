"""All tables of every race of past seasons, and what in them contradicts itself.

`python -m tests.truth.tables [--only 2021,2024/8] [--show]`: a line a session, then the sums. Their timing is
real; verdicts are kept as those of `tests.truth.seasons`, so that a stopped run goes on where it was.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipeline.frames import compute
from pipeline.model import RaceFrames, RawRace, Rows
from pipeline.timing import tell
from tests.truth import events
from tests.truth.driven import Session, absent, raw_of, sessions, unpacked
from tests.truth.seasons import REPOSITORY

KEPT = REPOSITORY / "build" / "tables.jsonl"
FPS = 5.0  # a place is told half a second after the line
GAP_S = 0.5  # of the timing at its end to the crossings, time penalties apart
PENALTIES_S = {0, 5, 10, 15, 20, 25, 30}

Row = dict[str, Any]


def main() -> int:
    options = _parser().parse_args()
    if lost := absent():
        print(lost, file=sys.stderr)
        return 2
    rows, failed = Counter[str](), Counter[str]()
    with unpacked() as cache:
        for one, told in _told(sessions(cache, options.only), cache, options.kept):
            rows.update(told["rows"])
            failed.update({name: len(where) for name, where in told["failed"].items()})
            said = ", ".join(f"{name} {len(where)}" for name, where in told["failed"].items()) or "ok"
            print(f"{one:10} {said}", flush=True)
            if options.show:
                print(
                    "".join(f"    {name}: {w}\n" for name, ws in told["failed"].items() for w in ws), end=""
                )
    print(f"rows: {dict(rows)}\ncontradictions: {dict(failed)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.tables", description=__doc__)
    parser.add_argument("--only", default="", help="of these alone, like 2021,2024/8,2025/23S")
    parser.add_argument("--show", action="store_true", help="print each contradiction")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where verdicts are kept, one a line")
    return parser


def _told(wanted: list[Session], cache: Path, kept: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The verdict of each session, by its name: those kept of this very code, the others made."""
    sources = [*sorted((REPOSITORY / "pipeline").rglob("*.py")), Path(__file__)]
    of = sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    known = {}
    if kept.is_file():
        found = [orjson.loads(line) for line in kept.read_bytes().splitlines()]
        known = {row["session"]: row["told"] for row in found if row["of"] == of}
    kept.parent.mkdir(parents=True, exist_ok=True)
    for one in wanted:
        slug = one.key.slug
        if slug not in known:
            known[slug] = _judged(one, cache)
            with kept.open("ab") as lines:
                lines.write(orjson.dumps({"of": of, "session": slug, "told": known[slug]}) + b"\n")
        yield slug, known[slug]


def _judged(session: Session, cache: Path) -> dict[str, Any]:
    try:
        raw = raw_of(session, cache)
        return judged(raw, compute(raw, FPS))
    except Exception as error:
        return {"rows": {}, "failed": {"no tables": [f"{type(error).__name__}: {error}"]}}


def judged(raw: RawRace, frames: RaceFrames) -> dict[str, Any]:
    """How many rows the tables have, and where they contradict themselves, by kind."""
    tables = {name: _rows(rows) for name, rows in tell(raw, frames).items()}
    failed: dict[str, list[str]] = {}
    for name, where in _contradictions(raw, frames, tables):
        failed.setdefault(name, []).append(where)
    named = ("laps", "stints", "pit_stops", "results", "events")
    kinds = Counter(f"stop {row['kind']}" for row in tables["pit_stops"])
    return {"rows": {name: len(tables[name]) for name in named} | kinds, "failed": failed}


def _rows(rows: Rows) -> list[Row]:
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def _contradictions(
    raw: RawRace, frames: RaceFrames, tables: dict[str, list[Row]]
) -> Iterator[tuple[str, str]]:
    for driver in frames.drivers:
        own = {
            name: [row for row in rows if row.get("driver") == driver.code] for name, rows in tables.items()
        }
        for name, where in (*_of_stops(own), *_of_stints(own), *_of_laps(own)):
            yield name, f"{driver.code} {where}"
    yield from _of_results(frames, tables["results"])
    yield from events.contradictions(raw, frames, tables["events"])


def _of_stops(own: dict[str, list[Row]]) -> Iterator[tuple[str, str]]:
    stops = own["pit_stops"]
    for stop in stops:
        entry, out = stop["pit_in_s"], stop["pit_out_s"]
        where = f"stop {stop['stop']} lap {stop['lap']} {stop['kind']}"
        if out <= entry:
            yield "in not before out", where
        if np.isnan(entry):
            yield "no entry", where
        if np.isnan(out) and stop["kind"] != "retired":
            yield "no exit", where
        if stop["kind"] == "unknown":
            yield "kind unknown", where
        if stop["conflict"]:
            yield "stop in conflict", f"{where}: {stop['conflict']}"
        if not np.isnan(out - entry) and stop["kind"] != "red_flag" and not 8 < out - entry < 120:
            yield "time in the lane", f"{where}: {out - entry:.1f} s"
    for before, after in pairwise(stops):
        if after["pit_in_s"] < before["pit_out_s"]:
            yield "in before the last out", f"stop {after['stop']}"
    changed = sum(stop["kind"] in ("tyres", "red_flag") for stop in stops)
    if len(own["stints"]) - 1 > changed:
        yield "stints without a stop", f"{len(own['stints'])} stints, {changed} changes"


def _of_stints(own: dict[str, list[Row]]) -> Iterator[tuple[str, str]]:
    stints, laps = own["stints"], own["laps"]
    if not stints and any(not lap["generated"] for lap in laps):
        yield "no stints", ""
        return
    done = sum(not lap["generated"] and not np.isnan(lap["end_s"]) for lap in laps)
    if sum(stint["laps"] for stint in stints) != done:
        yield "laps do not add up", f"{sum(stint['laps'] for stint in stints)} of {done}"
    for stint in stints:
        ages = [lap["tyre_life"] for lap in laps if lap["stint"] == stint["stint"]]
        if any(b <= a for a, b in pairwise(ages)):
            yield "ages do not rise", f"stint {stint['stint']}"
        if stint["tyre"] == 0 or stint["tyre_life_start"] is None:
            yield "tyre or age unknown", f"stint {stint['stint']} of {stint['laps']} laps"
        if stint["conflict"]:
            yield "stint in conflict", f"stint {stint['stint']}: {stint['conflict']}"
    for before, after in pairwise(stints):
        if after["first_lap"] != before["last_lap"] + 1:
            yield "stints leave a gap", f"{before['last_lap']} to {after['first_lap']}"


def _of_laps(own: dict[str, list[Row]]) -> Iterator[tuple[str, str]]:
    for lap in own["laps"]:
        sectors = lap["sector1_s"] + lap["sector2_s"] + lap["sector3_s"]
        if abs(sectors - lap["lap_time_s"]) > 0.002:
            yield "sectors do not add up", f"lap {lap['lap']}: {sectors:.3f}, {lap['lap_time_s']:.3f}"
        driven = lap["end_s"] - lap["start_s"]
        if abs(driven - lap["lap_time_s"]) > GAP_S and lap["lap"] > 1:
            yield "lap time is not its crossings'", f"lap {lap['lap']}: {lap['lap_time_s']:.3f}, {driven:.3f}"
    before = np.inf
    for lap in own["laps"]:
        timed = lap["lap_time_s"] > 0 and "personal_best" in lap and not (lap["generated"] or lap["deleted"])
        counts = lap["kind"] == "timed" and lap["lap"] > 1
        if timed and bool(lap["personal_best"]) != (lap["lap_time_s"] < before and counts):
            yield "personal best is not the feed's", f"lap {lap['lap']}"
        before = np.fmin(before, lap["lap_best_s"])


def _of_results(frames: RaceFrames, rows: list[Row]) -> Iterator[tuple[str, str]]:
    """Places of the timing at its end against the order of the flag, time penalties counted in."""
    finished = {d.code: d for d in frames.drivers if d.finished_at is not None}
    placed = [row for row in rows if row["position"] is not None]
    if sorted(row["position"] for row in placed) != list(range(1, len(placed) + 1)):
        yield "places not 1 to n", " ".join(f"{row['driver']} {row['position']}" for row in placed)
    by_flag = sorted(finished.values(), key=lambda d: (-d.laps, d.finished_at or 0.0))
    order = [row["driver"] for row in placed if row["driver"] in finished]
    moved = [d.code for d, code in zip(by_flag, order, strict=False) if d.code != code]
    if moved and not any(row["penalty_s"] or row["penalty_s"] is None for row in rows):
        yield "order is not the flag's, and nobody has a penalty", " ".join(moved)
    most = by_flag[0].laps if by_flag else 0
    first = next((finished[code] for code in order), None)
    for row in placed:
        own = finished.get(row["driver"])
        if own is None or own.laps != most or first is None or first.laps != most:
            continue
        gap = (own.finished_at or 0.0) - (first.finished_at or 0.0)
        if row["gap_s"] is None:
            yield "no gap", row["driver"]
        elif (
            min(abs(row["gap_s"] - gap - added) for added in PENALTIES_S | {-p for p in PENALTIES_S}) > GAP_S
        ):
            yield "gap is not the crossings'", f"{row['driver']} {row['gap_s']:.3f}, {gap:.3f}"


if __name__ == "__main__":
    sys.exit(main())
