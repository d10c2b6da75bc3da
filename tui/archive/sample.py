"""Sample keys to detect a layout: all keys of a small archive, a few of each part of a large one.

Also find other layouts after a range was listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.archive.archive import Archive
from tui.archive.chunk import ListPage, StoredObject
from tui.archive.descent import prefixes_in_order
from tui.archive.detect import find_layouts
from tui.archive.key_heads import before_time
from tui.archive.layout import Layout
from tui.archive.leftovers import is_leftover
from tui.archive.listing import Listing, in_parallel
from tui.archive.ranges import Range
from tui.archive.waits import report
from tui.archive.walk import Walk
from tui.errors import LayoutError

_ENDS = 8  # names before the time that are sampled
_ASTRAY = 4  # sampled names that are not a time where one is expected
_MONTHS = frozenset("Yym")
_SAMPLE = 2000  # least number of keys from a full listing
_FOLDERS = 8  # folders near a range that are searched for other layouts
_HELD = 100_000  # objects of a full listing that are kept, about 30 MB


def sample_keys(listing: Listing, prefix: str, hours: Range | None = None) -> list[str]:
    """Return keys of chunks with the prefix: all, or some of each kind, preferably in `hours`."""
    page = listing.first(prefix)
    keys = [item.key for item in page if not is_leftover(item.key)]
    if listing.known(prefix) is not None:
        return keys
    layout = _first_layout(listing, prefix, keys)
    if layout is None or not Walk(listing, layout).can_walk:
        report(f"{listing.store.url}/{prefix}: the names do not begin with a time; all keys are listed")
        return _evenly(listing, prefix)
    walk = Walk(listing, layout)
    sample = next((key for key in keys if layout.parse(key)), prefix)
    ends = _ends(walk, prefix, sample)
    chosen = dict.fromkeys(keys)
    for more in in_parallel(lambda begin: _names(listing, begin), list(_samples(walk, ends, hours or Range()))):
        chosen |= dict.fromkeys(more)
    return list(chosen)


def other_layouts(
    archive: Archive, walk: Walk, hours: Range, unmatched: Sequence[str], *, anywhere: bool = False
) -> tuple[Layout, ...]:
    """Return other layouts of keys in a range, as `--layout` takes them. None if the user chose the layout.

    `unmatched`: listed keys that the layout does not fit. If only prefixes of the range were listed, keys near them are
    examined, too, as keys of another layout rarely have the same prefix. `anywhere`: include layouts without a key in
    the range.
    """
    if not archive.detected:
        return ()
    near = [item.key for item in _on_the_way(walk, hours)] if hours != Range() and walk.look(hours) is None else []
    keys = [*unmatched, *near]
    others = find_layouts([*_spread(unmatched, _SAMPLE), *near], walk.layout)[1:] if keys else ()
    return tuple(
        layout.below(archive.folders)
        for layout in others
        if anywhere or any(_is_within(layout, key, hours) for key in keys)
    )


def _on_the_way(walk: Walk, hours: Range) -> Iterator[StoredObject]:
    """Yield objects near the prefixes of a range: the first page of each folder that contains some of them."""
    branches = walk.branches(hours)
    yield from branches.objects
    inner = {prefix[: prefix.rfind("/") + 1] for prefix in branches.prefixes}
    outer = {folder[: folder[:-1].rfind("/") + 1] for folder in inner}
    folders = sorted((inner | outer).difference(branches.prefixes))
    pages = in_parallel(lambda folder: next(walk.listing.store.pages(folder, "/"), ListPage(())), folders[-_FOLDERS:])
    yield from (item for page in pages for item in page.objects)


def _is_within(layout: Layout, key: str, hours: Range) -> bool:
    parsed = layout.parse(key)
    return parsed is not None and hours.holds(parsed.hour)


def _first_layout(listing: Listing, prefix: str, keys: list[str]) -> Layout | None:
    """Return the layout of a listing's first page or, if there is none, of some keys in each folder.

    None if most keys fit no layout: one that fits the others by chance would be misleading.
    """
    if layouts := _layouts(keys):
        fitting = sum(any(layout.parse(key) for layout in layouts) for key in keys)
        return layouts[0] if 2 * fitting >= len(keys) else None
    level = listing.level(prefix, "/")
    more = in_parallel(lambda begin: _names(listing, begin), _spread(level.prefixes if level else (), _ENDS))
    return next(iter(_layouts([key for names in more for key in names])), None)


def _layouts(keys: list[str]) -> tuple[Layout, ...]:
    try:
        return find_layouts(keys)
    except LayoutError:
        return ()


def _ends(walk: Walk, prefix: str, key: str) -> list[str]:
    """Return the texts before the time in keys with as many folders as `key`, and at most as many separators."""
    begin = _before_time(walk, key)
    if not begin.startswith(prefix):
        return [prefix]
    folders, _, name = begin[len(prefix) :].rpartition("/")
    ends = [prefix]
    for _ in range(folders.count("/") + 1 if folders or begin[len(prefix) :].startswith("/") else 0):
        ends = _children(walk, ends, "/")
    for _ in range(name.count(name[-1:]) if name else 0):
        ends = _children(walk, ends, name[-1])
    return ends or [prefix]


def _children(walk: Walk, begins: Sequence[str], separator: str) -> list[str]:
    """Return the next longer names; a name that is followed by the time or by ids stays as it is."""
    time = re.compile(walk.time.regex, re.ASCII)
    levels = in_parallel(lambda begin: walk.listing.level(begin, separator), begins)
    children: list[str] = []
    for begin, level in zip(begins, levels, strict=True):
        if level is None or (level.prefixes and all(time.match(prefix, len(begin)) for prefix in level.prefixes)):
            children.append(begin)
        else:
            children += level.prefixes
    return _spread(children, _ENDS)


def _spread(items: Sequence[str], limit: int) -> list[str]:
    """Return the first and last items, and some evenly between them."""
    if len(items) <= limit:
        return list(items)
    return [items[at * (len(items) - 1) // (limit - 1)] for at in range(limit)]


def _before_time(walk: Walk, key: str) -> str:
    """Return the part of a key before its time."""
    parts, at = walk.layout.parts, walk.time_at
    match = before_time(parts[:at], parts[at:]).fullmatch(key)
    return match[1] if match else ""


def _samples(walk: Walk, ends: Sequence[str], hours: Range) -> Iterator[str]:
    """Yield prefixes of each end's newest month (or a range's last), and of names where a time is expected."""
    month = (walk.spelled(hours) or ("",))[-1]
    for end in ends:
        if month and walk.listing.first(end + month):
            yield end + month
            continue
        newest = next(prefixes_in_order(walk, end, Range(), codes=_MONTHS), end)
        month = month or newest[len(end) :]
        yield newest
        level = walk.times(end)
        hole = walk.time
        astray = [prefix for prefix in level.prefixes if not hole.fits(prefix[len(end) : -1])] if level else []
        yield from _spread(astray, _ASTRAY)


def _names(listing: Listing, begin: str) -> list[str]:
    return [item.key for item in listing.first(begin) if not is_leftover(item.key)]


def _evenly(listing: Listing, prefix: str) -> list[str]:
    """Return all keys, or some thousands evenly spread: every other one is dropped each time there are too many."""
    keys: list[str] = []
    held: list[StoredObject] = []
    step, index = 1, 0
    for item in listing.store.objects(prefix):
        if index <= _HELD:
            held.append(item)
        if index % step == 0 and not is_leftover(item.key):
            keys.append(item.key)
        if len(keys) > 2 * _SAMPLE:
            keys, step = keys[::2], step * 2
        index += 1
    if index <= _HELD:
        listing.keep(prefix, held)
    return keys
