"""What the keys of a layout have before their time: the texts of its first holes, from folder to folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui.archive.chunk import StoredObject
from tui.archive.holes import Hole
from tui.archive.listing import Listing, in_parallel

Part = str | Hole
DEEPEST = 12  # levels of a name
_MOST_HEADS = 1000


@dataclass(frozen=True, slots=True)
class Heads:
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


def find_heads(listing: Listing, parts: tuple[Part, ...]) -> Heads:
    """What keys have for some parts: folder by folder, and within the last name from separator to separator."""
    *folders, name = components(parts)
    found = Heads(("",))
    for folder in folders:
        found = _merged([found, _find_folders(listing, folder, found.prefixes)], found)
    names = in_parallel(lambda prefix: find_names(listing, name, prefix), found.prefixes)
    return _merged(names, found)


def _merged(parts: Sequence[Heads], before: Heads) -> Heads:
    prefixes = tuple(prefix for part in parts for prefix in part.prefixes if part is not before)
    return Heads(
        prefixes,
        (*before.rest, *(prefix for part in parts for prefix in part.rest if part is not before)),
        (*before.objects, *(item for part in parts for item in part.objects if part is not before)),
        before.too_many or any(part.too_many for part in parts) or len(prefixes) > _MOST_HEADS,
    )


def _find_folders(listing: Listing, name: tuple[Part, ...], above: Sequence[str]) -> Heads:
    begin, regex = lead(name), regex_of(name)
    if is_literal(name):
        return Heads(tuple(f"{prefix}{begin}/" for prefix in above))
    levels = in_parallel(lambda prefix: listing.level(prefix + begin, "/"), above)
    found: list[str] = []
    rest: list[str] = []
    objects: list[StoredObject] = []
    for prefix, level in zip(above, levels, strict=True):
        if level is None:
            return Heads((), too_many=True)
        objects += level.objects
        for each in level.prefixes:
            (found if regex.fullmatch(each[len(prefix) : -1]) else rest).append(each)
    return Heads(tuple(found), tuple(rest), tuple(objects))


def find_names(listing: Listing, name: tuple[Part, ...], above: str, begun: Sequence[str] | None = None) -> Heads:
    """The texts before the time in one folder, cut where the literal before the time ends; `begun`: with these only."""
    begin, regex = lead(name), regex_of(name)
    if is_literal(name):
        return Heads((above + begin,))
    separator = name[-1][-1:] if isinstance(name[-1], str) else ""
    waiting = [above + begin] if begun is None else list(begun)
    found: list[str] = []
    objects: list[StoredObject] = []
    for _ in range(DEEPEST):
        levels = in_parallel(lambda prefix: listing.level(prefix, separator), waiting)
        waiting = []
        for level in levels:
            if level is None or len(found) + len(waiting) > _MOST_HEADS:
                return Heads((), too_many=True)
            objects += level.objects
            for each in level.prefixes:
                (found if regex.fullmatch(each[len(above) :]) else waiting).append(each)
        if not waiting:
            break
    return Heads(tuple(dict.fromkeys(found)), tuple(waiting), tuple(objects))


def is_literal(parts: tuple[Part, ...]) -> bool:
    """Is there nothing open in it?"""
    return all(isinstance(part, str) or part.fixed is not None for part in parts)


def regex_of(parts: tuple[Part, ...]) -> re.Pattern[str]:
    return re.compile(
        "".join(re.escape(part) if isinstance(part, str) else f"(?:{part.regex})" for part in parts), re.ASCII
    )
