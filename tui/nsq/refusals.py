"""Why a connection to nsqd failed, in a sentence: the network, nsqd's error codes, TLS, AUTH."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from tui.errors import HourscopeError, reason
from tui.nsq.address import split_address
from tui.nsq.target import SECRET_VARIABLE

# Error codes of nsqd (nsqd/protocol_v2.go) that a second try cannot fix, in words; others, such as E_MPUB_FAILED while
# nsqd stops, are worth one.
_CODES = {
    "E_BAD_TOPIC": "does not allow this topic's name",
    "E_BAD_CHANNEL": "does not allow this channel's name",
    "E_AUTH_FIRST": f"requires a secret; set {SECRET_VARIABLE}",
    "E_AUTH_FAILED": f"does not accept the secret of {SECRET_VARIABLE}, or its auth server does not answer",
    "E_AUTH_DISABLED": f"has no AUTH; unset {SECRET_VARIABLE}",
    "E_INVALID": "refuses the request; if it requires TLS, give its CA with --tls-root-ca-file",
    "E_BAD_BODY": "does not accept a request of this size; see its -max-body-size",
    "E_BAD_MESSAGE": "does not accept a record of this size; raise its -max-msg-size or add --skip-oversize",
    "E_MESSAGE_TOO_BIG": "does not accept a record of this size; raise its -max-msg-size or add --skip-oversize",
}
_UNAUTHORIZED = "E_UNAUTHORIZED"  # its words depend on the command
# OpenSSL's X509_V_ERR_*: what is wrong with a certificate.
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_IP = 9, 10, 62, 64
# The alerts of a server that requires a client certificate, or another one (Go: crypto/tls/alert.go).
_ASKS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE")
_REJECTS = ("UNKNOWN_CA", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence for the operator. `final`: trying again does not help. `unreachable`: the address may be wrong."""

    text: str
    final: bool = False
    unreachable: bool = False

    def __str__(self) -> str:
        return self.text


def refusal(address: str, cause: object, *, topic: str = "") -> Refusal:
    """What ended a connection to the nsqd at `address`: an exception of the network or of pynsq, an error frame."""
    where = f"nsqd at {address}"
    inner = getattr(cause, "error", None)  # pynsq wraps what a socket raised
    if isinstance(inner, OSError):  # ssl.SSLError is one
        cause = inner
    if isinstance(cause, Refusal):
        return cause
    if isinstance(cause, HourscopeError):
        return Refusal(str(cause), final=True)
    if isinstance(cause, ssl.SSLError):
        return tls_refusal(where, split_address(address)[0], cause)
    if isinstance(cause, TimeoutError):
        return Refusal(f"{where} does not answer", unreachable=True)
    if isinstance(cause, OSError):
        return Refusal(f"{where} cannot be reached: {reason(cause)}", unreachable=True)
    if frame := error_frame(cause):
        return frame_refusal(where, frame, topic)
    if isinstance(cause, Exception) and str(cause):
        return Refusal(f"{where}: {cause}")
    return Refusal(f"{where} closed the connection", unreachable=True)


def error_frame(cause: object) -> bytes:
    """The error frame that an error of pynsq's was made of; nothing if it was none."""
    arguments: tuple[object, ...] = getattr(cause, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], bytes) else b""


def frame_refusal(where: str, frame: bytes, topic: str = "") -> Refusal:
    """What an error frame of nsqd means."""
    text = frame.decode("utf-8", "backslashreplace")
    code, _, details = text.partition(" ")
    words = _CODES.get(code)
    if code == _UNAUTHORIZED:
        action = "subscribe to" if "SUB" in details else "publish to"
        words = f"does not allow this secret to {action} the topic"
    if words is None:
        return Refusal(f"{where} answered {text}")
    about = f"topic {topic}: {text}" if topic else text
    return Refusal(f"{where} {words} ({about})", final=True)


def missing_secret(where: str) -> Refusal:
    """nsqd requires AUTH, and there is no secret."""
    return Refusal(f"{where} {_CODES['E_AUTH_FIRST']}", final=True)


def missing_tls(where: str) -> Refusal:
    """TLS was asked for, and nsqd does not offer it."""
    return Refusal(f"{where} offers no TLS; leave out --tls, or give the address of one that does", final=True)


def not_nsqd(address: str, how: str) -> Refusal:
    """Something else listens at the address; `how` it answers."""
    text = f"{address} is not nsqd's TCP port: {how}; give the port of nsqd's -tcp-address, 4150 by default"
    return Refusal(text, final=True, unreachable=True)


def tls_refusal(where: str, host: str, error: ssl.SSLError) -> Refusal:
    """What went wrong with TLS, and what to do."""
    alert = (error.reason or "").upper()
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _certificate_words(host, error)
    elif any(word in alert for word in _ASKS):
        words = "requires a client certificate; give --tls-cert and --tls-key, signed by a CA that it knows"
    elif any(word in alert for word in _REJECTS):
        words = "does not accept the certificate of --tls-cert; give one that is signed by a CA that it knows"
    else:
        words = f"does not speak TLS as expected ({error.reason or error}); check that it offers TLS, and the CA"
    return Refusal(f"{where} {words}", final=True)


def _certificate_words(host: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "shows a certificate that has expired; have it renewed"
    if error.verify_code == _NOT_YET:
        return "shows a certificate that is not valid yet; check the clocks"
    if error.verify_code in (_OTHER_NAME, _OTHER_IP):
        return f"shows a certificate that is not for {host}; use the host name that it was made for"
    return (
        f"does not prove who it is ({error.verify_message}): its certificate is of another CA; "
        "give the right one with --tls-root-ca-file"
    )
