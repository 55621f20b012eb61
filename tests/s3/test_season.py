"""A season's own files in a bucket: those from here, or its own where it has other sessions."""

from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import key_of
from tests.s3.support import Place

LAPS = key_of("season_laps", year=DEMO_YEAR)


def rounds(place: Place) -> set[int]:
    return set(pq.read_table(BytesIO(place.get(LAPS)), columns=["round"]).column("round").to_pylist())


def test_a_bucket_has_the_files_of_its_own_sessions(s3: Place, out: Path) -> None:
    s3.cli("publish", str(DEMO_YEAR), "1", "--out", out)
    assert rounds(s3) == {1}
    assert s3.get(LAPS) != (out / LAPS).read_bytes()
    s3.cli("verify", "--s3")
    s3.cli("publish", "--out", out)
    assert s3.get(LAPS) == (out / LAPS).read_bytes()
    assert s3.cli("publish", "--out", out).stdout.startswith("Nothing to upload")
    s3.cli("publish", str(DEMO_YEAR), "1", "--out", out)
    assert len(rounds(s3)) > 1


@pytest.mark.thorough
def test_what_is_damaged_there_is_found_and_mended(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    s3.put(LAPS, b"PAR1")
    assert f"{LAPS} is truncated" in s3.cli("verify", "--s3", expect=1).stdout
    s3.cli("publish", "--reread", "--out", out)
    s3.cli("verify", "--s3")
    assert s3.get(LAPS) == (out / LAPS).read_bytes()
