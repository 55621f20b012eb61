"""Places and gaps: the official timing, closed up among the cars present; where it lacks one, by distance."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.frames.laps import inside
from pipeline.frames.resample import interpolate, make_index
from pipeline.model import Bools, Floats, FrameClock, OfficialTiming

MOST_CARS = 30
HELD_S = 20.0  # the feed has news of a car on the track every few seconds
SILENT_S = 45.0  # nor is it silent for longer where cars race
JITTER_S = 0.1  # by which crossing times and gaps differ at the flag
SETTLED_S = 0.5  # after a crossing the places and gaps of it have arrived
OTHER_GAP_S = 3.0
PENALTY_S = 1.0  # less than any penalty, more than lap times and gaps ever disagree


def real_places(timing: OfficialTiming) -> Bools:
    """(n,) rows whose place a car can have."""
    return np.asarray((timing.place >= 1) & (timing.place <= MOST_CARS))


def official_keys(timing: OfficialTiming | None, times: Floats, racing: Bools) -> npt.NDArray[np.float32]:
    """Sort key of one car at each time, float32 (m,): its official place, NaN before it has one, and where
    there is no news of it for SILENT_S while it is `racing`, (m,), and not in the lead.

    In the instant of an overtake two cars hold one place; the car whose place changed last goes first,
    because the other's update is still to come.
    """
    if timing is None or not (real := real_places(timing)).any():
        return np.full(len(times), np.nan, dtype=np.float32)
    changed = np.concatenate(([True], np.diff(timing.place[real]) != 0))
    t, place = timing.t[real][changed], timing.place[real][changed]
    recency = np.clip(t / (times[-1] + 1.0), 0.0, 1.0)
    keys = (place - 0.4 * recency).astype(np.float32)
    at = np.searchsorted(t, times + 1e-6, "right") - 1
    found = np.where(at >= 0, keys[np.clip(at, 0, None)], np.float32(np.nan))
    moved = np.diff(timing.place, prepend=-1) != 0
    heard = timing.t[moved | (news(timing.t, timing.gap) == timing.t)]
    until = np.append(heard[1:], np.inf)
    long = until - heard > SILENT_S
    silent = inside(times, list(zip(heard[long] + SILENT_S, until[long], strict=True)))
    found[silent & racing & (found > 1.0)] = np.nan
    return found


def places(
    keys: npt.NDArray[np.float32],
    progress: Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float32]],
    present: Bools,
) -> npt.NDArray[np.int8]:
    """Places 1..n of the cars present, without gap or tie; int8 (cars, frames), 0 where absent.

    Args:
        keys: (cars, frames) from official_keys, NaN unknown; is written to.
        progress: of frames (m,), the race progress in laps (cars, m), NaN unknown: asked of few alone.
        present: (cars, frames).
    """
    keys[~present] = np.inf
    lost = np.flatnonzero(np.isnan(keys).any(axis=0))
    if len(lost):
        keys[:, lost] = _insert_unknown(keys[:, lost], progress(lost))
    # the order changes in few frames: rank those, and let each hold until the next
    changed = np.concatenate(([True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
    order = np.argsort(keys[:, changed], axis=0, kind="stable")
    ranks = np.empty(order.shape, dtype=np.int8)
    np.put_along_axis(ranks, order, np.arange(1, len(order) + 1, dtype=np.int8)[:, None], axis=0)
    held = np.repeat(ranks, np.diff(np.append(np.flatnonzero(changed), present.shape[1])), axis=1)
    return np.where(present, held, 0).astype(np.int8)


def _insert_unknown(
    keys: npt.NDArray[np.float32], progress: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Give cars without an official place one between the cars that are ahead and behind by distance.

    The official order of the others need not be that by distance: who starts from the pit lane is last, and
    further round than the grid. A car goes where it is on the wrong side of the fewest.
    """
    unknown = np.isnan(keys)
    known = ~unknown & ~np.isinf(keys)
    far = np.nan_to_num(progress, nan=-1.0)
    order = np.argsort(np.where(known, keys, np.inf), axis=0, kind="stable")
    ranked = np.argsort(order, axis=0, kind="stable")
    out = np.where(known, ranked.astype(np.float32), np.float32(np.inf))
    closeness = 0.5 / (2.0 + np.maximum(far, -1.0))  # in (0, 0.5]: the further ahead, the smaller
    for car in np.flatnonzero(unknown.any(axis=1)):
        ahead = np.where(known, np.where(far > far[car], 1, -1), 0).astype(np.int8)
        balance = np.cumsum(np.take_along_axis(ahead, order, axis=0), axis=0)
        behind = np.where(balance.max(axis=0) > 0, balance.argmax(axis=0) + 1, 0)
        out[car] = np.where(unknown[car], behind - 0.75 + closeness[car], out[car])
    return out


@dataclass(frozen=True)
class Finish:
    """One car's end of the race: laps, session second of its last crossing, and what else tells of it.

    seen: session seconds and progress in laps by its positions alone, (n,) each, NaN unknown; may be empty.
    """

    laps: int
    at: float
    timing: OfficialTiming | None
    seen: tuple[Floats, Floats]

    def official(self, t: float) -> tuple[float, float]:
        """Place and gap at session second `t`, NaN where it has none, or has had no news of a car but the
        leader, of whom there is none."""
        if self.timing is None or not (row := int(np.searchsorted(self.timing.t, t, "right"))):
            return np.nan, np.nan
        place, gap = float(self.timing.place[row - 1]), float(self.timing.gap[row - 1])
        if place > 1 and t - news(self.timing.t, self.timing.gap)[row - 1] > HELD_S:
            return np.nan, np.nan
        return place, gap

    def along(self, t: float) -> float:
        samples, progress = self.seen
        return float(interpolate(progress, make_index(samples, np.array([t])))[0]) if len(samples) else np.nan


def finishing_order(finish: dict[int, Finish]) -> list[int]:
    """The cars in the order in which they took the flag.

    Crossing times decide but for neighbours whose times say nothing (JITTER_S), or the opposite of their gaps
    with no position to bear them out: then the official places do, if they were the same before the flag,
    without penalties, and after it.
    """
    order = sorted(finish, key=lambda car: (-finish[car].laps, finish[car].at))
    if not order:
        return order
    flag = finish[order[0]].at
    for _ in order:
        for i, (first, second) in enumerate(pairwise(order)):
            if _wrong_way_round(finish[first], finish[second], flag):
                order[i : i + 2] = second, first
    return order


def _wrong_way_round(first: Finish, second: Finish, flag: float) -> bool:
    if first.laps != second.laps:
        return False
    settled = second.at + SETTLED_S
    (ahead, _), (behind, _) = second.official(flag), first.official(flag)
    (place, gap), (other, other_gap) = second.official(settled), first.official(settled)
    if not (ahead < behind and place < other):
        return False
    borne_out = first.along(first.at) > second.along(first.at)
    return second.at - first.at < JITTER_S or (gap < other_gap and not borne_out)


def order_at_flag(
    keys: npt.NDArray[np.float32], by_flag: list[int], finish: dict[int, Finish], clock: FrameClock
) -> npt.NDArray[np.float32]:
    """Let cars that took the flag keep the order at the flag.

    Those on the winner's lap have the first places, the others keep their order in the places they hold;
    where the official timing lacks one of these, from the first place on once all are home.

    Args:
        by_flag: rows of `keys` in the order at the flag. finish: by row, for finishers.
    """
    moments = sorted({clock.index(f.at) for f in finish.values()} | {clock.frames})
    first_places = np.arange(-len(by_flag), 0, dtype=np.float32)[:, None]
    for first, last in pairwise(moments):
        home = [car for car in by_flag if clock.index(finish[car].at) <= first]
        lapped = [car for car in home if finish[car].laps < finish[by_flag[0]].laps]
        held = np.sort(keys[lapped, first:last], axis=0)
        keys[home, first:last] = first_places[: len(home)]
        if not np.isnan(held).any():
            keys[lapped, first:last] = held
        elif len(home) < len(finish):
            keys[lapped, first:last] = np.nan
    return keys


def before_penalties(timing: OfficialTiming, finished_at: float, behind: float) -> OfficialTiming:
    """The rows but those after the flag that count time penalties in, as the order at the flag does not.

    Args:
        behind: seconds between the winner's flag and this car's; its own gap is within PENALTY_S of it.
    """
    counted = (timing.t > finished_at - PENALTY_S) & (np.abs(timing.gap - behind) > PENALTY_S)
    return timing.rows(~counted)


def news(t: Floats, values: Floats) -> Floats:
    """When each of (n,) rows was news last: a value that changed. Rows come for other reasons too, and a car
    that is timed has another value at each of the feed's points. NaN, of a lapped car, is always new."""
    changed = np.concatenate(([True], values[1:] != values[:-1]))
    return np.asarray(np.maximum.accumulate(np.where(changed, t, -np.inf)))


def held(t: Floats, values: Floats, times: Floats, ends: Floats, told: Floats | None = None) -> Floats:
    """What the official timing said last, float64 (m,), stepped; NaN once it stopped being true.

    It holds for HELD_S since it was news at most, and not beyond what ends it.

    Args:
        t, values: (n,) rows by time. times: (m,) session seconds, not falling. ends: sorted session seconds
            at which any older value ends: a change of place, a stop in the pits, a halt.
        told: (n,) whose change is news, if not that of the values.
    """
    if not len(t):
        return np.full(len(times), np.nan)
    since = news(t, values if told is None else told)
    over = np.append(ends, np.inf)[np.searchsorted(ends, since, "right")]
    first = np.append(np.searchsorted(times, t - 1e-6), len(times))
    old = np.minimum(np.searchsorted(times, since + HELD_S, "right"), np.searchsorted(times, over))
    last = np.clip(old, first[:-1], first[1:])
    # each row's value from its first frame until it is old, and nothing from then until the next row
    runs = np.column_stack((last - first[:-1], first[1:] - last)).ravel()
    shown = np.repeat(np.column_stack((values, np.full(len(t), np.nan))).ravel(), runs)
    return np.concatenate((np.full(first[0], np.nan), shown))


def held_to_flag(
    t: Floats,
    values: Floats,
    times: Floats,
    ends: Floats,
    finished_at: float | None,
    told: Floats | None = None,
) -> Floats:
    """As `held`; from when the car took the flag on what held there."""
    shown = held(t, values, times, ends, told)
    if finished_at is None:
        return shown
    settled = np.array([finished_at + SETTLED_S])
    return np.where(times >= finished_at, held(t, values, settled, ends[ends <= finished_at], told), shown)


def gaps(
    timing: OfficialTiming | None,
    times: Floats,
    place: npt.NDArray[np.int8],
    ends: Floats,
    finished_at: float | None,
    behind: float | None = None,
) -> Floats:
    """Seconds behind the leader, float64 (m,), NaN when lapped or unknown; from the flag on that at the flag.

    Args:
        ends: what ends a held value, see `held`.
        behind: seconds between the winner's flag and this car's, where it is on the same lap: another gap at
            the flag is not believed.
    """
    if timing is None or not len(timing.t):
        return np.where(place == 1, 0.0, np.nan)
    gap = held_to_flag(timing.t, timing.gap, times, ends, finished_at)
    if finished_at is not None and behind is not None:
        gap[(times >= finished_at) & (np.abs(gap - behind) > OTHER_GAP_S)] = np.nan
    # "LAP n" marks the leader; a car that is not the leader (any more) has no gap yet
    gap = np.where((gap == 0.0) & (place != 1), np.nan, gap)
    return np.where(place == 1, 0.0, gap)
