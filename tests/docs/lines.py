"""The command lines of a page: those that run as they are, and synopses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"\s+# .*$")
_PLACEHOLDER = re.compile(r"\b(?:ARCHIVE|SOURCE|COMMAND|FOLDER|NAME|SHELL)\b|\w\||…|\S {3,}\S")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line. `shows`: it has a placeholder, like a synopsis, and is not run."""

    number: int
    text: str
    shows: bool


def command_lines(page: str) -> Iterator[CommandLine]:
    """Yield every line of code that runs `hourscope` or `curl`, with its continuation lines and without its comment."""
    lines = iter(enumerate(page.split("\n"), 1))
    fenced = False
    for number, line in lines:
        if line.startswith("```"):
            fenced = not fenced
        code = line.strip().removeprefix("$ ")
        code = re.sub(r"^(?:uvx|pipx run) (?=hourscope)", "", code)
        if not (fenced or line.startswith("    ")) or not re.match(r'(?:eval "\$\()?hourscope(?: |$)|curl ', code):
            continue
        while code.endswith("\\"):
            code = code[:-1].rstrip() + " " + next(lines)[1].strip()
        text = _COMMENT.sub("", code)
        yield CommandLine(number, text, bool(_PLACEHOLDER.search(text)))


def spans(page: str) -> Iterator[str]:
    """Yield every `hourscope …` between backticks in a text."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.S | re.M)
    yield from (span.replace("\n", " ") for span in re.findall(r"(?<!`)`(hourscope [^`]+)`(?!`)", text))
