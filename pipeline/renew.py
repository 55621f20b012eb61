"""Fetch one session anew without losing what is there.

fastf1's parsed files never expire, so thin data of race day stays. To renew a session its files are set
aside; they come back where the new load fails or is thinner, and also after a kill: whoever runs next finds
them set aside and restores them, unless the new ones had been kept already. Nothing else is touched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARSED, ASIDE, KEPT = "*.ff1pkl", ".aside", ".kept"


class Renewal:
    """The parsed files of one session, set aside. They come back unless the new ones are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keep_new = False


@contextmanager
def renewing(folder: Path | None) -> Iterator[Renewal]:
    """Set the files of a session's cache `folder` aside; None renews nothing."""
    renewal = Renewal(folder or Path())
    if folder is None:
        yield renewal
        return
    restore(folder)
    for file in sorted(folder.glob(PARSED)):
        file.rename(file.with_name(file.name + ASIDE))
    try:
        yield renewal
    finally:
        if renewal.keep_new:
            forget(folder)
        else:
            restore(folder)


def restore(folder: Path) -> int:
    """Put files that were set aside back in place of newer ones; how many they were.

    Where the newer ones were kept and a kill came before the older were all gone, those go: a mixture of both
    would be of no race.
    """
    if (folder / KEPT).exists():
        forget(folder)
    aside = sorted(folder.glob(PARSED + ASIDE))
    for file in aside:
        file.replace(file.with_name(file.name.removesuffix(ASIDE)))
    return len(aside)


def restore_all(cache: Path, year: int) -> int:
    """As `restore`, for every session of a season: what a killed run left behind."""
    return sum(
        restore(folder) for folder in {file.parent for file in cache.glob(f"{year}/*/*/{PARSED}{ASIDE}")}
    )


def forget(folder: Path) -> None:
    """Keep the new files: delete what was set aside."""
    (folder / KEPT).touch()
    for file in folder.glob(PARSED + ASIDE):
        file.unlink()
    (folder / KEPT).unlink()
