"""RawRace, RaceFrames -> the parts of the manifest that say what the race was (no bytes, no I/O)."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pipeline.contract.models import Clock, Head, RaceControlMessage, TrackStatus, WeatherSample
from pipeline.model import RaceFrames, RawRace

R = TypeVar("R", RaceControlMessage, WeatherSample)

BEFORE_START_S = 600.0  # messages of the formation lap and the grid belong to the race's story


def head(raw: RawRace, frames: RaceFrames) -> Head:
    clock = frames.clock
    return Head(
        event=raw.event,
        clock=Clock(
            fps=clock.fps,
            frames=clock.frames,
            duration_s=round(clock.duration, 3),
            t0_session_s=round(clock.t0, 3),
            t0_utc=_utc(raw, clock.t0),
            lights_out_s=None if frames.lights_out is None else round(frames.lights_out, 3),
        ),
        drivers=frames.drivers,
        total_laps=frames.total_laps,
        track_statuses=_track_statuses(raw, clock.t0, clock.duration),
        race_control=_race_control(raw, clock.t0),
        weather=_weather(raw, clock.t0, clock.duration),
        parts=frames.parts,
    )


def _utc(raw: RawRace, t: float) -> datetime | None:
    """Session seconds as UTC, to the millisecond."""
    if raw.utc_zero is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round((raw.utc_zero + t) * 1000))


def _track_statuses(raw: RawRace, t0: float, duration: float) -> list[TrackStatus]:
    """Stretches on the frame clock; what held at frame 0 starts there, and the last has no end."""
    status = raw.track_status
    starts = [round(float(t) - t0, 3) for t in status.t]
    out = []
    for i, (start, code) in enumerate(zip(starts, status.code, strict=True)):
        end = starts[i + 1] if i + 1 < len(starts) else None
        if start > duration or (end is not None and end <= 0):
            continue
        out.append(TrackStatus(status=code, start_time=max(0.0, start), end_time=end))
    return out


def _race_control(raw: RawRace, t0: float) -> list[RaceControlMessage]:
    return _on_frame_clock([row for row in raw.race_control if row.t - t0 >= -BEFORE_START_S], t0)


def _weather(raw: RawRace, t0: float, duration: float) -> list[WeatherSample]:
    """Samples of the race, and the last one before it."""
    rows = [row for row in raw.weather if row.t - t0 <= duration]
    before = sum(row.t - t0 <= 0 for row in rows)
    return _on_frame_clock(rows[max(0, before - 1) :], t0)


def _on_frame_clock(rows: list[R], t0: float) -> list[R]:
    return [row.model_copy(update={"t": round(row.t - t0, 3)}) for row in rows]
