"""Numbers as fixed-width text: every value reads back as itself."""

import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.encode import frames_json
from pipeline.encode.gzipped import GzipWriter, gzip_bytes
from pipeline.encode.text import number_table, text_table
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.model import RawRace

NULL = int(np.iinfo(np.int32).min)


def written(values: np.ndarray, decimals: int) -> list[bytes]:
    table = number_table([values], decimals, NULL)
    out = np.full((len(values), table.width), ord("#"), dtype=np.uint8)
    table.write(values, out)
    return [bytes(row) for row in out]


@pytest.mark.slow
@given(
    st.lists(st.one_of(st.integers(-60_000, 60_000), st.just(NULL)), min_size=1, max_size=50),
    st.sampled_from([0, 1, 3, 4]),
)
def test_small_ranges(values: list[int], decimals: int) -> None:
    check(values, decimals)


@pytest.mark.slow
@given(
    st.lists(st.one_of(st.integers(0, 9_999_999), st.just(NULL)), min_size=1, max_size=50),
    st.sampled_from([0, 1, 3]),
)
def test_wide_ranges(values: list[int], decimals: int) -> None:
    check([*values, 9_999_999], decimals)


def check(values: list[int], decimals: int) -> None:
    texts = written(np.array(values, dtype=np.int32), decimals)
    assert len({len(text) for text in texts}) == 1
    for value, text in zip(values, texts, strict=True):
        expected = None if value == NULL else value / 10**decimals
        assert orjson.loads(text) == expected


def test_texts() -> None:
    table = text_table(("grid", "track"), -1)
    out = np.empty((2, table.width), dtype=np.uint8)
    table.write(np.array([1, 0], dtype=np.int8), out)
    assert [bytes(row) for row in out] == [b'"track"', b' "grid"']


@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_gzip_blocks_join_to_their_text(blocks: list[bytes]) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = io.BytesIO(), io.BytesIO()
        for out in (first, second):
            writer = GzipWriter(out, pool)
            for block in blocks:
                writer.write(block)
            writer.close()
    assert gzip.decompress(first.getvalue()) == b"".join(blocks)
    assert first.getvalue() == second.getvalue()


@given(st.binary(max_size=5000))
def test_gzip_of_a_document(data: bytes) -> None:
    assert gzip.decompress(gzip_bytes(data)) == data


@pytest.mark.slow
def test_a_code_is_escaped_in_json(demo_raw: RawRace) -> None:
    first, *others = demo_raw.drivers
    raw = replace(demo_raw, drivers=[replace(first, code='"\\'), *others])
    frames = compute(raw, 1.0)
    text = frames_json.document_head(head(raw, frames), 1)
    text += b"".join(texts[1] for _, _, texts in frames_json.documents(frames, (1,)))
    assert '"\\' in orjson.loads(text)["frames"][0]["drivers"]
