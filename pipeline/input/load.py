"""SessionKey -> RawRace through fastf1: load, then check what really arrived.

`Session.load()` turns most failures into log lines and may even call `exit()`, so success is judged by
what is there afterwards, and fastf1's own warnings are kept for the quality table.
"""

import logging
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import fastf1
import pandas as pd
from fastf1.exceptions import RateLimitExceededError
from fastf1.livetiming.data import LiveTimingData

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Event
from pipeline.contract.sessions import SESSIONS
from pipeline.errors import BlockedError, NotYetError, PipelineError, SourceError, UnreachableError
from pipeline.input import drivers, livetiming, segments, tables, telemetry, topics, tyres
from pipeline.input.cache import identify
from pipeline.input.words import word
from pipeline.job import Source
from pipeline.model import DriverInfo, Finding, RawRace
from pipeline.network import hosts
from pipeline.network.patience import Watch

HTTP_CACHE = "fastf1_http_cache.sqlite"


def load(key: SessionKey, session: Any, source: Source, watch: Watch | None = None) -> RawRace:
    """Load one session and turn it into arrays.

    Args:
        session: the `fastf1.core.Session` of `key`, not loaded yet.
        watch: of `configure`, to tell a host that is down from data that does not exist.
    Raises:
        SourceError: nothing true can be computed from what arrived; names what is missing.
    """
    with captured_log() as log:
        twice = drivers.mend(session)
        tyres.mend(session)
        stamps = telemetry.mend(session)
        watch = watch or Watch()
        with segments.overheard() as heard:
            livedata, noticed = _load(key, session, source, log, watch)
        _require(key, session, source, log, watch)
        told, damaged = topics.read(session, source, livedata, watch, set(session.drivers), heard)
        raw = _to_raw(key, session, source, log, twice)
        return replace(raw, noticed=[*noticed, *stamps, *raw.noticed, *damaged], topics=told)


def configure(source: Source) -> Watch:
    """Point fastf1 at the cache and the hosts; call before a schedule or session is asked for.

    Returns:
        What watches its requests, and knows afterwards what was lost.
    Raises:
        SourceError: the cache of responses is damaged, or cannot be written.
    """
    hosts.apply()
    try:
        fastf1.Cache.configure(cache_dir=str(source.cache))
    except sqlite3.DatabaseError as error:
        raise SourceError(
            f"the fastf1 cache's {HTTP_CACHE} cannot be used ({error}): remove it if it is damaged, or "
            "choose another cache with --fastf1-cache"
        ) from error
    fastf1.Cache.offline_mode(source.offline)
    watch = Watch(source.patience_s, source.down)
    watch.mount(fastf1.Cache._requests_session_cached, source.fresh and not source.offline)
    return watch


def _load(
    key: SessionKey, session: Any, source: Source, log: list[str], watch: Watch
) -> tuple[LiveTimingData | None, list[Finding]]:
    livedata, noticed = None, list[Finding]()
    session._track_status = pd.DataFrame({"Time": [], "Status": []})  # without one fastf1 finds no laps
    if source.recording:
        names = ", ".join(file.name for file in source.recording)
        livedata, noticed = livetiming.read(source.recording, f"{key}: the recording {names}")
        session._total_laps = None  # fastf1 keeps none where the feed has none, and then fails
    try:
        session.load(livedata=livedata)
    except SystemExit as error:
        message = (
            f"{key}: fastf1 gave up while loading ({_last(log).replace(str(source.cache), 'the cache')})"
        )
        raise _failure(message, source, log, watch) from error
    except RateLimitExceededError as error:
        raise UnreachableError(
            f"{key}: fastf1's own limit is reached ({error}): run again in an hour"
        ) from error
    except PipelineError as error:
        raise type(error)(f"{key}: {error}") from None
    except Exception as error:
        raise SourceError(f"{key}: fastf1 could not load it: {error}") from error
    if livedata is None or not SESSIONS[key.session].is_race:  # else the feed counts the ways out, too
        return livedata, noticed
    return livedata, [*noticed, *livetiming.count_on(session, livedata)]


def _last(log: list[str]) -> str:
    return " ".join(log[-1].split()) if log else "no reason given"


@contextmanager
def captured_log() -> Iterator[list[str]]:
    """fastf1's log lines of level INFO and above, kept instead of printed; its warnings say no more."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.getMessage()}")

    logger = logging.getLogger("fastf1")
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [Keep()], False
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"fastf1\.")
            yield lines
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def _require(key: SessionKey, session: Any, source: Source, log: list[str], watch: Watch) -> None:
    """Raise where frames would be false: no laps, no positions, or no clock to place them on."""
    missing = []
    laps = getattr(session, "_laps", None)
    if laps is None or not (laps["LapStartTime"].notna().any() and laps["Time"].notna().any()):
        missing.append("lap timing")
    if not getattr(session, "_pos_data", None):
        missing.append("car positions")
    if not getattr(session, "_car_data", None):
        missing.append("car data")
    if watch.lost and session._track_status.empty:
        missing.append("track status")
    if not missing:
        return
    what = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
    raise _failure(f"{key} ({session.event['EventName']}): {what} missing", source, log, watch)


def _failure(message: str, source: Source, log: list[str], watch: Watch) -> SourceError:
    """The error of what did not arrive: the hosts' fault that passes, that does not, or nobody's."""
    lost = [trouble for trouble in watch.lost.values() if trouble.host.role in ("timing", "mirror")]
    lasting = [trouble for trouble in lost if not trouble.passing]
    if lost:
        return (BlockedError if lasting else UnreachableError)(f"{message}; {(lasting or lost)[0]}", message)
    damaged = [m[1] for line in log if (m := re.search(r"Updating cache for (\w+)", line))]
    not_yet = watch.answered or (source.offline and not source.recording and not damaged)
    kind = NotYetError if not_yet else SourceError
    return kind(f"{message}; {_why_missing(source, damaged)}", message)


def _why_missing(source: Source, damaged: list[str]) -> str:
    if source.recording:
        names = ", ".join(path.name for path in source.recording)
        return f"the recording {names} does not hold them: record the whole session, from before the start"
    if source.offline and damaged:
        return (
            f"the cache {source.cache} holds a damaged or foreign file for {damaged[0]} and --offline "
            "forbids fetching it anew: run once without --offline, or restore the cache"
        )
    if source.offline:
        return (
            f"the cache {source.cache} does not hold them and --offline forbids fetching: run without it once"
        )
    return "F1's timing host has no data for this session (yet): it may be too early, or it was not held"


def _to_raw(key: SessionKey, session: Any, source: Source, log: list[str], twice: list[str]) -> RawRace:
    results, laps = session.results, session.laps
    cars = _seen({str(n): tables.car_samples(own) for n, own in session.car_data.items()})
    positions = _seen({str(n): tables.position_samples(own) for n, own in session.pos_data.items()})
    race = SESSIONS[key.session].is_race
    who, noticed = drivers.drivers(results, laps, drivers.moved(cars, positions), twice, race)
    numbers = [d.number for d in who]
    told = tyres.messages(session)
    info: dict[str, Any] = getattr(session, "_session_info", None) or {}
    zero = session.t0_date
    control, strange = tables.race_control(getattr(session, "_race_control_messages", None), zero)
    return RawRace(
        event=_event(key, session, info),
        drivers=who,
        laps={
            n: tyres.resolved(own, told.get(n), cars.get(n))
            for n in numbers
            if len(own := tables.laps(laps[laps["DriverNumber"] == n], race))
        },
        cars=tables.shared_clocks({n: cars[n] for n in numbers if n in cars}),
        positions=tables.shared_clocks({n: positions[n] for n in numbers if n in positions}),
        timing=tables.official_timing(session),
        track_status=tables.stepped(getattr(session, "_track_status", None)),
        session_status=tables.stepped(getattr(session, "_session_status", None)),
        race_control=control,
        weather=tables.weather(getattr(session, "_weather_data", None)),
        total_laps=tables.whole(getattr(session, "_total_laps", None)),
        utc_zero=None if pd.isna(zero) else zero.timestamp(),
        official_results=_is_official(key, who),
        has_drs=any(bool(car["DRS"].nunique() > 1) for car in session.car_data.values()),
        identity=identify(session.api_path.removeprefix("/static/").strip("/"), source),
        fastf1=fastf1.__version__,
        noticed=[
            *noticed,
            *telemetry.stamps(strange, "messages of race control"),
            *tyres.noticed(told, {d.number: d.code for d in who}),
        ],
        messages=[
            line.removeprefix("WARNING ").replace(str(source.cache), "the cache")
            for line in log
            if line.startswith(("WARNING", "ERROR"))
        ],
        splits=[t.total_seconds() for t in getattr(session, "_session_split_times", None) or []],
        **tables.circuit(key.year, info),
    )


def _is_official(key: SessionKey, who: list[DriverInfo]) -> bool:
    """Whether the result is jolpica's, or none is to be had there."""
    return not SESSIONS[key.session].classified or any(driver.classified for driver in who)


def _seen(by_driver: dict[str, tables.S]) -> dict[str, tables.S]:
    """The cars that have samples at all."""
    return {number: samples for number, samples in by_driver.items() if len(samples.t)}


def _event(key: SessionKey, session: Any, info: dict[str, Any]) -> Event:
    meeting, event = info.get("Meeting") or {}, session.event
    date = session.date
    return Event(
        year=key.year,
        round=key.round,
        session=key.session,
        name=word(event["EventName"]) or f"Round {key.round}",
        official_name=word(event["OfficialEventName"]) or word(event["EventName"]) or f"Round {key.round}",
        country=word(event["Country"]) or "",
        location=word(event["Location"]) or "",
        meeting_key=tables.whole(meeting.get("Key")),
        session_key=tables.whole(info.get("Key")),
        date_utc=None if pd.isna(date) else date.to_pydatetime().replace(tzinfo=UTC),
    )
