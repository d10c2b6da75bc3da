"""What a send would do, for a person (lines) and a script (JSON): the dry run, and the look before the question."""

from __future__ import annotations

import json
from typing import Any

from tui.config import state_dir
from tui.printable import printable
from tui.send import Destination, Source, Survey, earlier_sends
from tui.units import count, plural, size


def print_plan(source: Source, found: Survey, destination: Destination | None, *, as_json: bool) -> None:
    """The dry run: what would go where."""
    if as_json:
        print(json.dumps(_plan_json(source, found, destination)))
        return
    for line in plan_lines(source, found, destination):
        print(line)


def plan_lines(source: Source, found: Survey, destination: Destination | None) -> list[str]:
    """A line each for what, the first and last record, the largest, where, and what to mind."""
    lines = [f"what   {plural(found.count, 'record')}, {size(found.size)}, of {printable(source.description)}"]
    if found.first is not None and found.last is not None:
        lines += [f"first  {printable(found.first, 100)}", f"last   {printable(found.last, 100)}"]
    if found.largest:
        lines.append(f"large  {found.largest}")
    if destination:
        channels = ", ".join(f"{c.name} {count(c.depth)} deep" for c in destination.channels) or "no channel"
        version = f"nsqd {destination.version}" if destination.version else "nsqd"
        lines.append(f"where  topic {destination.topic} on {version} at {destination.address}; {channels}")
        lines += [f"mind   {warning}" for warning in _warnings(source, destination)]
    return lines


def _warnings(source: Source, destination: Destination) -> list[str]:
    before = [e for e in earlier_sends(state_dir() / "journals", source, destination.topic) if e.finished]
    again = [
        f"the same was sent to {destination.topic} on {e.started}: {plural(e.confirmed, 'record')}" for e in before
    ]
    return [*destination.warnings, *again]


def _plan_json(source: Source, found: Survey, destination: Destination | None) -> dict[str, Any]:
    return {
        "dry_run": True,
        "what": source.description,
        "count": found.count,
        "bytes": found.size,
        "empty": found.empty,
        "oversize": found.oversize_count,
        "topic": destination.topic if destination else None,
        "warnings": _warnings(source, destination) if destination else [],
        "damaged": [{"key": d.key, "offset": d.offset, "reason": d.reason} for d in found.damaged],
    }
