"""What is kept between two runs: the last session of each archive, and the filters that were typed.

Small files in the XDG state folder, readable by nobody else, for filters may hold what is nobody else's business. They
are written whole or not at all. One that cannot be read is ignored, and said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import cast
from uuid import uuid4

from tui.app.session import Session
from tui.archive.local import private_folder, private_opener, reason
from tui.config import state_dir
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter, Kind, Term

MOST_TYPED = 300
_LONGEST = 20_000  # characters of a filter
_MOST_SESSIONS = 300
_KINDS = ("match", "grep", "regex")
Typed = tuple[Kind, str]


class StateError(HourscopeError):
    """A file of ours in the state folder that cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Left:
    """How an archive was left: the hour under the cursor, the filter, the columns of the preview, and the hour that was
    previewed last with the number of the record under the cursor."""

    hour: datetime | None = None
    filter: Filter = field(default_factory=Filter)
    columns: tuple[str, ...] = ()
    line: tuple[datetime, int] | None = None


def session_file(url: str) -> Path:
    """Where the last session of an archive is kept."""
    return state_dir() / "sessions" / f"{sha256(url.encode()).hexdigest()[:24]}.json"


def read_left(url: str, zone: tzinfo) -> Left:
    """How the archive was left; an empty one the first time. StateError if the file is broken."""
    path = session_file(url)
    data = _read(path)
    if data is None:
        return Left()
    try:
        found = _object(json.loads(data))
        hour = _hour(found["hour"], zone) if found.get("hour") else None
        line = _list(found.get("line") or [])
        columns = tuple(str(column) for column in _list(found.get("columns", [])))
        wanted = _filter(_object(found.get("filter", {})))
        return Left(hour, wanted, columns, (_hour(line[0], zone), int(str(line[1]))) if line else None)
    except (ValueError, TypeError, LookupError, FilterError, RecursionError) as error:
        raise StateError(f"the last session of this archive is broken and ignored ({error}): {path}") from error


def write_left(url: str, left: Left) -> None:
    """Keep how an archive is left. StateError if that cannot be written."""
    terms = [
        {"kind": term.kind, "text": term.text, "enabled": term.enabled, "negated": term.negated}
        for term in left.filter.terms
    ]
    data = {
        "archive": url,
        "hour": left.hour.isoformat() if left.hour else None,
        "filter": {"terms": terms, "invert": left.filter.invert},
        "columns": list(left.columns),
        "line": [left.line[0].isoformat(), left.line[1]] if left.line else None,
    }
    path = session_file(url)
    _write(path, json.dumps(data, indent=1))
    for old in sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-_MOST_SESSIONS]:
        old.unlink(missing_ok=True)


def _hour(text: object, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone(zone)


def _filter(data: Mapping[str, object]) -> Filter:
    terms = []
    for each in map(_object, _list(data.get("terms", []))):
        kind = str(each["kind"])
        if kind not in _KINDS:
            raise ValueError(f"no kind of term: {kind}")
        terms.append(
            Term(cast(Kind, kind), str(each["text"]), each.get("enabled") is not False, each.get("negated") is True)
        )
    return Filter(tuple(terms), data.get("invert") is True)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return value


def recall(session: Session) -> str:
    """Put the session where it was left the last time; a sentence that says so, or why not, or nothing."""
    try:
        left = read_left(session.archive.url, session.archive.zone)
    except StateError as error:
        return str(error)
    session.place, session.filter, session.columns = left.hour, left.filter, left.columns
    session.line = left.line
    parts = [f"{left.hour:%a %Y-%m-%d %H:%M} (G: the newest)"] if left.hour else []
    parts += [f"filter {left.filter.describe()}"] if left.filter.terms else []
    parts += [f"columns {', '.join(left.columns)}"] if left.columns else []
    return f"as you left it: {' · '.join(parts)}" if parts else ""


def remember(session: Session) -> None:
    """Keep where the session is; the newest hour is no place, so that next time the newest is shown again."""
    place = None if session.place == session.clamped(session.last) else session.place
    write_left(session.archive.url, Left(place, session.filter, session.columns, session.line))


# The filters that were typed, the newest last.


def _history_file() -> Path:
    return state_dir() / "filters.jsonl"


def read_typed() -> list[Typed]:
    """What was typed in the filter bar before. Lines that are broken are left out."""
    found: list[Typed] = []
    for line in (_read(_history_file()) or "").splitlines():
        try:
            kind, text = json.loads(line)
        except (ValueError, TypeError):
            continue
        if kind in _KINDS and isinstance(text, str):
            found.append((kind, text))
    return found[-MOST_TYPED:]


def keep_typed(typed: Typed) -> list[Typed]:
    """What was typed, this the newest (and only once). StateError if it cannot be kept."""
    found = [each for each in read_typed() if each != typed]
    if typed[1].strip() and len(typed[1]) <= _LONGEST:
        found = [*found, typed][-MOST_TYPED:]
        _write(_history_file(), "".join(json.dumps(each) + "\n" for each in found))
    return found


def _read(path: Path) -> str | None:
    """The text of a file; None if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is no text"
        raise StateError(f"{path} cannot be read and is ignored: {why}") from error


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{uuid4().hex[:12]}.part")
    try:
        private_folder(path.parent)
        with open(part, "x", encoding="utf-8", opener=private_opener) as stream:
            stream.write(text)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StateError(f"{path} cannot be written, so nothing is remembered: {reason(error)}") from error
