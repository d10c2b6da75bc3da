"""`hourscope send`: show the plan, then send the selected records to an NSQ topic or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from tui.analysis.known import known_chunks
from tui.archive.location import Location, option_words, reading_words
from tui.archive.writer import names_folder
from tui.cli.command import Command, option
from tui.cli.console import EXIT_INTERRUPTED, narrate
from tui.cli.estimate import may_read
from tui.cli.nsq_options import TargetOptions, server_options, target_options
from tui.cli.opened import Opened, open_named
from tui.cli.options import (
    POSITIVE,
    archive_options,
    filter_of,
    filter_options,
    number,
    range_options,
    reading_of,
    reading_options,
    time_options,
)
from tui.cli.scan_run import ScanRequest, run
from tui.cli.send_end import SendRequest, send_name
from tui.cli.send_file import file_request, to_file
from tui.cli.send_nsq import to_nsq
from tui.cli.send_plan import How
from tui.errors import SendError
from tui.filter import Filter
from tui.filter.jmespath import parse_expression
from tui.scan import ScanPlan
from tui.send import (
    CANARY,
    SendOptions,
    Source,
    archive_source,
    detect_order,
    file_source,
    lines_source,
    parse_rate,
    unwrapped,
)

_ONLY_NSQ = ("rate", "pace", "max_depth", "canary", "skip_oversize", "again")
_ONLY_FILE = ("append", "split", "force")


@click.command("send", cls=Command)
@click.argument("source")
@range_options
@time_options
@filter_options
@option("Output", "--project", metavar="EXPR", help="Send the result of a JMESPath expression instead of the bytes.")
@option("Output", "--unique", is_flag=True, help="Skip and count copies of earlier records of the same send.")
@server_options
@option("NSQ", "--nsqd-http-address", metavar="HOST:PORT", multiple=True, help="HTTP address.  [default: TCP port + 1]")
@option("NSQ", "--topic", metavar="TOPIC", help="NSQ topic.")
@option("NSQ", "--round-robin", is_flag=True, help="Send to all nsqds in turn; the order is lost.")
@option(
    "Output",
    "--order",
    type=click.Choice(["time"]),
    help="Order the records of each hour by their time, all hosts together.  [default: hour, key, line]",
)
@option("Run", "--rate", metavar="N", help="Send at most N records (500, 2k) or bytes (5MB) per second.")
@option(
    "Run",
    "--pace",
    metavar="N",
    type=number(0.001, 1_000_000),
    help="Send at the records' own pace, N times as fast (1, 10); implies --order time.",
)
@option(
    "Run",
    "--max-depth",
    metavar="N",
    type=POSITIVE,
    help="Pause while the topic or a channel is deeper than N.",
)
@option("Run", "--canary", is_flag=True, help="Send 1 record, then 10, and ask before sending the rest.")
@option("Run", "--skip-oversize", is_flag=True, help="Skip and list records that are larger than nsqd accepts.")
@option(
    "Run",
    "--name",
    metavar="NAME",
    callback=send_name,
    help="Name of the send in its journal and receipt.  [default: its time, and its filter or source]",
)
@option("Run", "--again", is_flag=True, help="Send even if the same records were sent to the topic before.")
@option("Run", "--resume", is_flag=True, help="Resume an interrupted send from its journal.")
@option(
    "Output",
    "-o",
    "out",
    metavar="OUT",
    help="'-', a file (.gz and .zst compress), or an extract: FOLDER/ or s3://…/",
)
@option("Output", "--append", is_flag=True, help="Append to an existing file.")
@option("Output", "--split", metavar="hour|SIZE", help="Write one file per hour, or per SIZE of lines (500MB).")
@option("Output", "--force", is_flag=True, help="Replace an existing output.")
@option("Run", "--dry-run", is_flag=True, help="Print what would be sent and where; send nothing.")
@option("Run", "--yes", is_flag=True, help="Skip the confirmation (required without a terminal).")
@option(
    "Output", "--json", "as_json", is_flag=True, help="Print a JSON receipt last (on stderr with records on stdout)."
)
@reading_options
@archive_options
def command(source: str, out: str | None, **given: Any) -> int:
    """Send records to an NSQ topic or a file.

    SOURCE is an extract, a file of lines (plain or compressed), or any archive with a range and filters. Records are
    sent in order of hour, key, and line; with --order time, in order of hour and of their own time.

    Before the first record is sent to NSQ, hourscope prints the plan and asks for the topic's name (or requires
    --yes). Every batch is confirmed by nsqd and recorded in a journal. Ctrl-c stops the send and prints the command
    that resumes it. Records that were sent to the topic before are refused without --again. A secret for nsqd's AUTH
    is read from HOURSCOPE_NSQ_AUTH_SECRET.

    \b
    Examples:
      hourscope send errors/ --nsqd-tcp-address 127.0.0.1:4150 --topic t --dry-run
      hourscope send errors/ --nsqd-tcp-address prod --topic events --rate 500
      hourscope send s3://bucket/events. --from -2d --to now -g 5003 \\
          --lookupd-http-address lookup:4161 --topic replay --canary
      hourscope send errors/ -o errors.jsonl.gz --split hour
    """
    chosen = filter_of(given)
    destination = target_options(given)
    if (out is None) == (destination is None):
        raise click.UsageError("give either --nsqd-tcp-address (or --lookupd-http-address) and --topic, or -o")
    _refuse_strays(given, _ONLY_FILE if destination else _ONLY_NSQ, "-o FILE" if destination else "NSQ")
    if out is not None and names_folder(out):
        return _to_extract(source, chosen, out, given)
    return _send(source, chosen, out, destination, given)


def _send(
    source: str, chosen: Filter, out: str | None, destination: TargetOptions | None, given: dict[str, Any]
) -> int:
    """Send to nsqd, or write a file."""
    how = {name: given.pop(name) for name in (*_ONLY_NSQ, *_ONLY_FILE)}
    resume, unique, name = given.pop("resume"), given.pop("unique"), given.pop("name")
    by_time = given.pop("order") is not None or how["pace"] is not None
    asked = {name: given.pop(name) for name in ("yes", "dry_run", "as_json")}
    sending = _source(source, chosen, given, messages=destination is not None, by_time=by_time, asks=not asked["yes"])
    what, order = sending.source, sending.order
    words = [*sending.words, *option_words({"unique": unique, "order": "time" if order else None, "name": name})]
    words += ["--time-field", order] if order and "--time-field" not in words else []
    request = SendRequest(
        what,
        resume=resume,
        again=how["again"],
        how=How(name, order, how["pace"]),
        words=tuple(words),
        location=sending.location,
        notes=sending.notes,
        plan=sending.plan,
        **asked,
    )
    if destination is None:
        files = file_request(out or "", how, resume)
        return to_file(replace(request, source=lines_source(what, unique=unique, order=order)), files)
    options, more = _send_options(**{option: how[option] for option in _ONLY_NSQ if option != "again"})
    options = replace(options, unique=unique, order=order, name=name)
    target, unanswered = destination.target()
    return to_nsq(request, target, options, (*more, *destination.words), unanswered)


def _refuse_strays(given: dict[str, Any], names: Sequence[str], destination: str) -> None:
    for name in names:
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} applies only to {destination}")


def _send_options(
    rate: str | None, pace: float | None, max_depth: int | None, canary: bool, skip_oversize: bool
) -> tuple[SendOptions, tuple[str, ...]]:
    """Return the options, and the words that repeat them in a resume, except for --canary, which was answered."""
    brakes = {"rate": rate, "pace": f"{pace:g}" if pace else None, "max_depth": max_depth}
    words = option_words({**brakes, "skip_oversize": skip_oversize})
    parsed = parse_rate(rate) if rate else None
    steps = CANARY if canary else ()
    return SendOptions(parsed, max_depth, steps, skip_oversize=skip_oversize, pace=pace), words


@dataclass(frozen=True, slots=True)
class _SendInput:
    """A source, the words of a command line that sends the same, and the path of the time to order by.

    For an archive, also its location, the scan plan, and notes about its range.
    """

    source: Source
    words: list[str]
    order: str | None = None
    location: Location | None = None
    plan: ScanPlan | None = None
    notes: tuple[str, ...] = ()


def _source(
    source: str, chosen: Filter, given: dict[str, Any], *, messages: bool, by_time: bool, asks: bool = False
) -> _SendInput:
    """Open the source. A projection applies to messages as they are in NSQ.

    `asks`: ask before reading much; Exit if the answer is no.
    """
    project, order = given.pop("project"), given.get("time_field")
    if Path(source).is_file():
        if given["start"] is not None or given["stop"] is not None:
            raise click.UsageError(f"'{source}' is a file, which has no hours: leave out --from and --to")
        reading = reading_of(given)
        words = [source, *reading_words(reading), *chosen.arguments()]
        sending = _SendInput(file_source(Path(source), chosen, reading), words)
    else:
        sending = _of_archive(open_named(source, given), chosen, asks=asks)
    order = (order or detect_order(sending.source)) if by_time else None
    if order is not None:
        parse_expression(order)  # reject an invalid path now
        narrate(f"order: by {order}")
    sending = replace(sending, order=order)
    if project is None:
        return sending
    from tui.send.projection import projected_source  # only --project needs jmespath

    projected = projected_source(unwrapped(sending.source) if messages else sending.source, project)
    return replace(sending, source=projected, words=[*sending.words, "--project", project])


def _of_archive(opened: Opened, chosen: Filter, *, asks: bool) -> _SendInput:
    plan = opened.plan(chosen, one_topic=True)
    known = known_chunks(plan.archive, plan.chunks, plan.filter)
    if asks and not may_read(plan, None, known=lambda chunk, _: known.get(chunk.key)):
        raise click.exceptions.Exit(EXIT_INTERRUPTED)
    what = archive_source(opened.archive, plan.chunks, plan.filter, known)
    words = [*opened.words, *plan.filter.arguments(), *opened.lag_words]
    return _SendInput(what, words, None, opened.location, plan, (*opened.notes, *plan.notes))


def source_of_words(words: Sequence[str], *, messages: bool) -> tuple[Source, str | None]:
    """Return the source that a send's command line names, listed now, and the path of the time to order by.

    HourscopeError or UsageError if it cannot be opened.
    """
    with command.make_context("send", list(words[2:])) as context:
        given = dict(context.params)
        chosen = filter_of(given)
        by_time = given["order"] is not None or given["pace"] is not None
        sending = _source(given.pop("source"), chosen, given, messages=messages, by_time=by_time)
        return sending.source, sending.order


def _to_extract(source: str, chosen: Filter, out: str, given: dict[str, Any]) -> int:
    """Write an extract, by running a scan."""
    for name in ("project", "unique", "order", "name", "append", "split", "dry_run"):
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} cannot be used with an extract")
    if Path(source).is_file():
        raise SendError(f"{source} is a file, which has no hours for an extract; name a file with -o")
    opened = open_named(source, given)
    request = ScanRequest(opened, opened.plan(chosen), out, given["as_json"], given["resume"], given["force"])
    return run(request)
