"""Names, credentials and buckets that do not work: one sentence, the right code, and nothing overwritten."""

import json
import re
import socket
from pathlib import Path

import pytest

from tests.conftest import cli
from tests.s3.support import READER, Place, credentials

NAMES = [
    (["--s3-bucket", "My_Bucket"], "'My_Bucket' is not a bucket name"),
    (["--s3-bucket", "a"], "'a' is not a bucket name"),
    (["--s3-bucket", "10.0.0.1"], "'10.0.0.1' is not a bucket name"),
    (["--s3-bucket", "a..b"], "'a..b' is not a bucket name"),
    (["--s3-bucket", "s3://bucket/data/"], "write --s3-bucket bucket --s3-prefix data"),
    (["--s3-prefix", "/data"], "'/data' is not a prefix"),
    (["--s3-prefix", "data/"], "'data/' is not a prefix"),
    (["--s3-prefix", "a/../b"], "'a/../b' is not a prefix"),
    (["--s3-prefix", "a b"], "'a b' is not a prefix"),
    (["--s3-endpoint-url", "minio:9000"], "'minio:9000' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://"], "'http://' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://host:99999"], "'http://host:99999' is not an S3 endpoint"),
    (["--s3-endpoint-url", "ftp://host"], "'ftp://host' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://my_minio:9000"], "'http://my_minio:9000' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://a..b"], "'http://a..b' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://-a"], "'http://-a' is not an S3 endpoint"),
    (["--s3-endpoint-url", "http://user:secret@host"], "is not an S3 endpoint"),
]


def _sentence(stderr: str) -> str:
    """The one sentence that an error is."""
    lines = [line for line in stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    return lines[0]


@pytest.mark.parametrize(("arguments", "says"), NAMES, ids=[" ".join(args) for args, _ in NAMES])
def test_malformed_names(arguments: list[str], says: str, tmp_path: Path) -> None:
    bucket = [] if "--s3-bucket" in arguments else ["--s3-bucket", "bucket"]
    done = cli("publish", "--out", tmp_path, *bucket, *arguments, expect=2)
    assert says in _sentence(done.stderr)


def test_no_bucket_named(tmp_path: Path) -> None:
    done = cli("publish", "--out", tmp_path, expect=2)
    assert _sentence(done.stderr) == "Error: which bucket? name it with --s3-bucket or F1_S3_BUCKET"


def test_an_endpoint_of_boto3s_own_that_is_none(small_out: Path) -> None:
    place = {"F1_S3_BUCKET": "bucket", "AWS_ENDPOINT_URL_S3": "http://my_minio:9000"}
    done = cli("publish", "--out", small_out, expect=1, **place, **credentials(("a", "b")))
    assert "cannot open s3://bucket: Invalid endpoint: http://my_minio:9000" in _sentence(done.stderr)


@pytest.mark.parametrize("command", ["publish", "verify"])
def test_missing_bucket(s3: Place, small_out: Path, command: str) -> None:
    args = ["--s3"] if command == "verify" else []
    done = s3.cli(command, *args, "--out", small_out, F1_S3_BUCKET="nobody-has-this", expect=1)
    assert "has no bucket nobody-has-this: create it, or correct --s3-bucket" in _sentence(done.stderr)


def test_wrong_credentials(s3: Place, small_out: Path) -> None:
    done = s3.cli("publish", "--out", small_out, user=("test:tester", "wrong"), expect=1)
    assert "does not take the credentials (SignatureDoesNotMatch)" in _sentence(done.stderr)
    assert s3.names() == set()


def test_no_credentials(s3: Place, small_out: Path) -> None:
    done = s3.cli("publish", "--out", small_out, user=("", ""), expect=1)
    assert "there are no S3 credentials: set AWS_ACCESS_KEY_ID" in _sentence(done.stderr)


def test_wrong_credentials_end_a_run_before_any_work(s3: Place, tmp_path: Path) -> None:
    done = s3.cli("demo", "--publish", "--out", tmp_path / "out", user=("test:tester", "wrong"), expect=1)
    assert "does not take the credentials" in _sentence(done.stderr)
    assert list((tmp_path / "out").rglob("manifest.json")) == []


@pytest.mark.slow
def test_bucket_that_may_only_be_read(s3: Place, out: Path) -> None:
    s3.client.put_bucket_acl(Bucket=s3.bucket, ACL="public-read")
    done = s3.cli("publish", "--out", out, user=READER, expect=1)
    assert re.search(rf"not allowed to write s3://{s3.bucket}/data/f1/\S+: ", _sentence(done.stderr))
    assert s3.names() == set()
    s3.cli("publish", "--out", out)
    assert "Nothing to upload" in s3.cli("publish", "--out", out, user=READER).stdout
    s3.cli("verify", "--s3", user=READER)


@pytest.mark.slow
def test_server_that_is_not_there(small_out: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        place = {"F1_S3_BUCKET": "bucket", "F1_S3_ENDPOINT_URL": url, "F1_S3_PATIENCE": "1"}
        done = cli("publish", "--out", small_out, expect=75, **place, **credentials(("a", "b")))
    assert f"{url} did not answer for 1 s" in _sentence(done.stderr)


@pytest.mark.slow
def test_newer_schema_in_the_bucket(s3: Place, out: Path) -> None:
    s3.cli("publish", "--out", out)
    chunk = next(name for name in sorted(s3.names()) if "/replay/" in name)
    s3.client.delete_object(**s3.name(chunk))
    for path in (out / "catalog.json", min(out.glob("sessions/*")), max(out.rglob("manifest.json"))):
        key = path.relative_to(out).as_posix()
        known = s3.get(key)
        s3.put(key, json.dumps(json.loads(known) | {"schema_version": 99}).encode())
        before = s3.versions()
        done = s3.cli("publish", "--out", out, expect=1)
        assert f"{key} was written by schema_version 99, this version knows 1" in _sentence(done.stderr)
        assert s3.versions() == before
        s3.put(key, known)


def test_nothing_to_publish(s3: Place, tmp_path: Path) -> None:
    done = s3.cli("publish", "--out", tmp_path / "empty", expect=2)
    assert "nothing is published under telemetry/" in _sentence(done.stderr)
