"""Results that were changed after they were published: what jolpica says now, against what is published.

A night asks for at most three pages: the last races, and of all of them and of the sprints one page in turn,
so that each race is looked at about once a week, whatever its age; then for the standings after one round. A
race of which the answer has less, or which is another one, stays as it is, and so does everything where
jolpica does not answer. Frames are not computed again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.contract.artifacts import SessionKey, key_of
from pipeline.contract.models import Driver, Manifest, Results, Standings, StandingsRound
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.input.same_event import is_same
from pipeline.job import Source
from pipeline.network.hosts import RESULTS
from pipeline.network.trouble import Trouble
from pipeline.publish.documents import read_model
from pipeline.publish.race import publish_race
from pipeline.run.found import find
from pipeline.store.local import LocalStore

if TYPE_CHECKING:
    from pipeline.model import DriverInfo, RawRace
    from pipeline.network.patience import Watch

REST = 4  # days from one look at standings that are known to the next
STEP, EDGE, SPRINTS = 60, 90, 6
"""Rows from page to page, so that each race is whole on one; how far the last reaches back; most sprints."""


@dataclass
class Revised:
    """What came of it. keys: races whose results were written anew. notes: what was changed or left."""

    keys: list[SessionKey] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waited_s: float = 0.0
    down: tuple[Trouble, ...] = ()


def pages(published: dict[SessionKey, Manifest], day: int) -> list[tuple[SessionCode, int]]:
    """Which pages to ask for on a day, by session and first row: at most two of races and one of sprints."""
    races = (m for key, m in published.items() if SESSIONS[key.session].is_race)
    field_size = max((len(m.drivers) for m in races), default=0)
    last = max((key.round for key in published if key.session == "R"), default=0)
    wanted: list[tuple[SessionCode, int]] = []
    if last:
        newest = max(0, field_size * last - EDGE)
        turn = range(0, newest + 1, STEP)
        wanted += [("R", newest), ("R", turn[day % len(turn)])]
    if any(key.session == "S" for key in published):
        turn = range(0, max(1, field_size * SPRINTS - EDGE + STEP), STEP)
        wanted.append(("S", turn[day % len(turn)]))
    return list(dict.fromkeys(wanted))


def revise(out: Path, year: int, source: Source) -> Revised:
    """Write the results of a season anew where jolpica has others. Runs in a child."""
    from pipeline.input import official  # noqa: PLC0415 - only a child pays for fastf1
    from pipeline.input.load import configure  # noqa: PLC0415

    store, told, now = LocalStore(out), Revised(), datetime.now(UTC)
    published = find(store, year).manifests
    watch = configure(replace(source, fresh=True))
    for code, offset in pages(published, now.toordinal()):
        try:
            races = official.page(year, code, offset)
        except Exception as error:
            why = _why(watch, error)
            told.notes.append(f"results of {year} could not be compared with {RESULTS.what}: {why}")
            break
        for race in races:
            if (manifest := published.get(race.key)) is not None and race.key not in told.keys:
                _look(store, manifest, race, told, now)
    else:
        _rank(store, year, published, told, watch)
    told.waited_s, told.down = watch.waited, tuple(watch.down.values())
    return told


def standings_round(published: Iterable[SessionKey], known: Standings | None, day: int) -> int | None:
    """After which round to ask for the standings on a day: one that lacks them, else now and then in turn."""
    rounds = sorted(key.round for key in published if key.session == "R")
    official = {r.round for r in (known.rounds if known else ()) if r.official_at is not None}
    unknown = [number for number in rounds if number not in official]
    if unknown:
        return unknown[-1] if day % 2 == 0 else unknown[day // 2 % len(unknown)]
    return rounds[day // REST % len(rounds)] if rounds and day % REST == 0 else None


def _rank(
    store: LocalStore, year: int, published: dict[SessionKey, Manifest], told: Revised, watch: Watch
) -> None:
    """Take the official standings after one round, where they are others than what is published."""
    from pipeline.input import official  # noqa: PLC0415
    from pipeline.run.season import rewrite  # noqa: PLC0415

    known = read_model(store, key_of("standings", year=year), Standings)
    number = standings_round(published, known, datetime.now(UTC).toordinal())
    try:
        ranked = None if number is None else official.standings(year, number)
        before = next(
            (r for r in (known.rounds if known else ()) if r.round == number and r.official_at), None
        )
        if ranked is not None and (before is None or _places(before) != _places(ranked)):
            rewrite(store, year, ranked)
    except Exception as error:
        told.notes.append(
            f"standings of {year} after round {number} stay as they are: {RESULTS.what}: {_why(watch, error)}"
        )


def _why(watch: Watch, error: Exception) -> str:
    return "it did not answer" if watch.lost or watch.down else f"its answer is no use ({error!r:.80})"


def _places(ranked: StandingsRound) -> set[tuple[Any, ...]]:
    told = [(row.driver_id, row) for row in ranked.drivers], [(row.team_id, row) for row in ranked.teams]
    return {(name, row.position, row.points, row.wins) for rows in told for name, row in rows}


def results_are_new(watch: Watch) -> bool:
    """Whether jolpica was asked for a race's result just now, and gave it: one from a cache may be old."""
    return any(path.endswith(("/results.json", "/sprint.json")) for path in watch.given)


def as_revised(raw: RawRace, published: Results) -> RawRace:
    """What was loaded, with the official result as it was revised since."""
    if published.revised_at is None or all(row.classified is None for row in published.rows):
        return raw
    rows = {row.number: row for row in published.rows}
    order = list(rows)
    drivers = [_told_by(info, rows.get(info.number)) for info in raw.drivers]
    drivers.sort(key=lambda d: order.index(d.number) if d.number in rows else len(order))
    return replace(raw, drivers=drivers, official_results=True)


def _told_by(info: DriverInfo, row: Any) -> DriverInfo:
    if row is None:
        return info
    return replace(
        info,
        classified=row.classified,
        result=row.status,
        grid=row.grid,
        points=row.points,
        laps=None if info.laps is None else row.laps,
        time=row.time_s if row.position == 1 else row.gap_s,
    )


def _look(store: LocalStore, manifest: Manifest, race: Any, told: Revised, now: datetime) -> None:
    """Compare one race, and publish its results anew where they differ."""
    before = read_model(store, race.key.file("results"), Results)
    if before is None or all(row.classified is None for row in before.rows):
        return  # without an official result the race itself is still to be fetched
    if not is_same(manifest.event, race.start, race.name):
        told.notes.append(f"{race.key}: jolpica has the result of another race ({race.name}): kept as it was")
        return
    try:
        rows = revised_rows(before.rows, race.rows)
    except ValueError as error:
        if not race.at_edge:
            told.notes.append(f"{race.key}: the new result is thinner ({error}): kept as it was")
        return
    if rows == before.rows:
        return
    from pipeline.encode.results import counted  # noqa: PLC0415 - only where something has changed

    after = counted(before.model_copy(update={"rows": rows}), before, now)
    _publish(store, manifest, after, now)
    told.keys.append(race.key)
    told.notes.append(f"{race.key}: results revised: {_in_words(after)}")


def revised_rows(published: Sequence[Any], official: Sequence[Any]) -> list[Any]:
    """The published rows with what the official ones say otherwise, in the order of these.

    Raises:
        ValueError: they lack a driver, name one twice, or lack what was known.
    """
    order: dict[str, tuple[float, Any]] = {}
    for place, found in enumerate(official):
        known = [row for row in published if _is(row, found)]
        if len(known) == 1 and known[0].driver in order:
            raise ValueError(f"{known[0].driver} is in it twice")
        if known:
            order[known[0].driver] = (place, found.values)
    first = next((code for code, (_, values) in order.items() if values["classified"] == "1"), "")
    winner = order[first][1] if first else None
    same = any(row.position == 1 and row.driver == first for row in published)
    rows = []
    for row in published:
        if row.driver not in order:
            raise ValueError(f"{row.driver} is not in it")
        rows.append(_revised(row, order[row.driver][1], winner, same))
    return sorted(_ranked(rows), key=lambda row: order[row.driver][0])


def _is(row: Any, official: Any) -> bool:
    """By jolpica's own id; where it is not known by the three letters or the number."""
    driver_id, code, number = official.ids
    if row.driver_id is not None and driver_id is not None:
        return bool(row.driver_id == driver_id)
    return bool(row.driver == code or row.number == number)


def _ranked(rows: list[Any]) -> Iterator[Any]:
    """With the ranks of fastest laps among those that are not disqualified."""
    times = sorted(
        row.fastest_lap_s for row in rows if row.fastest_lap_s is not None and not row.disqualified
    )
    for row in rows:
        counts = row.fastest_lap_s is not None and not row.disqualified
        rank = times.index(row.fastest_lap_s) + 1 if counts else None
        yield row.model_copy(update={"fastest_lap_rank": rank})


def _revised(row: Any, values: dict[str, Any], winner: dict[str, Any] | None, same: bool) -> Any:
    """What is not said stays; place, time and gap follow from the classification.

    same: whether the winner is who it was: gaps to another say nothing any more.
    """
    for name in ("points", "status"):
        if values[name] is None and getattr(row, name) is not None:
            raise ValueError(f"{row.driver} is without {name}")
    told = {name: value for name, value in values.items() if value is not None and name != "time_s"}
    place = int(values["classified"]) if values["classified"].isdigit() else None
    laps, most = told.get("laps", row.laps), None if winner is None else winner["laps"]
    down = None if place is None or laps is None or most is None else max(0, most - laps)
    told |= {"position": place, "laps_down": down}
    if place is None or down:
        told |= {"time_s": None, "gap_s": None}
    elif values["time_s"] is not None and winner is not None and winner["time_s"] is not None:
        told |= {"time_s": values["time_s"], "gap_s": round(values["time_s"] - winner["time_s"], 3)}
    elif not same:
        told |= {"time_s": None, "gap_s": 0.0 if place == 1 else None}
    return row.model_copy(update=told)


def _publish(store: LocalStore, manifest: Manifest, results: Results, now: datetime) -> None:
    """The files that have the results in them, and the manifest, whose drivers follow; all else stays."""
    from pipeline.encode.results import rewritten  # noqa: PLC0415

    key = manifest.event_key
    folder = store.staging(key.slug)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    named = {a.key for a in manifest.artifacts}
    timing = store.read(key.file("timing")) if key.file("timing") in named else None
    files = rewritten(results, manifest, timing, folder)
    made = {file.key: file.artifact() for file in files}
    artifacts = [made.get(a.key, a) for a in manifest.artifacts]
    rows = {row.driver: row for row in results.rows}
    order = list(rows)
    drivers = sorted(manifest.drivers, key=lambda d: order.index(d.code) if d.code in rows else len(order))
    new = manifest.model_copy(
        update={
            "drivers": [_driver(driver, rows.get(driver.code)) for driver in drivers],
            "artifacts": artifacts,
            "provenance": manifest.provenance.model_copy(update={"revised_at": now}),
        }
    )
    publish_race(store, new, files, manifest)
    shutil.rmtree(folder, ignore_errors=True)


def _driver(driver: Driver, row: Any) -> Driver:
    if row is None:
        return driver
    return driver.model_copy(update={"classified": row.classified, "status": row.status, "grid": row.grid})


def _in_words(results: Results) -> str:
    told = [f"{c.driver} {c.column} {c.before} -> {c.after}" for c in results.changes]
    more = f" and {len(told) - 6} more" if len(told) > 6 else ""
    return ", ".join(told[:6]) + more
