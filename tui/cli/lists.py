"""Printing the lists of extracts, sends and jobs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, notify, print_line


class Listed(Protocol):
    """An item of a list."""

    def as_json(self) -> dict[str, object]:
        """Return it for `--json`."""


ListedT = TypeVar("ListedT", bound=Listed)


def print_list(
    name: str,
    items: Sequence[ListedT],
    rows_of: Callable[[ListedT], list[str]],
    empty: str,
    *,
    as_json: bool,
    unread: Sequence[str] | None = None,
) -> int:
    """Print all items, or a sentence if there are none; return the exit code.

    `unread`: a sentence for each item that exists and cannot be read.
    """
    if as_json:
        warnings = {} if unread is None else {"warnings": list(unread)}
        print(json.dumps({"version": 1, name: [item.as_json() for item in items], **warnings}))
    for item in () if as_json else items:
        for row in rows_of(item):
            print_line(row)
    sys.stdout.flush()
    for words in unread or ([] if items else [empty]):
        notify(words)
    if unread:
        return EXIT_FAILED
    return EXIT_MATCHED if items else EXIT_NOTHING
