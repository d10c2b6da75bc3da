"""The command lines that screens show and interrupted runs print: a shell reads from them what was meant."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.shell import shell_join, shell_word

# No NUL: no command line can hold one.
words = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12), min_size=1)
awkward = st.lists(st.text(st.sampled_from("'\"\\$`! \n\t*?[]{}~#&|;<>()=%-a"), max_size=12), min_size=1)


def split_by_sh(line: str) -> list[str]:
    """The words of a command line as a real POSIX shell reads them."""
    ran = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, timeout=10)
    return ran.stdout.decode().split("\0")[:-1]


@given(awkward)
def test_a_shell_splits_it_into_the_same_words(argv: list[str]) -> None:
    assert split_by_sh(shell_join(argv)) == argv


@given(words | awkward)
def test_so_does_shlex(argv: list[str]) -> None:
    assert shlex.split(shell_join(argv)) == argv


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("plain-word_1.gz", "plain-word_1.gz"),
        ("", "''"),
        ("two words", "'two words'"),
        ("event == 'error'", "\"event == 'error'\""),
        ("code == `500`", "'code == `500`'"),
        ("e == 'x' && c == `5`", "\"e == 'x' && c == \"'`5`'"),
        ("it's $5", "\"it's \"'$5'"),
        ("s3://bucket/events.%Y-%m-%d_%H.log.gz", "s3://bucket/events.%Y-%m-%d_%H.log.gz"),
    ],
)
def test_what_people_write_stays_readable(word: str, shown: str) -> None:
    assert shell_word(word) == shown
    assert split_by_sh(shown) == [word]


def test_an_interactive_shell_does_not_expand_an_exclamation_mark() -> None:
    """History expansion works in double quotes too, so such a word is in single ones."""
    assert shell_word("!(e == 'x')").startswith("'!(e == '")
    assert split_by_sh(shell_word("!(e == 'x')")) == ["!(e == 'x')"]
