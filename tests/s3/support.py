"""What the S3 tests share: a bucket of their own, and eyes that see it without our code."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from pipeline.store.s3_options import S3Options
from tests.conftest import cli, require
from tests.s3.swift import READER, WRITER, SwiftServer, environment, running

PREFIX = "data/f1"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftServer]:
    """A running S3 server, one a session; skipped where it cannot be installed."""
    try:
        made = environment()
    except (subprocess.SubprocessError, OSError) as error:
        require(False, f"Swift cannot be installed: {getattr(error, 'stderr', '') or error}")
        raise
    with running(tmp_path_factory.mktemp("swift"), made) as server:
        yield server


@pytest.fixture
def s3(s3_server: SwiftServer) -> Iterator["Place"]:
    """A new bucket, and a way to look into it."""
    with place(s3_server) as made:
        yield made


@contextmanager
def place(server: SwiftServer) -> Iterator["Place"]:
    client = s3_client(server.url)
    bucket = f"f1-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    try:
        yield Place(server, bucket, client)
    finally:
        client.close()


def s3_client(url: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=WRITER[0],
        aws_secret_access_key=WRITER[1],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


def credentials(user: tuple[str, str]) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": user[0],
        "AWS_SECRET_ACCESS_KEY": user[1],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }


def options(place: "Place", **more: Any) -> S3Options:
    """The same place for code of ours in this process; credentials come from the environment."""
    os.environ.update(credentials(WRITER))
    return S3Options(place.bucket, PREFIX, place.server.url, patience_s=30, **more)


@dataclass
class Place:
    """A bucket, seen by boto3 alone. `client` may do everything."""

    server: SwiftServer
    bucket: str
    client: Any

    def environment(self, user: tuple[str, str] = WRITER, **more: str) -> dict[str, str]:
        """Settings and credentials for a run of f1-precompute."""
        return {
            **credentials(user),
            "F1_S3_BUCKET": self.bucket,
            "F1_S3_PREFIX": PREFIX,
            "F1_S3_ENDPOINT_URL": self.server.url,
            "F1_S3_PATIENCE": "30",
            **more,
        }

    def cli(
        self, *args: str | Path, expect: int | None = 0, user: tuple[str, str] = WRITER, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return cli(*args, expect=expect, **self.environment(user, **more))

    def names(self) -> set[str]:
        return set(self.versions())

    def versions(self) -> dict[str, tuple[str, datetime]]:
        """(hash, when it was written) of every object, by key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{PREFIX}/")
        found = (o for page in pages for o in page.get("Contents", []))
        return {o["Key"].removeprefix(f"{PREFIX}/"): (o["ETag"], o["LastModified"]) for o in found}

    def name(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{PREFIX}/{key}"}

    def head(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.head_object(**self.name(key))
        return found

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(**self.name(key))["Body"].read()
        return data

    def put(self, key: str, data: bytes, **more: Any) -> None:
        self.client.put_object(**self.name(key), Body=data, **more)

    def json(self, key: str) -> Any:
        return json.loads(self.get(key))

    def published(self) -> set[str]:
        """Manifests that the listings in the bucket name."""
        named = set()
        for season in self.json("catalog.json")["seasons"]:
            for event in self.json(season["key"])["events"]:
                named |= {s["manifest"] for s in event["sessions"] if s["manifest"] is not None}
        return named

    def lies(self) -> list[str]:
        """Everything that a manifest in the bucket names and that is missing or otherwise."""
        keys = self.names()
        found = []
        for key in sorted(k for k in keys if k.endswith("/manifest.json")):
            for artifact in self.json(key)["artifacts"]:
                if artifact["key"] not in keys:
                    found.append(f"{key} names {artifact['key']}, which is missing")
                elif hashlib.sha256(self.get(artifact["key"])).hexdigest() != artifact["sha256"]:
                    found.append(f"{key} names {artifact['key']}, which is another")
        return found

    def unfinished(self) -> list[str]:
        answer = self.client.list_multipart_uploads(Bucket=self.bucket)
        return [upload["Key"] for upload in answer.get("Uploads", [])]


@pytest.fixture
def out(small_out: Path, tmp_path: Path) -> Path:
    """The demo season's artifacts, to change at will."""
    copy = tmp_path / "out"
    shutil.copytree(small_out, copy)
    return copy


__all__ = ["PREFIX", "READER", "WRITER", "Place", "credentials", "options", "out", "place", "s3", "s3_server"]
