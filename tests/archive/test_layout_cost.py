"""A layout reads any key in linear time, and both of its regexes read it alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive.layout import Layout
from tui.errors import LayoutError

HOSTILE = (
    "a" * 1024,
    "." * 1024,
    "a.b-000000" * 102,
    "20150101" * 128,
    "2015-01-01_00" * 78,
    "é" * 512,
    "\udcff" * 1024,
)


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize(
    "pattern",
    [
        "{topic}.{host}{rev}.%Y-%m-%d_%H.*.log.gz",
        "*" * 30 + "%Y-%m-%d_%H",
        "*a" * 20 + "%Y%m%d%H",
        "*/{topic}.{host}.*/%Y-%m-%d-%H",
        "%B%B*%b{topic}%Y%d%H",
        "*%Y*%m*%d*%H*%Y*%m*%d*%H*",
    ],
)
def test_a_hostile_key_takes_no_time(pattern: str, key: str) -> None:
    """A regex that backtracks would need years for some of these: the suite's time limit is what holds it."""
    parsed = Layout(pattern).parse(key)
    assert parsed is None or parsed.hour.year in range(1970, 3000)


parts = st.lists(
    st.sampled_from(
        ["*", "{topic}", "{host}", "{rev}", "%Y", "%m", "%d", "%H", "%-d", "%B", "%a", "-", ".", "/", "a", "é", "+"]
    ),
    max_size=8,
).map("".join)
keys_of = st.lists(
    st.sampled_from(
        ["2015", "01", "1", "12", "May", "Tue", "-", ".", "/", "a", "b", "é", "+", "-000001", "\udcff", "\n"]
    ),
    max_size=14,
).map("".join)


@given(head=parts, tail=parts, key=keys_of | st.tuples(keys_of, keys_of).map(lambda ends: "2015-01-20_13".join(ends)))
@settings(max_examples=400)
def test_the_linear_regex_agrees_with_pythons(head: str, tail: str, key: str) -> None:
    """They may divide a key differently where a name is repeated, but never accept parts that do not agree."""
    layout = Layout(f"{head}%Y-%m-%d_%H{tail}")
    match = layout._regex.fullmatch(key)
    linear = layout._linear.fullmatch(key)
    if any(part.startswith("(?P=") for part in layout._regexes):
        assert linear is None or match is not None
    else:
        assert linear == (match and match.groupdict())


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("{topic}/%Y/%m/%d/%H/{topic}-%Y-%m-%d-%H-*", "{0}/2024/05/01/13/{0}-2024-05-01-13-00-05-uuid"),
        (
            "{topic}.{host}/{topic}-%Y%m%d%H",
            "{0}.orders.web1/{0}.orders-2015010203",
        ),  # the shortest topic is not the right one
        ("*%Y-%m-%d_%H*%Y-%m-%d_%H", "x2014-01-01_00{0}2015-01-01_00-2015-01-01_00"),
    ],
)
@pytest.mark.parametrize("length", [5, 500])
def test_parts_that_occur_twice_must_agree_in_long_keys_too(pattern: str, key: str, length: int) -> None:
    layout = Layout(pattern)
    parsed = layout.parse(key.format("s" * length))
    assert parsed is not None and parsed.hour.year in (2024, 2015)
    assert layout.parse(key.format("s" * length)[:-1] + "\n") is None or key.endswith("uuid")
    assert Layout("{topic}/%Y%m%d%H/{topic}").parse(f"{'a' * length}/2015010203/{'a' * length}b") is None


@pytest.mark.parametrize("pattern", ["*a" * 97 + "%Y%m%d%H", "x" * 4096 + "%Y%m%d%H"])
def test_a_pattern_has_limits(pattern: str) -> None:
    with pytest.raises(LayoutError, match=r"at most 4,096 characters and 100 holes"):
        Layout(pattern)
