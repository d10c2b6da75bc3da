"""Turn what varies around the time in keys into literals and holes of a layout: topics, hosts, and other text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from os.path import commonprefix

from tui.archive.holes import escape
from tui.archive.hosts import (
    are_counted,
    are_hosts,
    are_versions,
    is_host,
    may_be_hosts,
    topics_and_hosts,
    topics_before_hosts,
)

_TOKEN = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")
_HIVE = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_REGION = re.compile(r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-[a-z]+)+-\d")
_WORDS = re.compile(r"[A-Za-z_](?:[A-Za-z_]|(?<=[A-Za-z_])\d{1,2}(?!\d)|[.+-](?=[A-Za-z_]))*", re.ASCII)
_NAMES = re.compile(r"[A-Za-z_](?:[A-Za-z_]|\d{1,4}(?!\d)|[.+-](?=\w))*", re.ASCII)  # before the time
_NUMBER_FIRST = re.compile(r"\d{1,3}[-_]?(?=[A-Za-z])", re.ASCII)
_PART = re.compile(r"(?P<name>.+?)(?P<mark>[-_.+])(?P<number>\d{1,6})", re.ASCII)  # orders-0
_EPOCH = re.compile(r"1\d{9}|1\d{12}")  # a folder for the epoch of the day, before that of the hour
_MAX_NAMES = 2000  # topics or hosts
_NSQ = re.compile(r"(?P<name>[^/]+?)(?P<rev>-\d{6}|)\.")  # nsq_to_file's <TOPIC>.<HOST><REV>.
_NSQ_FILE = re.compile(r"(?P<host>[^/]+)-\d+-\d{6}(?P<end>(?:\.[A-Za-z][A-Za-z0-9]*)*)")  # <HOST>-<PID><REV>
_SUFFIX = re.compile(r"(?:\.(?:[A-Za-z]{1,10}|bz2|lz4|7z))*$")


class KeyColumns:
    """Turn columns of texts into parts of a pattern. Each field name is used once."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._values: dict[str, Sequence[str]] = {}  # texts of earlier fields, which a file's name may repeat
        self._parent = ""  # the name of the parent folder

    def folder(self, values: Sequence[str], *, after_time: bool) -> str:
        """Return the pattern of a whole folder before or after the time."""
        parent, self._parent = self._parent, values[0]
        if len(set(values)) == 1:
            return "*" if _EPOCH.fullmatch(values[0]) else _literal(values[0], after_time=after_time)
        if parent == "topics" and not _are_random(values):  # Kafka Connect; else `orders1 orders2` would be hosts
            return self._field("topic", values) or self._varying(values, after_time=after_time)
        named = [_HIVE.fullmatch(value) for value in values]
        names = {match[1] for match in named if match}
        if len(names) == 1 and all(named):
            name = names.pop()
            texts = [match[2] for match in named if match]
            return escape(name) + "=" + (self._field(_identifier(name), texts) or "*")
        return self._classified(values, after_time=after_time) or self._varying(values, after_time=after_time)

    def file_head(self, values: Sequence[str]) -> str:
        """Return the pattern of a file name's part before its time."""
        matches = [_NSQ.fullmatch(value) for value in values]
        names = [match["name"] for match in matches if match]
        revised = any(match["rev"] for match in matches if match)
        dotted = len(names) == len(values) and all("." in name for name in names)
        if dotted and (parts := topics_and_hosts(names, needed=revised)):
            self._used |= {"topic", "host", "rev"}
            return parts + "{rev}."
        last = values[0][:-1].rpartition(".")[2]
        if len(set(values)) == 1 and not (dotted and may_be_hosts([last]) and not are_counted([last])):
            return _literal(values[0], after_time=False)
        end = _common_end(values)
        words = self._classified([value.removesuffix(end) for value in values])
        return words + escape(end) if words else self._varying(values, after_time=False)

    def file_tail(self, values: Sequence[str], *, whole: bool) -> str:
        """Return the pattern of a file name's part after its time; `whole` if that is the whole name."""
        if whole and "host" not in self._used:
            matches = [_NSQ_FILE.fullmatch(value) for value in values]
            if all(matches):
                self._used |= {"host", "rev"}
                ends = {match["end"] for match in matches if match}
                return "{host}-{pid}{rev}" + (escape(ends.pop()) if len(ends) == 1 else "*")
        if len(set(values)) == 1:
            return _literal(values[0], after_time=True)
        bare = [_COMPRESSED.sub("", value) for value in values]
        if len({value[len(head) :] for value, head in zip(values, bare, strict=True)}) > 1:  # different compressions
            if len(set(bare)) == 1:
                return self._varying(values, after_time=True)
            suffixes = set(map(suffix_of, bare))
            if len(suffixes) == 1 and "" not in suffixes:
                return self.file_tail(bare, whole=False) + "*"
        head, tail = _ends(values, after_time=True)
        if are_versions([value[len(head) : len(value) - len(tail)] for value in values]):
            head = re.sub(r"[A-Za-z_]+[-_.]?$", "", head)  # the versions belong to this name
        middles = [value[len(head) : len(value) - len(tail)] for value in values]
        often = len(set(middles)) * 2 <= len(middles)
        words = (self._numbered(middles) or self._classified(middles, after_time=True)) if often else ""
        return escape(head) + words + escape(tail) if words else self._varying(values, after_time=True)

    def _classified(self, values: Sequence[str], *, after_time: bool = False) -> str:
        """Return a named hole for topics, hosts or regions; "" for other texts.

        Names that may be either are topics: topics are listed for the user to choose, while hosts are read together.
        """
        distinct = set(values)
        if not all(distinct) or len(distinct) > _MAX_NAMES:
            return ""
        if all(map(_REGION.fullmatch, distinct)):
            return self._field("region", values)
        if _are_random(values) or are_counted(distinct):
            return ""
        if self._used.isdisjoint({"topic", "host"}) and (pair := topics_before_hosts(distinct)):
            self._used |= {"topic", "host"}
            return pair
        if are_hosts(distinct):
            return self._field("host", values)
        topic = self._field("topic", values) if _are_words(distinct, _WORDS if after_time else _NAMES) else ""
        return topic or (self._field("host", values) if may_be_hosts(distinct) else "")

    def _numbered(self, values: Sequence[str]) -> str:
        """Return `{topic}-{partition}` for numbered files per topic and hour, or ""."""
        matches = [match for value in values if (match := _PART.fullmatch(value))]
        names = [match["name"] for match in matches]
        several = len(set(names)) > 1 and len({match.groups() for match in matches}) > len(set(names))
        marks = {match["mark"] for match in matches}
        if len(matches) < len(values) or not several or len(marks) > 1 or are_hosts(set(values)):
            return ""
        words = self._classified(names, after_time=True)
        if not words:
            return ""
        number = self._field("partition", [match["number"] for match in matches])
        return words + escape(marks.pop()) + (number or "*")

    def _field(self, name: str, values: Sequence[str]) -> str:
        if name in self._used or not name or not all(values):
            return ""
        if name == "partition" and not all(value.isdecimal() for value in values):
            return ""
        self._used.add(name)
        self._values[name] = values
        return f"{{{name}}}"

    def _varying(self, values: Sequence[str], *, after_time: bool) -> str:
        """Return the texts' common ends with a star between them, or with an earlier field that they repeat."""
        for name, known in self._values.items():
            matches = [_whole_word(word, value) for word, value in zip(known, values, strict=True)]
            if all(matches):
                heads = [match.string[: match.start()] for match in matches if match]
                tails = [match.string[match.end() :] for match in matches if match]
                return f"{self._side(heads, after_time=after_time)}{{{name}}}{self._side(tails, after_time=after_time)}"
        head, tail = _ends(values, after_time=after_time)
        return escape(head) + "*" + escape(tail)

    def _side(self, values: Sequence[str], *, after_time: bool) -> str:
        if len(set(values)) == 1:
            return _literal(values[0], after_time=after_time)
        head, tail = _ends(values, after_time=after_time)
        return escape(head) + "*" + escape(tail)


def _are_words(values: Collection[str], regex: re.Pattern[str]) -> bool:
    """True if the values match `regex`. Up to half of them may begin with a number, like `2fa`."""
    named = [value for value in values if regex.fullmatch(value)]
    others = [_NUMBER_FIRST.sub("", value, count=1) for value in values if not regex.fullmatch(value)]
    return len(named) >= len(others) and all(map(regex.fullmatch, others))


def _are_random(values: Sequence[str]) -> bool:
    """True for ids rather than names: long, with digits among letters, or almost all different."""
    distinct = set(values)
    odd = sum(
        len(re.findall(r"\d+", value)) > 1 + value.count("-") + value.count(".") or len(value) > 80
        for value in distinct
    )
    if odd * 2 > len(distinct):
        return True
    upper = sum(value.isupper() and any(map(str.isdigit, value)) and not is_host(value) for value in distinct)
    return upper == len(distinct) or (len(values) >= 24 and len(distinct) * 4 > len(values) * 3)


def _identifier(name: str) -> str:
    text = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return text if re.match(r"[a-z_]", text) else ""


def _literal(text: str, *, after_time: bool) -> str:
    """Return the pattern of a text in all keys. A number after the time becomes a star, unless part of a word."""
    if not after_time:
        return escape(text)
    suffix = suffix_of(text)
    stem = text[: len(text) - len(suffix)]
    pieces = re.split(r"(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])|(?<=[a-z])\d+(?![A-Za-z0-9])|(?<=[-_.+])\d+(?=\D|$)", stem)
    return re.sub(r"\*[^A-Za-z*]{0,3}\*", "*", "*".join(map(escape, pieces))) + escape(suffix)


def suffix_of(name: str) -> str:
    """Return the suffixes of a name: `.log.gz`."""
    match = _SUFFIX.search(name)
    return match[0] if match else ""


def _whole_word(word: str, text: str) -> re.Match[str] | None:
    """Find a word of three or more letters in a text, without a letter or digit next to it."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])", text) if len(word) > 2 else None


def _ends(values: Sequence[str], *, after_time: bool) -> tuple[str, str]:
    """Return the common beginning and end: whole words and separators, without numbers after the varying part."""
    rows = [_TOKEN.findall(value) for value in values]
    head = _words(rows, after_time=after_time)  # before the time, a number is an account or a version
    rest = [row[len(head) :] for row in rows]
    tail = _words([row[::-1] for row in rest], after_time=True)[::-1]
    return "".join(head), "".join(tail)


def _words(rows: Sequence[Sequence[str]], *, after_time: bool) -> list[str]:
    common = commonprefix([list(row) for row in rows])
    if not after_time:
        return list(common)
    number = next((at for at, token in enumerate(common) if token[0].isdigit()), len(common))
    return list(common[:number])


def _common_end(values: Sequence[str]) -> str:
    end = commonprefix([value[::-1] for value in values])[::-1]
    match = re.search(r"[^0-9A-Za-z]*$", end)
    return match[0] if match else ""


def most_common_suffix(names: Sequence[str]) -> str | None:
    """Return the suffix, without compression, of more than two thirds of the names; None if there is none.

    Of two topics (`13.orders.log`, `13.clicks.log`) either may have a little more than half of a sample.
    """
    suffix, number = Counter(map(bare_suffix, names)).most_common(1)[0]
    return suffix if number * 3 > 2 * len(names) else None


def shape_of(tail: str) -> str:
    """Return the constant part of what a writer puts after the time: without compression, numbers as 0."""
    return re.sub(r"\d+", "0", _COMPRESSED.sub("", tail))


def is_renamed(name: str, suffix: str) -> bool:
    """True if something follows the suffix in a name, as in the leftovers of broken copies."""
    match = re.search(r"[-._~ ][^-._~ ]*$", name)
    if match is None or suffix_of(name) == suffix or _COMPRESSED.fullmatch(match[0]):
        return False
    return suffix_of(name[: match.start()]) == suffix


_COMPRESSED = re.compile(r"\.(?:gz|gzip|zst|zstd|bz2|xz|lz4|sz|snappy|lzo|deflate|br|z)$", re.IGNORECASE)


def bare_suffix(name: str) -> str:
    """Return the suffix without compression: `.log` for `a.log.gz` and `a.log`."""
    return _COMPRESSED.sub("", suffix_of(name))
