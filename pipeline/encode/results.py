"""The rows of the results table -> results.json, which counts its revisions and says what each changed."""

import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson

from pipeline.contract.models import Event, Manifest, ResultChange, Results
from pipeline.contract.tables import RESULTS, SESSION_OF
from pipeline.encode.gzipped import gzip_bytes
from pipeline.encode.parquet import write_table
from pipeline.encode.staged import staged, written
from pipeline.encode.timing import plain
from pipeline.model import Rows
from pipeline.store.base import StagedFile


def revised(rows: Rows, event: Event, before: Results | None, now: datetime) -> Results:
    """The results document of these rows: a new revision where they differ from those published before."""
    columns = {c.name: plain(c, rows.get(c.name, ())) for c in RESULTS.columns if c.name in rows}
    told = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    new = Results.model_validate({"event": event, "rows": told})
    return new if before is None else counted(new, before, now)


def counted(new: Results, before: Results, now: datetime) -> Results:
    """A new revision with what it changed, or the one before where nothing has."""
    changes = list(_changes(before, new))
    if not changes:
        return before.model_copy(update={"event": new.event})
    return new.model_copy(
        update={"revision": before.revision + 1, "revised_at": now, "changes": changes},
    )


def rewritten(results: Results, manifest: Manifest, timing: bytes | None, folder: Path) -> list[StagedFile]:
    """The files of a published race that have the results in them; timing: its timing.json.gz, if any."""
    key, rows = manifest.event_key, [row.model_dump() for row in results.rows]
    files = [staged(key.file("results"), written(folder / "results.json", to_line(results)))]
    columns: Rows = {c.name: [row[c.name] for row in rows] for c in RESULTS.columns if c not in SESSION_OF}
    table = folder / "results.parquet"
    write_table(table, RESULTS, columns, manifest)
    files.append(staged(key.file("results_parquet"), table))
    if timing is not None:
        document = orjson.loads(gzip.decompress(timing))
        document[RESULTS.name] = {name: columns[name] for name in RESULTS.browser}
        packed = written(folder / "timing.json.gz", gzip_bytes(orjson.dumps(document)))
        files.append(staged(key.file("timing"), packed))
    return files


def to_line(results: Results) -> bytes:
    return results.model_dump_json().encode() + b"\n"


def _changes(before: Results, after: Results) -> Iterator[ResultChange]:
    """Column by column, of drivers by their letters; of who came or went the letters alone."""
    old, new = ({row.driver: row.model_dump() for row in results.rows} for results in (before, after))
    for driver in {**old, **new}:
        was, now = old.get(driver, {}), new.get(driver, {})
        there = bool(was and now)
        for column in now if there else ("driver",):
            if not there or was[column] != now[column]:
                yield ResultChange(
                    driver=driver, column=column, before=was.get(column), after=now.get(column)
                )
