"""The S3 server, for what is the same in a folder and a bucket."""

from tests.s3.support import s3_server

__all__ = ["s3_server"]
