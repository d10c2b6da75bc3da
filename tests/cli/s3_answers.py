"""A bucket of three objects on a scripted server, and answers for its requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.command import Ran, hourscope
from tests.support.scripted_s3 import Answer, Request, ScriptedS3
from tui.archive.s3 import S3Store
from tui.config import S3Options
from tui.errors import ArchiveError

OBJECTS = {f"e.2015-01-20_{hour:02}.log": b'{"hour":%d}\n' % hour for hour in range(3)}
SCAN = ("scan", "s3://b/", "-g", "hour", "--count")


def run(s3: ScriptedS3, *words: object) -> Ran:
    return hourscope(*words, env=s3.env)


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: answer


def of_objects(answer: Answer) -> Callable[[Request], Answer | None]:
    return lambda request: answer if request.key else None


def sent_as(s3: ScriptedS3, request: Request, change: Callable[[bytes], bytes]) -> Answer | None:
    """The objects of the second hour are sent otherwise than they are listed."""
    usual = s3.usual(request)
    second = "_01" in request.key and request.method == "GET"
    return Answer(usual.status, change(usual.body), usual.headers) if second else None


def why(s3: ScriptedS3, answer: Answer) -> str:
    """Return the sentence for a listing whose every request gets this answer."""
    s3.answer = always(answer)
    with pytest.raises(ArchiveError) as caught:
        list(S3Store("b", S3Options(endpoint_url=s3.endpoint_url)).objects())
    assert str(caught.value).startswith("s3://b cannot be listed: ")
    return str(caught.value)
