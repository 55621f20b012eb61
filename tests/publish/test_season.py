"""A season's own files: from all its sessions, made anew when one changes, named by the listing."""

import shutil
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import SessionKey, key_of, season_key
from pipeline.contract.models import (
    Circuit,
    DrsZone,
    Manifest,
    PitLane,
    Results,
    SeasonFiles,
    SeasonListing,
    Standings,
    StandingsRound,
)
from pipeline.contract.sessions import SessionCode
from pipeline.contract.tables import LAPS, TABLES
from pipeline.encode import season
from pipeline.publish.circuits import circuits
from pipeline.publish.documents import read_manifest, read_model, to_json
from pipeline.publish.listings import put_listing
from pipeline.publish.season_files import is_due
from pipeline.publish.standings import standings
from pipeline.run.season import refresh, rewrite
from pipeline.store.local import LocalStore
from tests.conftest import cli
from tests.publish.versions import sessions_of
from tests.serve.support import NOW

SEASON_TABLES = [table for table in TABLES if table.of_season]


@pytest.fixture
def store(small_out: Path, tmp_path: Path) -> LocalStore:
    shutil.copytree(small_out, tmp_path / "out")
    return LocalStore(tmp_path / "out")


def listing_of(store: LocalStore) -> SeasonListing:
    listing = read_model(store, season_key(DEMO_YEAR), SeasonListing)
    assert listing is not None
    return listing


def files_of(store: LocalStore) -> SeasonFiles:
    files = listing_of(store).files
    assert files is not None
    return files


def manifest_of(store: LocalStore, key: SessionKey) -> Manifest:
    manifest = read_manifest(store, key)
    assert manifest is not None
    return manifest


def table_of(store: LocalStore, name: str = "laps") -> pq.ParquetFile:
    data = store.read(key_of(f"season_{name}", year=DEMO_YEAR))
    assert data is not None
    return pq.ParquetFile(BytesIO(data))


def test_the_demo_season_has_its_sessions_in_one(store: LocalStore) -> None:
    sessions = sessions_of(listing_of(store))
    assert len(sessions) > 1
    assert {a.key for a in files_of(store).artifacts} == {
        *(key_of(f"season_{table.name}", year=DEMO_YEAR) for table in SEASON_TABLES),
        key_of("standings", year=DEMO_YEAR),
        key_of("circuits", year=DEMO_YEAR),
    }
    for table in SEASON_TABLES:
        own = [pq.read_table(store.path(key.file(f"{table.name}_parquet"))) for key in sessions]
        season = table_of(store, table.name)
        lacking = dict.fromkeys(season.schema_arrow.names)  # columns of qualifying and practice alone
        assert [lacking | row for rows in own for row in rows.to_pylist()] == season.read().to_pylist()
        assert season.schema_arrow.field(0).metadata == own[0].schema.field(0).metadata
        assert season.schema_arrow.metadata[b"year"] == str(DEMO_YEAR).encode()
    assert not is_due(store, listing_of(store))


def test_one_race_is_a_row_group(store: LocalStore) -> None:
    about = table_of(store).metadata
    column = [c.name for c in LAPS.columns].index("round")
    groups = [about.row_group(n).column(column).statistics for n in range(about.num_row_groups)]
    assert about.num_row_groups == len(sessions_of(listing_of(store)))
    assert all(group.min == group.max for group in groups)


def test_what_is_there_is_left_and_what_is_damaged_is_mended(store: LocalStore) -> None:
    name = key_of("season_laps", year=DEMO_YEAR)
    before, there = store.path(name).stat().st_mtime_ns, store.read(name)
    refresh(store, [DEMO_YEAR])
    rewrite(store, DEMO_YEAR)
    assert store.path(name).stat().st_mtime_ns == before
    store.put_bytes(name, b"cut")
    assert cli("verify", str(DEMO_YEAR), "--out", store.root, expect=1).stdout.count("is truncated") == 1
    refresh(store, [DEMO_YEAR])
    assert store.read(name) == there
    cli("verify", str(DEMO_YEAR), "--out", store.root)


def test_a_session_that_goes_leaves_them(store: LocalStore) -> None:
    first, *rest = sessions_of(listing_of(store))
    events = [
        event.model_copy(update={"sessions": [s for s in event.sessions if s.manifest == first.manifest]})
        for event in listing_of(store).events
    ]
    put_listing(store, DEMO_YEAR, events, listing_of(store), NOW, files=files_of(store))
    assert rest
    assert is_due(store, listing_of(store))
    refresh(store, [DEMO_YEAR])
    assert set(table_of(store).read().column("round").to_pylist()) == {first.round}
    put_listing(store, DEMO_YEAR, [], listing_of(store), NOW, files=files_of(store))
    refresh(store, [DEMO_YEAR])
    assert files_of(store).artifacts == []
    assert list(store.list(f"seasons/{DEMO_YEAR}/")) == []
    assert not is_due(store, listing_of(store))


@pytest.mark.parametrize("damage", ["altered", "absent", "no_parquet"])
def test_a_damaged_session_is_left_out_until_it_is_right(store: LocalStore, damage: str) -> None:
    first, *rest = sessions_of(listing_of(store))
    name = first.file("laps_parquet")
    right = store.read(name) or b""
    store.delete(key_of("season_laps", year=DEMO_YEAR))
    if damage == "absent":
        store.delete(name)
    else:
        store.put_bytes(name, right[:-9] if damage == "altered" else b"no parquet")
    if damage == "no_parquet":
        _named_as_it_is(store, first, name)
    refresh(store, [DEMO_YEAR])
    assert (first.round, first.session) not in _sessions_in(store)
    assert len(_sessions_in(store)) == len(rest)
    assert is_due(store, listing_of(store))
    if damage != "no_parquet":
        store.put_bytes(name, right)
        refresh(store, [DEMO_YEAR])
        assert (first.round, first.session) in _sessions_in(store)
        assert not is_due(store, listing_of(store))


def _sessions_in(store: LocalStore) -> set[tuple[int, str]]:
    rows = table_of(store).read(["round", "session"]).to_pylist()
    return {(row["round"], row["session"]) for row in rows}


def _named_as_it_is(store: LocalStore, key: SessionKey, name: str) -> None:
    """A manifest that names a file that is no Parquet file."""
    manifest, there = manifest_of(store, key), store.digest(name)
    assert there is not None
    artifacts = [
        a.model_copy(update={"bytes": there.bytes, "sha256": there.sha256}) if a.key == name else a
        for a in manifest.artifacts
    ]
    store.put_bytes(key.manifest, to_json(manifest.model_copy(update={"artifacts": artifacts})))


def test_an_older_race_lacks_tables_and_columns(store: LocalStore) -> None:
    first = sessions_of(listing_of(store))[0]
    name = first.file("laps_parquet")
    rows = pq.read_table(store.path(name))
    pq.write_table(rows.drop_columns(["gap_s", "kind"]), store.path(name))
    manifest = manifest_of(store, first)
    artifacts = [a for a in manifest.artifacts if a.key != first.file("stints_parquet")]
    store.put_bytes(first.manifest, to_json(manifest.model_copy(update={"artifacts": artifacts})))
    _named_as_it_is(store, first, name)
    store.delete(key_of("season_laps", year=DEMO_YEAR))
    refresh(store, [DEMO_YEAR])
    laps = table_of(store).read()
    assert laps.num_rows > rows.num_rows
    assert laps.slice(0, rows.num_rows).column("gap_s").null_count == rows.num_rows
    assert first.round not in table_of(store, "stints").read().column("round").to_pylist()


def test_prune_takes_what_no_listing_names(store: LocalStore) -> None:
    files = files_of(store)
    kept = [a for a in files.artifacts if not a.key.endswith("weather.parquet")]
    less = files.model_copy(update={"artifacts": kept})
    put_listing(store, DEMO_YEAR, listing_of(store).events, listing_of(store), NOW, files=less)
    name = key_of("season_weather", year=DEMO_YEAR)
    assert "1 files removed" in cli("prune", "--out", store.root, "--older-than", "0m").stdout
    assert store.stat(name) is None
    assert all(store.stat(a.key) is not None for a in kept)


Told = dict[str, tuple[int, float | None]]
"""Letters -> place and points."""


def season_of(
    *rounds: dict[str, Told | None], before: Standings | None = None, told: StandingsRound | None = None
) -> Standings:
    """The standings of a season; rounds: results by session, None for one that is not published."""
    events, results = [], {}
    for number, sessions in enumerate(rounds, 1):
        listed = []
        for code, result in sessions.items():
            key = SessionKey(2025, number, code)  # type: ignore[arg-type]
            state = "published" if result is not None else "missing"
            listed.append({"session": code, "name": "", "state": state, "manifest": key.manifest})
            if result is not None:
                results[key] = result_of(key, result)
        events.append({"round": number, "name": f"Round {number}", "sessions": listed})
    listing = SeasonListing.model_validate({"year": 2025, "updated_at": NOW, "events": events})
    return standings(listing, results, before, told)


def result_of(key: SessionKey, told: Told) -> Results:
    event = {"name": "", "official_name": "", "country": "", "location": ""}
    rows = [
        {
            "driver": who, "number": who, "name": who, "team": who[0], "driver_id": who.lower(),
            "position": place, "points": points,
        }
        for who, (place, points) in told.items()
    ]  # fmt: skip
    about = event | {"year": key.year, "round": key.round, "session": key.session}
    return Results.model_validate({"event": about, "rows": rows})


def test_standings_add_up_and_say_what_a_race_changed() -> None:
    told = season_of(
        {"R": {"AA": (1, 25.0), "AB": (2, 18.0), "BA": (3, 15.0)}},
        {"S": {"BA": (1, 8.0), "AA": (2, 7.0)}, "R": {"BA": (1, 25.0), "AB": (2, 18.0)}},
    )
    first, second = told.rounds
    assert [(d.driver, d.position, d.points, d.moved) for d in first.drivers] == [
        ("AA", 1, 25.0, None), ("AB", 2, 18.0, None), ("BA", 3, 15.0, None),
    ]  # fmt: skip
    assert second.sessions == ["S", "R"]
    assert [(d.driver, d.position, d.points, d.gained, d.moved, d.wins) for d in second.drivers] == [
        ("BA", 1, 48.0, 33.0, 2, 1), ("AB", 2, 36.0, 18.0, 0, 0), ("AA", 3, 32.0, 7.0, -2, 1),
    ]  # fmt: skip
    assert [(t.team, t.points, t.wins) for t in second.teams] == [("A", 68.0, 1), ("B", 48.0, 1)]


def test_a_tie_goes_to_who_was_better_placed_in_races() -> None:
    told = season_of(
        {
            "S": {"AA": (1, 7.0), "BA": (9, 0.0)},
            "R": {"AA": (3, 1.0), "BA": (2, 8.0), "CA": (9, 0.0), "DA": (9, 0.0)},
        }
    )
    assert [(d.driver, d.position) for d in told.rounds[0].drivers] == [
        ("BA", 1), ("AA", 2), ("CA", 3), ("DA", 3),
    ]  # fmt: skip


FIRST: dict[str, Told | None] = {"R": {"AA": (1, 25.0), "AB": (2, 18.0), "BA": (3, 15.0)}}
SECOND: dict[str, Told | None] = {"R": {"BA": (1, 25.0), "AB": (2, 18.0)}}


def official(number: int, *drivers: tuple[str, int | None, float], teams: dict[str, float]) -> StandingsRound:
    rows = [
        {
            "driver": who,
            "driver_id": who.lower(),
            "name": who,
            "team": who[0],
            "position": place,
            "points": points,
        }
        for who, place, points in drivers
    ]
    ranked = [{"team": team, "position": n, "points": p} for n, (team, p) in enumerate(teams.items(), 1)]
    told = {"round": number, "name": "", "sessions": [], "complete": True, "official_at": NOW}
    return StandingsRound.model_validate(told | {"drivers": rows, "teams": ranked})


def test_official_standings_go_before_the_sum_which_is_named_where_it_differs() -> None:
    """As where points were taken off later, or a driver drove in a race that nobody published."""
    taken = official(
        1, ("AB", 1, 18.0), ("BA", 2, 15.0), ("AA", 3, 5.0), ("ZZ", None, 0.0), teams={"A": 23.0, "B": 15.0}
    )
    told = season_of(FIRST, SECOND, told=taken)
    first, second = told.rounds
    assert (first.official_at, second.official_at) == (NOW, None)
    assert [(d.driver, d.position, d.points, d.summed, d.gained) for d in first.drivers] == [
        ("AB", 1, 18.0, None, 18.0), ("BA", 2, 15.0, None, 15.0), ("AA", 3, 5.0, 25.0, 25.0),
        ("ZZ", None, 0.0, None, None),
    ]  # fmt: skip
    assert [(t.team, t.points, t.summed) for t in first.teams] == [("A", 23.0, 43.0), ("B", 15.0, None)]
    assert [(d.driver, d.position, d.points, d.moved) for d in second.drivers][:3] == [
        ("BA", 1, 40.0, 1), ("AB", 2, 36.0, -1), ("AA", 3, 25.0, 0),
    ]  # fmt: skip
    again = season_of(FIRST, SECOND, {"R": {"AA": (1, 25.0)}}, before=told)
    assert again.rounds[:1] == told.rounds[:1]  # a later race does not change them


def test_official_standings_go_when_the_results_are_others_since() -> None:
    taken = official(1, ("AA", 1, 25.0), ("AB", 2, 18.0), ("BA", 3, 15.0), teams={"A": 43.0, "B": 15.0})
    told = season_of(FIRST, told=taken)
    assert told.rounds[0].official_at == NOW
    revised: dict[str, Told | None] = {"R": {"AA": (None, 0.0), "AB": (1, 25.0), "BA": (2, 18.0)}}  # type: ignore[dict-item]
    after = season_of(revised, before=told).rounds[0]
    assert (after.official_at, after.drivers[0].driver, after.drivers[0].points) == (None, "AB", 25.0)
    cut = official(1, ("AA", 1, 25.0), teams={"A": 43.0, "B": 15.0})
    assert season_of(FIRST, told=cut) == season_of(FIRST)  # who has points is missing


@given(
    st.lists(
        st.tuples(st.sampled_from(["AA", "AB", "BA", "ZZ"]), st.integers(0, 60)), unique_by=lambda r: r[0]
    )
)
def test_whatever_is_official_nothing_of_the_results_is_lost(rows: list[tuple[str, int]]) -> None:
    ranked = sorted(rows, key=lambda row: -row[1])
    drivers = [(who, place, float(points)) for place, (who, points) in enumerate(ranked, 1)]
    taken = official(1, *drivers, teams={"A": 43.0, "B": 15.0})
    told = season_of(FIRST, SECOND, told=taken)
    plain = season_of(FIRST, SECOND)
    for one, other in zip(told.rounds, plain.rounds, strict=True):
        sums = {d.driver: d.points if d.summed is None else d.summed for d in one.drivers}
        assert sums | {d.driver: d.points for d in other.drivers} == sums
        gained = {d.driver: d.gained for d in one.drivers}
        assert gained | {d.driver: d.gained for d in other.drivers} == gained
    assert (told.rounds[0].official_at == NOW) == ({"AA", "AB", "BA"} <= {who for who, _ in rows})
    assert season_of(FIRST, SECOND, before=told) == told


@pytest.mark.parametrize("gap", [None, {"AA": (1, None)}, {}])
def test_after_a_race_of_which_points_are_missing_nobody_has_a_sum(gap: Told | None) -> None:
    told = season_of({"R": {"AA": (1, 25.0)}}, {"R": gap}, {"R": {"AA": (2, 18.0)}})
    first, last = told.rounds[0], told.rounds[-1]
    assert (first.complete, first.drivers[0].points) == (True, 25.0)
    assert not last.complete
    assert (last.drivers[0].position, last.drivers[0].points, last.drivers[0].gained) == (None, None, 18.0)


def test_a_file_from_before_rows_said_their_session(store: LocalStore) -> None:
    """Such races are published still; the season's rows take it from where the file lies."""
    key = SessionKey(DEMO_YEAR, 1)
    rows = pq.read_table(BytesIO(store.read(key.file("laps_parquet")) or b""))
    old = BytesIO()
    pq.write_table(rows.drop_columns(["year", "round", "session"]), old)
    made = season.rows_of(LAPS, old.getvalue(), key)
    assert made is not None
    assert set(zip(*(made[name].to_pylist() for name in ("year", "round", "session")), strict=True)) == {
        (DEMO_YEAR, 1, "R")
    }


def test_each_part_of_a_track_is_from_the_session_that_shows_it_best(store: LocalStore) -> None:
    race = manifest_of(store, sessions_of(listing_of(store))[0])
    lane = PitLane(
        x=[0, 9], y=[0, 9], length_m=300, entry=990, exit=100, limit_from=5, limit_to=290, visits=30, cars=20
    )
    zone = DrsZone(start=500, end=900, openings=200, cars=20)
    own = race.circuit.model_copy(
        update={"length_m": 1010.0, "pit_lane": lane.model_copy(update={"visits": 3}), "drs_zones": []}
    )
    practice = race.circuit.model_copy(
        update={"length_m": 1000.0, "pit_lane": lane, "drs_zones": [zone], "rotation": None, "corners": []}
    )
    held: dict[SessionCode, Circuit] = {"FP1": practice, "R": own, "Q": Circuit()}
    manifests = {
        SessionKey(DEMO_YEAR, 1, code): race.model_copy(update={"circuit": track})
        for code, track in held.items()
    }
    (told,) = circuits(DEMO_YEAR, manifests).rounds
    assert told.sessions == ["R", "Q", "FP1"]
    assert (told.learned_from["outline"], told.learned_from["pit_lane"]) == ("R", "FP1")
    assert told.circuit.length_m == 1010.0
    assert told.circuit.pit_lane == lane.model_copy(update={"entry": 999.9, "exit": 101.0})
    assert told.circuit.drs_zones == [zone.model_copy(update={"start": 505.0, "end": 909.0})]
    assert (told.circuit.x, told.circuit.corners) == (own.x, own.corners)
