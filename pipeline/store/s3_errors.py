"""What boto3 raises -> one sentence that says what to do."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from pipeline.errors import PipelineError, StoreError, UnavailableError
from pipeline.store.s3_options import S3Options

FAILURES = (BotoCoreError, ClientError, ResponseParserError)
_BUSY_CODES = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
_REFUSED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed"}
_NO_CHECKSUM = {"NotImplemented", "InvalidRequest", "InvalidArgument", "XNotImplemented"}


def code_of(error: Exception) -> str:
    """The S3 error code, "" for anything that is not an answer of the server."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: Exception) -> bool:
    """Whether the server said that there is no such object (a HEAD has no code but the status)."""
    return code_of(error) in ("NoSuchKey", "404", "NotFound")


def is_outage(error: Exception) -> bool:
    """Whether asking again later may help."""
    if isinstance(error, ClientError):
        status = _status(error)
        return status == 429 or (status >= 500 and status != 501) or code_of(error) in _BUSY_CODES
    if isinstance(error, SSLError):
        return False
    return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError)


def refuses_checksum(error: Exception) -> bool:
    """Whether it may be the checksum header that an S3-compatible server does not know."""
    return code_of(error) in _NO_CHECKSUM


def explain(error: Exception, options: S3Options, doing: str, patience_s: float) -> PipelineError:
    """The sentence for a request that failed; `doing` is like "write s3://bucket/key"."""
    if is_outage(error):
        return UnavailableError(
            f"{options.endpoint} did not answer for {patience_s:g} s, so this could not be done: {doing} "
            f"({_short(error)}); what is published stays whole, run again later"
        )
    if isinstance(error, ClientError):
        return StoreError(_refusal(error, options, doing))
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return StoreError(
            "there are no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
            "or run where an instance role gives them"
        )
    if isinstance(error, ResponseParserError):
        return StoreError(f"could not {doing}: {options.endpoint} answers what no S3 server does; is it one?")
    return StoreError(f"cannot {doing}: {_short(error)}")


def _refusal(error: ClientError, options: S3Options, doing: str) -> str:
    server, bucket, code = options.endpoint, options.bucket, code_of(error)
    credentials = f"{server} does not take the credentials ({code}): check access key and secret"
    expired = f"the S3 credentials have expired, could not {doing}: renew them and run again"
    known = {
        "NoSuchBucket": f"{server} has no bucket {bucket}: create it, or correct --s3-bucket",
        "RequestTimeTooSkewed": f"{server} refuses this machine's clock: set the time",
        "AccessControlListNotSupported": f"the bucket {bucket} takes no ACLs: leave out --s3-acl",
        "BadDigest": f"could not {doing}: it arrived altered, run again",
        **dict.fromkeys(_REFUSED, credentials),
        **dict.fromkeys(_EXPIRED, expired),
    }
    if code in known:
        return known[code]
    if _status(error) == 403:
        return (
            f"not allowed to {doing}: the credentials need s3:ListBucket on {bucket}, and "
            "s3:GetObject, s3:PutObject (prune: s3:DeleteObject) on what is in it"
        )
    return f"could not {doing}: {_short(error)}"


def _short(error: Exception) -> str:
    if isinstance(error, ClientError):
        message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
        return f"{message} ({code_of(error)})" if message else code_of(error)
    return " ".join(str(error).split())
