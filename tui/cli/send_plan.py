"""What a send would do, for a person (lines) and a script (JSON): the dry run, and the look before the question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from tui.config import state_dir
from tui.printable import printable
from tui.send import Destination, Source, Survey, earlier_sends
from tui.units import count, plural, size

_SHAPES = 5


def print_plan(
    source: Source, found: Survey, there: Sequence[Destination], *, as_json: bool, out: str | None = None
) -> None:
    """The dry run: what would go where, to nsqds or into a file."""
    if as_json:
        print(json.dumps(_plan_json(source, found, there) | {"out": out}))
        return
    for line in plan_lines(source, found, there):
        print(line)
    if out is not None:
        print(f"into   {'stdout' if out == '-' else printable(out)}")


def plan_lines(source: Source, found: Survey, there: Sequence[Destination]) -> list[str]:
    """A line each for what, the hours, the first and last record, the largest, the shapes, where, and what to mind."""
    empty = f" and {plural(found.empty, 'empty line')}" if found.empty else ""
    lines = [f"what   {plural(found.count, 'record')}{empty}, {size(found.size)}, of {printable(source.description)}"]
    if found.first_hour is not None and found.last_hour is not None:
        lines.append(f"hours  {_hour(found.first_hour)} to {_hour(found.last_hour)}")
    if found.first is not None and found.last is not None:
        lines += [f"first  {printable(found.first, 100)}", f"last   {printable(found.last, 100)}"]
    if found.largest:
        lines.append(f"large  {printable(str(found.largest))}")
    lines += _shape_lines(found)
    for destination in there:
        lines += _where_lines(destination)
    return lines + [f"mind   {printable(words)}" for words in warnings(source, found, there)]


def warnings(source: Source, found: Survey, there: Sequence[Destination]) -> list[str]:
    """What speaks against it: at the destination, in the source, in the journals of earlier sends."""
    words = []
    if there and found.empty:
        words.append(f"{plural(found.empty, 'empty line')} will not be sent: NSQ takes none")
    if found.unfit_count:
        named = ", ".join(map(str, found.unfit[:3]))
        words.append(f"{plural(found.unfit_count, 'record')} left out by --project: {named}")
    if found.oversize_count:
        words.append(f"{plural(found.oversize_count, 'record')} too large for nsqd: {found.oversize[0]}")
    words += [f"{d.key} is damaged after {d.offset:,} bytes of lines: {d.reason}" for d in found.damaged]
    for destination in there:
        words += destination.warnings
    return [*dict.fromkeys(words), *(_earlier(source, there[0].topic) if there else ())]


def _earlier(source: Source, topic: str) -> list[str]:
    sends = earlier_sends(state_dir() / "journals", source, topic)
    words = [
        f"the same was sent to {topic} on {each.started}: {plural(each.confirmed, 'record')}"
        for each in sends
        if each.finished
    ]
    if sends and not sends[-1].finished and sends[-1].confirmed:
        last = sends[-1]
        words.append(f"the same was stopped on {last.started} after {plural(last.confirmed, 'record')}; see --resume")
    return words


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
    version = f"nsqd {destination.version}" if destination.version else "nsqd"
    state = f"{count(destination.depth)} waiting in it" if destination.exists else "which is not there yet"
    if not destination.http:
        state = "which cannot be seen"
    lines = [f"where  {version} at {destination.address}, topic {destination.topic}, {state}"]
    for channel in destination.channels:
        clients = f" ({printable(', '.join(channel.clients), 60)})" if channel.clients else ""
        paused = ", paused" if channel.paused else ""
        lines.append(
            f"       channel {channel.name}: {count(channel.depth)} waiting, {count(channel.in_flight)} in flight, "
            f"{plural(len(channel.clients), 'client')}{clients}{paused}"
        )
    return lines


def _plan_json(source: Source, found: Survey, there: Sequence[Destination]) -> dict[str, Any]:
    return {
        "dry_run": True,
        "what": source.description,
        "filter": source.filter,
        "count": found.count,
        "bytes": found.size,
        "hours": [hour.isoformat() for hour in (found.first_hour, found.last_hour) if hour is not None],
        "first": _text(found.first),
        "last": _text(found.last),
        "largest": asdict(found.largest) if found.largest else None,
        "shapes": [{"keys": shape.keys, "count": shape.count} for shape in found.shapes],
        "empty": found.empty,
        "oversize": found.oversize_count,
        "oversize_named": [asdict(place) for place in found.oversize],
        "unfit": found.unfit_count,
        "unfit_named": [asdict(place) for place in found.unfit],
        "topic": there[0].topic if there else None,
        "where": [_where_json(destination) for destination in there],
        "warnings": warnings(source, found, there),
        "damaged": [{"key": d.key, "offset": d.offset, "reason": d.reason} for d in found.damaged],
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
