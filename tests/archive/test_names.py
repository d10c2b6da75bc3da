"""Keys whose parts are longer than a file's name may be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command import hourscope
from tui.archive.layout import Layout
from tui.archive.names import short_key
from tui.archive.times import parse_zone


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=700))
def test_every_part_of_the_result_is_a_name(key: str) -> None:
    short = short_key(key, lambda _: True)
    assert short is not None
    assert len(os.fsencode(short)) <= 255
    assert (short == key) == (len(os.fsencode(key)) <= 255)


def test_different_keys_stay_different() -> None:
    keys = [f"{'x' * 300}{n}{'y' * 300}" for n in range(100)]
    assert len({short_key(key, lambda _: True) for key in keys}) == 100


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("{topic}.%Y-%m-%d_%H.jsonl.gz", f"{'t' * 300}.2015-01-20_13.jsonl.gz"),
        ("%Y-%m-%d_%H.{host}.jsonl.gz", f"2015-01-20_13.{'n' * 300}.jsonl.gz"),
        ("{topic}/%Y/%m/%d/%H/*.jsonl.gz", f"{'t' * 299}/2015/01/20/13/{'ü' * 200}.jsonl.gz"),
    ],
    ids=["topic", "host", "two parts"],
)
def test_the_layout_still_finds_the_hour(pattern: str, key: str) -> None:
    layout, zone = Layout(pattern), parse_zone(None)

    def fits(name: str) -> bool:
        return layout.parse(name, zone) is not None

    assert fits(key)
    short = short_key(key, fits)
    assert short
    assert fits(short)
    assert all(len(os.fsencode(part)) <= 255 for part in short.split("/"))


def test_there_may_be_no_place_to_cut() -> None:
    assert short_key("x" * 300, lambda _: False) is None


def test_such_a_chunk_of_an_extract_gets_a_short_name(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    name = "t" * (255 - len(".2015-01-20_13.log")) + ".2015-01-20_13.log"
    (source / name).write_bytes(b'{"n":1}\n')
    (source / "t.2015-01-20_14.log").write_bytes(b'{"n":2}\n')
    ran = hourscope("scan", source, "-g", "n", "-o", f"{out}/")
    assert ran.code == 0
    assert hourscope("scan", out).lines == [b'{"n":1}', b'{"n":2}']
    assert hourscope("scan", source, "-g", "n", "-o", f"{out}/", "--resume").code == 0
