"""The plan of a send, as facts and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tui.archive.times import spell_hour
from tui.cli.console import print_line
from tui.facts import Fact
from tui.send import Destination, Source, Survey
from tui.send.facts import destination_facts, order_fact, survey_facts
from tui.send.receipt import VERSION
from tui.send.unsent import NAMED


@dataclass(frozen=True, slots=True)
class How:
    """The name of a send, the path of the time to order by, and its pace."""

    name: str = ""
    order: str | None = None
    pace: float | None = None


def print_plan(
    source: Source,
    survey: Survey,
    destinations: Sequence[Destination],
    warnings: Sequence[str],
    *,
    as_json: bool,
    how: How,
    out: str | None = None,
) -> None:
    """Print what would be sent to nsqds or a file. The warnings are included only in the JSON."""
    if as_json:
        print(json.dumps(_plan_json(source, survey, destinations, warnings) | {**asdict(how), "out": out}))
        return
    for line in plan_lines(source, survey, destinations, how):
        print_line(line)
    if out is not None:
        print_line(Fact("into", "stdout" if out == "-" else out).line)


def plan_lines(source: Source, survey: Survey, destinations: Sequence[Destination], how: How) -> list[str]:
    """Return one line per fact: source, hours, first, last and largest record, shapes, and destinations."""
    facts = [*survey_facts(survey, source.description), *destination_facts(destinations)]
    return [fact.line for fact in (*facts, order_fact(survey, how.order, how.pace))]


def _plan_json(
    source: Source, survey: Survey, destinations: Sequence[Destination], warnings: Sequence[str]
) -> dict[str, Any]:
    return {
        "version": VERSION,
        "dry_run": True,
        "what": source.description,
        "filter": source.filter,
        "count": survey.count,
        "bytes": survey.size,
        "sha256": survey.sha256,
        "hours": [spell_hour(hour) for hour in (survey.first_hour, survey.last_hour) if hour is not None],
        "first": _text(survey.first),
        "last": _text(survey.last),
        "largest": asdict(survey.largest) if survey.largest else None,
        "shapes": [{"keys": shape.keys, "count": shape.count} for shape in survey.shapes],
        "by_hour": [{"hour": spell_hour(hour), "count": number} for hour, number in survey.by_hour],
        "by_value": _values_json(survey),
        "no_time": survey.no_time,
        "blank": survey.blank,
        "repeats": survey.repeats,
        "oversize": survey.oversize_count + survey.skipped_count,
        "oversize_named": [asdict(place) for place in (*survey.skipped, *survey.oversize)[:NAMED]],
        "unfit": survey.unfit_count,
        "unfit_named": [asdict(place) for place in survey.unfit],
        "topic": destinations[0].topic if destinations else None,
        "where": [_where_json(destination) for destination in destinations],
        "warnings": list(warnings),
        "damaged": [part.as_json() for part in survey.damaged],
    }


def _values_json(survey: Survey) -> dict[str, Any] | None:
    values = survey.by_value
    if values is None:
        return None
    counts = [{"value": value, "count": number} for value, number in values.counts]
    return {"field": values.field, "values": counts, "others": values.others}


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
