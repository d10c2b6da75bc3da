"""The command lines of a page: those that run as they are, and those that only show what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"\s+# .*$")
_PLACEHOLDER = re.compile(r"\b(?:ARCHIVE|SOURCE|COMMAND|FOLDER|NAME|SHELL)\b|\w\||…|\S {3,}\S")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`shows`: it has a placeholder, as a synopsis has; it names what exists, and does not run."""

    number: int
    text: str
    shows: bool


def command_lines(page: str) -> Iterator[CommandLine]:
    """Every line of code that runs `hourscope`, with the lines that continue it and without its comment."""
    lines = iter(enumerate(page.split("\n"), 1))
    fenced = False
    for number, line in lines:
        if line.startswith("```"):
            fenced = not fenced
        code = line.strip().removeprefix("$ ")
        code = re.sub(r"^(?:uvx|pipx run) (?=hourscope)", "", code)
        if not (fenced or line.startswith("    ")) or not re.match(r'(?:eval "\$\()?hourscope(?: |$)', code):
            continue
        while code.endswith("\\"):
            code = code[:-1].rstrip() + " " + next(lines)[1].strip()
        text = _COMMENT.sub("", code)
        yield CommandLine(number, text, bool(_PLACEHOLDER.search(text)))


def spans(page: str) -> Iterator[str]:
    """Every `hourscope …` between backticks within a text."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.S | re.M)
    yield from (span.replace("\n", " ") for span in re.findall(r"(?<!`)`(hourscope [^`]+)`(?!`)", text))
