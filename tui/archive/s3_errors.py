"""Explain S3 errors, raised by botocore or returned by servers: a cause and a remedy for each."""

from __future__ import annotations

import http.client
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions as aws
import botocore.session
from botocore.parsers import ResponseParserError

from tui.archive.credentials import CREDENTIALS, UNFORESEEN, about_credentials, log_in
from tui.archive.s3_answers import CHECK, TOO_MANY_REQUESTS, ForeignAnswerError, redirected
from tui.config import S3Options
from tui.errors import reason
from tui.units import duration, plural

_SKEW = timedelta(minutes=5)  # S3 allows 15 minutes
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_EXPECTING = re.compile(rf"expecting '({_REGION.pattern})'")
_HOST_REGION = re.compile(rf"\bs3[.-](?:dualstack\.)?({_REGION.pattern})\.")
_DENIED = re.compile(r"not authorized to perform: ([a-z0-9-]+:\w+)(?: on resource: \"?([^\s\"]+))?")
_NOT_IMPLEMENTED = 501
_SHOWN = 300  # characters of a server's message

_PORT = "check the port, http or https, and the proxy (HTTPS_PROXY)"
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF", "HTTP_REQUEST")  # of OpenSSL
ENDPOINT = "write --endpoint-url as http://HOST:PORT"
_ASK_REGION = "give it with --region (aws s3api get-bucket-location names it)"

# The permission that each operation needs (docs.aws.amazon.com/service-authorization, "Actions defined by Amazon S3").
_ACTIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "DeleteObject": "s3:DeleteObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
}
_WRITING = "s3:PutObject"  # also for every step of a multipart upload

_CAUSES = {
    "NoSuchBucket": "there is no such bucket; check its name and --endpoint-url",
    "NoSuchKey": "the object is gone; list the archive again",
    "NoSuchVersion": "the object is gone; list the archive again",
    "404": "the object is gone; list the archive again",
    "InvalidBucketName": "the server refuses this bucket name; check it",
    "KeyTooLongError": "the key is longer than S3's limit of 1,024 bytes; choose a shorter prefix",
    "InvalidRange": "it is shorter than it was listed; list the archive again",
    "InvalidAccessKeyId": "the access key is unknown to the server (403); check --profile and --endpoint-url",
    "SignatureDoesNotMatch": "the secret key is wrong (403); check --profile or AWS_SECRET_ACCESS_KEY",
    "UnrecognizedClientException": "the access key is unknown to the server; check --profile and --endpoint-url",
    "InvalidToken": "the session token is not valid; check AWS_SESSION_TOKEN and --profile",
    "PreconditionFailed": "the object was replaced meanwhile; list the archive again",
    "412": "the object was replaced meanwhile; list the archive again",
    "InvalidObjectState": "it is in Glacier and needs a restore first (aws s3api restore-object)",
    "SlowDown": "S3 kept throttling the requests (503); try again with fewer --jobs",
    "407": "the proxy asks for a login (407); put user and password into HTTPS_PROXY",
    "QuotaExceeded": "the server's quota is used up; free some space there",
    "XMinioStorageFull": "the server's disks are full; free some space there",
    "InsufficientCapacity": "the server's disks are full; free some space there",
    "RequestTimeout": "the request timed out at the server; check the network and try again",
    "RequestExpired": "this machine's clock is wrong; set it (NTP)",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it (NTP)",
}
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")


# The exceptions of a request, or of reading its answer.
FAILED = (aws.BotoCoreError, aws.ClientError, ResponseParserError, ForeignAnswerError, *UNFORESEEN)


def explain(error: Exception, options: S3Options, endpoint: str) -> str:
    """Explain a failed request: its cause and a remedy. `endpoint` is the configured one, or ""."""
    if (system := next(_system_errors(error), None)) is not None and "ulimit" in reason(system):
        return reason(system)
    where = _without_login(endpoint) or "the S3 endpoint"
    if not isinstance(error, CREDENTIALS) and (why := _explain_connection(error, where)):
        return why
    match error:
        case aws.ClientError():
            return _explain_answer(error, options)
        case ForeignAnswerError():
            return str(error)
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return (
                "no AWS credentials were found; set AWS_PROFILE or --profile, or add --no-sign-request for a public "
                "bucket"
            )
        case _ if isinstance(error, CREDENTIALS):
            return about_credentials(error, options)
        case RecursionError():
            return redirected("")
        case OSError() if error.filename:  # from a credential provider: a request opens no file
            return about_credentials(error, options)
        case OSError():
            return reason(error)
        case aws.InvalidRegionError():
            return f"the bucket is in another region, which the server does not name; {_ASK_REGION}"
        case _ if "was not a valid URI" in str(error):  # EndpointProviderError is not a BotoCoreError
            return f"'{where}' is not an endpoint; {ENDPOINT}"
        case aws.ParamValidationError() if "bucket name" in str(error):
            return "invalid bucket name; use 3 to 63 lowercase letters, digits, dots and hyphens"
        case aws.PaginationError():
            return "the listing breaks off: the server gives the same page again and again"
        case aws.BotoCoreError():
            return _short(error)
        case KeyError():
            return f"the answer is not a valid S3 response: it lacks {_short(error)}; {CHECK}"
        case _:
            return f"the answer is not a valid S3 response; {CHECK}"


def _explain_connection(error: Exception, where: str) -> str:
    """Explain an error of the connection; "" if it is a different error."""
    match error:
        case aws.SSLError() if any(word in str(error) for word in _NOT_TLS):
            return f"{where} does not speak TLS; {_PORT}"
        case aws.SSLError():
            hint = "check the URL, or set AWS_CA_BUNDLE to the file of its CA"
            return f"the TLS certificate of {where} is not accepted; {hint} ({_short(error)})"
        case aws.ProxyConnectionError():
            return f"the proxy does not answer; check HTTPS_PROXY and NO_PROXY ({_short(error)})"
        case aws.BotoCoreError() if (broken := next(_protocol_errors(error), None)) is not None:
            if isinstance(broken, http.client.RemoteDisconnected):
                return f"{where} closes the connection without an answer; {_PORT}"
            return f"{where} does not speak HTTP; {_PORT}"
        case aws.EndpointConnectionError() | aws.ConnectTimeoutError() | aws.ConnectionClosedError():
            return f"{where} does not answer; check --endpoint-url, --region and the network"
        case aws.ReadTimeoutError():
            return f"{where} stopped answering; try again, or check the network"
        case aws.HTTPClientError():
            what = _short(error.kwargs.get("error", error))
            return f"{what}; check --endpoint-url and the proxy (HTTPS_PROXY)"
    return ""


def error_code(error: BaseException | None) -> str:
    """Return S3's error code, or ""."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, aws.ClientError) else ""


def explain_client(error: Exception, options: S3Options) -> str:
    """Explain why a client cannot be created: an error in the options, the AWS_* variables or AWS's config files."""
    match error:
        case aws.InvalidRegionError():
            region = options.region or error.kwargs.get("region_name", "")
            return f"'{region}' is not an AWS region; write --region as us-east-1"
        case aws.ProfileNotFound():
            known = botocore.session.Session().available_profiles
            others = f"known: {', '.join(known)}" if known else "there are none"
            name = error.kwargs.get("profile")
            return f"AWS profile '{name}' does not exist ({others}); check --profile, AWS_PROFILE and ~/.aws/config"
        case aws.ConfigParseError():
            path = error.kwargs.get("path")
            form = "[profile NAME] sections of lines NAME = VALUE, each name once"
            return f"AWS: {path} cannot be parsed; it must hold {form}"
        case aws.BotoCoreError():
            about = " ".join(str(error).split()).rstrip(".")
            return f"AWS: {about}; see --profile and --region, or the AWS_* variables"
        case OSError():
            return f"AWS: {error.filename or 'a config file'} cannot be read: {reason(error)}"
        case ValueError() if "endpoint" in str(error).lower() or "IPv6" in str(error):
            return f"'{options.endpoint_url or session_endpoint()}' is not an endpoint; {ENDPOINT}"
        case _:
            return f"AWS: {type(error).__name__}: {error}; see the AWS_* variables and ~/.aws/config"


def session_endpoint() -> str:
    """Return the endpoint from the environment, or ""."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def _explain_answer(error: aws.ClientError, options: S3Options) -> str:
    """Explain an error response: by the code in its body, or by the headers for a HEAD, which has no body."""
    failure: Mapping[str, Any] = error.response.get("Error", {})
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    code, message = (str(failure.get(name) or "") for name in ("Code", "Message"))  # an empty element is None
    status, headers = metadata.get("HTTPStatusCode", 0), metadata.get("HTTPHeaders", {})
    if clock := _clock(code, status, failure, headers):
        return clock
    if code in _EXPIRED:
        return f"the session token has expired; log in again ({log_in(options, 'sso')})"
    if code not in ("NoSuchBucket", "NoSuchKey") and (region := _region(code, status, failure, headers)):
        return region
    if code in ("404", "NoSuchKey") and error.operation_name in ("ListObjectsV2", "HeadBucket"):
        return "nothing is there (404); check the bucket's name and --endpoint-url"
    if code in _CAUSES:
        return _CAUSES[code]
    if status == TOO_MANY_REQUESTS or "Throttl" in code:
        return f"the server throttles the requests ({status}); try again later, with fewer --jobs"
    if status == 403 or code in ("AccessDenied", "403", "AllAccessDisabled"):
        return _denied(error.operation_name, message)
    if status == 404 and error.operation_name != "ListObjectsV2":
        return _CAUSES["404"]
    if 300 <= status < 400:
        return redirected(str(headers.get("location", "")))
    words = (code, message) if code not in ("", str(status)) else (f"{status} {message}",)
    said = _short(": ".join(word for word in words if word))
    if status == _NOT_IMPLEMENTED or code == "NotImplemented":
        return f"the server does not support {error.operation_name} ({said}); check --endpoint-url"
    if status >= 500:
        return f"the server or a proxy in front of it failed ({said}); try again later"
    if code in ("", str(status), "BadRequest", "400"):  # S3 sends codes, so this is a proxy, or not S3
        return f"the server refuses: {said}; {CHECK}"
    return f"the server refuses: {said}; check --endpoint-url, --region and --profile"


def _denied(operation: str, message: str) -> str:
    """Name the missing permission: the one in S3's message, else the one that the operation needs."""
    if named := _DENIED.search(message):
        on = f" on {named[2]}" if named[2] else ""
        return f"permission denied (403): {named[1]}{on} is missing; add it to the policy, or check --profile"
    action = _ACTIONS.get(operation, _WRITING)
    return f"permission denied (403); check the credentials (--profile) and that they allow {action}"


def _region(code: str, status: int, failure: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
    """Explain that the bucket is in another region; "" for other errors."""
    wrong = code in (
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
    )
    if not wrong and not (status in (301, 307, 400) and "x-amz-bucket-region" in headers):
        return ""
    named = [headers.get("x-amz-bucket-region"), failure.get("Region")]
    expected = _EXPECTING.search(str(failure.get("Message", "")))
    host = _HOST_REGION.search(str(failure.get("Endpoint", "")))
    named += [match[1] for match in (expected, host) if match]
    region = next((name for name in named if name and _REGION.fullmatch(str(name))), None)
    if region:
        return f"the bucket is in another region; add --region {region}"
    if code == "AuthorizationHeaderMalformed":
        message = _short(failure.get("Message", ""))
        return f"the region is not the bucket's, or the access key is invalid; check --region and --profile ({message})"
    return f"the bucket is in another region; {_ASK_REGION}"


def _clock(code: str, status: int, failure: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
    """Explain that this machine's clock is wrong, and by how much; "" if it is right."""
    if code != "RequestTimeTooSkewed" and status not in (400, 403):
        return ""
    server = _time(str(failure.get("ServerTime", ""))) or _time(str(headers.get("date", "")))
    local = datetime.now(UTC)
    if server is None or abs(local - server) < _SKEW:
        return ""
    side = "ahead of" if local > server else "behind"
    apart = abs(local - server)
    off = plural(apart.days, "day") if apart.days > 1 else duration(apart.total_seconds())
    return (
        f"this machine's clock is {off} {side} the server's: here it is {local:%Y-%m-%d %H:%M} UTC, there "
        f"{server:%Y-%m-%d %H:%M}; set the clock (NTP)"
    )


def _time(text: str) -> datetime | None:
    """Parse a time in the format of S3's bodies or HTTP's headers."""
    try:
        time = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _system_errors(error: BaseException | None) -> Iterator[OSError]:
    """Yield the operating system's errors among the causes: botocore and urllib3 wrap them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno is not None:
            yield error
        error = error.__cause__ or error.__context__ or getattr(error, "kwargs", {}).get("error")


def _protocol_errors(error: BaseException) -> Iterator[http.client.HTTPException]:
    """Yield the HTTP errors among the causes: urllib3 puts them into its exceptions' arguments."""
    waiting: list[object] = [error]
    while waiting:
        match waiting.pop():
            case http.client.HTTPException() as cause:
                yield cause
            case BaseException() as cause:
                waiting += [*cause.args, cause.__cause__, getattr(cause, "kwargs", {}).get("error")]


def _without_login(url: str) -> str:
    """Return a URL without user and password."""
    if "@" not in url:
        return url
    return url.replace(f"{urlsplit(url).netloc.rpartition('@')[0]}@", "", 1)


def _short(error: object) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
