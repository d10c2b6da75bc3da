"""Layouts: a pattern is refused in a sentence or reads every key in linear time, as it spells it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.fuzz.choices import Choices
from tests.fuzz.limits import check_sentence, cpu_seconds
from tui.archive.detect import find_layouts
from tui.archive.layout import Layout, ParsedKey, has_holes
from tui.archive.leftovers import is_leftover
from tui.errors import LayoutError

_SECONDS = 2
_FIRST = datetime(1974, 1, 1, tzinfo=UTC)  # its epoch has the nine digits that %s needs
_ZONES = (UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia"))
_HOLES = (
    "%Y", "%m", "%d", "%H", "%-m", "%-d", "%-H", "%B", "%b", "%s", "%M", "%S", "%%", "%j", "%-j", "%I", "%p", "%-M",
    "{topic}", "{host}", "{rev}", "*", "{{", "}}", "{*}",
)  # fmt: skip
_TOKENS = (
    *_HOLES, "**", "**/", "{", "}", "{}", "{nothing}", "{n=a*b}", "{n=}", "{topic=events}", "%", "%q", "%-", "/", "-",
    ".", "(", "\\", "?P<Y>", "[a-z",
    "events", "\n", "\0", "\udcff", "\ud800", "\u00e9", "\U0001f600", "+", "|", "$", "^", "%Y/%m/%d/%H",
)  # fmt: skip
_PIECES = (
    "2026", "11", "23", "05", "5", "00", "-000001", "November", "Nov", "1795000000", "99999999999", "999999999", "0000",
    "9999", "a", "/", "-", "_", ".", "\n", "\0", "\udcff", "\ud800", "\u00e9", "\u0663", "2026/11/23/05",
)  # fmt: skip
_WORDS = ("a", "events", "zz", "host7", "a b", "\u00e9", "\udcff")  # none of them holds a separator of `_separated`


def seeds() -> list[bytes]:
    return [bytes([kind, number, number + 1, *range(40)]) for kind in range(4) for number in range(12)]


def run(data: bytes) -> None:
    choices = Choices(data)
    check = choices.one_of((_spelled, _parsed, _long, _detected))
    with cpu_seconds(_SECONDS):
        check(choices)


def _spelled(choices: Choices) -> None:
    """If separators delimit the holes, a key parses to what it was spelled from, and is in the listing of its hour."""
    holes = [choices.one_of([hole for hole in _HOLES if hole != "*"]) for _ in range(choices.number(1, 8))]
    holes += choices.one_of((["%Y", "%m", "%d", "%H"], ["%s"], ["%B", "%Y", "%-d", "%-H"], []))
    pattern = "".join(hole + choices.one_of(("/", "_", ".", "=")) for hole in holes)
    layout = _layout(pattern)
    if layout is None or _ambiguous(holes):
        return
    zone = choices.one_of(_ZONES)
    hour = (_FIRST + timedelta(hours=choices.number(0, 8_900_000))).astimezone(zone)
    hour = hour.replace(minute=0, fold=0)
    names = {name: choices.one_of(_WORDS) if f"{{{name}}}" in holes else "" for name in ("topic", "host")} | {
        "rev": choices.one_of(("", "-000001")) if "{rev}" in holes else ""
    }
    fields = {name: value for name, value in names.items() if f"{{{name}}}" in holes}
    key = layout.spell(hour, fields)
    if is_leftover(key):
        return
    assert layout.parse(key, zone) == ParsedKey(hour, fields), (pattern, key, layout.parse(key, zone), hour)
    start, stop = hour - timedelta(hours=choices.number(0, 40_000)), hour + timedelta(hours=choices.number(1, 40_000))
    prefixes = layout.prefixes(start, stop)
    assert any(key.startswith(prefix) for prefix in prefixes), (pattern, key, prefixes)


def _ambiguous(holes: list[str]) -> bool:
    """One part of a time in two spellings."""
    return any(len({*pair} & {*holes}) > 1 for pair in (("%m", "%-m"), ("%d", "%-d"), ("%H", "%-H"), ("%B", "%b")))


def _parsed(choices: Choices) -> None:
    """Both engines agree on any pattern and any key."""
    pattern = "".join(choices.one_of(_TOKENS) for _ in range(choices.number(0, 12)))
    has_holes(pattern)
    layout = _layout(pattern)
    if layout is None:
        return
    key = "".join(choices.one_of((*_PIECES, *re.split(r"[%{*]", pattern))) for _ in range(choices.number(0, 12)))
    zone = choices.one_of(_ZONES)
    parsed = layout.parse(key, zone)
    assert parsed is None or parsed.hour.tzinfo is zone
    match = layout._regex.fullmatch(key) if len(key) ** layout._tries <= 1 << 14 else None
    if match and "(?P=" not in layout._regex.pattern:
        assert layout._linear.fullmatch(key) == match.groupdict(), (pattern, key)


def _long(choices: Choices) -> None:
    """A long pattern of many holes, a key as long as a key in S3 can be, and longer."""
    piece = "".join(choices.one_of(_TOKENS) for _ in range(choices.number(1, 5)))
    layout = _layout(piece * choices.number(1, 60) + choices.one_of(("%Y%m%d%H", "/%Y/%m/%d/%H", "")))
    if layout is None:
        return
    text = "".join(choices.one_of(_PIECES) for _ in range(choices.number(1, 5)))
    layout.parse((text * 2000)[: choices.one_of((1024, 8192))] + choices.one_of(("", "!", "2026112305")))


def _detected(choices: Choices) -> None:
    """A layout detected in any keys fits some of them and leaves no key unnamed, or there is a sentence."""
    keys = []
    for _ in range(choices.number(1, 30)):
        pieces = [choices.one_of((*_PIECES, "\ue000", "T", "hour=", ".log.gz")) for _ in range(choices.number(1, 14))]
        keys.append("".join(pieces))
    try:
        layouts = find_layouts(keys)
    except LayoutError as error:
        check_sentence(error)
        return
    for layout in layouts:
        assert any(layout.parse(key) for key in keys), (layout.pattern, keys)


def _layout(pattern: str) -> Layout | None:
    try:
        return Layout(pattern)
    except LayoutError as error:
        check_sentence(error)
        return None
