"""What came from an archive is shown, never obeyed."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.printable import printable, spelled

# Bidi_Control of Unicode's PropList.txt.
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Cc: controls; Cf: invisible format characters; Cs: halves of surrogate pairs; Zl, Zp: line and paragraph separators.
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Cf too, but signs that are seen: Arabic and Kaithi number signs and the Syriac abbreviation mark.
SEEN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def obeyed(text: str) -> list[str]:
    return [f"U+{ord(c):04X}" for c in text if (unicodedata.category(c) in OBEYED and c not in SEEN) or c in BIDI]


@given(st.text(st.characters(), max_size=60))
def test_no_character_that_a_terminal_obeys_survives_in_text(text: str) -> None:
    assert not obeyed(printable(text))


@given(st.binary(max_size=60))
def test_no_control_character_is_left_in_bytes(data: bytes) -> None:
    shown = printable(data)
    assert not obeyed(shown)
    shown.encode("utf-8")  # and nothing is left that cannot be printed at all


def test_every_character_of_unicode_that_is_obeyed_is_escaped() -> None:
    survivors = [
        code for code in range(0x110000) if unicodedata.category(chr(code)) in OBEYED and obeyed(printable(chr(code)))
    ]
    assert not [f"U+{code:04X}" for code in survivors]


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    text = 'Zoë 東京 Ωμέγα עברית العربية {"emoji": "🎬"} \\ \\u0041 [bold]x[/bold]'
    assert printable(text) == text
    assert printable(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", ""),
        (b"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        (b"\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        (b"a\tb\r\n", "a\\tb\\r\\n"),
        (b"\x00\x7f", "\\x00\\x7f"),
        (b"\xc2\x9b31m", "\\x9b31m"),  # CSI in its one-character form
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"caf\xc3", "caf\\xc3"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud83d", "\\ud83d"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_how_each_kind_is_shown(data: bytes | str, shown: str) -> None:
    assert printable(data) == shown


@given(st.one_of(st.text(st.characters(), max_size=200), st.binary(max_size=200)), st.integers(1, 50))
def test_the_limit_holds_and_a_cut_is_marked(data: bytes | str, limit: int) -> None:
    whole, cut = printable(data), printable(data, limit)
    assert len(cut) <= limit
    if len(whole) <= limit:
        assert cut == whole
    else:
        assert cut == whole[: limit - 1] + "…"


def test_an_enormous_record_costs_nothing() -> None:
    record = b"\x1b" * 50_000_000
    began = time.perf_counter()
    assert len(printable(record, 80)) == 80
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("text", "as_spelled"),
    [("\ud800 x", "\\ud800 x"), ("\udc80", "\\udc80"), ("\udfff\ud800", "\\udfff\\ud800"), ("ü😀", "ü😀")],
)
def test_a_lone_surrogate_is_copied_as_json_spells_it(text: str, as_spelled: str) -> None:
    assert spelled(text) == as_spelled


@given(st.text(st.characters(exclude_categories=[]), max_size=50))
def test_whatever_is_spelled_can_be_encoded(text: str) -> None:
    assert spelled(text).encode().decode() == spelled(text)
