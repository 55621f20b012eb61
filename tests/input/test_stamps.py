"""One stamp of another time, in every topic that has any: it costs what it is of, never the race."""

import base64
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.demo.season import recorded
from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.input.load import configure, load
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from pipeline.model import RawRace
from tests.cases import some
from tests.frames.test_damage import FPS, hold_invariants

LINES = (
    "TimingData",
    "TimingAppData",
    "SessionStatus",
    "TrackStatus",
    "WeatherData",
    "DriverList",
    "CarData.z",
)
PACKED = ("CarData.z", "Position.z")


def loaded(folder: Path, lines: list[str]) -> RawRace:
    folder.mkdir()
    path = folder / "race.txt"
    path.write_text("".join(lines))
    with recorded() as (tasks, _):
        task = tasks[0]
        source = Source(folder, offline=True, recording=(path,))
        configure(source)
        return load(task.key, to_fastf1(task.event, task.key.session), source)


def written() -> list[str]:
    with recorded() as (tasks, _):
        return tasks[0].source.recording[0].read_text().splitlines(keepends=True)


def middle(lines: list[str], topic: str) -> int:
    found = [i for i, line in enumerate(lines) if line.startswith(f"['{topic}'")]
    return found[len(found) // 2]


def moved(line: str, year: str) -> str:
    return re.sub(r"'\d{4}(-\d\d-\d\dT[\d:.]+Z?'\]\s*)$", rf"'{year}\1", line)


def moved_within(line: str, year: str) -> str:
    """The first stamp in a packed message of another year."""
    text = line.split("'")[3]
    plain = zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS)
    changed = re.sub(rb'("(?:Utc|Timestamp)":")\d{4}', rb"\g<1>" + year.encode(), plain, count=1)
    assert json.loads(changed) != json.loads(plain)
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return line.replace(text, base64.b64encode(packer.compress(changed) + packer.flush()).decode())


@pytest.mark.slow
@pytest.mark.parametrize("year", some(["9999", "2100", "1970"], 3))
def test_a_stamp_of_another_year_costs_its_moment(tmp_path: Path, year: str) -> None:
    lines = written()
    clean = loaded(tmp_path / "clean", lines)
    for topic in LINES:
        i = middle(lines, topic)
        lines[i] = moved(lines[i], year)
    for topic in PACKED:
        i = middle(lines, topic) + 5
        while not lines[i].startswith(f"['{topic}'"):
            i += 1
        lines[i] = moved_within(lines[i], year)
    i = middle(lines, "RaceControlMessages")
    lines[i] = re.sub(r"('Utc': ')\d{4}", rf"\g<1>{year}", lines[i])

    raw = loaded(tmp_path / "damaged", lines)
    found = {finding.message: finding.count for finding in raw.noticed if finding.name == "stamps"}
    assert sum(found.values()) == len(LINES) + len(PACKED) + 1
    assert raw.utc_zero == clean.utc_zero
    assert len(raw.race_control) == len(clean.race_control) - 1
    for number, car in clean.cars.items():
        assert np.isin(raw.cars[number].t, car.t).all()
        assert len(raw.cars[number].t) == len(car.t) - 1
        assert len(raw.positions[number].t) == len(clean.positions[number].t) - 1
    for number, laps in clean.laps.items():
        np.testing.assert_allclose(raw.laps[number].end, laps.end, atol=1.0)
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert abs(frames.clock.frames - compute(clean, FPS).clock.frames) <= FPS
    assert next(check for check in assess(raw, frames).checks if check.name == "stamps").level == "note"
