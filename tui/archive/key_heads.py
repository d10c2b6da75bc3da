"""Find the heads of a layout's keys: the texts of the holes before the time, folder by folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.archive.chunk import StoredObject
from tui.archive.holes import Hole, NamePart, lead
from tui.archive.listing import Listing, in_parallel

DEEPEST = 12  # levels of a name
_MAX_HEADS = 1000
_MAX_GLUED = 100  # names that are followed one by one


@dataclass(frozen=True, slots=True)
class Heads:
    """The prefixes of keys before their time. `too_many`: too many to list one by one."""

    prefixes: tuple[str, ...]
    rest: tuple[str, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    too_many: bool = False


def components(parts: tuple[NamePart, ...]) -> list[tuple[NamePart, ...]]:
    """Return the parts of each folder's name, and of the text after the last slash."""
    names: list[list[NamePart]] = [[]]
    for part in parts:
        texts: list[NamePart] = [part] if isinstance(part, Hole) else [*part.split("/")]
        names[-1].append(texts[0])
        names += [[text] for text in texts[1:]]
    return [tuple(part for part in name if part) for name in names]


def find_heads(listing: Listing, parts: tuple[NamePart, ...]) -> Heads:
    """Find the texts of some parts in the keys: folder by folder, and in the last name separator by separator."""
    *folders, name = components(parts)
    heads = Heads(("",))
    for folder in folders:
        heads = _merged([heads, _find_folders(listing, folder, heads.prefixes)], heads)
    names = in_parallel(lambda prefix: find_names(listing, name, prefix), heads.prefixes)
    return _merged(names, heads)


def _merged(parts: Sequence[Heads], before: Heads) -> Heads:
    prefixes = tuple(prefix for part in parts for prefix in part.prefixes if part is not before)
    return Heads(
        prefixes,
        (*before.rest, *(prefix for part in parts for prefix in part.rest if part is not before)),
        (*before.objects, *(item for part in parts for item in part.objects if part is not before)),
        before.too_many or any(part.too_many for part in parts) or len(prefixes) > _MAX_HEADS,
    )


def _find_folders(listing: Listing, name: tuple[NamePart, ...], above: Sequence[str]) -> Heads:
    begin, regex = lead(name), regex_of(name)
    if is_literal(name):
        return Heads(tuple(f"{prefix}{begin}/" for prefix in above))
    levels = in_parallel(lambda prefix: listing.level(prefix + begin, "/"), above)
    folders: list[str] = []
    rest: list[str] = []
    objects: list[StoredObject] = []
    for prefix, level in zip(above, levels, strict=True):
        if level is None:
            return Heads((), too_many=True)
        objects += level.objects
        for longer in level.prefixes:
            (folders if regex.fullmatch(longer[len(prefix) : -1]) else rest).append(longer)
    return Heads(tuple(folders), tuple(rest), tuple(objects))


def find_outside(listing: Listing, base: str, heads: Sequence[str]) -> Heads:
    """Find `rest` and `objects` that begin with `base` but not with a head of the layout's keys.

    This takes one listing per folder on the way, and one per part of the last name.
    """
    steps: dict[tuple[str, str], None] = {}
    for head in heads:
        folder = head.rfind("/") + 1
        ends = [at for at, char in enumerate(head, 1) if at > len(base) and char == ("/" if at <= folder else head[-1])]
        steps |= {(head[:begin], head[end - 1]): None for begin, end in pairwise([len(base), *ends])}
    rest: dict[str, None] = {}
    objects: dict[str, StoredObject] = {}
    for level in in_parallel(lambda step: listing.level(*step), list(steps)):
        if level is None:
            return Heads((), too_many=True)
        objects |= {item.key: item for item in level.objects}
        rest |= dict.fromkeys(level.prefixes)
    known = {head[:end] for head in heads for end in range(len(head) + 1)}
    return Heads((), tuple(prefix for prefix in rest if prefix not in known), tuple(objects.values()))


def find_names(listing: Listing, name: tuple[NamePart, ...], above: str, begun: Sequence[str] | None = None) -> Heads:
    """Find the texts before the time in one folder, up to the literal before the time; `begun`: only below these."""
    begin, regex = lead(name), regex_of(name)
    if is_literal(name):
        return Heads((above + begin,))
    separator = name[-1][-1:] if isinstance(name[-1], str) else ""
    waiting = [above + begin] if begun is None else list(begun)
    heads: list[str] = []
    objects: list[StoredObject] = []
    for _ in range(DEEPEST):
        levels = in_parallel(lambda prefix: listing.level(prefix, separator), waiting)
        waiting = []
        for level in levels:
            if level is None or len(heads) + len(waiting) > _MAX_HEADS:
                return Heads((), too_many=True)
            objects += level.objects
            for longer in level.prefixes:
                (heads if regex.fullmatch(longer[len(above) :]) else waiting).append(longer)
        if not waiting:
            break
    return Heads(tuple(dict.fromkeys(heads)), tuple(waiting), tuple(objects))


def find_glued(listing: Listing, name: Sequence[NamePart], head: str, time: str, after: Sequence[NamePart]) -> Heads:
    """Find longer heads that begin with `head`, if nothing separates the parts of the time (`%Y%m%d%H`).

    Names are split where a time may begin: at the first two characters of `time`, which nearly all times share. `rest`
    holds prefixes whose names were not followed to the end. `after`: the parts of the layout from the time on. The
    result is `too_many` if names contain these two characters after their separator (`web-2000-2015012013.gz`), as far
    as the first page of each head shows.
    """
    if len(time) < 2:
        return Heads((), too_many=True)
    regex, size = regex_of(name), head.rfind("/") + 1
    glued: dict[str, None] = {}
    waiting = [head]
    for _ in range(DEEPEST):
        levels = in_parallel(lambda prefix: listing.level(prefix, time[0]), waiting)
        cut = [prefix for level in levels if level for prefix in level.prefixes]
        heads = [longer for longer in cut if longer[-2] == head[-1] and regex.fullmatch(longer[size:-1])]
        below = in_parallel(lambda prefix: listing.level(prefix, time[1]), heads)
        if None in levels or None in below:
            return Heads((), too_many=True)
        glued |= dict.fromkeys(longer[:-1] for longer in heads)
        names = [
            longer[: max(longer.rfind(head[-1]) + 1, len(begin))]
            for begin, level in zip(heads, below, strict=True)
            for longer in (level.prefixes if level else ())
            if longer != begin + time[1]
        ]
        waiting = list(dict.fromkeys([*(longer for longer in cut if longer not in heads), *names]))
        if not waiting:
            break
        if len(waiting) > _MAX_GLUED:
            return Heads((), too_many=True)
    glued.pop(head, None)
    whole = before_time(name, after)
    if not all(in_parallel(lambda begin: _is_before_time(listing, begin, whole, time[:2]), [head, *glued])):
        return Heads((), too_many=True)
    return Heads(tuple(glued), tuple(waiting))


def _is_before_time(listing: Listing, head: str, whole: re.Pattern[str], digits: str) -> bool:
    """True if the digits after a head begin a time and not more of a name, judging by the first page."""
    size = head.rfind("/") + 1
    matches = (whole.fullmatch(item.key, size) for item in listing.first(head + digits))
    return all(match[1] == head[size:] for match in matches if match)


def is_literal(parts: tuple[NamePart, ...]) -> bool:
    """True if no part is an open hole."""
    return all(isinstance(part, str) or part.fixed is not None for part in parts)


def before_time(name: Sequence[NamePart], after: Sequence[NamePart]) -> re.Pattern[str]:
    """Return a regex whose first group is the text before the time."""
    return re.compile(f"({regex_of(name).pattern}){regex_of(after).pattern}", re.ASCII)


def regex_of(parts: Sequence[NamePart]) -> re.Pattern[str]:
    return re.compile(
        "".join(re.escape(part) if isinstance(part, str) else f"(?:{part.regex})" for part in parts), re.ASCII
    )
