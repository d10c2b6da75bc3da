"""A stream of an object's bytes that survives broken connections.

boto3 retries requests, not bodies, so a body that breaks off is resumed with Range and If-Match (RFC 9110 §13.1.1,
§14.2).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import botocore.exceptions as aws

from tui.archive.waits import Waits
from tui.errors import ArchiveError

_RESUMES = 5  # resumes in a row without a single new byte
_BODY_ERRORS = (
    aws.IncompleteReadError,
    aws.ReadTimeoutError,
    aws.ResponseStreamingError,
    aws.ConnectionError,
    OSError,
)

_LARGEST_RANGE = 8 << 20


@dataclass(frozen=True, slots=True)
class GetAnswer:
    """The answer to a GET: the body, the object's ETag, and where in the object the body ends (None: at its end).

    `size`: the object's size, if the answer has no Content-Length: then a body that breaks off looks complete.
    """

    body: Any
    etag: str
    stop: int | None = None
    size: int | None = None


Get = Callable[[int, int | None, str | None], GetAnswer]


class Body(io.RawIOBase):
    """An object's bytes from `start` on. `get` requests a part of the object, up to a position or to the end.

    `first_range`: fetch in ranges, the first of this size, which grow with the bytes read. It is for readers that may
    stop early, so that little more is fetched. `where` names the object in messages, `why` explains an error.
    """

    def __init__(
        self,
        get: Get,
        where: str,
        start: int,
        etag: str | None,
        waits: Callable[[], Waits],
        why: Callable[[Exception], str],
        *,
        first_range: int = 0,
    ) -> None:
        super().__init__()
        self._get, self._where, self._waits, self._first_range = get, where, waits, first_range
        self._why = why
        self._position = start
        self._etag = etag
        self._answer = GetAnswer(io.BytesIO(), "")  # for close(), which Python also calls if the first request fails
        self._answer = self._next()
        self._resumes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while True:
            try:
                with self._waits().on(self._where):
                    data = self._answer.body.read(len(buffer))
                self._check_end(len(buffer), len(data))
            except _BODY_ERRORS as error:
                self._resume(error)
                continue
            buffer[: len(data)] = data
            self._position += len(data)
            if data:
                self._resumes = 0
            elif self._answer.stop is not None and len(buffer):
                self._answer.body.close()
                self._answer = self._next()
                continue
            return len(data)

    def _check_end(self, asked: int, got: int) -> None:
        """Raise IncompleteReadError if a body of unknown length ends before its object does."""
        size = self._answer.size
        if size is not None and asked and not got and self._answer.stop is None and self._position < size:
            raise aws.IncompleteReadError(actual_bytes=self._position, expected_bytes=size)

    def _next(self) -> GetAnswer:
        """Request the same object from where the last answer ended."""
        step = min(max(self._position, self._first_range), _LARGEST_RANGE) if self._first_range else None
        answer = self._get(self._position, step and self._position + step, self._etag)
        self._etag = answer.etag
        return answer

    def _resume(self, error: Exception) -> None:
        self._answer.body.close()
        self._resumes += 1
        if self._resumes > _RESUMES:
            broke = f"{self._where} broke off {_RESUMES} times at byte {self._position:,}: {self._why(error)}"
            raise ArchiveError(broke) from error
        self._answer = self._next()

    def close(self) -> None:
        if not self.closed:
            self._answer.body.close()
        super().close()
