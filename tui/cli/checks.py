"""Printing checks, and their exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict

import click

from tui.checks import Check
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED
from tui.printable import printable

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def report(checks: Iterable[Check], *, as_json: bool = False, width: int = 12) -> int:
    """Print each check as soon as it is made, or all as one JSON object; return 2 if one failed, else 0."""
    made = []
    for check in checks:
        made.append(check)
        if not as_json:
            _print(check, width)
    failed = any(check.state == "failed" for check in made)
    if as_json:
        print(json.dumps({"ok": not failed, "checks": [asdict(check) for check in made]}))
    return EXIT_FAILED if failed else EXIT_MATCHED


def _print(check: Check, width: int) -> None:
    mark, color = _MARKS[check.state]
    colored = click.style(mark, fg=color) if _shows_colors() else mark
    click.echo(f"{colored} {printable(check.name):<{width}} {printable(check.says)}")


def _shows_colors() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
