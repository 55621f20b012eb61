"""Whether a new load of a race holds less than the published one.

Later data is not always better: the archive has holes, hosts answer in part, and a race must not lose what it
already had.
"""

from pipeline.contract.models import Head, Level, Manifest, Quality

ARRIVED = (
    "results",
    "track_status",
    "race_control",
    "weather",
    "corners",
    "positions",
    "car_data",
    "race_distance",
    "official_order",
    "telemetry_of_all",
)
_RANK: dict[Level, int] = {"ok": 0, "note": 1, "warn": 2, "bad": 3}
_FEWER = 0.99  # stewards and countbacks take laps away too, but not one in a hundred


def thinner(about: Head | Manifest, quality: Quality, old: Manifest) -> str | None:
    """What the new load lacks, in a few words; None where it is as good or better."""
    laps, laps_before = sum(d.laps for d in about.drivers), sum(d.laps for d in old.drivers)
    lacks = [
        *_less("drivers", len(about.drivers), len(old.drivers), 1.0),
        *_less("laps", laps, laps_before, _FEWER),
        *_worse(quality, old.quality),
    ]
    # with more laps or a better grade the flag is known now, and what seemed a race after it goes
    if laps <= laps_before and quality.grade >= old.quality.grade:
        lacks += _less("seconds", about.clock.duration_s, old.clock.duration_s, _FEWER)
    return ", ".join(lacks) or None


def _less(what: str, new: float, old: float, share: float) -> list[str]:
    return [f"{new:g} instead of {old:g} {what}"] if new < old * share else []


def _worse(new: Quality, old: Quality) -> list[str]:
    """Checks of what arrived that were better before."""
    before = {check.name: _RANK[check.level] for check in old.checks}
    return [
        check.message or f"{check.name} is worse"
        for check in new.checks
        if check.name in ARRIVED and _RANK[check.level] > before.get(check.name, _RANK["bad"])
    ]
