"""Find the keys of a range of hours without listing all others: descend the layout, one request per level.

The prefix is the known part of a key, the delimiter the literal after the next hole: one listing returns the texts of
that hole. No request is needed if the range determines the texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from tui.archive.chunk import StoredObject
from tui.archive.holes import Hole, lead
from tui.archive.key_heads import (
    DEEPEST,
    Heads,
    components,
    find_glued,
    find_heads,
    find_names,
    find_outside,
    is_literal,
    regex_of,
)
from tui.archive.layout import Layout
from tui.archive.listing import Level, Listing, in_parallel
from tui.archive.ranges import YEAR, Range, spelled
from tui.archive.time_codes import TimeCode, year_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Branches:
    """The key prefixes that cover a range. `rest`, `objects`: prefixes and objects that do not fit the layout."""

    prefixes: tuple[str, ...]
    rest: tuple[str, ...] = ()
    objects: tuple[StoredObject, ...] = ()


@dataclass(frozen=True)
class Walk:
    """A layout over a listing.

    `quick`: do not search for longer names with the same beginning, which takes a request for each name.
    `names`: the texts before the time in the keys, if they are known.
    """

    listing: Listing
    layout: Layout
    quick: bool = False
    names: tuple[str, ...] = ()

    @cached_property
    def time_at(self) -> int:
        """The index of the first part that gives time."""
        return next(at for at, part in enumerate(self.layout.parts) if isinstance(part, Hole) and part.is_time)

    @property
    def time(self) -> Hole:
        """The first hole that gives time."""
        return next(hole for hole in self.layout.holes if hole.is_time)

    @cached_property
    def root(self) -> str:
        """The prefix of all keys."""
        return lead(self.layout.parts)

    @cached_property
    def can_walk(self) -> bool:
        """False if the keys of an hour can only be found by listing all keys."""
        before = self.layout.parts[: self.time_at]
        open_name = bool(before) and isinstance(before[-1], Hole) and before[-1].fixed is None
        deep = any(isinstance(part, Hole) and part.name == "**" for part in before)
        first = self.layout.parts[self.time_at]
        epoch = isinstance(first, Hole) and first.name == "%s"
        return not (open_name or deep or epoch)

    def branches(self, hours: Range) -> Branches:
        """Return the prefixes to list for a range; for all hours, the prefixes of all keys."""
        heads = self._heads
        if heads.too_many:
            return Branches((self.root,))
        parts = in_parallel(lambda head: self._branch(head, hours), heads.prefixes)
        return Branches(
            apart(prefix for part in parts for prefix in part.prefixes),
            (*heads.rest, *(prefix for part in parts for prefix in part.rest)),
            (*heads.objects, *(item for part in parts for item in part.objects)),
        )

    def outside(self) -> Heads:
        """Return the prefixes of keys outside the layout's heads, within the listed base."""
        base = self.listing.base
        if base is None or not self.root.startswith(base):
            return Heads(())
        return find_outside(self.listing, base, self._heads.prefixes)

    @property
    def is_known(self) -> bool:
        """True if everything was listed already, or every query must list everything."""
        return self.listing.known(self.root) is not None or self._heads.too_many

    def look(self, hours: Range) -> tuple[StoredObject, ...] | None:
        """Return all objects if they fit in the first page of a listing, or were listed already; else None.

        The page is not requested if the range alone determines the prefixes.
        """
        base = self.listing.base
        if base is not None and (known := self.listing.known(base)) is not None:
            return known
        known = self.listing.known(self.root)
        walked = self.names or "_heads" in self.__dict__
        spelled = is_literal(self.layout.parts[: self.time_at]) and self.spelled(hours)
        if known is None and not walked and not spelled:
            self.listing.first(self.root)
            known = self.listing.known(self.root)
        return known

    @property
    def heads(self) -> tuple[str, ...]:
        """The texts before the time in the keys: prefixes that cover all keys."""
        if self._heads.too_many:
            return (self.root,)
        if self.quick or not self._ambiguous:
            return self._heads.prefixes
        return self._whole_heads

    @cached_property
    def _whole_heads(self) -> tuple[str, ...]:
        """All names, including names that begin with another name."""
        begun: dict[str, None] = {}
        waiting = list(self._heads.prefixes)
        for _ in range(DEEPEST):
            begun |= dict.fromkeys(waiting)
            longer = in_parallel(self._longer_heads, waiting)
            if any(heads.too_many for heads in longer):
                return (self.root,)
            waiting = [head for heads in longer for head in (*heads.prefixes, *heads.rest) if head not in begun]
            if not waiting:
                break
        return tuple(begun)

    def _longer_heads(self, head: str) -> Heads:
        level = self.times(head)
        if level is None:
            year = f"{datetime.now():%Y}" if self.time.token == "%Y" else ""
            return find_glued(self.listing, self._name, head, year, self.layout.parts[self.time_at :])
        return self._longer(head, self._sorted_out(head, level)[2])

    @cached_property
    def _heads(self) -> Heads:
        if not self.can_walk:
            return Heads((), too_many=True)
        return Heads(self.names) if self.names else find_heads(self.listing, self.layout.parts[: self.time_at])

    def times(self, head: str) -> Level | None:
        """List what follows a head, up to the character after the first time; None if that is impossible."""
        delimiter = self.delimiter(self.time_at)
        return self.listing.level(head, delimiter) if delimiter else None

    def delimiter(self, at: int) -> str:
        """Return the character after a time, as the delimiter for a listing; "" if there is none.

        One character, because not every server accepts longer delimiters.
        """
        parts = self.layout.parts
        hole, after = parts[at], parts[at + 1] if at + 1 < len(parts) else ""
        if isinstance(after, Hole) or not isinstance(hole, Hole):
            return ""
        return "" if after[:1].isalnum() else after[:1]

    @property
    def _ambiguous(self) -> bool:
        """True if a name can be the beginning of a longer one. A folder's name cannot."""
        return any(isinstance(part, Hole) and part.fixed is None for part in self._name)

    @cached_property
    def _name(self) -> tuple[str | Hole, ...]:
        """The parts between the last slash before the time and the time."""
        return components(self.layout.parts[: self.time_at])[-1]

    def _branch(self, head: str, hours: Range, depth: int = 0) -> Branches:
        """Return the prefixes after one head."""
        texts = self.spelled(hours)
        if texts is not None and (self.quick or not self._ambiguous):
            return Branches(tuple(head + text for text in texts))
        level = self.times(head)
        if level is None:
            glued = Heads(())
            if texts and depth == 0:
                glued = find_glued(self.listing, self._name, head, texts[-1], self.layout.parts[self.time_at :])
            if texts is None or glued.too_many:
                return Branches((head,))
            begins = (head, *glued.prefixes)
            return Branches((*(begun + text for begun in begins for text in texts), *glued.rest))
        code, fitting, others = self._sorted_out(head, level)
        longer = self._longer(head, others) if self._ambiguous and depth < DEEPEST else Heads((), others)
        if longer.too_many:
            return Branches((head,))
        more = [self._branch(begun, hours, depth + 1) for begun in longer.prefixes]
        prefixes = [prefix for part in more for prefix in part.prefixes]
        for text, prefix in fitting:
            if texts is not None:
                begin = head + text
                prefixes += [head + hour for hour in texts if (head + hour).startswith(begin)]
            else:
                prefixes += self._of_year(head, prefix, code, text, hours)
        return Branches(
            tuple(dict.fromkeys(prefixes)),
            (*longer.rest, *(prefix for part in more for prefix in part.rest)),
            (*level.objects, *longer.objects, *(item for part in more for item in part.objects)),
        )

    def _sorted_out(self, head: str, level: Level) -> tuple[TimeCode, list[tuple[str, str]], tuple[str, ...]]:
        """Return the first time's code, its texts with their prefixes, and the prefixes that do not fit it."""
        hole = self.layout.parts[self.time_at]
        assert isinstance(hole, Hole) and hole.code
        size = len(self.delimiter(self.time_at))
        texts = [(prefix[len(head) : -size], prefix) for prefix in level.prefixes]
        fitting = [(text, prefix) for text, prefix in texts if hole.fits(text)]
        return hole.code, fitting, tuple(prefix for text, prefix in texts if not hole.fits(text))

    def _of_year(self, head: str, prefix: str, code: TimeCode, text: str, hours: Range) -> list[str]:
        """Return the prefixes for one text of the first time, for a range with an open end."""
        if code.quantity not in YEAR:
            return [prefix]
        year = code.read(text) if code.quantity == "Y" else year_of(code.read(text))
        if not 1 <= year < 9999:
            return [prefix]
        first, last = datetime(year, 1, 1), datetime(year + 1, 1, 1)
        around = hours.within(first - _DAY, last + _DAY)  # with an epoch, the date may be a day off
        part = hours.within(first, last)
        if part == Range(first, last):
            return [prefix]
        if part is None:
            return [prefix] if around and self.layout.has_epoch else []
        return [longer for longer in map(head.__add__, self.spelled(part) or ("",)) if longer.startswith(head + text)]

    def _longer(self, head: str, others: tuple[str, ...]) -> Heads:
        """Return longer heads that begin with this one: names that contain the character before the time."""
        hole = self.time
        regex, separator = regex_of(self._name), head[-1:]
        folder = head[: head.rfind("/") + 1]
        heads: dict[str, None] = {}
        begun = []
        for other in others:
            text = other[:-1]
            if other[-1:] == separator and regex.fullmatch(other[len(folder) :]):
                heads[other] = None
                continue
            longer = text[: text.rfind(separator) + 1]
            if len(longer) > len(head) and hole.fits(text[len(longer) :]) and regex.fullmatch(longer[len(folder) :]):
                heads[longer] = None
            else:
                begun.append(other)
        more = find_names(self.listing, self._name, folder, begun)
        return Heads((*heads, *more.prefixes), more.rest, more.objects, more.too_many)

    def spelled(self, hours: Range) -> tuple[str, ...] | None:
        """Return the texts after the head for a range, as short as possible; None if it does not determine them."""
        return spelled(self.layout, self.time_at, hours)

    @cached_property
    def years(self) -> tuple[int, ...] | None:
        """The years in the keys; None if the layout's time does not begin with the year or a head cannot be listed."""
        counted: set[int] = set()
        code = self.time.code
        if self._heads.too_many or code is None or code.quantity not in YEAR or not self.delimiter(self.time_at):
            return None
        heads = self.heads[:1] if self.quick else self.heads
        for head, level in zip(heads, in_parallel(self.times, heads), strict=True):
            if level is None:
                return None
            texts = filter(self.time.fits, (prefix[len(head) : -1] for prefix in level.prefixes))
            counted.update(code.read(text) if code.quantity == "Y" else year_of(code.read(text)) for text in texts)
        return tuple(sorted(counted))


def apart(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Remove prefixes that begin with another one, so that no key is listed twice (`1` and `17`, unpadded)."""
    outermost: list[str] = []
    for prefix in sorted(prefixes):
        if not outermost or not prefix.startswith(outermost[-1]):
            outermost.append(prefix)
    return tuple(outermost)
