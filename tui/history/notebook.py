"""The notebook: one Markdown file per archive in the state folder, appended to during the work.

    ## Thu 26 Nov 2026 11:06:03 UTC · scan
    <!-- hourscope {"version":1,"kind":"scan","hour":"2015-01-20T13",…} -->

    **1,059 records match**, in 96,814 records of 334 hours

        hourscope scan demo --from 2015-01-20 --to 2015-01-21 -m "event == 'error'" -o errors/

The comment records where the entry was made, so that the explorer can go back there. Commands, rows and records are
indented by four spaces, so Markdown shows them verbatim. Everything is escaped (tui.printable), so nothing in a record
can end a block or a comment.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tui.archive.local import private_folder, private_opener
from tui.config import state_dir
from tui.errors import reason
from tui.history.extracts import extract_lines, place_of
from tui.history.log import VERSION, HistoryError, Reporter
from tui.history.naming import name_part
from tui.printable import HOSTILE, encodable, printable

RECORDS = 3  # maximum per entry
RECORD_BYTES = 500
FIRST_RECORDS = "Records:"  # the line above them
_ROWS = 12  # of a count or a comparison
_LARGEST_BYTES = 64 << 20
_META = re.compile(r"<!-- hourscope (\{.*\}) -->")
_NOTE = 4000  # characters


class Spot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The place in the explorer where an entry was made: hours as in keys, a record by its chunk and line (from 0), the
    filter as command line options, an extract by its place, and the fields whose values it lists."""

    hour: str | None = None
    key: str | None = None
    line: int | None = None
    start: str | None = None
    stop: str | None = None
    filter: tuple[str, ...] = ()
    out: str | None = None
    fields: tuple[str, ...] = ()


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """The data in an entry's comment."""

    version: int = VERSION
    kind: str
    at: str
    spot: Spot = Spot()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to append. `headline` is the answer, `rows` are lines below it, `records` are bytes of records, of which
    the first three are kept; `trouble` are sentences about damage and other problems."""

    kind: str
    headline: str
    spot: Spot = field(default_factory=Spot)
    command: str = ""
    rows: Sequence[str] = ()
    records: Sequence[bytes] = ()
    trouble: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry read from the file. `meta` is None if the comment was edited away."""

    heading: str
    lines: tuple[str, ...]
    meta: Meta | None = None

    @property
    def headline(self) -> str:
        """The first sentence of the entry."""
        return next((line.strip().replace("**", "").lstrip("> ") for line in self.lines if line.strip()), "")

    @property
    def text(self) -> str:
        return "\n".join((f"## {self.heading}", *self.lines)).rstrip() + "\n"


@dataclass(frozen=True, slots=True)
class Notebook:
    """The notebook of one archive; `records`: copy records into it. Nothing is written unless it is `enabled`."""

    path: Path
    title: str
    enabled: bool = True
    records: bool = True

    def add(self, entry: Entry, report: Reporter) -> None:
        """Append an entry; report an error instead of raising it, because the work itself is done."""
        if not self.enabled:
            return
        try:
            self._append(_markdown(entry, records=self.records))
        except HistoryError as error:
            report(str(error))

    def _append(self, text: str) -> None:
        try:
            private_folder(self.path.parent)
            with open(self.path, "ab", opener=private_opener) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                head = "" if stream.tell() else f"# {printable(self.title)}\n\nWhat was done here with hourscope.\n"
                stream.write(f"{head}\n{text}".encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise HistoryError(f"the notebook {self.path} cannot be written: {reason(error)}") from error

    def read(self) -> list[Written]:
        """Return the entries, oldest first; none if there is no file. HistoryError if it cannot be read."""
        return parse(self.text())

    def text(self) -> str:
        """Return the whole file."""
        try:
            with self.path.open("rb") as stream:
                return stream.read(_LARGEST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise HistoryError(f"the notebook {self.path} cannot be read: {reason(error)}") from error


def notebook_of(url: str, title: str, *, enabled: bool = True, records: bool = True) -> Notebook:
    """Return the notebook of an archive, independent of its spelling. A local extract uses its source's notebook."""
    root = place_of(url)
    with suppress(HistoryError):
        source = next((line.url for line in extract_lines() if line.place == root.rstrip("/") and line.url), None)
        root = place_of(source) if source else root
    mark = hashlib.sha256(root.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    name = name_part(root.rstrip("/").rpartition("/")[2])[:40] or "archive"
    return Notebook(state_dir() / "notebooks" / f"{name}-{mark}.md", title, enabled, records)


def shown_records(records: Sequence[bytes]) -> list[str]:
    """Return the first three records, each as a line of at most 500 bytes. A longer object keeps its first members."""
    return [_shown(record) for record in records[:RECORDS]]


def _shown(record: bytes) -> str:
    try:
        value = json.loads(record)
    except (ValueError, RecursionError):
        return printable(record, RECORD_BYTES)
    line = _escaped(record.decode("utf-8", "replace").strip())
    if len(line.encode()) <= RECORD_BYTES or not isinstance(value, dict):
        return printable(line, RECORD_BYTES)
    kept: dict[str, object] = {}
    shown = "{}"
    for name, item in value.items():
        kept[name] = item
        longer = _escaped(
            json.dumps({**kept, "…": f"{len(record):,} bytes"}, ensure_ascii=False, separators=(",", ":"))
        )
        if len(longer.encode("utf-8", "backslashreplace")) > RECORD_BYTES:
            break
        shown = longer
    return shown


def _escaped(text: str) -> str:
    """Replace characters in JSON that cannot be printed by JSON escapes."""
    return HOSTILE.sub(lambda match: json.dumps(match[0])[1:-1].replace("\x7f", "\\u007f"), text)


def _markdown(entry: Entry, *, records: bool) -> str:
    now = datetime.now(UTC)
    meta = Meta(kind=entry.kind, at=now.isoformat(timespec="milliseconds"), spot=entry.spot)
    comment = json.dumps(encodable(msgspec.to_builtins(meta)), separators=(",", ":"))  # ASCII
    for character in "<>\x7f":
        comment = comment.replace(character, f"\\u{ord(character):04x}")
    parts = [f"## {now:%a} {now.day} {now:%b %Y %H:%M:%S} UTC · {entry.kind}", f"<!-- hourscope {comment} -->", ""]
    if entry.headline:
        parts += [f"**{prose(entry.headline)}**", ""]
    parts += [line for sentence in entry.trouble for line in (f"- {prose(sentence)}",)] + [""] * bool(entry.trouble)
    if entry.command:
        parts += [*(f"    {printable(line)}" for line in entry.command.splitlines()), ""]
    if entry.rows:
        parts += [*(f"    {printable(row)}" for row in entry.rows[:_ROWS]), ""]
    if records and entry.records:
        parts += [FIRST_RECORDS, "", *(f"    {record}" for record in shown_records(entry.records)), ""]
    if entry.note:
        parts += [f"> {prose(line)}" for line in entry.note[:_NOTE].splitlines()] + [""]
    return "\n".join(parts)


def prose(text: str) -> str:
    """Escape a text so that Markdown neither formats it nor reads it as HTML."""
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", printable(text))


def parse(text: str) -> list[Written]:
    """Parse the entries of a notebook, which may have been edited."""
    entries: list[Written] = []
    heading: str | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), "## "]:
        if not line.startswith("## "):
            lines.append(line)
            continue
        if heading is not None:
            entries.append(_written(heading, lines))
        heading, lines = line[3:], []
    return entries


def _written(heading: str, lines: list[str]) -> Written:
    meta: Meta | None = None
    kept = []
    for line in lines:
        match = _META.fullmatch(line) if meta is None else None
        if match is None:
            kept.append(line)
            continue
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            read = msgspec.json.decode(match[1], type=Meta)
            meta = read if read.version <= VERSION else None
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return Written(printable(heading), tuple(map(printable, kept)), meta)
