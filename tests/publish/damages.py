"""What a published tree may come to be, as a table: how it is done, and what verify has to say of it.

Damages are done to plain bytes behind a small interface, so that a folder and a bucket get the same.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from pipeline.contract.artifacts import CATALOG, SessionKey, season_key
from tests.serve.support import GENERATION, OTHER, RACE, SPRINT

LISTING = season_key(2025)
SCHEMA = "schemas/v1/manifest.schema.json"
RUN = "runs/20250316T060000Z-beef.json"
FRAMES, LAPS = RACE.frames_json(2), RACE.file("laps_parquet")
CHUNK = RACE.file("replay", generation=GENERATION, index=0)
GONE = SessionKey(2025, 6)


class Tree(Protocol):
    """Published files as plain bytes; a bucket takes headers, by boto3's names."""

    def get(self, key: str) -> bytes: ...
    def put(self, key: str, data: bytes, **headers: Any) -> None: ...
    def delete(self, key: str) -> None: ...
    def names(self) -> set[str]: ...


Blow = Callable[[Tree], None]


@dataclass(frozen=True)
class Damage:
    name: str
    do: Blow
    says: str


@dataclass(frozen=True)
class Edit:
    """A change to what a JSON document says."""

    key: str
    change: Callable[[Any], object]

    def __call__(self, tree: Tree) -> None:
        document = json.loads(tree.get(self.key))
        self.change(document)
        tree.put(self.key, json.dumps(document).encode())


def put(key: str, data: bytes) -> Blow:
    return lambda tree: tree.put(key, data)


def delete(*prefixes: str) -> Blow:
    def do(tree: Tree) -> None:
        for key in sorted(tree.names()):
            if key.startswith(prefixes):
                tree.delete(key)

    return do


def shorten(key: str) -> Blow:
    return lambda tree: tree.put(key, tree.get(key)[:-9])


def alter(key: str) -> Blow:
    def do(tree: Tree) -> None:
        data = bytearray(tree.get(key))
        data[len(data) // 2] ^= 1
        tree.put(key, bytes(data))

    return do


def copy(source: str, target: str) -> Blow:
    return lambda tree: tree.put(target, tree.get(source))


def swap(one: str, other: str) -> Blow:
    def do(tree: Tree) -> None:
        first, second = tree.get(one), tree.get(other)
        tree.put(one, second)
        tree.put(other, first)

    return do


def session(round_number: int, **fields: Any) -> Callable[[Any], None]:
    """A change to what the listing says of a round's first session."""
    return lambda listing: listing["events"][round_number - 1]["sessions"][0].update(fields)


def artifact(name: str, /, **fields: Any) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        next(a for a in manifest["artifacts"] if a["key"] == name).update(fields)

    return change


def unnamed(key: str) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        manifest["artifacts"] = [a for a in manifest["artifacts"] if a["key"] != key]

    return change


def another_hash(tree: Tree) -> None:
    """The other race's progress log in place of its own, and the manifest says so."""
    data = tree.get(OTHER.progress)
    tree.put(RACE.progress, data)
    Edit(RACE.manifest, artifact(RACE.progress, bytes=len(data), sha256=sha256(data).hexdigest()))(tree)


def a_stranger(tree: Tree) -> None:
    """A whole race that no listing names."""
    for key in sorted(tree.names()):
        if key.startswith(OTHER.prefix):
            data = tree.get(key).replace(OTHER.prefix.encode(), GONE.prefix.encode())
            data = data.replace(b'"round":4', b'"round":6').replace(b"Town 4", b"Town 6")
            tree.put(key.replace(OTHER.prefix, GONE.prefix), data)
    log = sha256(tree.get(GONE.progress)).hexdigest()
    Edit(GONE.manifest, artifact(GONE.progress, sha256=log))(tree)


def lies(says: str) -> str:
    return f"{CATALOG} tells otherwise of {says}"


def of_race(says: str, key: SessionKey = RACE) -> str:
    return f"{LISTING} tells otherwise of {key} than its manifest: {says}"


def chunks(*made: dict[str, Any]) -> Callable[[Any], None]:
    return lambda manifest: manifest["replay"].update(chunks=list(made))


def chunk(key: str, bytes_: int = 31, start_s: float = 0, end_s: float = 4) -> dict[str, Any]:
    return {"key": key, "start_s": start_s, "end_s": end_s, "bytes": bytes_}


ABOVE = [
    Damage("catalog deleted", delete(CATALOG), f"{CATALOG} is missing"),
    Damage("catalog truncated", shorten(CATALOG), f"{CATALOG} is not a catalog"),
    Damage("catalog no JSON", put(CATALOG, b"<html>"), f"{CATALOG} is not a catalog"),
    Damage("catalog empty", put(CATALOG, b""), f"{CATALOG} is not a catalog"),
    Damage("catalog other JSON", put(CATALOG, b"{}"), f"{CATALOG} is not a catalog"),
    Damage("count", Edit(CATALOG, lambda c: c["seasons"][0].update(published=9)), lies("season 2025")),
    Damage("newest other", Edit(CATALOG, lambda c: c["newest"].update(round=1)), lies("the newest race")),
    Damage(
        "newest gone", Edit(CATALOG, lambda c: c["newest"].update(manifest=GONE.manifest)), lies("the newest")
    ),
    Damage("newest null", Edit(CATALOG, lambda c: c.update(newest=None)), lies("the newest race")),
    Damage("no seasons", Edit(CATALOG, lambda c: c.update(seasons=[])), lies("season 2025")),
    Damage(
        "season that is not there",
        Edit(CATALOG, lambda c: c["seasons"].append({**c["seasons"][0], "year": 2031})),
        "sessions/2031.json is missing",
    ),
    Damage("season key", Edit(CATALOG, lambda c: c["seasons"][0].update(key="sessions/2024.json")), "key "),
    Damage("listing deleted", delete(LISTING), f"{LISTING} is missing"),
    Damage("listing truncated", shorten(LISTING), f"{LISTING} is not a listing"),
    Damage("listing no JSON", put(LISTING, b"404"), f"{LISTING} is not a listing"),
    Damage("listing of another year", Edit(LISTING, lambda s: s.update(year=2024)), "is a listing of 2024"),
    Damage("grade", Edit(LISTING, session(1, grade="D")), of_race("grade D instead of A")),
    Damage("frames", Edit(LISTING, session(1, frames=1)), of_race("frames 1 instead of 103")),
    Damage("provisional", Edit(LISTING, session(2, provisional=True)), of_race("provisional", SPRINT)),
    Damage("unlisted", Edit(LISTING, session(1, state="missing", manifest=None)), "does not list"),
    Damage("event gone", Edit(LISTING, lambda s: s["events"].pop(0)), f"does not list {RACE.manifest}"),
    Damage("called missing", Edit(LISTING, session(1, state="missing")), "and calls it missing"),
    Damage("another's manifest", Edit(LISTING, session(1, manifest=OTHER.manifest)), "which is another race"),
    Damage(
        "listed twice",
        Edit(LISTING, lambda s: s["events"].append(s["events"][3])),
        f"tells of {OTHER} twice",
    ),
    Damage(
        "upcoming twice",
        Edit(LISTING, lambda s: s["events"].append(s["events"][-1])),
        f"{LISTING} tells of .* twice",
    ),
    Damage(
        "one manifest twice",
        Edit(LISTING, session(6, state="published", manifest=OTHER.manifest)),
        f"names {OTHER} twice",
    ),
    Damage("race that no listing names", a_stranger, f"does not list {GONE.manifest}"),
    Damage("schema deleted", delete(SCHEMA), f"{SCHEMA} is missing"),
    Damage("schema truncated", shorten(SCHEMA), f"{SCHEMA} is not the format's"),
    Damage(
        "schema of another", copy("schemas/v1/season.schema.json", SCHEMA), f"{SCHEMA} is not the format's"
    ),
    Damage("schema other", Edit(SCHEMA, lambda s: s["properties"].update(event={"type": "null"})), SCHEMA),
]
RACES = [
    Damage(
        "listed, not there",
        Edit(LISTING, session(6, state="published", manifest=GONE.manifest)),
        f"{GONE.manifest} is missing, though {LISTING} lists the race as published",
    ),
    Damage("manifest deleted", delete(RACE.manifest), f"{RACE.manifest} is missing"),
    Damage("race deleted", delete(RACE.prefix), f"{RACE.manifest} is missing"),
    Damage("all races deleted", delete("telemetry/"), f"{OTHER.manifest} is missing"),
    Damage("manifest truncated", shorten(RACE.manifest), "truncated or altered"),
    Damage("manifest thin", Edit(RACE.manifest, lambda m: m.pop("clock")), "fields are missing"),
    Damage("names nothing", Edit(RACE.manifest, lambda m: m.update(artifacts=[])), f"does not name {LAPS}"),
    Damage("names too little", Edit(RACE.manifest, unnamed(FRAMES)), f"does not name {FRAMES}"),
    Damage(
        "frames a second",
        Edit(RACE.manifest, lambda m: m["clock"].update(fps=10.0)),
        "has 10 frames a second, and was made with",
    ),
    Damage(
        "names too much",
        Edit(RACE.manifest, lambda m: m["provenance"]["options"]["frame_skips"].remove(2)),
        f"names {FRAMES}, and was made without it",
    ),
    Damage("chunk not named", Edit(RACE.manifest, unnamed(CHUNK)), "its file None"),
    Damage("names twice", Edit(RACE.manifest, lambda m: m["artifacts"].append(m["artifacts"][0])), "twice"),
    Damage("another's manifest", copy(OTHER.manifest, RACE.manifest), f"describes {OTHER}"),
    Damage(
        "another's key", Edit(RACE.manifest, artifact(LAPS, key=OTHER.file("laps_parquet"))), "is no file of"
    ),
    Damage("no key", Edit(RACE.manifest, artifact(LAPS, key="../secret")), "is no file of"),
    Damage("another's hash", Edit(RACE.manifest, artifact(LAPS, sha256="0" * 64)), f"{LAPS} is altered"),
    # in a bucket its headers say so first
    Damage(
        "another's log", another_hash, "is not the log of|progress.jsonl is served with x-amz-meta-sha256"
    ),
    Damage("media type", Edit(RACE.manifest, artifact(LAPS, media_type="text/html")), f"{LAPS} text/html"),
    Damage("encoding", Edit(RACE.manifest, artifact(FRAMES, content_encoding=None)), f"calls {FRAMES}"),
    Damage("no chunks", Edit(RACE.manifest, chunks()), "has a replay without chunks"),
    Damage("another's chunk", Edit(RACE.manifest, chunks(chunk(CHUNK.replace("/1/", "/4/")))), "as chunk 0"),
    Damage("chunk twice", Edit(RACE.manifest, chunks(chunk(CHUNK), chunk(CHUNK))), "as chunk 1"),
    Damage("chunk size", Edit(RACE.manifest, chunks(chunk(CHUNK, 7))), "gives chunk 0 7 bytes"),
    Damage("chunk times", Edit(RACE.manifest, chunks(chunk(CHUNK, start_s=9))), "from 9.0 to 4.0 s"),
    Damage("generation", Edit(RACE.manifest, lambda m: m["replay"].update(generation="ff")), "as chunk 0"),
    Damage("file deleted", delete(LAPS), f"{LAPS} is missing"),
    Damage("file truncated", shorten(LAPS), f"{LAPS} is truncated"),
    Damage("file empty", put(FRAMES, b""), f"{FRAMES} is truncated"),
    Damage("file altered", alter(FRAMES), f"{FRAMES} is altered"),
    Damage("file longer", lambda tree: tree.put(LAPS, tree.get(LAPS) + b"x"), f"{LAPS} is altered"),
    Damage("chunk altered", alter(CHUNK), f"{CHUNK} is altered"),
    Damage("files swapped", swap(FRAMES, RACE.frames_json(5)), "skip_5.json.gz is"),
    Damage("another's file", copy(OTHER.frames_json(2), FRAMES), f"{FRAMES} is"),
    Damage("unnamed file", copy(FRAMES, RACE.frames_json(3)), "its manifest does not name it"),
    Damage("files without a manifest", copy(FRAMES, GONE.frames_json(2)), f"{GONE.manifest} is missing"),
]
KINDS = [CATALOG, LISTING, SCHEMA, RUN, RACE.manifest, RACE.progress, FRAMES, LAPS, CHUNK]
WRONG: dict[str, dict[str, Any]] = {
    "Content-Type": {"ContentType": "binary/octet-stream"},
    "Content-Encoding": {"ContentEncoding": "br"},
    "Cache-Control": {"CacheControl": "no-store"},
    "Content-Disposition": {"ContentDisposition": "attachment"},
    "x-amz-meta-sha256": {"Metadata": {"sha256": "0" * 64}},
    "x-amz-meta-sha256 none": {"Metadata": {}},
}


def relabel(header: str) -> Blow:
    """One file of each kind with another header."""

    def do(tree: Tree) -> None:
        for key in KINDS:
            tree.put(key, tree.get(key), **WRONG[header])

    return do


DAMAGES = ABOVE + RACES
# what a document says, verify reads the same wherever it lies: of those one a document is enough in a bucket
FIRST = {damage.do.key: damage for damage in reversed(DAMAGES) if isinstance(damage.do, Edit)}
STORED = [damage for damage in DAMAGES if not isinstance(damage.do, Edit) or damage in FIRST.values()]
HEADERS = [Damage(header, relabel(header), f"is served with .*{header.split()[0]}") for header in WRONG]

__all__ = ["ABOVE", "DAMAGES", "HEADERS", "KINDS", "RUN", "STORED", "Damage", "Tree"]
