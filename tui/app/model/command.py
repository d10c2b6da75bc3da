"""Command lines that do what a screen does."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tui.app.model.hours import Selection
from tui.app.model.session import Session
from tui.archive.location import command_line
from tui.archive.times import spell_hour
from tui.filter import Filter
from tui.filter.terms import KINDS
from tui.shell import shell_word


def scan_command(
    session: Session, start: datetime, stop: datetime, filter_: Filter, out: str, more: Sequence[str] = ()
) -> str:
    """Return `hourscope scan ARCHIVE --from … --to … -m … -o OUT/` for one range."""
    return command_line("scan", session.location, start, stop, [*filter_.arguments(), *more, "-o", out])


def scan_commands(session: Session, hours: Selection, filter_: Filter, out: str, more: Sequence[str] = ()) -> list[str]:
    """Return one command per range. With several ranges, the outputs are numbered."""
    outs = [out] if len(hours.ranges) == 1 else [numbered(out, at) for at in range(1, len(hours.ranges) + 1)]
    return [
        scan_command(session, range_.start, range_.stop, filter_, name, more)
        for range_, name in zip(hours.ranges, outs, strict=True)
    ]


def numbered(out: str, number: int) -> str:
    """Return an output's name with a number: `found/` → `found.1/`; `found.jsonl.gz` → `found.1.jsonl.gz`."""
    if out.endswith("/"):
        return f"{out.rstrip('/')}.{number}/"
    stem, dot, ending = Path(out).name.partition(".")
    return str(Path(out).with_name(f"{stem}.{number}{dot}{ending}"))


def ls_command(session: Session) -> str:
    return command_line("ls", session.location)


def cat_command(session: Session, hour: datetime, filter_: Filter, *, key: str | None = None) -> str:
    """Return the `cat` command for an hour, or for one of its chunks."""
    one = ["--key", key] if key is not None else []
    return command_line("cat", session.location, options=["--hour", spell_hour(hour), *one, *filter_.arguments()])


def shell_list(session: Session) -> str:
    """Return a shell command that lists the archive."""
    root, prefix = session.archive.store.url, session.archive.layout.prefixes()[0]
    if root.startswith("s3://"):
        return f"aws s3 ls --recursive {shell_word(f'{root}/{prefix}')}"
    return f"find {shell_word(root)} -type f -ls"


def shell_read(session: Session, key: str) -> str:
    """Return a shell command that reads one chunk."""
    root = session.archive.store.url
    place = f"{root}/{key}"
    if root.startswith("s3://"):
        return f"aws s3 cp {shell_word(place)} - | zcat"
    return f"zcat {shell_word(str(Path(place)))}"


def shell_filter(filter_: Filter) -> str:
    """Return the filter's text and regex terms as greps. JMESPath has no common shell tool."""
    whole = filter_.invert and len(filter_.active) == 1
    return "".join(
        f" | grep {' '.join([grep[0], *term.flags, *(['-v'] if term.negated != whole else [])])}"
        f" {grep[1]} {shlex.quote(term.text)}"
        for term in filter_.active
        if (grep := KINDS[term.kind].grep)
    )
