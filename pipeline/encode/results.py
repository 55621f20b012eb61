"""The rows of the results table -> results.json, which counts its revisions and says what each changed."""

from collections.abc import Iterator
from datetime import datetime

from pipeline.contract.models import Event, ResultChange, Results
from pipeline.contract.tables import RESULTS
from pipeline.encode.timing import plain
from pipeline.model import Rows


def revised(rows: Rows, event: Event, before: Results | None, now: datetime) -> Results:
    """The results document of these rows: a new revision where they differ from those published before."""
    columns = {c.name: plain(c, rows.get(c.name, ())) for c in RESULTS.columns if c.name in rows}
    told = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    new = Results.model_validate({"event": event, "rows": told})
    if before is None:
        return new
    changes = list(_changes(before, new))
    if not changes:
        return before.model_copy(update={"event": event})
    return new.model_copy(
        update={"revision": before.revision + 1, "revised_at": now, "changes": changes},
    )


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
