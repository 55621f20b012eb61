"""Parts whose corners no request reaches easily: block reads, gzip members, the cache, ranges."""

import asyncio
import gzip
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve import conditional, streams
from serve.conditional import UnsatisfiableError, requested_range
from serve.files import SMALL, Library, Open, closing
from serve.memory import Memory


def opened(path: Path) -> Open:
    return Library(path.parent, Memory(0)).open(path.name)


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


def test_memory_is_bounded() -> None:
    memory = Memory(2500)
    for name in "abcd":
        memory.keep(name, 1, name.encode() * 1000)
    assert [name for name in "abcd" if name in memory] == ["c", "d"]
    assert memory.get("c", 1) == b"c" * 1000
    memory.keep("a", 1, b"a" * 1000)
    assert [name for name in "abcd" if name in memory] == ["a", "c"]
    memory.keep("a", 2, b"A" * 1500)  # another state takes the place of the first
    assert memory.get("c", 1) is not None
    assert memory.get("a", 1) is None
    assert "a" not in memory
    memory.keep("big", 1, bytes(5000))
    assert not any(name in memory for name in ("a", "c", "big"))


def test_small_files_are_kept_until_they_change(tmp_path: Path) -> None:
    library = Library(tmp_path, Memory(2500))
    (tmp_path / "a").write_bytes(b"old")
    assert library.read("a").body is library.read("a").body
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(tmp_path / "a")
    assert library.read("a").body == b"new"
    (tmp_path / "a").unlink()
    with pytest.raises(FileNotFoundError):
        library.read("a")


def test_large_files_stay_out_of_memory(tmp_path: Path) -> None:
    memory = Memory(1 << 30)
    library = Library(tmp_path, memory)
    (tmp_path / "large").write_bytes(bytes(SMALL + 1))
    found = library.fetch("large")
    assert isinstance(found, Open)
    os.close(found.fd)
    assert len(library.read("large").body) == SMALL + 1
    assert "large" not in memory


def test_packing_leaves_the_loop_to_others_and_is_done_once() -> None:
    """The more so as a text of a megabyte takes its time; it is kept as long as memory for it lasts."""
    text = b"".join(b"%d," % (n * n) for n in range(120_000))
    memory, transforms = Memory(len(text)), streams.Transforms(1, 1)
    packer = streams.Packer(memory, transforms)

    async def pack() -> tuple[list[bytes], int]:
        packing = asyncio.gather(*(packer.packed("text", "state", text) for _ in range(9)))
        turns = 0
        while not packing.done():
            await asyncio.sleep(0)
            turns += 1
        return packing.result(), turns

    made, turns = asyncio.run(pack())
    assert turns > 20
    assert gzip.decompress(made[0]) == text
    assert all(each is made[0] for each in made)
    assert asyncio.run(packer.packed("text", "state", text)) is made[0]
    assert gzip.decompress(asyncio.run(packer.packed("text", "other", text[:9999]))) == text[:9999]
    memory.keep("file", 1, text)
    assert asyncio.run(packer.packed("text", "state", text)) is not made[0]
    transforms.close()


@given(st.text("gzip;q=01.5,* br", max_size=300))
def test_what_clients_make_up_is_not_kept(text: str) -> None:
    header = text.encode()
    kept = conditional._accepts_gzip.cache_info().currsize
    assert conditional.accepts_gzip(header) == conditional._accepts_gzip.__wrapped__(header)
    assert conditional.accepts_gzip(header + b" " * 101) == conditional.accepts_gzip(header)
    assert conditional._accepts_gzip.cache_info().currsize <= kept + (len(header) <= 100)


@given(st.text("bytes=0123456789-, ", max_size=20), st.integers(0, 200))
def test_a_range_lies_in_the_file_or_is_refused(text: str, size: int) -> None:
    try:
        found = requested_range({b"range": text.encode()}, '"e"', size)
    except UnsatisfiableError:
        return
    if found is not None:
        assert 0 <= found[0] < found[1] <= size
