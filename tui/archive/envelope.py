"""The form in which a message that cannot be a line is kept as one, and how its exact bytes come back.

A record is one line, so a body with a newline in it, or an empty one, needs a form of its own. It is JSON that a person
can still read, and that nothing else writes by accident:

    {"hourscope:body":"two\\nlines"}             a body that is UTF-8
    {"hourscope:body:base64":"/wBcCg=="}         any other

A genuine message that begins like one is wrapped as well, so `unwrap(wrap(body)) == body` for every body, and
`unwrap(body) == body` for every body that `needs_envelope` finds good as it is.
"""

from __future__ import annotations

import base64
import binascii
import json

MARK = b'{"hourscope:body'
_TEXT, _BASE64, _END = MARK + b'":"', MARK + b':base64":"', b'"}'


def needs_envelope(body: bytes) -> str:
    """Why a body cannot stand as a line: `newline`, `empty`, `lookalike`; "" if it can."""
    if not body:
        return "empty"
    if body.startswith(MARK):
        return "lookalike"
    return "newline" if b"\n" in body else ""


def wrap(body: bytes) -> bytes:
    """The body as a line of JSON, without its newline."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _BASE64 + base64.b64encode(body) + _END
    return MARK + b'":' + json.dumps(text, ensure_ascii=False).encode("utf-8") + b"}"


def unwrap(line: bytes) -> bytes:
    """The bytes that were wrapped; a line that `wrap` has not made comes back as it is."""
    if not line.startswith(MARK) or not line.endswith(_END):
        return line
    try:
        if line.startswith(_TEXT):
            return str(json.loads(line[len(_TEXT) - 1 : -1])).encode("utf-8")
        if line.startswith(_BASE64):
            return base64.b64decode(line[len(_BASE64) : -len(_END)], validate=True)
    except (ValueError, binascii.Error):  # JSON that another program wrote, or lone surrogates in it
        return line
    return line
