"""Finding a layout from the keys that are there: what an hour looks like, then what varies around it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from os.path import commonprefix

from tui.archive.layout import Layout, escape
from tui.errors import LayoutError


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One way to write an hour: the regex that finds it in a key, and the pattern that stands for it."""

    regex: re.Pattern[str]
    pattern: str


_SPELLINGS = tuple(
    _Spelling(re.compile(regex), pattern)
    for regex, pattern in (
        (r"year=\d{4}/month=\d\d/day=\d\d/hour=\d\d(?!\d)", "year=%Y/month=%m/day=%d/hour=%H"),
        (r"dt=\d{4}-\d\d-\d\d/hour=\d\d(?!\d)", "dt=%Y-%m-%d/hour=%H"),
        (r"dt=\d{4}-\d\d-\d\d/hr=\d\d(?!\d)", "dt=%Y-%m-%d/hr=%H"),
        (r"(?<!\d)\d{4}-\d\d-\d\d_\d\d(?!\d)", "%Y-%m-%d_%H"),
        (r"(?<!\d)\d{4}-\d\d-\d\dT\d\d(?!\d)", "%Y-%m-%dT%H"),
        (r"(?<!\d)\d{4}/\d\d/\d\d/\d\d_\d\d_\d\d(?!\d)", "%Y/%m/%d/%H_%M_%S"),
        (r"(?<!\d)\d{4}/\d\d/\d\d/\d\d(?!\d)", "%Y/%m/%d/%H"),
        (r"(?<!\d)\d{4}/[A-Z][a-z]+/\d{1,2}/\d{1,2}(?!\d)", "%Y/%B/%-d/%-H"),
        (r"(?<!\d)\d{4}-\d\d-\d\d-\d\d(?!\d)", "%Y-%m-%d-%H"),
        (r"(?<!\d)\d{4}-\d\d-\d\d/\d\d(?!\d)", "%Y-%m-%d/%H"),
        (r"(?<!\d)20\d{8}(?!\d)", "%Y%m%d%H"),
        (r"date=\d{4}-\d\d-\d\d/\d{10}(?!\d)", "date=%Y-%m-%d/%s"),
    )
)
# nsq_to_file's <TOPIC>.<HOST><REV>.: a revision of six digits is its signature
_NSQ_TO_FILE = re.compile(r"(?P<dir>(?:[^/]*/)*)(?P<topic>[^/]+)\.(?P<host>[^/.]+)(?P<rev>-\d{6}|)\.")


def detect(keys: Iterable[str]) -> Layout:
    """The layout that fits most of `keys`; LayoutError, with three keys, if none does."""
    keys = tuple(keys)
    best: Layout | None = None
    best_fit = 0
    for spelling in _SPELLINGS:
        found = [(key, match) for key in keys if (match := spelling.regex.search(key))]
        if len(found) <= best_fit:
            continue
        layout = Layout(_around(spelling.pattern, [(k[: m.start()], k[m.end() :]) for k, m in found]))
        fit = sum(layout.parse(key) is not None for key in keys)
        if fit > best_fit:
            best, best_fit = layout, fit
    if best is None:
        raise LayoutError(f"no layout found in keys such as {three(keys)}; add one, like s3://bucket/%Y/%m/%d/%H/*.gz")
    return best


def three(keys: Iterable[str]) -> str:
    """Up to three keys, to show a person what is there."""
    from tui.printable import printable

    shown = [printable(key, 120) for key, _ in zip(keys, range(3), strict=False)]
    return ", ".join(shown) or "none"


def _around(hour: str, sides: list[tuple[str, str]]) -> str:
    heads, tails = [head for head, _ in sides], [tail for _, tail in sides]
    return _head(heads) + hour + _varying(tails)


def _head(heads: list[str]) -> str:
    matches = [_NSQ_TO_FILE.fullmatch(head) for head in heads]
    found = [match for match in matches if match]
    folders = {match["dir"] for match in found}
    revised = any(match["rev"] for match in found)
    if len(found) == len(heads) and len(folders) == 1 and (revised or len(set(heads)) > 1):
        return _literal(folders.pop()) + "{topic}.{host}{rev}."
    return _varying(heads)


def _varying(parts: list[str]) -> str:
    """One text for all, or the common ends with `*` between; folders only as deep as most are."""
    if len(set(parts)) == 1:
        return _literal(parts[0])
    depth = Counter(part.count("/") for part in parts).most_common(1)[0][0]
    rows = [part.split("/") for part in parts if part.count("/") == depth]
    return "/".join(_varying_name(list(column)) for column in zip(*rows, strict=True))


def _varying_name(names: list[str]) -> str:
    if len(set(names)) == 1:
        return _literal(names[0])
    # up to a separator and before any digit: a number that the sample shares is chance
    head = re.sub(r"[^._-]*$", "", re.split(r"\d", commonprefix(names))[0])
    reversed_tail = re.split(r"\d", commonprefix([name[len(head) :][::-1] for name in names]))[0]
    tail = re.sub(r"^[^._-]*", "", reversed_tail[::-1])
    return _literal(head) + "*" + _literal(tail)


def _literal(text: str) -> str:
    return escape(text)
