"""What ends a connection to nsqd is one sentence, whoever made the connection."""

from __future__ import annotations

import errno
import ssl

import pytest

from tui.errors import SendError
from tui.nsq.refusals import Refusal, error_frame, refusal


class _ErrorFrame(Exception):
    """An error frame of nsqd as pynsq raises it: its bytes are the argument."""


class _Wrapped(Exception):
    """A socket's error as pynsq wraps it."""

    def __init__(self, error: Exception) -> None:
        super().__init__("wrapped")
        self.error = error


@pytest.mark.parametrize(
    ("frame", "words", "final"),
    [
        (b"E_AUTH_FIRST AUTH required before SUB", "requires a secret; set HOURSCOPE_NSQ_AUTH_SECRET", True),
        (b"E_UNAUTHORIZED AUTH failed for SUB on t/c", "does not allow this secret to subscribe to the topic", True),
        (b"E_UNAUTHORIZED AUTH failed for MPUB on t", "does not allow this secret to publish to the topic", True),
        (b"E_BAD_CHANNEL SUB channel name is not valid", "does not allow this channel's name", True),
        (b"E_AUTH_DISABLED auth disabled", "has no AUTH; unset HOURSCOPE_NSQ_AUTH_SECRET", True),
        (b"E_MPUB_FAILED exiting", "answered E_MPUB_FAILED exiting", False),
        (b"E_NEW \xff", "answered E_NEW \\xff", False),
    ],
)
def test_an_error_frame(frame: bytes, words: str, final: bool) -> None:
    said = refusal("h:1", _ErrorFrame(frame), topic="t")
    assert str(said).startswith(f"nsqd at h:1 {words}")
    assert (said.final, said.unreachable) == (final, False)
    assert error_frame(_ErrorFrame(frame)) == frame


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (None, "nsqd at h:1 closed the connection"),
        (TimeoutError("silence"), "nsqd at h:1 does not answer"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "nsqd at h:1 cannot be reached: No route to host"),
        (_Wrapped(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")), "Connection reset by peer"),
    ],
)
def test_what_may_be_a_wrong_address(cause: object, words: str) -> None:
    said = refusal("h:1", cause)
    assert words in said.text
    assert (said.final, said.unreachable) == (False, True)


def test_a_sentence_is_unchanged() -> None:
    assert refusal("h:1", SendError("it is so; do that")) == Refusal("it is so; do that", final=True)
    known = Refusal("known", unreachable=True)
    assert refusal("h:1", known) is known


def test_wrapped_tls_errors_are_distinguished_from_network_errors() -> None:
    alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] required")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    said = refusal("h:1", _Wrapped(alert))
    assert "requires a client certificate; add --tls-cert and --tls-key" in said.text
    assert said.final
