"""Why an nsqd does not take what is sent, in a sentence: its error codes, and what can be wrong with TLS."""

from __future__ import annotations

import ssl

from tui.errors import SendError
from tui.send.sink import LinkLost, Trouble

SECRET_VARIABLE = "HOURSCOPE_NSQ_AUTH_SECRET"
# Error codes of nsqd (nsqd/protocol_v2.go) that a second try cannot mend, in words; others, such as E_MPUB_FAILED while
# nsqd stops, are worth one.
_REFUSALS = {
    "E_BAD_TOPIC": "does not allow this topic's name",
    "E_AUTH_FIRST": f"wants a secret; set {SECRET_VARIABLE}",
    "E_AUTH_FAILED": f"does not accept the secret of {SECRET_VARIABLE}, or its auth server does not answer",
    "E_AUTH_DISABLED": "knows no secrets; send without one",
    "E_UNAUTHORIZED": "does not allow this secret to publish to the topic",
    "E_INVALID": "refuses the request; if it wants TLS, give its CA with --tls-root-ca-file",
    "E_BAD_BODY": "takes no request of this size; see its -max-body-size",
    "E_BAD_MESSAGE": "takes no record of this size; raise its -max-msg-size or add --skip-oversize",
    "E_MESSAGE_TOO_BIG": "takes no record of this size; raise its -max-msg-size or add --skip-oversize",
}
# OpenSSL's X509_V_ERR_*: what is wrong with a certificate.
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_IP = 9, 10, 62, 64
# The alerts of a server that wants a certificate of the client's, or another one (Go: crypto/tls/alert.go).
_ASKS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE")
_REJECTS = ("UNKNOWN_CA", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")


def refused(where: str, topic: str, text: str) -> Trouble:
    """An error frame of nsqd: SendError where trying again is of no use."""
    code = text.split(" ", 1)[0]
    if code not in _REFUSALS:
        return LinkLost(f"{where} could not take a batch ({text})")
    return SendError(f"{where} {_REFUSALS[code]} (topic {topic}: {text}); what was confirmed stays, and can be resumed")


def wants_secret(where: str) -> SendError:
    return SendError(f"{where} {_REFUSALS['E_AUTH_FIRST']}, nothing was sent")


def offers_no_tls(where: str) -> SendError:
    return SendError(f"{where} offers no TLS; leave out --tls, or give the address of one that does, nothing was sent")


def tls_failed(where: str, host: str, error: ssl.SSLError) -> SendError:
    """What went wrong with TLS, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendError(f"{where} {_certificate_words(host, error)}, nothing more was sent")
    alert = (error.reason or "").upper()
    if any(word in alert for word in _ASKS):
        words = "wants a certificate of its clients; give --tls-cert and --tls-key, signed by a CA that it knows"
    elif any(word in alert for word in _REJECTS):
        words = "does not accept the certificate of --tls-cert; give one that is signed by a CA that it knows"
    else:
        words = f"cannot be talked to by TLS ({error.reason or error}); check that it offers TLS, and the CA"
    return SendError(f"{where} {words}, nothing more was sent")


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
