"""Fixtures of the S3 tests: a real server and a bucket a test."""

from tests.s3.support import out, s3, s3_server

__all__ = ["out", "s3", "s3_server"]
