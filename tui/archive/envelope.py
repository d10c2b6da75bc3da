"""Encode a message that cannot be stored as a line, and decode it to its exact bytes.

A record is one line, so a body with a newline in it, or an empty one, needs an encoding. It is JSON that is still
readable, and that nothing else writes by accident:

    {"hourscope:body":"two\\nlines"}             a body that is UTF-8
    {"hourscope:body:base64":"/wBcCg=="}         any other, or one that is mostly control characters

A genuine message that begins like this is wrapped as well, so `unwrap(wrap(body)) == body` for every body that
`needs_envelope`, and `unwrap(body) == body` for every other.
"""

from __future__ import annotations

import base64
import binascii
import json

from tui.archive.codec import holds_control, sniff
from tui.archive.forms import LINES, form_of, misfit
from tui.archive.json_values import BOM, objects_on
from tui.archive.members import ZERO_RUN

MARK = b'{"hourscope:body'
_TEXT, _BASE64, _END = MARK + b'":"', MARK + b':base64":"', b'"}'
_SLACK = 100  # bytes that JSON text may have in addition to twice the body; control characters take six bytes each


def needs_envelope(body: bytes) -> str:
    """Return why a body cannot be stored as a line: `newline`, `empty`, `lookalike`, `changed`; "" if it can.

    `changed`: a reader would not return it unchanged (see forms.py and lines.py): it is blank, ends in CR, begins with
    a BOM, holds a run of zeros, is several JSON objects, or looks like a document, a web page or binary data.
    """
    if not body:
        return "empty"
    if body.startswith(MARK):
        return "lookalike"
    if b"\n" in body:
        return "newline"
    return "changed" if _is_changed(body) else ""


def _is_changed(body: bytes) -> bool:
    if (
        holds_control(body)
        or body.isspace()
        or body.endswith(b"\r")
        or body.startswith((BOM, b"\0"))
        or bytes(ZERO_RUN) in body
    ):
        return True
    if body[:1] in (b"{", b"[") or body[:1].isspace():
        return form_of(body + b"\n", whole=True) != LINES or (b"}{" in body and objects_on(body) is not None)
    return sniff(body) is not None or misfit(body, whole=True) != ""


def wrap(body: bytes) -> bytes:
    """Encode the body as a line of JSON, without a newline."""
    try:
        line = _as_text(body)
    except UnicodeDecodeError:
        return _as_base64(body)
    return line if len(line) <= 2 * len(body) + _SLACK else _as_base64(body)


def _as_text(body: bytes) -> bytes:
    return MARK + b'":' + json.dumps(body.decode("utf-8"), ensure_ascii=False).encode("utf-8") + b"}"


def _as_base64(body: bytes) -> bytes:
    return _BASE64 + base64.b64encode(body) + _END


def unwrap(line: bytes) -> bytes:
    """Return the bytes that were wrapped. A line that `wrap` did not make is returned unchanged."""
    if not line.startswith(MARK) or not line.endswith(_END):
        return line
    try:
        if line.startswith(_TEXT):
            body = str(json.loads(line[len(_TEXT) - 1 : -1])).encode("utf-8")
            return body if needs_envelope(body) and _as_text(body) == line else line
        if line.startswith(_BASE64):
            body = base64.b64decode(line[len(_BASE64) : -len(_END)], validate=True)
            return body if needs_envelope(body) and _as_base64(body) == line else line
    except (ValueError, binascii.Error):  # JSON of another program, or with lone surrogates
        return line
    return line
