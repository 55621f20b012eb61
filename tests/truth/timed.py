"""Qualifying and practice as published, held against the feed by code that shares nothing with the pipeline.

fastf1 says which laps were driven in which part, which of them were a best so far, what the status of the
session was, and in which order the feed had the cars. Checks count what is not so, and what may be.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from tests.truth.official import Check, Floats, Official, seconds

RANKED_S = 3.0  # after a crossing, until the feed has ranked the lap
DRIVING = ("out", "timed", "in", "track")


class Feed:
    """What fastf1 makes of the feed, by part: laps, and session seconds of the starts."""

    def __init__(self, official: Official) -> None:
        self.session = official.session
        self.stream = official.stream
        laps = self.session.laps
        if "Practice" in self.session.name:
            parts = [laps]
        else:
            parts = [part for part in laps.split_qualifying_sessions() if part is not None and len(part)]
        self.laps: list[pd.DataFrame] = [pd.DataFrame(part) for part in parts]
        status = self.session.session_status
        self.started = seconds(status[status["Status"] == "Started"]["Time"])
        for k in range(len(self.laps)):
            self._take_back(k)

    def _take_back(self, part: int) -> None:
        """Leave out a lap that is faster than its driver's place at the part's end allows: one that the feed
        took back without a word, mostly as it ended after a red flag."""
        end = self.start(part + 1) - 1.0 if part + 1 < len(self.laps) else np.inf
        last = self.stream[self.stream["t"] <= end].groupby("Driver")["Position"].last().sort_values()
        best = {number: self.best(part, number) for number in last.index}
        slowest = np.fmax.accumulate([best[number] for number in last.index])
        false = [n for n, most in zip(last.index[1:], slowest[:-1], strict=True) if best[n] < most - 5e-4]
        if len(false) <= 2:
            laps = self.laps[part]
            for number in false:
                laps = laps[(laps["DriverNumber"] != number) | (seconds(laps["LapTime"]) != best[number])]
            self.laps[part] = laps

    def counted(self, part: int, number: str) -> pd.DataFrame:
        """Laps of one driver that the feed called the best so far, and nobody deleted; of who has none such
        in the part all that went from line to line, as fastf1 misses a best at times. A best that is that of
        an earlier part, to the millisecond, is not called one again."""
        laps, session = self.laps[part], self.session.laps
        own = laps[(laps["DriverNumber"] == number) & laps["LapTime"].notna() & ~laps["Deleted"].eq(True)]
        called = session[(session["DriverNumber"] == number) & session["IsPersonalBest"].eq(True)]
        best = own[own["LapTime"].isin(called["LapTime"])]
        return best if len(best) else own[own["PitInTime"].isna() & own["PitOutTime"].isna()]

    def best(self, part: int, number: str) -> float:
        times = seconds(self.counted(part, number)["LapTime"])
        return float(times.min()) if len(times) else np.nan

    def start(self, part: int) -> float:
        """Of a part: the first green light since the feed began to speak of it."""
        spoken = self.session._session_split_times[part].total_seconds() if part else 0.0
        return float(self.started[self.started >= spoken][0])


def violations(folder: Path, official: Official) -> list[Check]:
    """The checks that do not hold for the session published in `folder`."""
    return [check for check in checks(folder, official) if not check.holds]


def checks(folder: Path, official: Official) -> Iterator[Check]:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    feed, frames = Feed(official), pq.read_table(folder / "frames.parquet").to_pandas()
    frames["t"] = manifest["clock"]["t0_session_s"] + frames["t_ms"] / 1000.0
    numbers = {driver["code"]: driver["number"] for driver in manifest["drivers"]}
    cars = {str(code): car for code, car in frames.groupby(frames["driver"].astype(str), sort=True)}
    yield from _parts(manifest, feed)
    yield from _best_laps(folder, manifest, feed, numbers)
    yield from _places(manifest, feed, cars, numbers)
    yield from _gaps(manifest, feed, cars, numbers)
    yield from _cars(feed, cars, numbers)


def _parts(manifest: dict[str, Any], feed: Feed) -> Iterator[Check]:
    t0, parts = manifest["clock"]["t0_session_s"], manifest["parts"]
    yield Check("t = 0 is the first green light, s off", abs(t0 - float(feed.started[0])), 0.001)
    yield Check("parts that are not those of the laps", abs(len(parts) - len(feed.laps)), 0)
    starts = [abs(part["start"] + t0 - feed.start(k)) for k, part in enumerate(parts[: len(feed.laps)])]
    yield Check("parts that start at another time", sum(off > 0.01 for off in starts), 0)
    numbers = {driver["code"]: driver["number"] for driver in manifest["drivers"]}
    later = [
        code
        for k, part in enumerate(parts)
        for code in part.get("knocked_out", [])
        for laps in feed.laps[k + 1 :]
        if numbers[code] in set(laps["DriverNumber"])
    ]
    yield Check("cars that were knocked out and drove on", len(later), 0)
    stayed = [
        abs(len(numbers) - sum(len(p.get("knocked_out", [])) for p in parts[: k + 1]) - part["goes_on"])
        for k, part in enumerate(parts)
        if "goes_on" in part
    ]
    yield Check("parts after which another number of cars is left", sum(off > 0 for off in stayed), 0)


def _best_laps(
    folder: Path, manifest: dict[str, Any], feed: Feed, numbers: dict[str, str]
) -> Iterator[Check]:
    rows = {row["driver"]: row for row in json.loads((folder / "results.json").read_bytes())["rows"]}
    wrong = 0
    for code, number in numbers.items():
        told = (
            [rows[code][f"q{k + 1}_s"] for k in range(len(feed.laps))]
            if manifest["event"]["session"] in ("Q", "SQ")
            else [rows[code]["fastest_lap_s"]]
        )
        for k, seconds_ in enumerate(told):
            best = feed.best(k, number)
            wrong += (seconds_ is None) != np.isnan(best) or (
                seconds_ is not None and abs(seconds_ - best) > 5e-4
            )
    yield Check("best laps that are not the feed's to the millisecond", wrong, 0)
    yield Check("drivers without a row in the result", len(set(numbers) - set(rows)), 0)


def _places(
    manifest: dict[str, Any], feed: Feed, cars: dict[str, pd.DataFrame], numbers: dict[str, str]
) -> Iterator[Check]:
    """Each place is the feed's at that moment; who has a time has one, and nobody else."""
    starts = [*(feed.start(k) for k in range(len(feed.laps))), np.inf]
    frame = 1.0 / manifest["clock"]["fps"]
    other = early = timed = without = 0
    for code, car in cars.items():
        number, t, place = (
            numbers[code],
            car["t"].to_numpy(),
            car["position"].to_numpy(dtype=float, na_value=np.nan),
        )
        said = feed.stream[feed.stream["Driver"] == number]
        at, told = said["t"].to_numpy(), said["Position"].to_numpy(dtype=float)
        shown = [_at(at, told, t - late) for late in (0.0, frame)]
        other += int((~np.isnan(place) & (place != shown[0]) & (place != shown[1])).sum())
        drove = np.zeros(len(t), dtype=bool)
        for k, laps in enumerate(feed.laps):
            inside = (t >= starts[k]) & (t < starts[k + 1])
            own = laps[(laps["DriverNumber"] == number) & laps["LapTime"].notna()]
            first = np.nanmin(seconds(own["Time"])) if len(own) else np.inf
            knocked = drove & inside & (number not in set(laps["DriverNumber"]))
            early += int((inside & ~np.isnan(place) & (t < first - 0.1) & ~knocked).sum())
            ranked = seconds(feed.counted(k, number)["Time"])
            has = inside & (t > ranked.min() + RANKED_S) if len(ranked) else np.zeros(len(t), dtype=bool)
            timed, without = timed + int(has.sum()), without + int((has & np.isnan(place)).sum())
            drove |= bool(len(ranked))
    yield Check("frames with another place than the feed's", other, 0)
    yield Check("frames with a place before the car had a lap time", early, 0)
    yield Check("share of frames without a place of cars with a lap time", without / max(1, timed), 0.01)


def _at(t: Floats, values: Floats, times: Floats) -> Floats:
    row = np.searchsorted(t, times + 1e-6, "right")
    return np.concatenate(([np.nan], values))[row]


def _gaps(
    manifest: dict[str, Any], feed: Feed, cars: dict[str, pd.DataFrame], numbers: dict[str, str]
) -> Iterator[Check]:
    """At the end of each part: differences of the best laps that were not deleted until then."""
    wrong = 0
    for k in range(len(feed.laps)):
        end = feed.start(k + 1) - 1.0 if k + 1 < len(feed.laps) else np.inf
        bests = {code: feed.best(k, number) for code, number in numbers.items()}
        first = np.nanmin(list(bests.values())) if not np.isnan(list(bests.values())).all() else np.nan
        for code, best in bests.items():
            if code in cars and not np.isnan(best):
                rows = cars[code][cars[code]["t"] <= end]
                wrong += bool(abs(float(rows["gap"].iloc[-1]) - (best - first)) > 0.0015)
    yield Check("gaps at the end of a part that are not those of the best laps", wrong, 0)


def _cars(feed: Feed, cars: dict[str, pd.DataFrame], numbers: dict[str, str]) -> Iterator[Check]:
    laps = feed.session.laps
    inside = moving = garage = falls = another = 0
    for code, car in cars.items():
        own = laps[laps["DriverNumber"] == numbers[code]]
        t, status = car["t"].to_numpy(), car["status"].astype(str).to_numpy()
        speed = car["speed"].to_numpy(dtype=float, na_value=np.nan)
        lap = car["lap"].to_numpy()
        for out, back, start, end, number, time in zip(
            *(seconds(own[name]) for name in ("PitOutTime", "PitInTime", "LapStartTime", "Time")),
            own["LapNumber"],
            own["LapTime"],
            strict=True,
        ):
            begin = np.fmax(out, start)
            driving = (t > begin + 0.1) & (t < np.fmin(back, end) - 0.1)
            inside += int((driving & ~np.isin(status, DRIVING)).sum())
            if not pd.isna(time):
                another += int(((t > begin + 0.1) & (t < end - 0.1) & (lap != number)).sum())
        garage += int((status == "garage").sum())
        moving += int(((status == "garage") & (speed > 20)).sum())
        dist = car["dist"].to_numpy(dtype=float, na_value=np.nan)
        falls += int((np.diff(dist[~np.isnan(dist)]) < -0.05).sum())
    yield Check("frames in the pits while the car was out", inside, 0)
    yield Check("share of frames in the garage in which the car drives", moving / max(1, garage), 0.001)
    yield Check("frames of a timed lap with another number", another, 0)
    yield Check("steps of falling distance", falls, 0)
