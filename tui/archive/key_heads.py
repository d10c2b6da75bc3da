"""What the keys of a layout have before their time: the texts of its first holes, from folder to folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.archive.chunk import StoredObject
from tui.archive.holes import Hole
from tui.archive.listing import Listing, in_parallel

NamePart = str | Hole
DEEPEST = 12  # levels of a name
_MOST_HEADS = 1000
_MOST_GLUED = 100  # names that are followed one by one


@dataclass(frozen=True, slots=True)
class Heads:
    """What keys have before their time. `too_many`: so many that it is no use to list them one by one."""

    prefixes: tuple[str, ...]
    rest: tuple[str, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    too_many: bool = False


def lead(parts: tuple[NamePart, ...]) -> str:
    """What every text of some parts begins with."""
    text = ""
    for part in parts:
        if isinstance(part, Hole) and part.fixed is None:
            return text + part.head
        text += part if isinstance(part, str) else part.fixed or ""
    return text


def components(parts: tuple[NamePart, ...]) -> list[tuple[NamePart, ...]]:
    """The parts of each folder's name, and of what follows the last slash."""
    names: list[list[NamePart]] = [[]]
    for part in parts:
        texts: list[NamePart] = [part] if isinstance(part, Hole) else [*part.split("/")]
        names[-1].append(texts[0])
        names += [[text] for text in texts[1:]]
    return [tuple(part for part in name if part) for name in names]


def find_heads(listing: Listing, parts: tuple[NamePart, ...]) -> Heads:
    """What keys have for some parts: folder by folder, and within the last name from separator to separator."""
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
        before.too_many or any(part.too_many for part in parts) or len(prefixes) > _MOST_HEADS,
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
    """What begins with `base` and not with a head, which all keys of a layout do: `rest` and `objects`.

    One listing for each folder on the way, and one for each of the last name's parts.
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
    """The texts before the time in one folder, cut where the literal before the time ends; `begun`: with these only."""
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
            if level is None or len(heads) + len(waiting) > _MOST_HEADS:
                return Heads((), too_many=True)
            objects += level.objects
            for longer in level.prefixes:
                (heads if regex.fullmatch(longer[len(above) :]) else waiting).append(longer)
        if not waiting:
            break
    return Heads(tuple(dict.fromkeys(heads)), tuple(waiting), tuple(objects))


def find_glued(listing: Listing, name: Sequence[NamePart], head: str, time: str, behind: Sequence[NamePart]) -> Heads:
    """The heads that begin as `head` does, and go on, where nothing separates the parts of the time (`%Y%m%d%H`).

    Names are cut where a time may begin: `time` is one, whose first two characters nearly all of that place have. What
    is in `rest` holds names that were not followed to their end. `behind`: the parts of the layout from the time on.
    There are too many where names have these two characters behind their separator (`web-2000-2015012013.gz`), as far
    as the first page of each head tells.
    """
    if len(time) < 2:
        return Heads((), too_many=True)
    regex, size = regex_of(tuple(name)), head.rfind("/") + 1
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
        if len(waiting) > _MOST_GLUED:
            return Heads((), too_many=True)
    glued.pop(head, None)
    whole = re.compile(f"({regex.pattern}){regex_of(tuple(behind)).pattern}", re.ASCII)
    if not all(in_parallel(lambda begin: _is_before_time(listing, begin, whole, time[:2]), [head, *glued])):
        return Heads((), too_many=True)
    return Heads(tuple(glued), tuple(waiting))


def _is_before_time(listing: Listing, head: str, whole: re.Pattern[str], digits: str) -> bool:
    """Is what follows a head and begins with these digits a time, and not more of a name? As a first page tells."""
    size = head.rfind("/") + 1
    matches = (whole.fullmatch(item.key, size) for item in listing.first(head + digits))
    return all(match[1] == head[size:] for match in matches if match)


def is_literal(parts: tuple[NamePart, ...]) -> bool:
    """Is there nothing open in it?"""
    return all(isinstance(part, str) or part.fixed is not None for part in parts)


def regex_of(parts: tuple[NamePart, ...]) -> re.Pattern[str]:
    return re.compile(
        "".join(re.escape(part) if isinstance(part, str) else f"(?:{part.regex})" for part in parts), re.ASCII
    )
