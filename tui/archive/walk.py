"""Finding the keys of a range of hours without listing the others: down the layout, one request a level.

The prefix is what is known of a key, the delimiter the literal behind the next hole: one listing gives that hole's
texts, wherever it stands. Where the range gives the texts, nothing has to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from tui.archive.chunk import StoredObject
from tui.archive.holes import Hole, TimeCode, steps, year_of
from tui.archive.layout import Layout
from tui.archive.listing import Level, Listing, in_parallel

Part = str | Hole
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_YEAR, _MONTH = frozenset("Yy"), frozenset("Yym")
_DATE = _MONTH | frozenset("dj")
_TIME = _DATE | frozenset("HIp")
# How far a range's texts are spelled: codes, the step in which they change, the longest range.
_SPELLED = (
    (_TIME, _HOUR, timedelta(hours=6)),
    (_DATE, _DAY, timedelta(days=3)),
    (_MONTH, _DAY, timedelta(days=1000)),
    (_DATE, _DAY, timedelta(days=400)),  # layouts whose day comes first
    (_TIME, _HOUR, timedelta(days=30)),
)
_DEEPEST = 12  # levels of a name
_MOST_HEADS = 1000


@dataclass(frozen=True, slots=True)
class Range:
    """Wall-clock hours [start, stop) without a zone; None: no bound."""

    start: datetime | None = None
    stop: datetime | None = None

    def holds(self, hour: datetime) -> bool:
        """Is an hour, of any zone, in it by the clock?"""
        wall = hour.replace(tzinfo=None)
        return (self.start is None or self.start <= wall) and (self.stop is None or wall < self.stop)

    def within(self, start: datetime, stop: datetime) -> Range | None:
        """The part of it in [start, stop), if there is one."""
        first = max(self.start, start) if self.start else start
        last = min(self.stop, stop) if self.stop else stop
        return Range(first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class Branches:
    """Where the keys of a range are: `prefixes` hold them all. `rest` and `objects`: what fits no layout on the way."""

    prefixes: tuple[str, ...]
    rest: tuple[str, ...] = ()
    objects: tuple[StoredObject, ...] = ()


@dataclass(frozen=True)
class Walk:
    """A layout over a listing.

    `quick`: take each name for a whole one, where to look for longer names that begin so is a request for each.
    `names`: what keys have before their time, if that is known.
    """

    listing: Listing
    layout: Layout
    quick: bool = False
    names: tuple[str, ...] = ()

    @cached_property
    def _at(self) -> int:
        """The index of the first part that gives time."""
        return next(at for at, part in enumerate(self.layout.parts) if isinstance(part, Hole) and part.code)

    @property
    def time(self) -> Hole:
        """The first hole that gives time."""
        hole = self.layout.parts[self._at]
        assert isinstance(hole, Hole)
        return hole

    @cached_property
    def root(self) -> str:
        """What every key begins with."""
        return lead(self.layout.parts)

    @cached_property
    def can_walk(self) -> bool:
        """False where the keys of an hour can only be found by looking at all of them."""
        before = self.layout.parts[: self._at]
        open_name = bool(before) and isinstance(before[-1], Hole) and before[-1].fixed is None
        deep = any(isinstance(part, Hole) and part.name == "**" for part in before)
        first = self.layout.parts[self._at]
        epoch = isinstance(first, Hole) and first.name == "%s"
        return not (open_name or deep or epoch)

    def branches(self, hours: Range) -> Branches:
        """The prefixes to list for a range; for all hours, those of all keys there are."""
        heads = self._heads
        if heads.too_many:
            return Branches((self.root,))
        parts = in_parallel(lambda head: self._branch(head, hours), heads.prefixes)
        return Branches(
            tuple(sorted({prefix for part in parts for prefix in part.prefixes})),
            (*heads.rest, *(prefix for part in parts for prefix in part.rest)),
            (*heads.objects, *(item for part in parts for item in part.objects)),
        )

    @property
    def is_known(self) -> bool:
        """Was everything listed, or does every question take that?"""
        return self.listing.known(self.root) is not None or self._heads.too_many

    def look(self, hours: Range) -> tuple[StoredObject, ...] | None:
        """All objects, where the first page of a listing holds them, or has already; None if there are more.

        The page is not asked for where the range spells the prefixes.
        """
        base = self.listing.base
        if base is not None and (known := self.listing.known(base)) is not None:
            return known
        known = self.listing.known(self.root)
        walked = self.names or "_heads" in self.__dict__
        told = is_literal(self.layout.parts[: self._at]) and self.spelled(hours)
        if known is None and not walked and not told:
            self.listing.first(self.root)
            known = self.listing.known(self.root)
        return known

    @property
    def heads(self) -> tuple[str, ...]:
        """What keys have before their time: prefixes that hold them all."""
        return (self.root,) if self._heads.too_many else self._heads.prefixes

    @cached_property
    def _heads(self) -> _Heads:
        if not self.can_walk:
            return _Heads((), too_many=True)
        return _Heads(self.names) if self.names else _find_heads(self.listing, self.layout.parts[: self._at])

    def times(self, head: str) -> Level | None:
        """What follows a head, up to the character behind its first time; None where that cannot be listed."""
        delimiter = self.delimiter(self._at)
        return self.listing.level(head, delimiter) if delimiter else None

    def delimiter(self, at: int) -> str:
        """The first character behind a time, where a listing can be cut; "" if it does not end there.

        One character, because not every server takes more.
        """
        parts = self.layout.parts
        hole, after = parts[at], parts[at + 1] if at + 1 < len(parts) else ""
        if isinstance(after, Hole) or not isinstance(hole, Hole):
            return ""
        return "" if after[:1].isalnum() else after[:1]

    @property
    def _ambiguous(self) -> bool:
        """Can what is taken for a name be the beginning of a longer one? A folder's name cannot."""
        name = components(self.layout.parts[: self._at])[-1]
        return any(isinstance(part, Hole) and part.fixed is None for part in name)

    def _branch(self, head: str, hours: Range, depth: int = 0) -> Branches:
        """The prefixes behind one head."""
        texts = self.spelled(hours)
        if texts is not None and (self.quick or not self._ambiguous):
            return Branches(tuple(head + text for text in texts))
        level = self.times(head)
        if level is None:
            return Branches(tuple(head + text for text in texts or ("",)))
        code, fitting, others = self._sorted_out(head, level)
        longer = self._longer(head, others) if self._ambiguous and depth < _DEEPEST else _Heads((), others)
        more = [self._branch(each, hours, depth + 1) for each in longer.prefixes]
        found = [prefix for part in more for prefix in part.prefixes]
        for text, prefix in fitting:
            if texts is not None:
                begin = head + text
                found += [head + each for each in texts if (head + each).startswith(begin)]
            else:
                found += self._of_year(head, prefix, code, text, hours)
        return Branches(
            tuple(dict.fromkeys(found)),
            (*longer.rest, *(prefix for part in more for prefix in part.rest)),
            (*level.objects, *longer.objects, *(item for part in more for item in part.objects)),
        )

    def _sorted_out(self, head: str, level: Level) -> tuple[TimeCode, list[tuple[str, str]], tuple[str, ...]]:
        """The texts of the first time with their prefixes, and the prefixes that are something else."""
        hole = self.layout.parts[self._at]
        assert isinstance(hole, Hole) and hole.code
        size = len(self.delimiter(self._at))
        texts = [(prefix[len(head) : -size], prefix) for prefix in level.prefixes]
        fitting = [(text, prefix) for text, prefix in texts if hole.fits(text)]
        return hole.code, fitting, tuple(prefix for text, prefix in texts if not hole.fits(text))

    def _of_year(self, head: str, prefix: str, code: TimeCode, text: str, hours: Range) -> list[str]:
        """The prefixes of one text of an open range."""
        if code.quantity not in _YEAR:
            return [prefix]
        year = code.read(text) if code.quantity == "Y" else year_of(code.read(text))
        if not 1 <= year < 9999:
            return [prefix]
        first, last = datetime(year, 1, 1), datetime(year + 1, 1, 1)
        around = hours.within(first - _DAY, last + _DAY)  # beside an epoch, the date is only near the hour
        part = hours.within(first, last)
        if part == Range(first, last):
            return [prefix]
        if part is None:
            return [prefix] if around and self.layout.has_epoch else []
        return [each for each in map(head.__add__, self.spelled(part) or ("",)) if each.startswith(head + text)]

    def _longer(self, head: str, others: tuple[str, ...]) -> _Heads:
        """Heads that begin as this one does, and go on: names that hold the character before the time."""
        name = components(self.layout.parts[: self._at])[-1]
        hole = self.layout.parts[self._at]
        assert isinstance(hole, Hole)
        regex, separator = _regex(name), head[-1:]
        above = head.rpartition("/")[0]
        folder = above + "/" if above else ""
        found: dict[str, None] = {}
        begun = []
        for other in others:
            text = other[: -len(self.delimiter(self._at))]
            longer = text[: text.rfind(separator) + 1]
            if len(longer) > len(head) and hole.fits(text[len(longer) :]) and regex.fullmatch(longer[len(folder) :]):
                found[longer] = None
            else:
                begun.append(other)
        more = _find_names(self.listing, name, folder, begun)
        return _Heads((*found, *more.prefixes), more.rest, more.objects, more.too_many)

    def spelled(self, hours: Range) -> tuple[str, ...] | None:
        """What the keys of a range can have behind their head, as short as the range allows; None if not to be told."""
        if hours.start is None or hours.stop is None:
            return None
        start, stop = hours.start, hours.stop
        for quantities, step, longest in _SPELLED:
            if stop - start > longest:
                continue
            parts = self._known(quantities)
            if parts:
                begin, end = self.layout.dates(start, stop)
                return tuple(dict.fromkeys(_spell(parts, time) for time in steps(begin, end, step)))
        return None

    def _known(self, quantities: frozenset[str]) -> tuple[Part, ...]:
        """The parts behind the head that a time gives, if only these codes are known."""
        found: list[Part] = []
        for part in self.layout.parts[self._at :]:
            if isinstance(part, Hole) and part.fixed is None:
                code = part.code
                if code is None or code.step is None or code.quantity not in quantities:
                    break
            found.append(part)
        return tuple(found)

    def around(self, head: str, hours: Range, *, first: bool = False, codes: frozenset[str] = _DATE) -> Iterator[str]:
        """Prefixes of a head that hold hours of a range, in the order of time: the newest first, or the oldest.

        Each is listed as far as a time of `codes` goes: days by default.
        """
        for prefix, _ in self._around(head, self._at, {}, hours, codes, first=first):
            yield prefix

    def months(self, head: str, hours: Range, *, first: bool = False) -> Iterator[datetime]:
        """The months of a head that have a chunk in a range, the newest first, or the oldest."""
        for _, values in self._around(head, self._at, {}, hours, _MONTH, first=first):
            if window := _window(values):
                yield window[0]

    @cached_property
    def years(self) -> tuple[int, ...] | None:
        """The years that there are keys of; None where the layout does not begin with them, or one head has none."""
        found: set[int] = set()
        code = self.time.code
        if self._heads.too_many or code is None or code.quantity not in _YEAR or not self.delimiter(self._at):
            return None
        heads = self.heads[:1] if self.quick else self.heads
        for head, level in zip(heads, in_parallel(self.times, heads), strict=True):
            if level is None:
                return None
            texts = filter(self.time.fits, (prefix[len(head) : -1] for prefix in level.prefixes))
            found.update(code.read(text) if code.quantity == "Y" else year_of(code.read(text)) for text in texts)
        return tuple(sorted(found))

    def _around(
        self, prefix: str, at: int, values: dict[str, int], hours: Range, codes: frozenset[str], *, first: bool
    ) -> Iterator[tuple[str, dict[str, int]]]:
        parts = self.layout.parts
        hole = parts[at] if at < len(parts) else ""
        code = hole.code if isinstance(hole, Hole) else None
        delimiter = self.delimiter(at) if code and code.quantity in codes else ""
        level = self.listing.level(prefix, delimiter) if delimiter else None
        if level is None or code is None or not isinstance(hole, Hole):
            yield prefix, values
            return
        rest = str(parts[at + 1])[1:]
        found = []
        for each in level.prefixes:
            text = each[len(prefix) : -1]
            known = {**values, code.quantity: code.read(text)} if hole.fits(text) else {}
            if known and self._may_hold(known, hours):
                found.append((known[code.quantity], each, known))
        for _, each, known in sorted(found, key=lambda item: item[:2], reverse=not first):
            yield from self._around(each + rest, at + 2, known, hours, codes, first=first)

    def _may_hold(self, values: dict[str, int], hours: Range) -> bool:
        """Can a time of which these parts are known lie in the range?"""
        window = _window(values)
        if window is None:
            return True
        slack = _DAY if self.layout.has_epoch else timedelta(0)
        return hours.within(window[0] - slack, window[1] + slack) is not None


@dataclass(frozen=True, slots=True)
class _Heads:
    """What keys have before their time. `too_many`: so many that it is no use to list them one by one."""

    prefixes: tuple[str, ...]
    rest: tuple[str, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    too_many: bool = False


def lead(parts: tuple[Part, ...]) -> str:
    """What every text of some parts begins with."""
    text = ""
    for part in parts:
        if isinstance(part, Hole) and part.fixed is None:
            return text + part.head
        text += part if isinstance(part, str) else part.fixed or ""
    return text


def components(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The parts of each folder's name, and of what follows the last slash."""
    found: list[list[Part]] = [[]]
    for part in parts:
        texts: list[Part] = [part] if isinstance(part, Hole) else [*part.split("/")]
        found[-1].append(texts[0])
        found += [[text] for text in texts[1:]]
    return [tuple(part for part in each if part) for each in found]


def _find_heads(listing: Listing, parts: tuple[Part, ...]) -> _Heads:
    """What keys have for some parts: folder by folder, and within the last name from separator to separator."""
    *folders, name = components(parts)
    found = _Heads(("",))
    for folder in folders:
        found = _merged([found, _find_folders(listing, folder, found.prefixes)], found)
    names = in_parallel(lambda prefix: _find_names(listing, name, prefix), found.prefixes)
    return _merged(names, found)


def _merged(parts: Sequence[_Heads], before: _Heads) -> _Heads:
    prefixes = tuple(prefix for part in parts for prefix in part.prefixes if part is not before)
    return _Heads(
        prefixes,
        (*before.rest, *(prefix for part in parts for prefix in part.rest if part is not before)),
        (*before.objects, *(item for part in parts for item in part.objects if part is not before)),
        before.too_many or any(part.too_many for part in parts) or len(prefixes) > _MOST_HEADS,
    )


def _find_folders(listing: Listing, name: tuple[Part, ...], above: Sequence[str]) -> _Heads:
    begin, regex = lead(name), _regex(name)
    if is_literal(name):
        return _Heads(tuple(f"{prefix}{begin}/" for prefix in above))
    levels = in_parallel(lambda prefix: listing.level(prefix + begin, "/"), above)
    found: list[str] = []
    rest: list[str] = []
    objects: list[StoredObject] = []
    for prefix, level in zip(above, levels, strict=True):
        if level is None:
            return _Heads((), too_many=True)
        objects += level.objects
        for each in level.prefixes:
            (found if regex.fullmatch(each[len(prefix) : -1]) else rest).append(each)
    return _Heads(tuple(found), tuple(rest), tuple(objects))


def _find_names(listing: Listing, name: tuple[Part, ...], above: str, begun: Sequence[str] | None = None) -> _Heads:
    """The texts before the time in one folder, cut where the literal before the time ends; `begun`: with these only."""
    begin, regex = lead(name), _regex(name)
    if is_literal(name):
        return _Heads((above + begin,))
    separator = name[-1][-1:] if isinstance(name[-1], str) else ""
    waiting = [above + begin] if begun is None else list(begun)
    found: list[str] = []
    objects: list[StoredObject] = []
    for _ in range(_DEEPEST):
        levels = in_parallel(lambda prefix: listing.level(prefix, separator), waiting)
        waiting = []
        for level in levels:
            if level is None or len(found) + len(waiting) > _MOST_HEADS:
                return _Heads((), too_many=True)
            objects += level.objects
            for each in level.prefixes:
                (found if regex.fullmatch(each[len(above) :]) else waiting).append(each)
        if not waiting:
            break
    return _Heads(tuple(dict.fromkeys(found)), tuple(waiting), tuple(objects))


def is_literal(parts: tuple[Part, ...]) -> bool:
    """Is there nothing open in it?"""
    return all(isinstance(part, str) or part.fixed is not None for part in parts)


def _regex(parts: tuple[Part, ...]) -> re.Pattern[str]:
    return re.compile(
        "".join(re.escape(part) if isinstance(part, str) else f"(?:{part.regex})" for part in parts), re.ASCII
    )


def _spell(parts: tuple[Part, ...], time: datetime) -> str:
    return "".join(
        part if isinstance(part, str) else part.code.spell(time) if part.code else part.fixed or "" for part in parts
    )


def _window(values: dict[str, int]) -> tuple[datetime, datetime] | None:
    """The times of a year, month or day; None without a year, or with one of no calendar."""
    year = values.get("Y", year_of(values["y"]) if "y" in values else 0)
    month, day = values.get("m"), values.get("d")
    try:
        if month is None:
            return datetime(year, 1, 1), datetime(year + 1, 1, 1)
        if day is None:
            return datetime(year, month, 1), datetime(year + month // 12, month % 12 + 1, 1)
        return datetime(year, month, day), datetime(year, month, day) + _DAY
    except (ValueError, OverflowError):
        return None
