"""Layouts: parse a key into an hour and its fields (topic, host, …), and format keys. Nothing else does either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache, partial
from types import MappingProxyType

from tui.archive.holes import Hole, escape, has_holes, lead, spell_parts, split_pattern, steps
from tui.archive.leftovers import is_leftover
from tui.archive.linear import LinearRegex
from tui.archive.time_codes import WEEK_DATE, YEARS, TimeCode, hour_of
from tui.errors import LayoutError

__all__ = ["Hole", "Layout", "ParsedKey", "escape", "has_holes"]

_DAY = timedelta(days=1)
_SHORT, _LONG = timedelta(days=3), timedelta(days=1000)  # ranges: listed by day, by month, and as a whole
_MAX_LENGTH, _MAX_HOLES = 4096, 100  # characters and holes of a pattern; a key in S3 has 1,024 bytes at most
_MAX_TRIES = 1 << 14  # about 0.3 ms
_FINER = ("M", "S")  # quantities below the hour: any two digits match
_HOURS_KEPT = 8192
_KEYS_KEPT = 8192
_SOME_HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)
_ANY_TOPIC = Hole("{topic}", "topic", r"[^/]+")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """The contents of a key: the hour, and the text of every field of the layout."""

    hour: datetime
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        return self.fields.get("topic", "")

    @property
    def host(self) -> str:
        return self.fields.get("host", "")

    @property
    def rev(self) -> str:
        return self.fields.get("rev", "")


@dataclass(frozen=True)
class Layout:
    """A pattern that parses and formats keys. LayoutError if it does not include an hour or is too long."""

    pattern: str

    def __reduce__(self) -> tuple[type[Layout], tuple[str]]:
        return Layout, (self.pattern,)

    def __post_init__(self) -> None:
        if len(self.pattern) > _MAX_LENGTH or len(self.holes) > _MAX_HOLES:
            limits = f"{_MAX_LENGTH:,} characters and {_MAX_HOLES} holes"
            raise LayoutError(f"the layout '{self.pattern[:40]}…' is too long: at most {limits}")
        quantities = {hole.code.quantity for hole in self.holes if hole.code}
        if "s" in quantities:
            return
        weekly = quantities >= WEEK_DATE
        dated = weekly or ({"Y", "y"} & quantities and {"d", "j"} & quantities)
        if not dated or not ("H" in quantities or {"I", "p"} <= quantities):
            half = "; %I needs %p (AM or PM) beside it" if "I" in quantities else ""
            raise LayoutError(
                f"the layout '{self.pattern}' does not include an hour; it needs %Y, %m, %d and %H "
                f"(or %s, an epoch){half}"
            )
        if not weekly and not {"m", "j"} & quantities:
            raise LayoutError(f"the layout '{self.pattern}' does not include a month; add %m")

    @cached_property
    def parts(self) -> tuple[str | Hole, ...]:
        """Literals (unescaped, as in keys) and holes, in order."""
        return split_pattern(self.pattern)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(part for part in self.parts if isinstance(part, Hole))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, each once: `("topic", "host", "rev")`."""
        return tuple(dict.fromkeys(hole.name for hole in self.holes if hole.is_field))

    @cached_property
    def fixed(self) -> Mapping[str, str]:
        """The fields whose value the layout fixes."""
        return {hole.name: hole.fixed for hole in self.holes if hole.fixed is not None}

    @cached_property
    def is_fixed_by_hour(self) -> bool:
        """True if the hour alone determines the whole key."""
        known = ("M", "S", "s", "z")
        return all(h.fixed is not None or (h.code is not None and h.code.quantity not in known) for h in self.holes)

    @cached_property
    def has_epoch(self) -> bool:
        """True if the hour comes from an epoch or has an offset. A date in the key may then be a day off."""
        return any(hole.name in ("%s", "%z") for hole in self.holes)

    @cached_property
    def _groups(self) -> tuple[tuple[str, Hole], ...]:
        """The named groups of the regex, one per hole whose text is needed. Repeated holes share a group."""
        groups: dict[str, tuple[str, Hole]] = {}
        for hole in self.holes:
            if hole.is_field:
                if hole.name not in groups or hole.value is not None:
                    groups[hole.name] = (f"f_{hole.name}", hole)
            elif hole.code:
                groups.setdefault(hole.token, (f"t_{hole.token[1:].replace('-', 'u')}", hole))
        return tuple(groups.values())

    @cached_property
    def _regexes(self) -> tuple[str, ...]:
        """Each part as a regex. A repeated hole (as in Firehose's keys) is `(?P=name)`: its text must be the same."""
        groups = {hole.name if hole.is_field else hole.token: (name, hole) for name, hole in self._groups}
        seen: set[str] = set()
        regexes = []
        for part in self.parts:
            if isinstance(part, str):
                regexes.append(re.escape(part))
                continue
            name, hole = groups.get(part.name if part.is_field else part.token, ("", part))
            if not name:
                regexes.append(part.regex)
            else:
                regex = _ANY_TOPIC.regex if hole == self._compared else hole.regex
                regexes.append(f"(?P={name})" if name in seen else f"(?P<{name}>{regex})")
                seen.add(name)
        return tuple(regexes)

    @cached_property
    def _compared(self) -> Hole | None:
        """A topic with a value before a host: it is matched like one without a value, then compared.

        So `{topic=events}.{host}` fits the keys in which `{topic}.{host}` finds this topic, but not those of
        `events.dlq`. `{host=**}` matches all dots.
        """
        at = next((at for at, part in enumerate(self.parts) if isinstance(part, Hole) and part.name == "topic"), 0)
        topic, dot, host = (*self.parts[at : at + 3], "", "", "")[:3]
        if dot != "." or not isinstance(topic, Hole) or topic.value is None:
            return None
        return topic if isinstance(host, Hole) and host.name == "host" and host.value != "**" else None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(self._regexes), re.ASCII)

    @cached_property
    def _linear(self) -> LinearRegex:
        return LinearRegex(self._regexes)

    @cached_property
    def _tries(self) -> int:
        """The exponent of `_regex`'s worst case in the key's length: the number of open holes within one folder."""
        if any(hole.name == "**" for hole in self.holes):
            return max(sum(hole.is_open for hole in self.holes), 1)
        most = here = 0
        seen: set[str] = set()
        for part in self.parts:
            if isinstance(part, Hole):
                again = part.is_field and part.name in seen  # a repeated field matches only its first text
                seen.add(part.name)
                here += (part.is_open and not again) or part == self._compared or part.name in ("%B", "%A", "%s")
            elif "/" in part:
                here = 0
            most = max(most, here)
        return max(most, 1)

    @cached_property
    def _times(self) -> tuple[str, ...]:
        """The groups that the hour is made of."""
        return tuple(name for name, _ in self._coded)

    @cached_property
    def _coded(self) -> tuple[tuple[str, TimeCode], ...]:
        """The same with their codes. An offset may be of half an hour, so minutes count with it."""
        codes = [(name, hole.code) for name, hole in self._groups if hole.code]
        finer = ("S",) if any(code.quantity == "z" for _, code in codes) else _FINER
        return tuple((name, code) for name, code in codes if code.quantity not in finer)

    @cached_property
    def _hour(self) -> Callable[[tuple[str, ...], tzinfo], datetime | None]:
        """Parse the hour, with a cache: thousands of keys share one."""
        codes = tuple(code for _, code in self._coded)
        return lru_cache(maxsize=_HOURS_KEPT)(partial(hour_of, codes))

    @cached_property
    def _leaves_out(self) -> bool:
        """True if leftovers of tools are not chunks; False if the layout names leftovers itself."""
        return not is_leftover(self.spell(_SOME_HOUR, dict.fromkeys(self.fields, "x")) + "x" * self._ends_open)

    @cached_property
    def _ends_open(self) -> bool:
        return bool(self.parts) and isinstance(self.parts[-1], Hole) and self.parts[-1].name in ("*", "**")

    @cached_property
    def _fields(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, hole.name) for name, hole in self._groups if hole.is_field)

    def parse(self, key: str, zone: tzinfo = UTC) -> ParsedKey | None:
        """Parse a key into its hour in `zone` and its fields; None if it does not fit or the time does not exist.

        None also for a leftover of a tool, unless the layout contains its suffix (`….log.tmp`). Repeated parts of the
        time must agree. Parsing takes linear time in the key's length: RE2 matches keys on which Python's regex could
        backtrack for long.
        """
        return self._parsed(key, zone)

    @cached_property
    def _parsed(self) -> Callable[[str, tzinfo], ParsedKey | None]:
        """Cached, because the same keys are parsed to detect the layout and to make the catalog."""
        return lru_cache(maxsize=_KEYS_KEPT)(self._parse)

    def _parse(self, key: str, zone: tzinfo) -> ParsedKey | None:
        if len(key) ** self._tries <= _MAX_TRIES:
            match = self._regex.fullmatch(key)
            groups = match.groupdict() if match else None
        else:
            groups = self._linear.fullmatch(key)
        if groups is None:
            return None
        if self._compared and not self._compared.fits(groups["f_topic"]):
            return None
        hour = self._hour(tuple([groups[name] for name in self._times]), zone)
        if hour is None or (self._leaves_out and is_leftover(key)):
            return None
        return ParsedKey(hour, {field: groups[name] for name, field in self._fields})

    def taken_apart(self, key: str) -> tuple[tuple[str, str], ...]:
        """Split a key into texts, each with its meaning: the name of a field, `time`, or "" for a literal."""
        match = self._regex.fullmatch(key) if len(key) ** self._tries <= _MAX_TRIES else None
        names = [(name, hole.name if hole.is_field else "time") for name, hole in self._groups]
        parts, at = [], 0
        for start, stop, what in sorted((*match.span(name), what) for name, what in names) if match else ():
            parts += [(key[at:start], ""), (key[start:stop], what)]
            at = stop
        return tuple(part for part in (*parts, (key[at:], "")) if part[0])

    def spell(self, hour: datetime, fields: Mapping[str, str] = _NOTHING) -> str:
        """Return the key of an hour and fields: the inverse of `parse`. Stars become empty."""
        return self.head(len(self.parts), hour, fields)

    def head(self, count: int, hour: datetime, fields: Mapping[str, str] = _NOTHING) -> str:
        """Return the first `count` parts of the key of an hour and fields. If all are known, it is a key prefix."""
        return spell_parts(self.parts[:count], hour, fields)

    def with_field(self, name: str, value: str) -> Layout:
        """Return the layout with one value of a field fixed: `{topic=events}`."""
        fixed = f"{{{name}={escape(value)}}}"
        spelled = (
            escape(part) if isinstance(part, str) else fixed if part.is_field and part.name == name else part.token
            for part in self.parts
        )
        return Layout("".join(spelled))

    def without_field(self, name: str, as_name: str = "") -> Layout:
        """Return the layout for any value of a field: the inverse of `with_field`. `as_name` renames the field."""
        other = f"{{{as_name or name}}}"
        tokens = {hole: other if hole.is_field and hole.name == name else hole.token for hole in self.holes}
        return Layout("".join(escape(part) if isinstance(part, str) else tokens[part] for part in self.parts))

    def below(self, prefix: str) -> Layout:
        """Return the layout of the same keys after a literal prefix."""
        return Layout(escape(prefix) + self.pattern)

    def dates(self, start: datetime, stop: datetime) -> tuple[datetime, datetime]:
        """Return the range of dates in keys for hours of [start, stop): a day wider at each end with an epoch."""
        return (start - _DAY, stop + _DAY) if self.has_epoch else (start, stop)

    def prefixes(self, start: datetime | None = None, stop: datetime | None = None) -> tuple[str, ...]:
        """Return the key prefixes that cover [start, stop): by year, month or day, as the pattern allows.

        A listing costs a request per 1,000 keys, so only short ranges get a prefix per day.
        """
        is_open = (isinstance(part, Hole) and part.fixed is None for part in self.parts)
        known = next((at for at, open_ in enumerate(is_open) if open_), len(self.parts))
        years = set(YEARS)
        if not (start and stop) or stop - start >= _LONG or not {start.year, stop.year} <= years:
            return (lead(self.parts),)
        depth = (*"YmdGVu",) if stop - start <= _SHORT else (*"YmGV",)
        count = known
        while count < len(self.parts) and _is_known(self.parts[count], depth):
            count += 1
        if count == known:
            return (lead(self.parts),)
        begin, end = self.dates(start, stop)
        return tuple(sorted({self.head(count, day) for day in steps(begin, end, _DAY)}))


def _is_known(part: str | Hole, depth: tuple[str, ...]) -> bool:
    if isinstance(part, str) or part.fixed is not None:
        return True
    return part.code is not None and part.code.step is not None and part.code.quantity in depth
