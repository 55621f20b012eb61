"""verify --s3 and prune, against what a bucket may come to hold."""

import os
import time
from pathlib import Path

import pytest

from tests.cases import some
from tests.conftest import cli
from tests.s3.remake import remake
from tests.s3.support import Place


@pytest.mark.thorough
def test_verify_finds_deleted_truncated_and_altered(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    assert "wrong" not in s3.cli("verify", "--s3").stdout
    names = sorted(s3.names())
    deleted = next(name for name in names if "/replay/" in name)
    truncated = next(name for name in names if name.endswith("frames.parquet"))
    altered = next(name for name in names if name.endswith("skip_10.json.gz"))
    about = s3.head(altered)["Metadata"]
    data = bytearray(s3.get(altered))
    data[len(data) // 2] ^= 1
    time.sleep(1.1)  # S3 tells whole seconds
    s3.client.delete_object(**s3.name(deleted))
    s3.put(truncated, s3.get(truncated)[:-100])
    s3.put(altered, bytes(data), Metadata=about)
    found = s3.cli("verify", "--s3", expect=1).stdout
    assert f"{deleted} is missing" in found
    assert f"{truncated} is truncated" in found
    assert f"{altered} is altered" in found
    # what is newer in the bucket than its manifest is read, and so the altered file is found without --reread
    assert s3.cli("publish", "--out", out).stdout.startswith("3 files uploaded")
    s3.cli("verify", "--s3")


def test_verify_finds_a_damaged_manifest(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    manifest = next(name for name in sorted(s3.names()) if name.endswith("manifest.json"))
    s3.put(manifest, s3.get(manifest)[:200])
    assert f"{manifest} is not a manifest" in s3.cli("verify", "--s3", expect=1).stdout


@pytest.mark.slow
@pytest.mark.parametrize("where", some(["folder", "bucket"], 2))
def test_prune_removes_what_nothing_names(s3: Place, out: Path, where: str) -> None:
    def run(*args: str) -> str:
        return (s3.cli if where == "bucket" else cli)("prune", "--out", out, *args).stdout

    def names() -> set[str]:
        local = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
        return s3.names() if where == "bucket" else {n for n in local if not n.startswith(".lock")}

    def publish() -> None:
        cli("verify", "--mend", "--out", out)  # the listings tell of the version before
        if where == "bucket":
            s3.cli("publish", "--out", out)

    publish()
    before = names()
    assert run("--older-than", "0m").endswith("Nothing to remove.\n")
    remake(out, 3)
    publish()
    old = {name for name in before if "/replay/" in name}
    assert old < names()
    assert run() == "Nothing to remove.\n"
    time.sleep(1.1)
    assert f"{len(old)} files would be removed" in run("--older-than", "0m", "--dry-run")
    assert old < names()
    assert f"{len(old)} files removed" in run("--older-than", "0m")
    assert not old & names()
    (s3.cli("verify", "--s3") if where == "bucket" else cli("verify", "--out", out))


@pytest.mark.slow
def test_grace_counts_from_the_replacement(out: Path) -> None:
    """A generation of last year that was replaced a minute ago is still being read."""
    remake(out, 1)
    old = time.time() - 90 * 86400
    for path in out.rglob("replay/*/*"):
        os.utime(path, (old, old))
    assert cli("prune", "--out", out).stdout == "Nothing to remove.\n"
    for path in out.rglob("manifest.json"):
        os.utime(path, (old, old))
    assert "files removed" in cli("prune", "--out", out).stdout
    cli("verify", "--out", out, "--mend")  # the listing tells of the version before
    cli("verify", "--out", out)


def test_a_damaged_manifest_may_name_anything(out: Path) -> None:
    remake(out, 1)
    for path in out.rglob("manifest.json"):
        path.write_bytes(path.read_bytes()[:100])
    time.sleep(0.01)
    assert cli("prune", "--out", out, "--older-than", "0m").stdout == "Nothing to remove.\n"


@pytest.mark.slow
def test_prune_ends_abandoned_uploads(s3: Place, out: Path) -> None:
    s3.client.create_multipart_upload(**s3.name("telemetry/2025/1/frames.parquet"))
    s3.cli("prune")
    assert len(s3.unfinished()) == 1
    time.sleep(1.1)
    assert "never ended, would be removed" in s3.cli("prune", "--older-than", "0m", "--dry-run").stdout
    assert len(s3.unfinished()) == 1
    s3.cli("prune", "--older-than", "0m")
    assert s3.unfinished() == []


def test_age_is_checked(tmp_path: Path) -> None:
    done = cli("prune", "--out", tmp_path, "--older-than", "two days", expect=2)
    assert "'two days' is not an age: write it like 30m, 48h or 7d" in done.stderr
