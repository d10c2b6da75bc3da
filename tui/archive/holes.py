"""The holes of a layout: what each matches, and its texts.

A pattern is text with holes: `%Y` and the other time codes of strftime (`%-H` without padding), `{topic}` and any other
name, `{topic=events}` with a required value (`*` in the value matches any text, `|` separates several values), `*` for
any text without a slash, `**` for any text. `{{ }} %% {*} {|}` are a literal brace, percent sign, star and bar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from os.path import commonprefix

from tui.archive.time_codes import TIME_CODES, TimeCode
from tui.errors import LayoutError

_MAX_STEPS = 4000  # of a range whose values can be listed
_NAMES = {  # fields whose texts are restricted; `{topic}` is greedy, as topics contain dots more often than hosts
    "topic": r"[^/]+",
    "rev": r"-\d{6}|",  # nsq, apps/nsq_to_file/file_logger.go, `<REV>`
    "partition": r"\d+",
    "pid": r"\d+",
}
_ANY_NAME = r"[^/]+?"
_STARS = {"*": r"[^/]*", "**": r"[\s\S]*", "**/": r"(?:[\s\S]*/|)"}
_ESCAPED = {"{{": "{", "}}": "}", "%%": "%", "{*}": "*", "{|}": "|"}
_VALUE = r"(?:\{[*|]\}|\{\{|\}\}|[^{}])*"
_BAR = re.compile(r"(?<!\{)\||\|(?!\})")  # between two values, not a literal bar
_TOKEN = re.compile(
    rf"\{{\{{|\}}\}}|\{{[*|]\}}|\{{[a-z_][a-z0-9_]*(?:={_VALUE})?\}}|%-?.|%|\*\*/|\*\*|\*|[^%{{}}*]+|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole of a layout. `token` is its text in the pattern.

    `name` is a time code (`%Y`), the name of a field (`topic`), or `*`, `**`. `regex` matches its texts. `value` is
    the pattern of a field's value if the layout has one: `events`, `events*`, `events|clicks`.
    """

    token: str
    name: str
    regex: str
    value: str | None = None

    @property
    def code(self) -> TimeCode | None:
        """The time code, if it is one."""
        return TIME_CODES.get(self.token)

    @property
    def is_time(self) -> bool:
        """True if it is part of the hour. A weekday is not; it must only agree with the date."""
        return self.code is not None and self.code.quantity != "a"

    @property
    def is_field(self) -> bool:
        return self.token.startswith("{")

    @property
    def is_open(self) -> bool:
        """True if its text can have any length."""
        return self.code is None and self.fixed is None and self.name != "rev"

    @property
    def fixed(self) -> str | None:
        """Its only possible text, if the layout gives one without a star."""
        if self.value is None or _has_star(self.value) or len(_choices(self.value)) > 1:
            return None
        return unescape(self.value)

    @property
    def head(self) -> str:
        """The prefix of all its texts."""
        heads = []
        for choice in _choices(self.value or ""):
            tokens = _TOKEN.findall(choice)
            stars = (at for at, token in enumerate(tokens) if token in _STARS)
            heads.append(unescape("".join(tokens[: next(stars, len(tokens))])))
        return commonprefix(heads)

    def fits(self, text: str) -> bool:
        """True if `text` matches the whole hole."""
        return re.fullmatch(self.regex, text, re.ASCII) is not None

    def values(self, start: datetime, stop: datetime) -> tuple[str, ...] | None:
        """Return its possible texts for hours of [start, stop), in order of time; None if they cannot be listed.

        `%Y` has two texts for two years, a fixed field has one. None for month names, epochs, minutes and open fields,
        and for ranges of more than ten years.
        """
        if self.fixed is not None:
            return (self.fixed,)
        code = self.code
        if code is None or code.step is None or (stop - start) / code.step > _MAX_STEPS:
            return None
        return tuple(dict.fromkeys(code.spell(time) for time in steps(start, stop, code.step)))


NamePart = str | Hole


def steps(start: datetime, stop: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield wall-clock times of [start, stop), one per step, and the last hour."""
    time = start
    while time < stop:
        yield time
        time += step
    last = stop - timedelta(hours=1)
    if last >= start:
        yield last


def spell_parts(parts: Iterable[NamePart], time: datetime, fields: Mapping[str, str]) -> str:
    """Return the text of some parts of a key for a time and fields. Stars become empty."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            texts.append(part.code.spell(time) if part.code else fields.get(part.name, part.fixed or ""))
    return "".join(texts)


def lead(parts: Iterable[NamePart]) -> str:
    """Return the common prefix of all texts of some parts."""
    text = ""
    for part in parts:
        if isinstance(part, Hole) and part.fixed is None:
            return text + part.head
        text += part if isinstance(part, str) else part.fixed or ""
    return text


def split_pattern(pattern: str) -> tuple[str | Hole, ...]:
    """Split a pattern into literals (unescaped, as in keys) and holes. LayoutError for an unknown `%` code."""
    parts: list[str | Hole] = []
    literal = ""
    for token in _TOKEN.findall(pattern):
        hole = _hole(token, pattern)
        if hole is None:
            literal += _ESCAPED.get(token, token)
            continue
        if literal:
            parts.append(literal)
        literal = ""
        parts.append(hole)
    return (*parts, literal) if literal else tuple(parts)


def _hole(token: str, pattern: str) -> Hole | None:
    if token in _STARS:
        return Hole(token, token.rstrip("/"), _STARS[token])
    if token in TIME_CODES:
        return Hole(token, token, TIME_CODES[token].regex)
    if token.startswith("%") and token not in _ESCAPED:
        known = " ".join(TIME_CODES)
        raise LayoutError(f"unknown code '{token}' in the layout '{pattern}'; use {known}, or %% for a percent sign")
    if len(token) > 2 and token.startswith("{") and token not in _ESCAPED:
        name, equals, value = token[1:-1].partition("=")
        if not equals:
            return Hole(token, name, _NAMES.get(name, _ANY_NAME))
        regexes = [_value_regex(choice, greedy=name == "topic") for choice in _choices(value)]
        return Hole(token, name, "|".join(regexes), value)
    return None


def _choices(value: str) -> list[str]:
    """Split the value of a field: `events|clicks`."""
    return _BAR.split(value)


def _value_regex(value: str, *, greedy: bool) -> str:
    """Return the regex of a field's value. A star must match at least one character, except at the end."""
    end = r"[^/]*" if greedy else r"[^/]*?"
    tokens = _TOKEN.findall(value)
    parts = [re.escape(_ESCAPED.get(token, token)) if token not in _STARS else "" for token in tokens]
    last = len(tokens) - 1
    return "".join(part or (end if at == last and at else r"[^/]+?") for at, part in enumerate(parts))


def _has_star(value: str) -> bool:
    return any(token in _STARS for token in _TOKEN.findall(value))


def has_holes(text: str) -> bool:
    """True if a location contains a layout; False for a plain folder or prefix."""
    tokens = _TOKEN.findall(text)
    return any(t in _STARS or t in TIME_CODES or (t[:1] == "{" and len(t) > 2 and t not in _ESCAPED) for t in tokens)


def escape(text: str) -> str:
    """Escape a literal text for use in a pattern."""
    return re.sub(r"[{}%*|]", lambda match: f"{{{match[0]}}}" if match[0] in "*|" else match[0] * 2, text)


def unescape(pattern: str) -> str:
    """Return the literal text of a pattern without holes."""
    return "".join(_ESCAPED.get(token, token) for token in _TOKEN.findall(pattern))
