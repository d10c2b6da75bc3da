"""Progress on stderr for a person at a terminal; nothing in a pipe."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tui.cli.console import notify
from tui.printable import printable
from tui.units import count, duration, plural, size

if TYPE_CHECKING:
    from tui.scan import ScanEvent, ScanPlan, Totals
    from tui.send import Sending

T = TypeVar("T")

_FIGURES = re.compile(r"\d[\w.,:]*")
_LASTING_SECONDS = 1.0
_CALM_NOTES = ("asking", "connecting", "reading")  # notes that begin like this are not worth a line
_BAR_COLUMNS = 110  # in a narrower terminal there is only the text


@contextmanager
def progress_line(*, beside: bool = False) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar; yield a function that takes the fraction done (0..1) and a text.

    Nothing is shown if records go to the same terminal (`beside`): rich would capture, wrap and print them to stderr.
    """
    if not sys.stderr.isatty() or (beside and sys.stdout.isatty()):
        yield _show_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    text = TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}", markup=False)
    columns = (BarColumn(bar_width=24), *text) if console.width >= _BAR_COLUMNS else text[1:]
    with Progress(*columns, console=console, transient=True, refresh_per_second=8) as bar:
        task = bar.add_task("", total=1.0)

        def show(fraction: float, text: str) -> None:
            bar.update(task, completed=min(fraction, 1.0), description=printable(text))

        yield show


def _show_nothing(fraction: float, text: str) -> None:
    """Show nothing."""


def notes() -> Callable[[str], None]:
    """Return a function that takes a job's current note, and reports lasting notes if there is no terminal.

    A note that lasts a second is printed once to stderr. Notes that differ only in figures are the same. On a terminal
    the progress line shows them.
    """
    last, since, noted = "", 0.0, False

    def note(text: str) -> None:
        nonlocal last, since, noted
        kind = _FIGURES.sub("", text)
        if kind != last:
            last, since, noted = kind, time.monotonic(), False
        if (
            text
            and not text.startswith(_CALM_NOTES)
            and not noted
            and time.monotonic() - since > _LASTING_SECONDS
            and not sys.stderr.isatty()
        ):
            notify(text)
            noted = True

    return note


def show_scan(show: Callable[[float, str], None], plan: ScanPlan, totals: Totals, *, matches: bool = True) -> None:
    """Show the progress of a scan: chunks, bytes fetched, speed, matches if they are counted, remaining time."""
    if show is _show_nothing:
        return  # formatting the text takes 1 % of a scan of many chunks
    c, whole, seconds = totals.counts, plan.bytes_compressed, totals.seconds
    fetched = c.bytes_compressed
    left = duration((whole - fetched) * seconds / fetched) if fetched and seconds > 0.5 else "…"
    parts = [
        f"{count(totals.chunks)}/{plural(len(plan.chunks), 'chunk')}",
        f"{size(fetched)} of {size(whole)}",
        f"{size(c.bytes / seconds)}/s" if seconds > 0.2 else "",
        plural(c.matches, "match") if matches else "",
        f"{left} left",
    ]
    show(fetched / max(whole, 1), " · ".join(part for part in parts if part))


def results(
    events: Iterable[ScanEvent | T],
    plan: ScanPlan,
    totals: Totals,
    show: Callable[[float, str], None],
    *,
    matches: bool = True,
) -> Iterator[T]:
    """Yield the results among the events of a pass; add the other events to `totals`, and show the progress."""
    from tui.scan import ScanEvent

    for event in events:
        if isinstance(event, ScanEvent):
            totals.add(event)
            show_scan(show, plan, totals, matches=matches)
        else:
            yield event


def send_text(event: Sending) -> str:
    """Describe a send: confirmed, in flight, unknown, rate, remaining time, and the note for the operator."""
    parts = [f"{plural(event.confirmed, 'record')} confirmed", f"{count(round(event.rate))}/s"]
    parts += [f"{count(event.in_flight)} in flight"] if event.in_flight else []
    parts += [f"{count(event.unknown)} unknown"] if event.unknown else []
    parts += [f"depth {count(event.depth)}"] if event.depth is not None else []
    parts += [f"{duration(event.eta)} left"] if event.eta is not None else []
    return " · ".join([*parts, event.note] if event.note else parts)
