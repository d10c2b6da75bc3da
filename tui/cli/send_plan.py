"""What a send would do, for a person (lines) and a script (JSON): the dry run, and the look before the question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from tui.cli.console import print_line
from tui.printable import printable
from tui.send import Destination, Source, Survey
from tui.send.receipt import VERSION
from tui.send.survey import NAMED
from tui.units import count, plural, size

_SHAPES = 5
_CHANNELS = 50
_NAME = 80  # characters of a server's name for something; NSQ allows 64


def print_plan(
    source: Source,
    found: Survey,
    there: Sequence[Destination],
    warnings: Sequence[str],
    *,
    as_json: bool,
    out: str | None = None,
) -> None:
    """The dry run: what would go where, to nsqds or into a file. The warnings are in the JSON only."""
    if as_json:
        print(json.dumps(_plan_json(source, found, there, warnings) | {"out": out}))
    else:
        for line in plan_lines(source, found, there):
            print_line(line)
        if out is not None:
            print_line(f"into   {'stdout' if out == '-' else out}")


def plan_lines(source: Source, found: Survey, there: Sequence[Destination]) -> list[str]:
    """A line each for what, the hours, the first and last record, the largest, the shapes, and where."""
    blank = f" and {plural(found.blank, 'blank line')}" if found.blank else ""
    lines = [f"what   {plural(found.count, 'record')}{blank}, {size(found.size)}, of {source.description}"]
    if found.first_hour is not None and found.last_hour is not None:
        lines.append(f"hours  {_hour(found.first_hour)} to {_hour(found.last_hour)}")
    if found.first is not None and found.last is not None:
        lines += [f"first  {printable(found.first, 100)}", f"last   {printable(found.last, 100)}"]
    if found.largest:
        lines.append(f"large  {found.largest}")
    lines += _shape_lines(found)
    for destination in there:
        lines += _where_lines(destination)
    return lines


def file_warnings(found: Survey) -> list[str]:
    """What speaks against writing a source to a file."""
    words = []
    if found.unfit_count:
        named = ", ".join(map(str, found.unfit[:3]))
        words.append(f"{plural(found.unfit_count, 'record')} left out by --project: {named}")
    if found.repeats:
        words.append(f"{plural(found.repeats, 'record')} left out by --unique: copies of earlier ones")
    return [*words, *map(str, found.damaged)]


def _hour(hour: datetime) -> str:
    return f"{hour:%Y-%m-%d %H:00 %Z}"


def _shape_lines(found: Survey) -> list[str]:
    shapes = found.shapes
    lines = [
        f"{'shapes' if index == 0 else '':<6} {count(shape.count)} × {printable(shape.words(shapes[0]), 100)}"
        for index, shape in enumerate(shapes[:_SHAPES])
    ]
    if len(shapes) > _SHAPES:
        rest = sum(shape.count for shape in shapes[_SHAPES:]) + found.shapeless
        lines.append(f"       {count(rest)} × {plural(len(shapes) - _SHAPES, 'shape')} more")
    return lines


def _where_lines(destination: Destination) -> list[str]:
    version = f"nsqd {printable(destination.version, _NAME)}" if destination.version else "nsqd"
    state = f"{count(destination.depth)} waiting in it" if destination.exists else "which is not there yet"
    if not destination.http:
        state = "which cannot be seen"
    lines = [f"where  {version} at {destination.address}, topic {destination.topic}, {state}"]
    for channel in destination.channels[:_CHANNELS]:
        clients = f" ({printable(', '.join(channel.clients), 60)})" if channel.clients else ""
        paused = ", paused" if channel.paused else ""
        lines.append(
            f"       channel {printable(channel.name, _NAME)}: {count(channel.depth)} waiting, "
            f"{count(channel.in_flight)} in flight, {plural(len(channel.clients), 'client')}{clients}{paused}"
        )
    if (more := len(destination.channels) - _CHANNELS) > 0:
        lines.append(f"       and {count(more)} more channels")
    return lines


def _plan_json(source: Source, found: Survey, there: Sequence[Destination], warnings: Sequence[str]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "dry_run": True,
        "what": source.description,
        "filter": source.filter,
        "count": found.count,
        "bytes": found.size,
        "sha256": found.sha256,
        "hours": [hour.isoformat() for hour in (found.first_hour, found.last_hour) if hour is not None],
        "first": _text(found.first),
        "last": _text(found.last),
        "largest": asdict(found.largest) if found.largest else None,
        "shapes": [{"keys": shape.keys, "count": shape.count} for shape in found.shapes],
        "blank": found.blank,
        "repeats": found.repeats,
        "oversize": found.oversize_count + found.skipped_count,
        "oversize_named": [asdict(place) for place in (*found.skipped, *found.oversize)[:NAMED]],
        "unfit": found.unfit_count,
        "unfit_named": [asdict(place) for place in found.unfit],
        "topic": there[0].topic if there else None,
        "where": [_where_json(destination) for destination in there],
        "warnings": list(warnings),
        "damaged": [part.as_json() for part in found.damaged],
    }


def _text(record: bytes | None) -> str | None:
    return record.decode("utf-8", "backslashreplace") if record is not None else None


def _where_json(destination: Destination) -> dict[str, Any]:
    return {
        "address": destination.address,
        "version": destination.version,
        "exists": destination.exists,
        "paused": destination.paused,
        "depth": destination.depth,
        "message_count": destination.message_count,
        "max_message": destination.limits.max_message,
        "max_body": destination.limits.max_body,
        "channels": [asdict(channel) for channel in destination.channels],
    }
