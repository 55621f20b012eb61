"""What a race's frames say of it beside the columns: its drivers, and what was noticed."""

from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.contract.models import Driver, Penalty
from pipeline.frames import stewards
from pipeline.frames.clean import holes
from pipeline.frames.flag import laps_run
from pipeline.frames.race import Race
from pipeline.model import Finding


def driver(race: Race, number: str) -> Driver:
    info = next(d for d in race.raw.drivers if d.number == number)
    own, stay = race.raw.laps.get(number), race.stays.get(number)
    t0 = race.clock.t0
    return Driver(
        number=number,
        code=info.code,
        name=info.name,
        team=info.team,
        color=info.color,
        grid=info.grid,
        classified=info.classified,
        status=info.result,
        laps=0 if own is None else own.done,
        retired_at=None if stay is None or stay.retired is None else round(max(0.0, stay.retired - t0), 3),
        finished_at=None if stay is None or stay.finished is None else round(stay.finished - t0, 3),
        penalties=_penalties(race, number),
        first_name=info.first_name,
        last_name=info.last_name,
        driver_id=info.driver_id,
        team_id=info.team_id,
        country=info.country,
        headshot=info.headshot,
    )


def _penalties(race: Race, number: str) -> list[Penalty]:
    """Penalties that race control announced for a car and that stand: not rescinded, not corrected since."""
    standing: list[tuple[str, Penalty]] = []
    for row in sorted(race.raw.race_control, key=lambda row: row.t):
        ruling = stewards.parse(row.message)
        if ruling is None or ruling.penalty is None or number not in ruling.cars:
            continue
        if ruling.kind == "rescinded" or (ruling.kind == "penalty" and ruling.corrects):
            same = [i for i, (named, _) in enumerate(standing) if ruling.penalty in (named, "PENALTY")]
            replaced = same[-1:] or ([len(standing) - 1] if standing and ruling.corrects else [])
            standing = [held for i, held in enumerate(standing) if i not in replaced]
        if ruling.kind == "penalty":
            standing.append((ruling.penalty, Penalty(t=round(row.t - race.clock.t0, 3), message=row.message)))
    return [penalty for _, penalty in standing]


def findings(race: Race) -> list[Finding]:
    """What a reader of the quality table should know about how these frames came to be."""
    return [*_holes(race), *_end(race), *_line(race)]


def of_feed(race: Race) -> list[Finding]:
    """The same of a session that nobody wins at the flag: how well the cars were seen."""
    return [*_holes(race, throughout=True), *_line(race)]


def _holes(race: Race, throughout: bool = False) -> Iterator[Finding]:
    """throughout: every car is there from the first frame to the last, and a hole may be of one alone."""
    begin, end = race.clock.t0, race.times[-1]
    for name, samples in (("position", race.clean.positions), ("car data", race.clean.cars)):
        clocks = {id(s.t): s.t for s in samples.values()}
        if throughout:
            clocks = {
                key: np.clip(np.concatenate(([begin], t, [end])), begin, end) for key, t in clocks.items()
            }
        own = {key: holes(t, begin, end) for key, t in clocks.items()}
        lost = _united(hole for found in own.values() for hole in found)
        if lost:
            holes_ = "1 hole" if len(lost) == 1 else f"{len(lost)} holes"
            text = f"{holes_} in the {name} feed, {sum(lost):.1f} s in all: null in the frames"
            hit = [d.code for d in race.raw.drivers if d.number in samples and own[id(samples[d.number].t)]]
            if throughout and len(hit) < len(samples):
                text += f" of {', '.join(hit)}"
            yield Finding(f"{name.replace(' ', '_')}_holes", round(sum(lost), 1), text)


def _end(race: Race) -> Iterator[Finding]:
    if not race.flag.known:
        of = "" if race.raw.total_laps is None else f" of {race.raw.total_laps}"
        text = f"the timing ends after lap {laps_run(race.raw) or 0}{of}, before the flag: nobody finished"
        yield Finding("before_the_flag", 1, text)
    late = [d.code for d in race.raw.drivers if d.number in race.numbers and race.stays[d.number].unknown_end]
    if late and race.flag.known:
        text = f"the timing lacks the last line crossing of {', '.join(late)}: their finish is not known"
        yield Finding("lost_finish", len(late), text)


def _line(race: Race) -> Iterator[Finding]:
    if race.line is None:
        text = "no clean lap to measure the track by: no race distance"
        yield Finding("no_reference_line", 1, text)
    elif not race.line.agrees:
        length, by_speed = race.line.length / 10.0, race.line.driven_m
        text = f"the lap is {length:.0f} m along the positions, and {by_speed:.0f} m by the cars' speed"
        yield Finding("track_length", 1, text)


def _united(stretches: Iterable[tuple[float, float]]) -> list[float]:
    """Lengths of stretches of time, those that overlap as one: cars whose clocks differ share a hole."""
    lengths: list[float] = []
    last = -np.inf
    for begin, end in sorted(stretches):
        if begin >= last:
            lengths.append(0.0)
        lengths[-1] += max(0.0, end - max(begin, last))
        last = max(last, end)
    return lengths
