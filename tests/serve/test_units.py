"""Parts whose corners no request reaches easily: block reads, gzip members, the cache, ranges."""

import asyncio
import gzip
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve import streams
from serve.conditional import UnsatisfiableError, requested_range
from serve.files import SMALL, Library, Open, Small, closing


def opened(path: Path) -> Open:
    return Library(path.parent, 0).open(path.name)


@pytest.mark.parametrize("nowait", [streams._NOWAIT, None, 1 << 20])
def test_blocks_are_read_with_or_without_the_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowait: int | None
) -> None:
    """1 << 20 is a flag no file system knows."""
    monkeypatch.setattr(streams, "_NOWAIT", nowait)
    (tmp_path / "f").write_bytes(b"0123456789")
    with closing(opened(tmp_path / "f")) as file:
        assert asyncio.run(streams.read_block(file.fd, 4, 3)) == b"3456"
        assert asyncio.run(streams.read_block(file.fd, 99, 8)) == b"89"
        assert asyncio.run(streams.read_block(file.fd, 4, 10)) == b""


@pytest.mark.parametrize("members", [1, 2, 5])
@pytest.mark.parametrize("size", [0, 1, streams.BLOCK - 20, streams.BLOCK, 3_000_000])
def test_unpacking(tmp_path: Path, members: int, size: int) -> None:
    parts = [os.urandom(size) for _ in range(members)]
    (tmp_path / "f").write_bytes(b"".join(gzip.compress(part, 0) for part in parts))
    with closing(opened(tmp_path / "f")) as file:
        assert b"".join(streams.unpacked(file)) == b"".join(parts)


def test_unpacking_makes_bounded_blocks_of_any_ratio(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(gzip.compress(bytes(50_000_000)))
    with closing(opened(tmp_path / "f")) as file:
        sizes = [len(block) for block in streams.unpacked(file)]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= streams.UNPACKED_BLOCK


@pytest.mark.parametrize("end", [5, 40, -1, -8])
def test_unpacking_a_file_cut_short_fails(tmp_path: Path, end: int) -> None:
    (tmp_path / "f").write_bytes(gzip.compress(os.urandom(1000))[:end])
    with closing(opened(tmp_path / "f")) as file, pytest.raises((EOFError, zlib.error, ValueError)):
        list(streams.unpacked(file))


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    library = Library(tmp_path, 2500)
    for name in "abcd":
        (tmp_path / name).write_bytes(name.encode() * 1000)
        assert library.read(name).body == name.encode() * 1000
    assert list(library._cache) == ["c", "d"]
    assert library._cached_bytes == 2000
    library.read("c")
    library.read("a")
    assert list(library._cache) == ["c", "a"]
    (tmp_path / "big").write_bytes(bytes(5000))
    assert isinstance(library.fetch("big"), Small)
    assert library._cached_bytes <= 2500


def test_large_files_stay_out_of_memory(tmp_path: Path) -> None:
    library = Library(tmp_path, 1 << 30)
    (tmp_path / "large").write_bytes(bytes(SMALL + 1))
    found = library.fetch("large")
    assert isinstance(found, Open)
    os.close(found.fd)
    assert len(library.read("large").body) == SMALL + 1
    assert library._cached_bytes == 0


@given(st.text("bytes=0123456789-, ", max_size=20), st.integers(0, 200))
def test_a_range_lies_in_the_file_or_is_refused(text: str, size: int) -> None:
    try:
        found = requested_range({b"range": text.encode()}, '"e"', size)
    except UnsatisfiableError:
        return
    if found is not None:
        assert 0 <= found[0] < found[1] <= size
