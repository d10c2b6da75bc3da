"""Sentences for a failed connection to nsqd: the network, nsqd's error codes, TLS, AUTH."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from tui.errors import HourscopeError, reason
from tui.nsq.address import split_address
from tui.nsq.target import SECRET_VARIABLE

# Error codes of nsqd (nsqd/protocol_v2.go) that a retry cannot fix; others can, such as E_MPUB_FAILED while nsqd stops.
_CODES = {
    "E_BAD_TOPIC": "does not allow this topic's name",
    "E_BAD_CHANNEL": "does not allow this channel's name",
    "E_AUTH_FIRST": f"requires a secret; set {SECRET_VARIABLE}",
    "E_AUTH_FAILED": f"does not accept the secret of {SECRET_VARIABLE}, or its auth server does not answer",
    "E_AUTH_DISABLED": f"has no AUTH; unset {SECRET_VARIABLE}",
    "E_INVALID": "refuses the request; if it requires TLS, add --tls-root-ca-file with its CA",
    "E_BAD_BODY": "does not accept a request of this size; see its -max-body-size",
    "E_BAD_MESSAGE": "does not accept a record of this size; raise its -max-msg-size or add --skip-oversize",
    "E_MESSAGE_TOO_BIG": "does not accept a record of this size; raise its -max-msg-size or add --skip-oversize",
}
_UNAUTHORIZED = "E_UNAUTHORIZED"  # its sentence depends on the command
# OpenSSL's X509_V_ERR_* codes for certificates.
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_IP = 9, 10, 62, 64
# The alerts of a server that requires a client certificate or rejects it (Go: crypto/tls/alert.go).
_ASKS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE")
_REJECTS = ("UNKNOWN_CA", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence for the operator. `final`: a retry does not help. `unreachable`: the address may be wrong."""

    text: str
    final: bool = False
    unreachable: bool = False

    def __str__(self) -> str:
        return self.text


def refusal(address: str, cause: object, *, topic: str = "") -> Refusal:
    """Explain what ended a connection to the nsqd at `address`: a network or pynsq exception, or an error frame."""
    where = f"nsqd at {address}"
    inner = getattr(cause, "error", None)  # pynsq wraps a socket's exception
    if isinstance(inner, OSError):  # includes ssl.SSLError
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
    """Return the error frame from which pynsq made an error; empty if there is none."""
    arguments: tuple[object, ...] = getattr(cause, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], bytes) else b""


def frame_refusal(where: str, frame: bytes, topic: str = "") -> Refusal:
    """Explain an error frame of nsqd."""
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
    """Explain that nsqd requires AUTH, and there is no secret."""
    return Refusal(f"{where} {_CODES['E_AUTH_FIRST']}", final=True)


def missing_tls(where: str) -> Refusal:
    """Explain that TLS was requested, and nsqd does not offer it."""
    return Refusal(f"{where} does not offer TLS; leave out --tls, or use an nsqd that does", final=True)


def not_nsqd(address: str, how: str) -> Refusal:
    """Explain that another server listens at the address; `how` describes its answer."""
    text = f"{address} is not nsqd's TCP port: {how}; use the port of nsqd's -tcp-address, 4150 by default"
    return Refusal(text, final=True, unreachable=True)


def tls_refusal(where: str, host: str, error: ssl.SSLError) -> Refusal:
    """Explain a TLS error, and what to do."""
    alert = (error.reason or "").upper()
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _certificate_words(host, error)
    elif any(word in alert for word in _ASKS):
        words = "requires a client certificate; add --tls-cert and --tls-key, signed by a CA that it trusts"
    elif any(word in alert for word in _REJECTS):
        words = "does not accept the certificate of --tls-cert; use one that is signed by a CA that it trusts"
    else:
        words = f"does not speak TLS as expected ({error.reason or error}); check that it offers TLS, and the CA"
    return Refusal(f"{where} {words}", final=True)


def _certificate_words(host: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "has a certificate that has expired; renew it"
    if error.verify_code == _NOT_YET:
        return "has a certificate that is not valid yet; check the clocks"
    if error.verify_code in (_OTHER_NAME, _OTHER_IP):
        return f"has a certificate that is not for {host}; use the host name in the certificate"
    return (
        f"cannot be verified ({error.verify_message}): its certificate is from another CA; "
        "name that CA's file with --tls-root-ca-file"
    )
