"""f1-replay.js: the same numbers as frames.parquet, and what it does when something goes wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.contract.models import SCHEMAS
from tests.cases import some
from tests.page.conftest import STATIC, Tab
from tests.page.truth import LINES, REST, STEPS, Truth

FIELDS = (*LINES, *STEPS, *REST)
RACE = "/data/telemetry/1900/1/manifest.json"
WITHIN = {"rpm": 6.0, "dist": 0.6}  # half of the replay's step, and the frames' own rounding

READ = """async ([root, url, times, fields]) => {
  const { openRace } = await import(root + "f1-replay.js");
  const race = await openRace(url);
  const rows = [];
  for (const t of times) {
    const { cars } = await race.seek(t);
    rows.push(cars.map((car) => [car.code, ...fields.map((name) => car[name])]));
  }
  return rows;
}"""


@pytest.fixture
def tab(new_tab: Callable[..., Tab], served: str) -> Tab:
    """A page of our server, in which scripts may import the reader."""
    tab = new_tab(bypass_csp=True)
    tab.page.goto(served + "/static/f1-replay.d.ts")
    return tab


def read(tab: Tab, root: str, url: str, times: list[float]) -> list[list[list[Any]]]:
    rows: list[list[list[Any]]] = tab.page.evaluate(READ, [root, url, times, FIELDS])
    return rows


def compare(truth: Truth, frames: list[int], states: list[list[list[Any]]]) -> None:
    """Hold the reader's states against the frames."""
    seen: dict[str, list[int]] = {code: [] for code in truth.cars}
    values: dict[str, list[list[Any]]] = {code: [] for code in truth.cars}
    for frame, state in zip(frames, states, strict=True):
        assert [code for code, *_ in state] == truth.order(frame / truth.fps), frame
        for code, *row in state:
            seen[code].append(frame)
            values[code].append(row)
    for code, car in truth.cars.items():
        columns = dict(zip(FIELDS, zip(*values[code], strict=True), strict=True))
        compare_car(code, {name: values[seen[code]] for name, values in car.items()}, columns)


def compare_car(code: str, car: dict[str, np.ndarray[Any, Any]], columns: dict[str, Any]) -> None:
    assert list(columns["status"]) == list(car["status"]), code
    numbers = {name: np.array(columns[name], dtype=np.float64) for name in car if name != "status"}
    for name, found in numbers.items():
        assert (np.isnan(found) == np.isnan(car[name])).all(), (code, name)
    for name in STEPS:
        np.testing.assert_array_equal(numbers[name], car[name], (code, name))
    for name in (*LINES, "dist"):
        assert np.nanmax(np.abs(numbers[name] - car[name]), initial=0) <= WITHIN.get(name, 1.0), (code, name)
    for name in {"gap", "interval", "laps_down"} & car.keys():
        np.testing.assert_allclose(numbers[name], car[name], atol=1e-3, err_msg=f"{code} {name}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "key", some(["telemetry/1900/1/", "telemetry/1900/2/", "telemetry/1900/2/sprint/"], 3)
)
def test_same_numbers_as_the_frames(tab: Tab, served: str, demo_out: Path, key: str) -> None:
    truth = Truth.read(demo_out / key)
    frames = truth.frames(every=29)
    times = [frame / truth.fps for frame in frames]
    compare(truth, frames, read(tab, served + "/static/", f"{served}/data/{key}manifest.json", times))


@pytest.mark.thorough
@pytest.mark.parametrize("round_", [1, 2])
def test_same_numbers_as_the_frames_of_a_real_race(
    new_tab: Callable[..., Tab], served_real: str, real_out: Path, round_: int
) -> None:
    tab = new_tab(bypass_csp=True)
    tab.page.goto(served_real + "/static/f1-replay.d.ts")
    truth = Truth.read(real_out / f"telemetry/2025/{round_}")
    frames = truth.frames(every=389)
    url = f"{served_real}/data/telemetry/2025/{round_}/manifest.json"
    compare(truth, frames, read(tab, served_real + "/static/", url, [frame / truth.fps for frame in frames]))


def test_reads_from_a_plain_file_server(new_tab: Callable[..., Tab], plain: str, demo_out: Path) -> None:
    tab = new_tab()
    tab.page.goto(plain + "/replay/facts.js")
    truth = Truth.read(demo_out / "telemetry/1900/1")
    frames = [0, 2500, 9000]
    times = [frame / truth.fps for frame in frames]
    compare(truth, frames, read(tab, plain + "/", plain + "/telemetry/1900/1/manifest.json", times))


def test_between_samples_a_car_moves_on(tab: Tab, served: str) -> None:
    first, between, second = (
        {row[0]: row for row in state} for state in read(tab, served + "/static/", RACE, [60.0, 60.02, 60.04])
    )
    for code in first:
        low, high = sorted((first[code][1], second[code][1]))
        assert low <= between[code][1] <= high


def test_holds_a_bounded_number_of_chunks(tab: Tab) -> None:
    held = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url, { ahead: 1, keep: 3 });
          const held = [];
          for (let t = 0; t < race.duration; t += 20) {
            await race.seek(t);
            await race.prefetch(t, t + 60);
            held.push(race.loaded);
          }
          return held;
        }""",
        RACE,
    )
    assert max(map(len, held)) == 3
    assert all(index in loaded for index, loaded in ((k * 20 // 60, chunks) for k, chunks in enumerate(held)))


def test_loads_ahead_of_an_animation(tab: Tab) -> None:
    loaded = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url, { ahead: 2 });
          const before = race.at(0);
          while (race.loaded.length < 3) {
            await new Promise((resolve) => setTimeout(resolve, 10));
            race.at(0);
          }
          return [before, race.loaded];
        }""",
        RACE,
    )
    assert loaded == [None, [0, 1, 2]]


def test_series_are_the_samples_of_a_stretch(tab: Tab) -> None:
    t, v = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url);
          await race.prefetch(30, 90);
          const { t, v } = race.series("CAS", "speed", 30, 90);
          return [t, v];
        }""",
        RACE,
    )
    assert len(t) == len(v) > 200
    assert t == sorted(set(t))
    assert t[0] <= 30 <= t[1]
    assert t[-1] <= 90


def test_tries_again_after_a_passing_failure(tab: Tab) -> None:
    answers = iter([503, 429])

    def refuse(route: Any) -> None:
        status = next(answers, None)
        route.continue_() if status is None else route.fulfill(status=status, body="busy")

    tab.page.route("**/replay/*/0000.json.gz", refuse)
    code = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          return (await (await openRace(url)).seek(5)).cars.length;
        }""",
        RACE,
    )
    assert code == 10
    assert len(tab.errors) == 2
    tab.errors.clear()


def test_a_race_recomputed_meanwhile_is_read_anew(tab: Tab, demo_out: Path) -> None:
    old = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    old["replay"]["generation"] = "0" * 16
    for chunk in old["replay"]["chunks"]:
        chunk["key"] = f"telemetry/1900/1/replay/{'0' * 16}/{chunk['key'][-12:]}"
    answers = iter([json.dumps(old)])

    def first_old(route: Any) -> None:
        body = next(answers, None)
        route.continue_() if body is None else route.fulfill(body=body, content_type="application/json")

    tab.page.route("**/telemetry/1900/1/manifest.json", first_old)
    cars, changes, generation = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url);
          let changes = 0;
          race.addEventListener("change", () => changes++);
          const { cars } = await race.seek(5);
          return [cars.length, changes, race.manifest.replay.generation];
        }""",
        RACE,
    )
    assert (cars, changes) == (10, 1)
    assert generation != "0" * 16
    assert len(tab.errors) == 1  # the browser's own line about the 404
    tab.errors.clear()


def test_gives_up_with_a_clear_error(tab: Tab) -> None:
    tab.page.route("**/replay/*/0003.json.gz", lambda route: route.fulfill(status=404, body=""))
    told = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url);
          const events = [];
          race.addEventListener("error", ({ detail }) => events.push(detail.status));
          const failed = await race.seek(200).catch((error) => [error.name, error.status, error.message]);
          const next = (await race.seek(300)).cars.length;
          return [failed, events, next];
        }""",
        RACE,
    )
    (name, status, message), events, cars = told
    assert (name, status, events) == ("ReplayError", 404, [404])
    assert message.endswith("0003.json.gz answered 404")
    assert cars > 0
    tab.errors.clear()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/data/telemetry/1900/9/manifest.json", "answered 404"),
        ("/openapi.json", "does not end in a manifest's key"),
    ],
)
def test_what_is_no_race_is_refused(tab: Tab, url: str, said: str) -> None:
    message = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          return openRace(url).catch((error) => error.message);
        }""",
        url,
    )
    assert said in message
    tab.errors.clear()


def test_the_root_may_be_given_with_and_without_its_slash(tab: Tab, served: str) -> None:
    roots = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const races = [await openRace(url, { root: "/data" }), await openRace(url, { root: "/data/" })];
          return Promise.all(races.map(async (race) => [race.root.href, (await race.seek(5)).cars.length]));
        }""",
        "/f1/races/1900/1",
    )
    assert roots == [[served + "/data/", 10]] * 2


def test_a_time_that_is_none_is_refused(tab: Tab) -> None:
    told = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url);
          const late = await race.seek(NaN).catch((error) => `${error}`);
          try { race.at(undefined); } catch (error) { return [late, `${error}`]; }
        }""",
        RACE,
    )
    said = "TypeError: a race's time is a number of seconds, not "
    assert told == [said + "NaN", said + "undefined"]


@pytest.mark.parametrize("url", [RACE, RACE.replace("1900/1", "1900/2/sprint")])
def test_before_the_start_and_after_the_end(tab: Tab, url: str) -> None:
    first, last, duration, cars = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const race = await openRace(url);
          const first = (await race.seek(-30)).t;
          const { t, cars } = await race.seek(1e9);
          return [first, t, race.duration, cars.length];
        }""",
        url,
    )
    assert (first, last) == (0, duration)
    assert cars > 0


def test_another_format_is_refused(tab: Tab) -> None:
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json={"schema_version": 2}))
    message = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          return openRace(url).catch((error) => error.message);
        }""",
        RACE,
    )
    assert "schema_version 2, not 1" in message


def test_a_later_seek_and_an_abort_stop_what_runs(tab: Tab) -> None:
    tab.page.route("**/replay/*/0004.json.gz", lambda _: None)  # never answered
    names = tab.page.evaluate(
        """async (url) => {
          const { openRace } = await import("/static/f1-replay.js");
          const stop = new AbortController();
          const race = await openRace(url, { signal: stop.signal, ahead: 0 });
          const first = race.seek(250).catch((error) => error.name);
          await race.seek(10);
          const second = race.seek(250).catch((error) => error.name);
          stop.abort();
          return [await first, await second, race.loaded.length];
        }""",
        RACE,
    )
    assert names == ["AbortError", "AbortError", 0]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_types_name_every_field_of_the_documents(name: str) -> None:
    text = (STATIC / "f1-replay.d.ts").read_text()
    interfaces = dict(re.findall(r"^export interface (\w+) {\n(.*?)^}", text, re.MULTILINE | re.DOTALL))
    ours = {"Event": "RaceEvent", "RaceControlMessage": "Message", "WeatherSample": "Weather"}
    schema = SCHEMAS[name].model_json_schema(mode="serialization")
    for model in (schema, *schema.get("$defs", {}).values()):
        body = interfaces[ours.get(model["title"], model["title"])]
        assert re.findall(r"^  (\w+)\??: ", body, re.MULTILINE) == list(model["properties"]), model["title"]


def test_the_types_are_those_of_the_code(tab: Tab) -> None:
    """What the declarations export and promise of a race is there, and nothing more is exported."""
    text = (STATIC / "f1-replay.d.ts").read_text()
    exported = re.findall(r"^export (?:function|const|class) (\w+)", text, re.MULTILINE)
    (race,) = re.findall(r"^export interface Race .*?\n(.*?)^}", text, re.MULTILINE | re.DOTALL)
    members = re.findall(r"^  (?:readonly )?(\w+)[(:]", race, re.MULTILINE)
    found, missing = tab.page.evaluate(
        """async ([url, members]) => {
          const reader = await import("/static/f1-replay.js");
          const race = await reader.openRace(url);
          return [Object.keys(reader), members.filter((name) => race[name] === undefined)];
        }""",
        [RACE, members],
    )
    assert sorted(found) == sorted(exported)
    assert len(members) >= 10
    assert missing == []


def test_every_import_of_the_page_is_a_file_of_ours() -> None:
    html = (STATIC / "replay.html").read_text()
    for script in (STATIC / "replay").glob("*.js"):
        assert "http://" not in script.read_text().replace("http://www.w3.org", "")
        assert "https://" not in script.read_text()
    preloaded = [
        line.split('href="')[1].split('"')[0] for line in html.splitlines() if "modulepreload" in line
    ]
    assert all((STATIC / path).is_file() for path in preloaded)
