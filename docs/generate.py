"""What documents and the reader's types say of the code, made from the code, so that it cannot drift.

`python docs/generate.py --write` brings every file below up to date: pieces between markers like
`<!-- config:begin -->` and `<!-- config:end -->` (`// codes:begin` in code), .env.example whole. `--check`
exits 1 where they say something else.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import column_tables
import config_table
import reader_types

ROOT = Path(__file__).resolve().parent.parent
PIECES: dict[str, Callable[[], str]] = {
    "config": config_table.table,
    "files": column_tables.files,
    "columns": column_tables.columns,
    "frame-columns": column_tables.frame_columns,
    "timed-columns": column_tables.timed_columns,
    "tables": column_tables.tables,
    "track-statuses": column_tables.track_statuses,
    "segments": column_tables.segments,
    "codes": reader_types.codes,
    "code-types": reader_types.code_types,
    "car": reader_types.car,
    "documents": reader_types.documents,
}
WHOLE: dict[str, Callable[[], str]] = {".env.example": config_table.env_file}
FILES = (
    "README.md",
    ".env.example",
    "docs/format.md",
    "serve/static/f1-replay.d.ts",
    "serve/static/f1-replay.js",
)

_PIECE = re.compile(r"^(<!-- |// )([a-z-]+):begin( -->|)\n.*?^\1\2:end\3$", re.MULTILINE | re.DOTALL)


def wanted(name: str) -> str:
    """What the file should say."""
    return WHOLE[name]() if name in WHOLE else placed((ROOT / name).read_text(encoding="utf-8"))


def placed(text: str) -> str:
    """The text with its pieces made anew."""

    def piece(found: re.Match[str]) -> str:
        begin, name, end = found[1], found[2], found[3]
        return f"{begin}{name}:begin{end}\n{PIECES[name]()}\n{begin}{name}:end{end}"

    made, count = _PIECE.subn(piece, text)
    if not count or count != len(re.findall(r":(?:begin|end)(?: -->)?$", text, re.MULTILINE)) / 2:
        raise ValueError("a file needs pairs of markers, like <!-- config:begin --> and <!-- config:end -->")
    return made


def drift() -> list[str]:
    """The lines in which files differ from what they should say."""
    lines: list[str] = []
    for name in FILES:
        now = (ROOT / name).read_text(encoding="utf-8").splitlines()
        lines += difflib.unified_diff(now, wanted(name).splitlines(), name, "the code", n=0, lineterm="")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="bring the files up to date")
    what.add_argument("--check", action="store_true", help="exit 1 where they are not")
    if parser.parse_args().write:
        for name in FILES:
            (ROOT / name).write_text(wanted(name), encoding="utf-8")
    elif differs := drift():
        sys.exit("\n".join([*differs, "", "make docs"]))


if __name__ == "__main__":
    main()
