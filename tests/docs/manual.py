"""docs/hourscope.1, the manual page, in man(7)'s macros; `make docs` generates it from the program."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.docs.reference import EXIT_CODES, Option, Page, environment, pages, paragraphs
from tui.cli.command import HEADINGS
from tui.cli.group import commands

_COMMON = 3  # commands that have an option: it is then described once, for all of them
_WIDTH = 68  # of the lines of the source, which roff fills again
_FILES = (
    ("~/.config/hourscope/config.toml", "Named archives and servers, saved filters, and keys."),
    ("~/.local/state/hourscope/", "Extracts, journals and receipts of sends, notebooks, the archiver's spool."),
    ("~/.cache/hourscope/", "Listings, the index, and fetched chunks. It can be deleted at any time."),
)


def manual() -> str:
    """docs/hourscope.1."""
    *all_pages, explorer = pages()
    ordered = [explorer, *all_pages]
    common = _common(ordered)
    lines = ['.TH HOURSCOPE 1 "" hourscope "User Commands"', ".nh", ".ad l", ".SH NAME"]
    lines += ["hourscope \\- explore, filter, and replay archives of hourly event chunks"]
    lines += [".SH SYNOPSIS", "\n.br\n".join(f".B {_roff(page.usage)}" for page in ordered)]
    lines += [".SH DESCRIPTION", *_text(paragraphs(commands.help or ""))]
    lines += [".SH COMMANDS"]
    for page in all_pages:
        lines += _command(page, common)
    lines += [".SH COMMON OPTIONS"]
    for heading in HEADINGS:
        rows = [(option.names, option.text) for where, option in common if where == heading]
        lines += [f".SS {heading} options", *_items(rows)] if rows else []
    lines += [".SH EXIT STATUS", *_items(EXIT_CODES)]
    lines += [".SH ENVIRONMENT", *_items((name, text.replace("`", "")) for name, text in environment().items())]
    lines += [".SH FILES", *_items(_FILES), ".PP", "The XDG base directories move them."]
    lines += [".SH SEE ALSO", "https://hourscope.github.io/hourscope/"]
    return "\n".join(lines) + "\n"


def _common(pages_: Iterable[Page]) -> list[tuple[str, Option]]:
    """The options that several commands have, with the same text, and their headings."""
    counted = Counter(
        (heading, option) for page in pages_ for heading, options in page.options.items() for option in options
    )
    return [row for row, times in counted.items() if times >= _COMMON]


def _command(page: Page, common: list[tuple[str, Option]]) -> Iterator[str]:
    yield f".SS {_roff(page.usage)}"
    yield from _text(page.paragraphs)
    shared = []
    for heading, options in page.options.items():
        own = [option for option in options if (heading, option) not in common]
        if heading != "Other":  # --help and --debug
            shared += [option.names.split(" ")[0].strip(",") for option in options if option not in own]
        yield from _items((option.names, option.text) for option in own)
    if shared:
        yield ".PP"
        yield from _filled(f"Common options: {', '.join(shared)}.")


def _text(blocks: Iterable[str]) -> Iterator[str]:
    for at, block in enumerate(blocks):
        if block.startswith("  "):
            yield from (".nf", *(_roff(line) for line in block.split("\n")), ".fi")
        else:
            yield from (*([".PP"] if at else []), *_filled(block))


def _items(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield from (".TP", f".B {_roff(name)}", *_filled(text))


def _filled(text: str) -> Iterator[str]:
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return (_roff(line) for line in lines)


def _roff(text: str) -> str:
    """A line of text that holds no macro and no escape, in ASCII."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
