"""An object's bytes as a stream that survives broken connections.

A body that breaks in mid-stream is resumed by Range with If-Match (RFC 9110 §13.1.1, §14.2): boto3 retries requests,
not bodies.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import botocore.exceptions as aws

from tui.archive.waits import Waits
from tui.errors import ArchiveError

_RESUMES = 5  # broken bodies in a row without a single new byte
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
    """To a GET: the body, the ETag of its object, and where in the object the body ends (None: at the end).

    `size`: of the object, where the answer does not tell how long its body is: then one that breaks off looks whole.
    """

    body: Any
    etag: str
    stop: int | None = None
    size: int | None = None


Get = Callable[[int, int | None, str | None], GetAnswer]


class Body(io.RawIOBase):
    """The bytes from `start` on. `get` asks for some of an object, from a byte up to another one or to the end.

    `first_range`: in ranges that begin with so many bytes and grow with what was read, for readers that may stop early;
    what is not read then stays on the server. `where` names the object in messages, `why` gives an error's cause.
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
        """Raise IncompleteReadError where a body of unknown length ends before its object does."""
        size = self._answer.size
        if size is not None and asked and not got and self._answer.stop is None and self._position < size:
            raise aws.IncompleteReadError(actual_bytes=self._position, expected_bytes=size)

    def _next(self) -> GetAnswer:
        """The answer that begins where the last one ended, of the same object."""
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
