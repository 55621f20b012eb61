"""What docs/scale.md says in numbers: a race day, nine seasons on many workers, a bucket of many keys.

    python -m bench.scale --out FOLDER       of a folder with a published race
    python -m bench.scale --bucket 120       so many sessions in a real S3 server: listed, synced and verified

A race day is arithmetic on published files and the cache rules that they carry. Nine seasons are simulated,
event by event, with service times that were measured (docs/performance.md). A bucket's requests are counted.
"""

import argparse
import gzip
import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import inputs, nights
from bench.figures import Figure, lines
from pipeline.contract.artifacts import media_of, season_key
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Manifest
from pipeline.publish.documents import published_in, read_manifest
from pipeline.run.backfill import RATE, REQUESTS
from pipeline.store.local import LocalStore

STATIC = Path(__file__).parents[1] / "serve" / "static"
MINUTE_S = 60  # that a file is fresh in a cache, where it is not for good
CACHES = 13  # CloudFront's regional caches, each of which asks the origin by itself
USD_GB, USD_10K, USD_GET_1K = 0.085, 0.01, 0.0004  # as docs/deployment.md has them

# sessions of the seasons 2026 to 2018 by `f1-precompute schedule`: races, sprints, all others
SEASONS = (
    (22, 6, 82), (24, 6, 90), (24, 6, 90), (22, 6, 82), (22, 3, 85), (22, 3, 85), (17, 0, 66), (21, 0, 84),
    (21, 0, 84),
)  # fmt: skip
SERVICE_S = {"race": 12.7, "other": 7.6}  # of one processor, from the cache
FETCH_S = REQUESTS / 4  # fastf1 sends four a second at most
BYTES = {"race": 94e6, "sprint": 31e6, "other": 41e6}
UPLOAD_B_S = 50e6


@dataclass(frozen=True)
class Day:
    """The files that one viewer of a replay fetches, by whether they are fresh for good: sizes in bytes."""

    kept: list[int]
    asked_again: list[int]

    @property
    def files(self) -> int:
        return len(self.kept) + len(self.asked_again)

    @property
    def bytes(self) -> int:
        return sum(self.kept) + sum(self.asked_again)


def viewed(store: LocalStore, manifest: Manifest) -> Day:
    """The page, the listing, the manifest, what the tower needs, and the replay as a whole."""
    page = [f for f in STATIC.glob("replay/*") if f.suffix in (".js", ".css")]
    page += [STATIC / "replay.html", STATIC / "f1-replay.js"]
    key = manifest.event_key
    names = {key.manifest, season_key(key.year), key.file("timing")}
    names |= {chunk.key for chunk in manifest.replay.chunks}
    sizes: dict[bool, list[int]] = {True: [], False: [_packed(file.read_bytes()) for file in page]}
    for name in names:
        media, data = media_of(name), store.read(name) or b""
        sizes[media.cache_control == IMMUTABLE].append(len(data) if media.content_encoding else _packed(data))
    return Day(sizes[True], sizes[False])


def _packed(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def race_day(day: Day, viewers: int, hours: float) -> Iterator[Figure]:
    """Everybody sees the whole replay once, within so many hours, of a race that was published twice."""
    requests, sent = viewers * day.files, viewers * day.bytes
    stale = len(day.asked_again) * CACHES * hours * 3600 / MINUTE_S
    origin = stale + 2 * CACHES * len(day.kept)
    dollars = sent / 1e9 * USD_GB + requests / 1e4 * USD_10K
    kept = f"{len(day.kept)} of them for a year, {len(day.asked_again)} for a minute"
    for name, value, unit, note in (
        ("files a viewer fetches", day.files, "", kept),
        ("bytes a viewer fetches", day.bytes, "B", ""),
        (f"requests of {viewers:,} viewers", requests, "", ""),
        ("bytes sent", sent / 1e12, "TB", ""),
        ("requests that reach the bucket, at most", origin, "", f"{CACHES} caches, {hours:g} h; mostly 304"),
        ("hits", 100 * (1 - origin / requests), "%", ""),
        ("the bucket's requests cost", origin / 1000 * USD_GET_1K, "USD", ""),
        ("the CDN's bytes and requests cost", dollars, "USD", f"{USD_GB} a GB, {USD_10K} a 10,000"),
        ("half of them within ten minutes", viewers / 2 / 600 * day.files, "1/s", ""),
        ("the same without a CDN", viewers / 2 / 600 * day.bytes * 8 / 1e9, "Gbit/s", ""),
    ):
        yield Figure("race day", name, value, unit, note)


@dataclass(frozen=True)
class World:
    """fetch: whether sessions come from the hosts, at `rate` an hour; else all lie in the cache."""

    workers: int
    fetch: bool = True
    rate: float = RATE


def backfill(world: World, seasons: list[list[tuple[float, float]]]) -> float:
    """Seconds until the last session is published: whoever is free takes the next one of the season.

    Args:
        seasons: of each session, in its turn, seconds of computing and of uploading.
    """
    now = 0.0
    for sessions in seasons:
        free = [now] * world.workers
        for compute, upload in sessions:
            began = heapq.heappop(free)
            heapq.heappush(free, began + (FETCH_S if world.fetch else 0.0) + compute + upload)
        polite = now + len(sessions) * 3600 / world.rate if world.fetch else now
        now = max(*free, polite)
    return now


def all_sessions() -> list[list[tuple[float, float]]]:
    """Races first, as they are computed; a sprint takes a third of a race."""
    kinds = (("race", 1.0, "race"), ("race", 1 / 3, "sprint"), ("other", 1.0, "other"))
    return [
        [
            (SERVICE_S[service] * share, BYTES[size] / UPLOAD_B_S)
            for count, (service, share, size) in zip(counts, kinds, strict=True)
            for _ in range(count)
        ]
        for counts in SEASONS
    ]


def nine_seasons() -> Iterator[Figure]:
    sessions, sums = sum(map(sum, SEASONS)), [sum(column) for column in zip(*SEASONS, strict=True)]
    size = sum(count * bytes_ for count, bytes_ in zip(sums, BYTES.values(), strict=True))
    yield Figure("nine seasons", "sessions", sessions, "", f"{sums[0]} races, {sums[1]} sprints")
    yield Figure("nine seasons", "published", size / 1e9, "GB")
    yield Figure("nine seasons", "requests to the hosts", sessions * REQUESTS, "")
    for workers in (1, 2, 8, 64):
        for fetch in (True, False):
            name = f"{workers} workers, {f'fetched, {RATE} an hour' if fetch else 'from the cache'}"
            hours = backfill(World(workers, fetch), all_sessions()) / 3600
            yield Figure("nine seasons", name, hours, "h")
    for workers, measured in ((1, 101.8), (2, 52.8)):
        seconds = backfill(World(workers, fetch=False), [[(SERVICE_S["race"], 0.0)] * 8])
        yield Figure("nine seasons", f"8 races on {workers}", seconds, "s", f"measured: {measured} s")


def bucket(sessions: int) -> Iterator[Figure]:
    """Requests and seconds of a season of so many sessions in a real S3 server, with few frames each."""
    from pipeline.publish.sync import sync  # noqa: PLC0415 - boto3 only here
    from pipeline.publish.verify import verify  # noqa: PLC0415
    from pipeline.store.s3 import S3Store  # noqa: PLC0415
    from tests.s3.support import options, place  # noqa: PLC0415
    from tests.s3.swift import environment, running  # noqa: PLC0415

    with TemporaryDirectory(prefix="f1-bench-") as folder, inputs.opened(quick=True) as given:
        local = nights.whole_season(given, Path(folder), sessions)
        listed = [stored.key for stored in local.list("telemetry/")]
        keys, year = sorted(published_in(listed)), int(listed[0].split("/")[1])
        yield Figure("bucket", "keys of a season", len(listed), "", f"{len(keys)} sessions")
        work: dict[str, Callable[[S3Store], object]] = {
            "first sync": lambda remote: sync(local, remote, keys),
            "sync of what is there": lambda remote: sync(local, remote, keys),
            "sync of one session of it": lambda remote: sync(local, remote, keys[:1]),
            "listing of the season": lambda remote: list(remote.list(f"telemetry/{year}/")),
            "verify": lambda remote: list(verify(remote, year)),
        }
        with running(Path(folder) / "swift", environment()) as server, place(server) as there:
            for name, act in work.items():
                with S3Store(options(there)) as remote:
                    begin = time.perf_counter()
                    act(remote)
                    note = f"{time.perf_counter() - begin:.1f} s on this machine"
                    yield Figure("bucket", f"{name}: requests", remote.requests, "", note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("computed_data"), help="of the race that is watched")
    parser.add_argument("--viewers", type=int, default=1_000_000)
    parser.add_argument("--hours", type=float, default=6.0, help="within which they come")
    parser.add_argument("--bucket", type=int, default=0, help="sessions to put into an S3 server")
    options = parser.parse_args()
    for line in lines(_figures(options)):
        print(line, flush=True)


def _figures(options: argparse.Namespace) -> Iterator[Figure]:
    store = LocalStore(options.out)
    races = sorted(key for key in published_in(s.key for s in store.list("telemetry/")) if key.session == "R")
    if races and (manifest := read_manifest(store, races[-1])) is not None:
        print(f"{manifest.event_key} of {options.out}")
        yield from race_day(viewed(store, manifest), options.viewers, options.hours)
    yield from nine_seasons()
    if options.bucket:
        yield from bucket(options.bucket)


if __name__ == "__main__":
    main()
