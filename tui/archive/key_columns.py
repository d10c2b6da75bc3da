"""What varies in keys around their time, as the literals and holes of a layout: topics, hosts, and any other text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from os.path import commonprefix

from tui.archive.holes import escape
from tui.archive.hosts import are_counted, are_hosts, are_versions, is_host, may_be_hosts, topics_and_hosts

_TOKEN = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")
_HIVE = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_REGION = re.compile(r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-[a-z]+)+-\d")
_WORDS = re.compile(r"[A-Za-z_](?:[A-Za-z_]|(?<=[A-Za-z_])\d{1,2}(?!\d)|[.+-](?=[A-Za-z_]))*", re.ASCII)
_NAMES = re.compile(r"[A-Za-z_](?:[A-Za-z_]|\d{1,4}(?!\d)|[.+-](?=\w))*", re.ASCII)  # in front of the time
_NUMBER_FIRST = re.compile(r"\d{1,3}[-_]?(?=[A-Za-z])", re.ASCII)
_PART = re.compile(r"(?P<name>.+?)(?P<mark>[-_.+])(?P<number>\d{1,6})", re.ASCII)  # orders-0
_EPOCH = re.compile(r"1\d{9}|1\d{12}")  # of the day, in front of one of the hour: it changes every day
_MOST_NAMES = 2000  # topics or hosts
_NSQ = re.compile(r"(?P<name>[^/]+?)(?P<rev>-\d{6}|)\.")  # nsq_to_file's <TOPIC>.<HOST><REV>.
_NSQ_FILE = re.compile(r"(?P<host>[^/]+)-\d+-\d{6}(?P<end>(?:\.[A-Za-z][A-Za-z0-9]*)*)")  # <HOST>-<PID><REV>
_SUFFIX = re.compile(r"(?:\.(?:[A-Za-z]{1,10}|bz2|lz4|7z))*$")


class KeyColumns:
    """Turns columns of texts into parts of a pattern; a name of a field is given once."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._values: dict[str, Sequence[str]] = {}  # of fields in front, which a file's name may repeat
        self._holds = ""  # the name of the folder that holds the next one

    def folder(self, values: Sequence[str], *, behind: bool) -> str:
        """A whole folder of the keys, in front of their time or behind it."""
        holds, self._holds = self._holds, values[0]
        if len(set(values)) == 1:
            return "*" if _EPOCH.fullmatch(values[0]) else _literal(values[0], behind=behind)
        if holds == "topics" and not _are_random(values):  # Kafka Connect's; `orders1 orders2` would be hosts
            return self._field("topic", values) or self._varying(values, behind=behind)
        named = [_HIVE.fullmatch(value) for value in values]
        names = {match[1] for match in named if match}
        if len(names) == 1 and all(named):
            name = names.pop()
            texts = [match[2] for match in named if match]
            return escape(name) + "=" + (self._field(_identifier(name), texts) or "*")
        return self._classified(values, behind=behind) or self._varying(values, behind=behind)

    def file_head(self, values: Sequence[str]) -> str:
        """The part of a file's name in front of its time."""
        matches = [_NSQ.fullmatch(value) for value in values]
        names = [match["name"] for match in matches if match]
        revised = any(match["rev"] for match in matches if match)
        dotted = len(names) == len(values) and all("." in name for name in names)
        if dotted and (parts := topics_and_hosts(names, needed=revised)):
            self._used |= {"topic", "host", "rev"}
            return parts + "{rev}."
        last = values[0][:-1].rpartition(".")[2]
        if len(set(values)) == 1 and not (dotted and may_be_hosts([last]) and not are_counted([last])):
            return _literal(values[0], behind=False)
        end = _common_end(values)
        words = self._classified([value.removesuffix(end) for value in values])
        return words + escape(end) if words else self._varying(values, behind=False)

    def file_tail(self, values: Sequence[str], *, whole: bool) -> str:
        """The part of a file's name behind its time; `whole` if that is all of the name."""
        if whole and "host" not in self._used:
            matches = [_NSQ_FILE.fullmatch(value) for value in values]
            if all(matches):
                self._used |= {"host", "rev"}
                ends = {match["end"] for match in matches if match}
                return "{host}-{pid}{rev}" + (escape(ends.pop()) if len(ends) == 1 else "*")
        if len(set(values)) == 1:
            return _literal(values[0], behind=True)
        bare = [_COMPRESSED.sub("", value) for value in values]
        if len({value[len(head) :] for value, head in zip(values, bare, strict=True)}) > 1:  # not always compressed so
            if len(set(bare)) == 1:
                return self._varying(values, behind=True)
            suffixes = set(map(suffix_of, bare))
            if len(suffixes) == 1 and "" not in suffixes:
                return self.file_tail(bare, whole=False) + "*"
        head, tail = _ends(values, behind=True)
        if are_versions([value[len(head) : len(value) - len(tail)] for value in values]):
            head = re.sub(r"[A-Za-z_]+[-_.]?$", "", head)  # of what they are the versions
        middles = [value[len(head) : len(value) - len(tail)] for value in values]
        often = len(set(middles)) * 2 <= len(middles)
        words = (self._numbered(middles) or self._classified(middles, behind=True)) if often else ""
        return escape(head) + words + escape(tail) if words else self._varying(values, behind=True)

    def _classified(self, values: Sequence[str], *, behind: bool = False) -> str:
        """A hole with a name for texts that are names: of a topic, a host, a region; "" if they are not.

        Names that may be either are topics: those are counted and chosen among, where hosts are read together.
        """
        distinct = set(values)
        if not all(distinct) or len(distinct) > _MOST_NAMES:
            return ""
        if all(map(_REGION.fullmatch, distinct)):
            return self._field("region", values)
        if _are_random(values) or are_counted(distinct):
            return ""
        if are_hosts(distinct):
            return self._field("host", values)
        topic = self._field("topic", values) if _are_words(distinct, _WORDS if behind else _NAMES) else ""
        return topic or (self._field("host", values) if may_be_hosts(distinct) else "")

    def _numbered(self, values: Sequence[str]) -> str:
        """`{topic}-{partition}` for the numbered files of an hour of each topic; "" for others."""
        matches = [match for value in values if (match := _PART.fullmatch(value))]
        names = [match["name"] for match in matches]
        several = len(set(names)) > 1 and len({match.groups() for match in matches}) > len(set(names))
        marks = {match["mark"] for match in matches}
        if len(matches) < len(values) or not several or len(marks) > 1 or are_hosts(set(values)):
            return ""
        words = self._classified(names, behind=True)
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

    def _varying(self, values: Sequence[str], *, behind: bool) -> str:
        """What all have at both ends with a star between, or with a field that they repeat."""
        for name, known in self._values.items():
            matches = [_whole_word(word, value) for word, value in zip(known, values, strict=True)]
            if all(matches):
                heads = [match.string[: match.start()] for match in matches if match]
                tails = [match.string[match.end() :] for match in matches if match]
                return f"{self._side(heads, behind=behind)}{{{name}}}{self._side(tails, behind=behind)}"
        head, tail = _ends(values, behind=behind)
        return escape(head) + "*" + escape(tail)

    def _side(self, values: Sequence[str], *, behind: bool) -> str:
        if len(set(values)) == 1:
            return _literal(values[0], behind=behind)
        head, tail = _ends(values, behind=behind)
        return escape(head) + "*" + escape(tail)


def _are_words(values: Collection[str], regex: re.Pattern[str]) -> bool:
    """Are they names as `regex` has them? Some of several may begin with a number, as `2fa` does."""
    named = [value for value in values if regex.fullmatch(value)]
    others = [_NUMBER_FIRST.sub("", value, count=1) for value in values if not regex.fullmatch(value)]
    return len(named) >= len(others) and all(map(regex.fullmatch, others))


def _are_random(values: Sequence[str]) -> bool:
    """Are they ids rather than names: long, with digits among letters, or hardly one twice?"""
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


def _literal(text: str, *, behind: bool) -> str:
    """A text that all keys have; a number behind the time is chance, unless it is part of a word or of the suffix."""
    if not behind:
        return escape(text)
    suffix = suffix_of(text)
    stem = text[: len(text) - len(suffix)]
    pieces = re.split(r"(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])|(?<=[a-z])\d+(?![A-Za-z0-9])|(?<=[-_.+])\d+(?=\D|$)", stem)
    return re.sub(r"\*[^A-Za-z*]{0,3}\*", "*", "*".join(map(escape, pieces))) + escape(suffix)


def suffix_of(name: str) -> str:
    """`.log.gz`: the words behind the last dots."""
    match = _SUFFIX.search(name)
    return match[0] if match else ""


def _whole_word(word: str, text: str) -> re.Match[str] | None:
    """A word of three letters or more in a text, with no letter or digit beside it."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])", text) if len(word) > 2 else None


def _ends(values: Sequence[str], *, behind: bool) -> tuple[str, str]:
    """What all begin and end with: whole words and separators, without numbers behind what varies."""
    rows = [_TOKEN.findall(value) for value in values]
    head = _words(rows, behind=behind)  # in front of the time, a number is an account's or a version's
    rest = [row[len(head) :] for row in rows]
    tail = _words([row[::-1] for row in rest], behind=True)[::-1]
    return "".join(head), "".join(tail)


def _words(rows: Sequence[Sequence[str]], *, behind: bool) -> list[str]:
    common = commonprefix([list(row) for row in rows])
    if not behind:
        return list(common)
    number = next((at for at, token in enumerate(common) if token[0].isdigit()), len(common))
    return list(common[:number])


def _common_end(values: Sequence[str]) -> str:
    end = commonprefix([value[::-1] for value in values])[::-1]
    match = re.search(r"[^0-9A-Za-z]*$", end)
    return match[0] if match else ""


def most_common_suffix(names: Sequence[str]) -> str | None:
    """The suffix of most names without that of a compression; None if no suffix is that of more than half."""
    suffix, number = Counter(map(bare_suffix, names)).most_common(1)[0]
    return suffix if number * 2 > len(names) else None


def shape_of(tail: str) -> str:
    """What is alike in the texts behind the time of one writer: all but numbers and how they are compressed."""
    return re.sub(r"\d+", "0", _COMPRESSED.sub("", tail))


def is_renamed(name: str, suffix: str) -> bool:
    """Is it a name with that suffix and something behind it: what a broken copy leaves?"""
    match = re.search(r"[-._~ ][^-._~ ]*$", name)
    if match is None or suffix_of(name) == suffix or _COMPRESSED.fullmatch(match[0]):
        return False
    return suffix_of(name[: match.start()]) == suffix


_COMPRESSED = re.compile(r"\.(?:gz|gzip|zst|zstd|bz2|xz|lz4|sz|snappy|lzo|deflate|br|z)$", re.IGNORECASE)


def bare_suffix(name: str) -> str:
    """`.log` of `a.log.gz` and `a.log`."""
    return _COMPRESSED.sub("", suffix_of(name))
