"""What differs between two samples: fields that came or went, values and types whose share changed, numbers that moved.

Records of one session look alike: who happened to watch in an hour moves shares far more than independent records
would. Each sample is therefore cut into random groups of whole sessions (of whatever field repeats most, see
`repeated`). What stays the same within a session must change by much beside the variation between the groups
(random-group estimator: Wolter, Introduction to Variance Estimation, 2007, ch. 2); what differs from record to record
is judged by records, and says more. Ids and times are new in every record, so that none of their values has a share:
they stay out by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf, log2, sqrt
from statistics import fmean, variance
from typing import Literal
from zlib import crc32

from tui.filter.compiled import NotJsonError
from tui.filter.fields import ANY, MOST_VALUES, Field, Fields, Path, leaves
from tui.filter.jmespath import load

What = Literal["field", "type", "value", "number"]
_Key = tuple[What, Path, object, str]
GROUPS = 16
_ERRORS_OF_GROUPS = 2.5  # a change must be so many standard errors
_ERRORS_OF_RECORDS = 5.0
_SPREAD = 3  # groups that what is the larger share must be seen in: the doing of one session is no difference
_WEIGHT = 0.01  # bits; what says less is left out
_LEAST = 0.005  # of the records: a smaller change is none
_MOVED = 0.2  # of the greater median: a smaller step is none
_MOST = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """`now` and `then` are shares of the records (0 to 1), or for `number` medians; `value` is that of a `value`, the
    name of a `type`. The larger `weight`, the more it says."""

    what: What
    path: Path
    now: float
    then: float
    weight: float
    value: object = None


@dataclass(frozen=True, slots=True)
class _Group:
    records: int
    fields: dict[Path, Field]
    counts: dict[_Key, int]


class Sample:
    """Records of an hour, in groups: those that agree in the field `by` (a session) are in one."""

    def __init__(self, by: Path | None = None) -> None:
        self._by = by
        self._groups = tuple(Fields(seed) for seed in range(GROUPS))
        self._all = Fields()
        self._sessions: dict[str, dict[Path, object]] = {}
        self._seen: dict[Path, set[str]] = {}  # in which sessions
        self._changing: dict[Path, set[str]] = {}

    @property
    def records(self) -> int:
        return self._all.records

    def feed(self, records: Iterable[bytes]) -> None:
        """What is no JSON object is left out."""
        for record in records:
            try:
                value = load(record)
            except NotJsonError:
                continue
            if isinstance(value, dict):
                self._all.add(value)
                self._groups[self._group(value)].add(value)

    def _group(self, value: dict[str, object]) -> int:
        found: object = value
        for step in self._by or ():
            found = found.get(str(step)) if isinstance(found, dict) else None
        if not self._by or not isinstance(found, str):
            return self._all.records % GROUPS
        self._compare(found, {path: (kind, inner) for path, inner, kind in leaves((), value)})
        return crc32(found.encode("utf-8", "surrogatepass")) % GROUPS

    def _compare(self, session: str, record: dict[Path, object]) -> None:
        """Which fields are not the same in every record of a session?"""
        before = self._sessions.get(session, record)
        self._sessions[session] = record
        for path in record:
            self._seen.setdefault(path, set()).add(session)
        for path, _ in record.items() ^ before.items():
            self._changing.setdefault(path, set()).add(session)

    def steady(self, path: Path) -> bool:
        """Is the field one of the session, the same in most of its records? Then records are no evidence."""
        return len(self._changing.get(path, ())) * 2 < len(self._seen.get(path, ()))

    def fields(self) -> dict[Path, Field]:
        return {each.path: each for each in self._all.found(1)}

    def groups(self) -> list[_Group]:
        return [_group(each) for each in self._groups if each.records]


def repeated(fields: Iterable[Field]) -> Path | None:
    """The field that says whose record it is: a text in nearly all of them, of the most values that still repeat.

    `fields` with as many of their values as are known.
    """
    found: list[tuple[int, Path]] = []
    for each in fields:
        common = each.coverage >= 0.9 and list(each.types) == ["string"] and ANY not in each.path
        times = sum(count for _, count in each.top)
        if common and len(each.top) >= GROUPS // 2 and times >= 2 * len(each.top):
            found.append((each.distinct, each.path))
    return max(found, key=lambda each: each[0], default=(0, None))[1]


def differences(now: Sample, then: Sample) -> tuple[Difference, ...]:
    """What is different now, what says most first: what came before what went."""
    here, there = now.groups(), then.groups()
    if len(here) < 2 or len(there) < 2:
        return ()
    keys = dict.fromkeys(key for group in (*here, *there) for key in group.counts)
    steady = {path for _, path, _, _ in keys if now.steady(path) and then.steady(path)}
    found = [each for key in keys if (each := _share(key, here, there, steady=key[1] in steady)) is not None]
    found += _moved(now.fields(), then.fields())
    found = [each for each in found if each.weight >= _WEIGHT]
    found.sort(key=lambda each: (-each.weight, len(each.path)))
    return tuple(_told_once(found))[:_MOST]


def _group(found: Fields) -> _Group:
    fields = {each.path: each for each in found.found(MOST_VALUES)}
    counts: dict[_Key, int] = {}
    for path, each in fields.items():
        counts["field", path, None, ""] = each.records
        for kind, times in each.types.items():
            counts["type", path, kind, ""] = times
        for value, times in each.top:
            plain = str(value) if isinstance(value, dict | list) else value
            counts["value", path, plain, type(value).__name__] = times  # 1 is not true
    return _Group(found.records, fields, counts)


def _share(key: _Key, here: list[_Group], there: list[_Group], *, steady: bool) -> Difference | None:
    """A share that changed; None if it did not, or may have by chance."""
    one, other = _of_all(key, here), _of_all(key, there)
    change = abs(one - other)
    if change < _LEAST:
        return None
    if steady:
        seen = sum(key in group.counts for group in (here if one > other else there))
        if seen < _SPREAD or change < _ERRORS_OF_GROUPS * sqrt(_between(key, here) + _between(key, there)):
            return None
    elif change < _ERRORS_OF_RECORDS * sqrt(_within(one, here) + _within(other, there)):
        return None
    weight = _said(one, other, here, there) * (0.5 if steady else 1.0)
    value = {"dict": {}, "list": []}.get(key[3], key[2])
    return Difference(key[0], key[1], one, other, weight, value)


def _of_all(key: _Key, groups: list[_Group]) -> float:
    """Items of lists may be more than the records: at most all of them."""
    return min(sum(group.counts.get(key, 0) for group in groups) / sum(group.records for group in groups), 1.0)


def _between(key: _Key, groups: list[_Group]) -> float:
    """The variance of a share, from how it differs between the groups; never less than what single records make."""
    shares = [min(group.counts.get(key, 0) / group.records, 1.0) for group in groups]
    return max(variance(shares) / len(shares), _within(fmean(shares), groups))


def _within(share: float, groups: list[_Group]) -> float:
    """The variance of a share of independent records; of none or all, that of a record more or less."""
    records = sum(group.records for group in groups)
    return max(share * (1 - share), 1 / records) / records


def _said(one: float, other: float, here: list[_Group], there: list[_Group]) -> float:
    """How much a change says, in bits a record; what went says half as much as what came."""
    least = 0.5 / min(sum(group.records for group in here), sum(group.records for group in there))
    more, less = max(one, other), max(min(one, other), least)
    bits = more * log2(more / less)
    return bits if one > other else bits / 2


def _moved(now: dict[Path, Field], then: dict[Path, Field]) -> Iterator[Difference]:
    """Medians that left the other hour's middle half."""
    for path in now.keys() & then.keys():
        one, other = now[path], then[path]
        if one.median is None or other.median is None or not other.quartiles or not one.quartiles:
            continue
        greatest = max(abs(one.median), abs(other.median))
        step = abs(one.median - other.median) / greatest if greatest else 0.0
        inside = other.quartiles[0] <= one.median <= other.quartiles[1]
        inside = inside or one.quartiles[0] <= other.median <= one.quartiles[1]
        if step >= _MOVED and not inside and step < inf:
            yield Difference("number", path, one.median, other.median, step * min(one.coverage, other.coverage))


def _told_once(found: list[Difference]) -> Iterator[Difference]:
    """Fields that came together by one line; a type or value that only follows from its field's coming, not at all."""
    fields = {each.path: each for each in found if each.what == "field"}
    for each in found:
        cover = fields.get(each.path)
        if each.what in ("type", "value") and cover is not None:
            step = cover.now - cover.then
            if abs(each.now - each.then - step) <= abs(step) / 2 and each.what == "type":
                continue
        yield each
