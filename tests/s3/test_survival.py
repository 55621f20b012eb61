"""What happens while publishing: killed, cut off, refused. The bucket never tells of what is not there."""

import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.command import start
from tests.s3.remake import remake
from tests.s3.support import Place
from tests.s3.swift import SwiftServer
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

KILLS = 20


@pytest.fixture
def out(small_out: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "out"
    shutil.copytree(small_out, copy)
    return copy


def _small(out: Path) -> None:
    """Two races are enough to be killed in; the rest would only take time to look at."""
    manifests = sorted(out.rglob("manifest.json"))
    for path in manifests[2:]:
        shutil.rmtree(path.parent)


@pytest.mark.thorough
@pytest.mark.slow(30)
def test_killed_at_random_moments(s3: Place, out: Path) -> None:
    """New races first, then one version after another: at every moment the bucket is whole."""
    _small(out)
    began = time.monotonic()
    s3.cli("publish", "--out", out, F1_S3_PREFIX="elsewhere")
    whole_s = time.monotonic() - began
    chance = random.Random(20260101)
    killed = 0
    fresh = True
    for version in range(5 * KILLS):
        began = time.monotonic()
        with start("publish", "--out", out, **s3.environment()) as process:
            try:
                assert process.wait(chance.uniform(0.15, 1.0) * whole_s) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
                fresh = False
            else:
                # the machine may be faster now than when it was measured
                whole_s = time.monotonic() - began if fresh else whole_s
                fresh = True
                remake(out, version + 1)
        assert s3.lies() == [], f"after {killed} kills"
        if "catalog.json" in s3.names():
            assert s3.published() <= s3.names()
        if killed == KILLS:
            break
    assert killed == KILLS
    s3.cli("publish", "--out", out)
    assert s3.lies() == []
    assert "Nothing to upload" in s3.cli("publish", "--out", out).stdout
    s3.cli("verify", "--s3")


def test_replaced_race_is_whole_at_every_request(s3: Place, out: Path) -> None:
    """The order of uploads, looked at after each of them."""
    from pipeline.contract.artifacts import SessionKey
    from pipeline.publish.sync import sync
    from pipeline.store.base import Stored
    from pipeline.store.local import LocalStore
    from pipeline.store.s3 import S3Store
    from tests.s3.support import options

    first, *others = sorted(out.rglob("manifest.json"))
    for other in others:
        shutil.rmtree(other.parent, ignore_errors=True)
    year, number = first.parts[-3:-1]
    key = SessionKey(int(year), int(number))
    seen: list[list[str]] = []
    with S3Store(options(s3)) as remote:
        sync(LocalStore(out), remote, [key])
        remake(out, 7)
        arrived = remote._check_arrived

        def look(sent: Stored) -> Stored:
            found = arrived(sent)
            seen.append(s3.lies())
            return found

        remote._check_arrived = look  # type: ignore[method-assign]
        sync(LocalStore(out), remote, [key])
    assert len(seen) > 5
    assert not any(seen)


@pytest.mark.slow(15)
def test_server_stopped_for_ten_seconds(s3: Place, s3_server: SwiftServer, out: Path) -> None:
    _small(out)

    def outage() -> None:
        wait_for(lambda: bool(s3.names()), 60)
        s3_server.stop_proxy()
        time.sleep(10)
        s3_server.start_proxy()

    with start("publish", "--out", out, **s3.environment()) as process:
        thread = threading.Thread(target=outage)
        thread.start()
        assert process.wait(120) == 0
        thread.join()
    assert s3.lies() == []
    assert s3.published() == {name for name in s3.names() if name.endswith("/manifest.json")}


def test_a_failed_upload_in_parts_is_taken_back(s3: Place, tmp_path: Path) -> None:
    from hashlib import sha256

    import pytest

    from pipeline.errors import StoreError
    from pipeline.store.s3 import S3Store
    from pipeline.store.s3_client import _limit
    from pipeline.store.s3_upload import PART_BYTES
    from tests.s3.support import options

    path = tmp_path / "big"
    path.write_bytes(b"x" * (PART_BYTES + 1))
    digest = sha256(path.read_bytes()).hexdigest()
    key = "telemetry/2025/1/frames.parquet"
    with S3Store(options(s3)) as store:
        client = store._bucket._client(_limit(store._bucket.options.patience_s))
        complete = client.complete_multipart_upload

        def refuse(**arguments: object) -> object:
            return complete(**{**arguments, "MultipartUpload": {"Parts": []}})

        client.complete_multipart_upload = refuse
        with pytest.raises(StoreError, match="could not write"):
            store.put_file(key, path, digest)
        assert s3.unfinished() == []
        assert s3.names() == set()
        client.complete_multipart_upload = complete
        store.put_file(key, path, digest)
        assert s3.names() == {key}
