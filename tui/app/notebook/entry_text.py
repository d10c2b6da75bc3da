"""One entry of the notebook, with its Markdown rendered and its records separate."""

from __future__ import annotations

import re
import textwrap

from rich.style import Style

from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece, both_ends
from tui.app.widgets.theme import Palette
from tui.history.notebook import FIRST_RECORDS, Written


class EntryText(ScrolledLines):
    """The entry under the cursor, without its records."""

    def __init__(self) -> None:
        super().__init__()
        self._entry: Written | None = None

    def show(self, entry: Written | None) -> None:
        """Show an entry. With records below, the pane is as high as its lines; else it takes all the room."""
        self._entry, self.top = entry, 0
        self.styles.height = "auto" if entry is not None and split(entry)[1] else "1fr"
        self.refresh(layout=True)

    def lines(self, width: int) -> list[list[Piece]]:
        entry, palette = self._entry, self.palette
        if entry is None:
            return []
        bar = both_ends([(f" {entry.heading}", palette.title)], [("enter goes there ", palette.bar_dim)], width)
        lines: list[list[Piece]] = [[], [(text, style + palette.cursor_idle) for text, style in bar], []]
        for line in split(entry)[0]:
            text, style = _styled(line, palette)
            lines += [[("  ", style), (part, style)] for part in _wrapped(text, max(width - 4, 20))]
        return lines


def _styled(line: str, palette: Palette) -> tuple[str, Style]:
    """Return the text and style of a line of Markdown."""
    if line.startswith("    "):
        return line[4:], palette.string if line.startswith("    hourscope ") else palette.text
    if line.startswith("> "):
        return plain(line).lstrip("> "), palette.strong
    if line.startswith("- "):
        return f"! {plain(line)[2:]}", palette.trouble
    return plain(line), palette.headline if line.startswith("**") else palette.text


def split(entry: Written) -> tuple[list[str], list[bytes]]:
    """Return the lines of an entry without its records, and the records."""
    lines, records, in_records = [], [], False
    for line in entry.lines:
        in_records = line == FIRST_RECORDS or (in_records and (not line or line.startswith("    ")))
        if in_records:
            records += [line[4:].encode()] if line.startswith("    ") else []
        else:
            lines.append(line)
    return lines, records


def plain(text: str) -> str:
    """Remove Markdown's escapes and bold marks."""
    out, escaped = [], False
    for character in text.replace("**", ""):
        if character == "\\" and not escaped:
            escaped = True
            continue
        out.append(character)
        escaped = False
    return "".join(out)


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap a text to `width` characters, indented to the text after its label. Truncate indented lines (tables)."""
    if not text or text.lstrip() != text:
        return [text[:width]]
    label = re.match(r"\S+ {2,}", text)
    return textwrap.wrap(text, width, subsequent_indent=" " * label.end() if label else "", break_on_hyphens=False)
