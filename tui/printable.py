"""Escape untrusted text for the terminal: everything from an archive passes through here.

Control bytes, escape sequences, bidi marks, invisible format characters and bytes that are not UTF-8 are *shown*
(as `\\x1b`, `\\u202e`), never sent to a terminal. Markup is not escaped: pass the result to rich as `Text`, never as
markup.
"""

from __future__ import annotations

import re

# C0, DEL, C1, Unicode format characters that move, hide or reverse text (UAX #9, Cf), line separators, surrogates.
HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


_SURROGATE = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(data: bytes | str, limit: int | None = None) -> str:
    """Return `data` as one line that is safe to print, truncated with `…` to at most `limit` characters.

    At most four bytes per character of the limit are decoded, so a line of 50 MB costs nothing.
    """
    if isinstance(data, bytes):
        cut = data if limit is None else data[: 4 * limit + 4]
        text = cut.decode("utf-8", "surrogateescape")
    else:
        text = data if limit is None else data[: limit + 1]
    text = HOSTILE.sub(_escape, text)
    if limit is not None and len(text) > limit:
        return text[: max(limit - 1, 0)] + "…"
    return text


def spelled(text: str) -> str:
    """Replace lone surrogates, which cannot be encoded, by the JSON escapes that they came from (`\\ud800`)."""
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def encodable(value: object) -> object:
    """Return JSON data whose texts can be encoded: bytes that are not UTF-8, as in file names, are escaped."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {key: encodable(item) for key, item in value.items()}
        case list() | tuple():
            return [encodable(item) for item in value]
    return value
