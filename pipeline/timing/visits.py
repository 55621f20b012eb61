"""Each car's visits to the pit lane: when it came and left, when it stood, what the feed says of them."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.model import CarSamples, DriverInfo, Laps, PitWord, RaceFrames, RawRace

SAID_WITHIN_S = 30.0  # of a car's exit the feed says how long it took
NEVER = (np.nan, np.nan)


@dataclass(frozen=True)
class Visit:
    """One visit; session seconds, NaN unknown.

    row: of the lap in which the car came in. goes_on: it completed a lap after it. stand: when it came to its
    stand and drove on, equal where it did not stand; NaN where its speed does not tell. said: by the feed.
    """

    row: int
    entry: float
    out: float
    goes_on: bool
    stand: tuple[float, float] = NEVER
    said: PitWord | None = None

    @property
    def stood(self) -> float:
        """Seconds, by the car's speed."""
        return self.stand[1] - self.stand[0]

    @property
    def inside(self) -> tuple[float, float]:
        """From when until when it was in there as far as is known; to the end where it never came out."""
        return float(np.fmin(self.entry, self.out)), float(np.inf if np.isnan(self.out) else self.out)


def visits(raw: RawRace, frames: RaceFrames) -> dict[str, list[Visit]]:
    """Racing number -> the visits of the race, in order: after the start, and before the car's flag."""
    finished = {d.number: d.finished_at for d in frames.drivers}
    found = {}
    for number, own in raw.laps.items():
        flag = finished.get(number)
        end = np.inf if flag is None else frames.clock.t0 + flag
        known = _of_timing(own, frames.clock.t0, end)
        stood = [_with_stand(visit, raw.cars.get(number)) for visit in known]
        found[number] = _with_words(stood, own, [w for w in raw.topics.pits if w.number == number])
    return found


def _of_timing(own: Laps, start: float, end: float) -> list[Visit]:
    found: list[Visit] = []
    for i in range(len(own)):
        entry, taken = (
            own.pit_in[i],
            bool(found) and found[-1].row == i - 1 and found[-1].out == own.pit_out[i],
        )
        if i and own.number[i] > 1 and start < own.pit_out[i] <= end and not taken:
            found.append(Visit(i - 1, np.nan, float(own.pit_out[i]), True))
        if start < entry <= end:
            following = own.pit_in[i + 1] if i + 1 < len(own) else np.nan
            outs = [t for t in own.pit_out[i : i + 2] if t > entry and not t > following]
            out = min(outs, default=np.nan)
            found.append(Visit(i, float(entry), float(out), bool(own.completed[i + 1 :].any())))
    return found


def _with_stand(visit: Visit, car: CarSamples | None) -> Visit:
    return replace(visit, stand=(car and car.stand(visit.entry, visit.out)) or NEVER)


def _with_words(known: list[Visit], own: Laps, words: list[PitWord]) -> list[Visit]:
    """With what the feed said of each: as the car left, else by the lap."""
    by_lap = {word.lap: word for word in words}
    told = []
    for visit in known:
        late = [word for word in words if abs(word.t - visit.out) <= SAID_WITHIN_S]
        told.append(replace(visit, said=late[-1] if late else by_lap.get(int(own.number[visit.row]))))
    return told


def team_mates(drivers: list[DriverInfo]) -> dict[str, list[str]]:
    """Racing number -> numbers of the others in its team."""
    return {
        d.number: [o.number for o in drivers if d.team and o.team == d.team and o.number != d.number]
        for d in drivers
    }
