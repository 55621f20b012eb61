"""Fixtures of the Dask tests: the S3 server that the workers write to."""

from tests.s3.support import s3, s3_server

__all__ = ["s3", "s3_server"]
