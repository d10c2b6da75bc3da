"""A layout turns a key into an hour (and topic, host, revision): the one place that does.

A pattern is a key with holes: `%Y %m %d %H` (zero-padded; `%-m %-d %-H` unpadded), `%M %S` (any minute or second),
`%B %b` (month names), `%s` (epoch seconds), `%%`; `{topic} {host} {rev}`; `*` (anything but `/`). `{rev}` is
nsq_to_file's revision with its dash, `-000001`, or nothing (nsq, apps/nsq_to_file/file_logger.go, `<REV>`).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from tui.archive.linear import LinearRegex
from tui.errors import LayoutError

_YEARS = range(1970, 9999)  # what is far from all others is no edge of the calendar
_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_name) if name} | {
    name.lower(): n for n, name in enumerate(calendar.month_abbr) if name
}
_HOLES = {
    "%Y": r"(?P<Y>\d{4})",
    "%m": r"(?P<m>\d\d)",
    "%d": r"(?P<d>\d\d)",
    "%H": r"(?P<H>\d\d)",
    "%-m": r"(?P<m>\d{1,2})",
    "%-d": r"(?P<d>\d{1,2})",
    "%-H": r"(?P<H>\d{1,2})",
    "%B": r"(?P<B>[A-Za-z]+)",
    "%b": r"(?P<B>[A-Za-z]{3})",
    "%s": r"(?P<s>\d{9,11})",
    "%M": r"\d\d",
    "%S": r"\d\d",
    "%%": "%",
    "{topic}": r"(?P<topic>[^/]+?)",
    "{host}": r"(?P<host>[^/]+?)",
    "{rev}": r"(?P<rev>-\d{6}|)",
    "*": r"[^/]*",
}
_OPEN = ("{topic}", "{host}", "*", "%B")
_SHORT, _LONG = timedelta(days=3), timedelta(days=1000)  # ranges: listed by day, by month, and as a whole
_LONGEST, _MOST_HOLES = 4096, 100  # characters and holes of a pattern; a key in S3 has 1,024 bytes at most
_MOST_TRIES = 1 << 14  # about 0.3 ms
_TOKEN = re.compile(r"%-?.|\{[a-z]*\}|\*|[^%{*]+|.", re.DOTALL)
_GROUP = re.compile(r"\(\?P<(\w+)>")


def _open_holes(folder: str) -> int:
    """The holes of any length in one folder's part of a pattern; no hole reaches over a slash."""
    return sum(token in _OPEN for token in _TOKEN.findall(folder))


def has_holes(text: str) -> bool:
    """Does a location contain a layout, or is it a plain folder or prefix?"""
    return any(token in _HOLES for token in _TOKEN.findall(text))


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """What a key says about its object."""

    hour: datetime
    topic: str = ""
    host: str = ""
    rev: str = ""


@dataclass(frozen=True)
class Layout:
    """A pattern, ready to read keys; LayoutError if it names no hour or is too long."""

    pattern: str

    def __post_init__(self) -> None:
        holes = sum(token in _HOLES for token in self._tokens)
        if len(self.pattern) > _LONGEST or holes > _MOST_HOLES:
            limits = f"{_LONGEST:,} characters and {_MOST_HOLES} holes"
            raise LayoutError(f"the layout '{self.pattern[:40]}…' is too long: at most {limits}")
        names = set(_GROUP.findall(self._regex.pattern))
        if "s" not in names and not {"Y", "d", "H"} <= names:
            raise LayoutError(f"the layout '{self.pattern}' names no hour; it needs %Y, %m, %d and %H (or %s)")
        if "s" not in names and not names & {"m", "B"}:
            raise LayoutError(f"the layout '{self.pattern}' names no month; add %m")

    @cached_property
    def _tokens(self) -> tuple[str, ...]:
        return tuple(_TOKEN.findall(self.pattern))

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        """Each token as a regex; a name that occurs again (Firehose does that) is `(?P=name)`: it must say the same."""
        seen: set[str] = set()
        parts = []
        for token in self._tokens:
            if (token.startswith("%") or re.fullmatch(r"\{[a-z]+\}", token)) and token not in _HOLES:
                raise LayoutError(f"the layout '{self.pattern}' has '{token}'; known are {' '.join(_HOLES)}")
            part = _HOLES.get(token) or re.escape(token)
            for name in _GROUP.findall(part):
                if name in seen:
                    part = f"(?P={name})"
                seen.add(name)
            parts.append(part)
        return tuple(parts)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(self._parts), re.ASCII)

    @cached_property
    def _tries(self) -> int:
        """The power of a key's length that bounds what `_regex` may try: holes of any length that share a folder."""
        return max(sum(n for folder in self.pattern.split("/") if (n := _open_holes(folder)) > 1), 1)

    @cached_property
    def _linear(self) -> LinearRegex:
        return LinearRegex(self._parts)

    def parse(self, key: str, zone: tzinfo = UTC) -> ParsedKey | None:
        """The hour of `key` in `zone`, or None if the layout does not fit it or it names no real time.

        The time is linear in the key's length: where Python's regex could backtrack for long, RE2 does the work.
        """
        if len(key) ** self._tries <= _MOST_TRIES:
            match = self._regex.fullmatch(key)
            groups = match.groupdict() if match else None
        else:
            groups = self._linear.fullmatch(key)
        if groups is None:
            return None
        try:
            if "s" in groups:
                time = datetime.fromtimestamp(int(groups["s"]), zone).replace(minute=0, second=0, fold=0)
            else:
                month = int(groups["m"]) if "m" in groups else _MONTHS.get(groups["B"].lower(), 0)
                time = datetime(int(groups["Y"]), month, int(groups["d"]), int(groups["H"]), tzinfo=zone)
        except (ValueError, OverflowError):
            return None
        if time.year not in _YEARS:
            return None
        return ParsedKey(time, *(groups.get(name) or "" for name in ("topic", "host", "rev")))

    def spell(self, hour: datetime, *, topic: str = "", host: str = "", rev: str = "") -> str:
        """The key of an hour; the inverse of `parse` for patterns without `*`."""
        words = {"{topic}": topic, "{host}": host, "{rev}": rev, "%s": str(int(hour.timestamp())), "*": ""}
        return "".join(
            words[token] if token in words else hour.strftime(token) if token in _HOLES else token
            for token in self._tokens
        )

    def prefixes(self, start: datetime | None = None, stop: datetime | None = None) -> tuple[str, ...]:
        """The fewest key prefixes that hold every hour of [start, stop): by year, month or day, as the pattern allows.

        A listing costs a request per 1,000 keys, so days get a prefix each only in short ranges.
        """
        head = ""
        for index, token in enumerate(self._tokens):
            if token in _HOLES and token != "%%":
                if token == "%Y" and start and stop and stop - start < _LONG and {start.year, stop.year} <= set(_YEARS):
                    return tuple(sorted({head + tail for tail in self._dated(index, start, stop)}))
                break
            head += "%" if token == "%%" else token
        return (head,)

    def _dated(self, index: int, start: datetime, stop: datetime) -> Iterator[str]:
        depth = {"%Y", "%m", "%d"} if stop - start <= _SHORT else {"%Y", "%m"}
        day = start
        while day < stop + timedelta(days=1):
            spelled = ""
            for token in self._tokens[index:]:
                if token in _HOLES and token not in depth:
                    break
                spelled += day.strftime(token) if token in _HOLES else token
            yield spelled
            day += timedelta(days=1)
