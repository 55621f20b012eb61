"""tower(t) of f1-replay.js: what the tables say was known at a moment, and nothing that came later."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.columns import SEGMENTS
from pipeline.contract.models import Manifest, Part
from pipeline.demo import demo_season, simulate
from pipeline.demo.segments import SIZES, passed
from tests.cases import some
from tests.format.test_v1 import V1
from tests.page.node import node

KEYS = ("telemetry/1900/1/", "telemetry/1900/2/", "telemetry/1900/2/sprint/")
PARTS = ("lap_time_s", "sector1_s", "sector2_s", "sector3_s")
Row = dict[str, Any]

READ = """
const [key, times] = given;
const race = await open(key);
const towers = [];
for (const t of times) towers.push(await race.tower(t));
answer(towers);
"""
CUT = """
const [key, whole, cuts] = given;
const race = await open(key, { "timing.json.gz": whole });
const differ = [];
for (const [t, cut] of cuts) {
  const then = await (await open(key, { "timing.json.gz": cut })).tower(t);
  const now = await race.tower(t);
  if (JSON.stringify(now) !== JSON.stringify(then)) differ.push([t, now, then]);
}
answer(differ);
"""


def moments(folder: Path, n: int) -> list[float]:
    """Times all over a race, and those at which something is said to happen."""
    laps, stops = (pq.read_table(folder / f"{name}.parquet") for name in ("laps", "pit_stops"))
    told = [t for t in (*laps["end_s"].to_pylist(), *stops["pit_in_s"].to_pylist()) if t is not None]
    duration = Manifest.model_validate_json((folder / "manifest.json").read_bytes()).clock.duration_s
    chosen = np.random.default_rng(3).permutation(np.array(sorted({t for t in told if 0 < t < duration})))
    return sorted([*np.linspace(0, duration, n).round(2).tolist(), *chosen[:n].tolist()])


def deleted(events: list[Row], code: str, t: float) -> set[int]:
    said = {e["lap"]: e["kind"] for e in events if e["driver"] == code and e["t_s"] <= t}
    return {lap for lap, kind in said.items() if kind == "deleted_lap"}


def known(lap: Row, part: str) -> float:
    """When a time of a lap was known."""
    end = np.inf if lap["end_s"] is None else lap["end_s"]
    said = lap.get(f"{part.removesuffix('_s')}_end_s") if part in PARTS[1:3] else None
    return min(end, end if said is None else said)


def counts(lap: Row, part: str) -> bool:
    """The first lap does not, and no lap time out of the pits or into them."""
    return lap["lap"] > 1 and (part != "lap_time_s" or lap["kind"] == "timed")


def colour(laps: list[Row], events: list[Row], lap: Row, part: str) -> set[str]:
    """What the colour may be: of times set at the same moment either may have been first."""
    at = known(lap, part)
    if not counts(lap, part) or lap["lap"] in deleted(events, lap["driver"], at):
        return {"yellow"}
    found = set()
    for before in (np.less, np.less_equal):
        earlier = [
            (one["driver"], one[part])
            for one in laps
            if one is not lap and one[part] is not None and counts(one, part) and not one["generated"]
            if one.get("part") == lap.get("part")
            if before(known(one, part), at) and one["lap"] not in deleted(events, one["driver"], at)
        ]
        least = min((seconds for _, seconds in earlier), default=np.inf)
        own = min((seconds for code, seconds in earlier if code == lap["driver"]), default=np.inf)
        found.add("purple" if lap[part] < least else "green" if lap[part] < own else "yellow")
    return found


def part_of(parts: list[Part], code: str, t: float) -> str | None:
    """Whose times count for a car: of a qualifying the part that runs, or that knocked it out."""
    begun = [part for part in parts if part.start <= t]
    return next((part.name for part in begun if code in part.knocked_out), begun[-1].name if begun else None)


def compare(folder: Path, times: list[float], towers: list[Row]) -> set[str]:
    """Hold towers against the Parquet tables; gives the colours that were seen."""
    names = ("laps", "pit_stops", "events", "results")
    laps, stops, events, results = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in names)
    events = [event for event in events if event["kind"] in ("deleted_lap", "reinstated_lap")]
    grid = {row["driver"]: row["grid"] for row in results}
    parts = Manifest.model_validate_json((folder / "manifest.json").read_bytes()).parts
    seen = set()
    for t, tower in zip(times, towers, strict=True):
        best = {}
        for car in tower["cars"]:
            own = [lap for lap in laps if lap["driver"] == car["code"] and not lap["generated"]]
            done = [lap for lap in own if lap["end_s"] is not None and lap["end_s"] <= t]
            gone = deleted(events, car["code"], t)
            counting = [
                lap["lap_time_s"]
                for lap in done
                if counts(lap, "lap_time_s") and lap["lap"] not in gone and lap["lap_time_s"] is not None
                if lap.get("part") == part_of(parts, car["code"], t)
            ]
            best[car["code"]] = min(counting, default=None)
            assert car["laps"] == len(done)
            assert (car["last_lap"] or {}).get("seconds") == (done[-1]["lap_time_s"] if done else None)
            assert (car["best_lap"] or {}).get("seconds") == best[car["code"]]
            assert set(car["deleted_laps"]) == gone
            assert car["grid"] == grid[car["code"]]
            if car["position"] is not None and car["grid"]:
                assert car["gained"] == car["grid"] - car["position"]
            known_stops = [s for s in stops if s["driver"] == car["code"] and (s["pit_in_s"] or 1e9) <= t]
            assert [stop["lap"] for stop in car["stops"] if stop["pit_in_s"]] == [
                s["lap"] for s in known_stops
            ]
            for stop, row in zip(car["stops"], known_stops, strict=False):
                left = row["pit_out_s"] is not None and row["pit_out_s"] <= t
                assert stop["stationary_s"] == (row["stationary_s"] if left else None)
            for lap, time in ((lap, time) for time in (car["last_lap"],) if time for lap in own):
                if lap["lap"] == time["lap"]:
                    assert time["color"] in colour(laps, events, lap, "lap_time_s"), (t, car["code"])
                    seen.add(time["color"])
            for part, sector in zip(PARTS[1:], car["sectors"], strict=True):
                if sector is not None:
                    lap = next(lap for lap in own if lap["lap"] == sector["lap"])
                    assert sector["seconds"] == lap[part]
                    assert known(lap, part) <= t
                    assert sector["color"] in colour(laps, events, lap, part), (t, car["code"], part)
        begun = [part for part in parts if part.start <= t]
        out = {code for part in begun[:-1] for code in part.knocked_out}
        last = [car["code"] for car in tower["cars"]][len(tower["cars"]) - len(out) :]
        assert set(last) == out
        fastest = min((s for code, s in best.items() if s is not None and code not in out), default=None)
        assert (tower["fastest_lap"] or {}).get("seconds") == fastest
        assert fastest is None or best[tower["fastest_lap"]["code"]] == fastest
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_says_what_the_tables_say(tmp_path: Path, demo_out: Path, key: str) -> None:
    times = moments(demo_out / key, 12)
    assert compare(demo_out / key, times, node(tmp_path, demo_out, READ, [key, times])) == {
        "purple",
        "green",
        "yellow",
    }


@pytest.mark.slow
@pytest.mark.parametrize("key", some(["telemetry/1900/1/qualifying/", "telemetry/1900/1/fp1/"], 2))
def test_says_what_the_tables_of_other_sessions_say(tmp_path: Path, timed_out: Path, key: str) -> None:
    times = moments(timed_out / key, 20)
    assert {"green", "yellow"} <= compare(
        timed_out / key, times, node(tmp_path, timed_out, READ, [key, times])
    )


@pytest.mark.thorough
@pytest.mark.parametrize("round_", [1, 2])
def test_says_what_the_tables_of_a_real_race_say(tmp_path: Path, real_out: Path, round_: int) -> None:
    key = f"telemetry/2025/{round_}/"
    times = moments(real_out / key, 6)
    compare(real_out / key, times, node(tmp_path, real_out, READ, [key, times]))


@pytest.mark.slow
def test_says_what_was_true(tmp_path: Path, demo_out: Path) -> None:
    """Against the simulation itself: laps, pit lane, tyres, penalty, and who has left."""
    timed = 0
    for event, seed, n in demo_season():
        key, truth = SessionKey(event.year, event.round, event.session).prefix, simulate(seed, n)
        t0 = Manifest.model_validate_json((demo_out / key / "manifest.json").read_bytes()).clock.t0_session_s
        times = np.linspace(1, max(truth.finished_s.values()) - t0 + 5, 60).round(2).tolist()
        for t, tower in zip(times, node(tmp_path, demo_out, READ, [key, times]), strict=True):
            for car in tower["cars"]:
                code, now = car["code"], t + t0
                lines = truth.line_s[code]
                assert car["laps"] == int((lines <= now).sum())
                inside = [at for at, out in truth.pits[code] if at + 0.2 < now < out - 0.2]
                if inside:
                    assert car["state"] == "pit"
                    assert car["pit"]["seconds"] == pytest.approx(now - inside[0], abs=0.01)
                    timed += 1
                assert len(car["stops"]) == sum(at <= now for at, _ in truth.pits[code]), (t, code)
                assert (car["state"] == "out") == (truth.retired_s.get(code, np.inf) <= now + 0.05), (t, code)
            last = {car["code"]: car["penalty_s"] for car in tower["cars"]}
        assert last == {code: 5.0 if code == truth.penalised else 0.0 for code in truth.line_s}
    assert timed


@pytest.mark.slow
def test_mini_sectors_have_the_colours_that_were_true(tmp_path: Path, demo_out: Path) -> None:
    """From when they are asked for; those of a car stay until it has passed the first one of its next lap."""
    script = """
    const [key, times] = given;
    const race = await open(key);
    const before = (await race.tower(times[0])).cars[0].segments;
    const { sectors } = await race.segments();
    const towers = [];
    for (const t of times) towers.push(await race.tower(t));
    answer([before, sectors, towers]);
    """
    event, seed, n = demo_season()[0]
    key, truth = SessionKey(event.year, event.round, event.session).prefix, simulate(seed, n)
    t0 = Manifest.model_validate_json((demo_out / key / "manifest.json").read_bytes()).clock.t0_session_s
    told, seen = passed(truth), set()
    times = np.linspace(0, max(truth.finished_s.values()) - t0, 60).round(2).tolist()
    times = [t for t in times if all(abs(when - t0 - t) > 0.06 for when, *_ in told)]  # to a tenth
    before, sectors, towers = node(tmp_path, demo_out, script, [key, times])
    assert (before, sectors) == (None, list(SIZES))
    for t, tower in zip(times, towers, strict=True):
        for car in tower["cars"]:
            own = [
                (segment, status)
                for when, code, segment, status in told
                if (code, when <= t + t0) == (car["code"], True)
            ]
            lap = [i for i, (segment, _) in enumerate(own) if segment == 0][-1:]
            colours = dict(own[lap[0] :] if lap else own)
            flat = [colour for sector in car["segments"] for colour in sector]
            assert flat == [SEGMENTS[str(colours.get(i, 0))] for i in range(sum(SIZES))], (t, car["code"])
            seen |= set(flat)
    assert seen == set(SEGMENTS.values())


def cut(whole: Row, t: float) -> Row:
    """timing.json.gz as it could have been at `t`."""
    told = {name: table for name, table in whole.items() if not isinstance(table, dict) or "code" in table}
    for name, table in whole.items():
        if name in CUTS:
            rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
            kept = [row for row in (CUTS[name](row, t) for row in rows) if row is not None]
            told[name] = {column: [row[column] for row in kept] for column in table}
        else:
            told[name] = table
    return told


def at_most(name: str) -> Callable[[Row, float], Row | None]:
    return lambda row, t: row if row[name] <= t else None


def but(row: Row, *names: str) -> Row:
    """Only these are known."""
    return {name: value if name in names else None for name, value in row.items()}


def cut_lap(row: Row, t: float) -> Row | None:
    begun = row["start_s"]
    if begun is not None and begun > t:
        return None
    row = row | {"deleted": None, "deleted_reason": None}
    if row["end_s"] is not None and row["end_s"] <= t:
        return row
    ended = [n for n in (1, 2) if row[f"sector{n}_end_s"] is not None and row[f"sector{n}_end_s"] <= t]
    sectors = [name for n in ended for name in (f"sector{n}_s", f"sector{n}_end_s")]
    return but(row, "driver", "lap", "start_s", "stint", "tyre", *sectors)


def cut_stint(row: Row, t: float) -> Row | None:
    if (row["start_s"] or 0) > t or (row["start_s"] is None and row["first_lap"] > 1):
        return None
    return but(row, "driver", "stint", "tyre", "fresh_tyre", "tyre_life_start", "first_lap", "start_s")


def cut_stop(row: Row, t: float) -> Row | None:
    if (row["pit_in_s"] if row["pit_in_s"] is not None else row["pit_out_s"] or np.inf) > t:
        return None
    if row["pit_out_s"] is not None and row["pit_out_s"] <= t:
        return row
    return but(row, "driver", "stop", "lap", "pit_in_s", "tyre_before", "tyre_life_before", "position_before")


CUTS: dict[str, Callable[[Row, float], Row | None]] = {
    "laps": cut_lap,
    "stints": cut_stint,
    "pit_stops": cut_stop,
    "results": lambda row, _: but(row, "driver", "grid"),
    "events": at_most("t_s"),
    "session_clock": at_most("t_s"),
    "radio": at_most("t_s"),
}


def with_rulings(timing: Row, rng: np.random.Generator) -> Row:
    """With laps deleted some time after they ended, two of them reinstated, and drivers investigated."""
    laps, events = timing["laps"], timing["events"]
    rows = [dict(zip(events, row, strict=True)) for row in zip(*events.values(), strict=True)]
    timed = [
        i for i, end in enumerate(laps["end_s"]) if end is not None and laps["lap_time_s"][i] is not None
    ]
    for k, i in enumerate(rng.choice(timed, 6, replace=False)):
        about = {"driver": laps["driver"][i], "lap": laps["lap"][i], "seconds": laps["lap_time_s"][i]}
        kinds = [("deleted_lap", 40.0), *([("reinstated_lap", 90.0)] if k < 2 else [])]
        kinds += [("investigation", 55.0), ("no_action", 120.0)] if k > 3 else []
        rows += [
            but(rows[0]) | about | {"kind": kind, "t_s": laps["end_s"][i] + late} for kind, late in kinds
        ]
    rows.sort(key=lambda row: row["t_s"])
    return timing | {"events": {name: [row[name] for row in rows] for name in events}}


def check_cuts(tmp_path: Path, root: Path, key: str, n: int) -> None:
    whole = json.loads(gzip.decompress((root / key / "timing.json.gz").read_bytes()))
    whole = with_rulings(whole, np.random.default_rng(n))
    given = [key, whole, [(t, cut(whole, t)) for t in moments(root / key, n)]]
    assert node(tmp_path, root, CUT, given) == []


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_knows_nothing_from_later(tmp_path: Path, demo_out: Path, key: str) -> None:
    check_cuts(tmp_path, demo_out, key, 20)


@pytest.mark.slow
def test_knows_nothing_from_later_in_a_real_race(tmp_path: Path, real_out: Path) -> None:
    check_cuts(tmp_path, real_out, "telemetry/2025/1/", 8)


def test_a_race_from_before_has_none(tmp_path: Path) -> None:
    script = """
    const race = await open(given);
    answer([await race.timing(), await race.tower(5), await race.segments()]);
    """
    assert node(tmp_path, V1, script, "telemetry/1900/1/") == [None, None, None]


@pytest.mark.slow
def test_is_read_once_and_a_failure_is_not_kept(tmp_path: Path, small_out: Path) -> None:
    script = """
    const asked = [];
    const race = await openRace(`http://files/${given}manifest.json`, {
      retries: 0,
      fetch: async (url) => {
        const path = new URL(url).pathname.slice(1);
        const first = path.endsWith("timing.json.gz") && asked.push(path) === 1;
        if (first) return new Response("", { status: 503 });
        return new Response(await readFile(`${root}/${path}`));
      },
    });
    const failed = await race.tower(5).catch((error) => error.status);
    const [one, other] = await Promise.all([race.tower(5), race.tower(6)]);
    const none = await race.tower(NaN).catch((error) => error.name);
    answer([failed, one.cars.length, other.t, asked.length, none]);
    """
    assert node(tmp_path, small_out, script, KEYS[0]) == [503, 10, 6, 2, "TypeError"]
