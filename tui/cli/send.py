"""`hourscope send`: put what was selected into an NSQ topic or a file, after showing what and where."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from typing import Any

import click

from tui.archive.writer import names_folder
from tui.cli import scan
from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING, narrate, say
from tui.cli.grouped import Grouped
from tui.cli.nsq_options import NSQ_OPTIONS, nsq_options, nsq_way
from tui.cli.options import archive_options, filter_of, filter_options, open_named, range_options, reading_options
from tui.cli.progress import notes, progress_line, send_text
from tui.cli.send_end import SendRequest, end_with_nothing, report
from tui.cli.send_file import file_request, to_file
from tui.cli.send_plan import plan_lines, print_plan
from tui.cli.signals import cancel_on_signals
from tui.cli.suspend import pause_on_suspend
from tui.config import state_dir
from tui.errors import SendError
from tui.filter import Filter
from tui.send import (
    Control,
    Destination,
    Journal,
    Limits,
    NsqTarget,
    Receipt,
    SendOptions,
    Sent,
    Source,
    Survey,
    archive_source,
    check_destinations,
    file_source,
    nothing_to_send,
    parse_rate,
    refuse_what_cannot_go,
    send_to_nsq,
    surveying,
)
from tui.units import plural

_CANARY = (1, 11)  # one record, then ten more
_GROUPS = {
    "What": ("start", "stop", "grep", "regex", "match", "not_grep", "not_regex", "invert", "project"),
    "Into NSQ": (*NSQ_OPTIONS, "rate", "max_depth", "canary", "skip_oversize", "resume"),
    "Into a file": ("out", "append", "split", "force"),
    "Before and after": ("dry_run", "yes", "as_json"),
    "Reading the archive": (
        "timezone",
        "layout",
        "profile",
        "region",
        "endpoint_url",
        "no_sign_request",
        "request_payer",
    ),
}
_ONLY_NSQ = ("rate", "max_depth", "canary", "skip_oversize")
_ONLY_FILE = ("append", "split", "force")


@click.command("send", cls=Grouped, groups=_GROUPS, short_help="Send records into an NSQ topic or a file.")
@click.argument("source")
@range_options
@filter_options
@click.option("--project", metavar="EXPR", help="Send the JSON of a JMESPath's result instead of the exact bytes.")
@nsq_options
@click.option("--rate", metavar="N", help="Records a second (500, 2k), or bytes (5MB).")
@click.option("--max-depth", metavar="N", type=click.IntRange(min=1), help="Pause while the topic is deeper.")
@click.option("--canary", is_flag=True, help="Send 1, then 10, and ask before the rest.")
@click.option("--skip-oversize", is_flag=True, help="Leave out records that are larger than nsqd takes, and list them.")
@click.option("--resume", is_flag=True, help="Go on with a send that was cut short, by its journal.")
@click.option("-o", "out", metavar="OUT", help="'-', a file (.gz, .zst), or a folder/ for an extract.")
@click.option("--append", is_flag=True, help="Write behind what is in the file.")
@click.option("--split", metavar="hour|SIZE", help="A file an hour, or a file for every SIZE of lines, such as 500MB.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and where; send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option("--json", "as_json", is_flag=True, help="A JSON receipt as the last line of stdout.")
@reading_options
@archive_options
def command(source: str, out: str | None, **given: Any) -> int:
    """Send SOURCE into an NSQ topic or a file, record by record, in order by hour, key and line.

    SOURCE is an extract, a file of lines (plain, gzip, zstd), or any archive with a range and filters. Before anything
    is sent it shows what and where, and wants the topic's name typed, or --yes. Every batch is confirmed by nsqd and
    journaled on disk; ctrl-c stops and prints the command that goes on. A secret for nsqd's AUTH is read from
    HOURSCOPE_NSQ_AUTH_SECRET.

    \b
    hourscope send errors/ --nsqd-tcp-address 127.0.0.1:4150 --topic events --dry-run
    hourscope send s3://bucket/events. --from -2d --to now -g 5003 --lookupd-http-address lookup:4161 --topic replay
    hourscope send errors/ -o errors.jsonl.gz --split hour
    hourscope send errors/ --nsqd-tcp-address prod --topic events --canary --rate 500
    """
    chosen = filter_of(given)
    way = nsq_way(given)
    if (out is None) == (way is None):
        raise click.UsageError("give either --nsqd-tcp-address (or --lookupd-http-address) and --topic, or -o")
    _refuse_strays(given, _ONLY_FILE if way else _ONLY_NSQ, "-o FILE" if way else "NSQ")
    if out is not None and names_folder(out):
        return _to_extract(source, chosen, out, given)
    how = {name: given.pop(name) for name in (*_ONLY_NSQ, *_ONLY_FILE)}
    resume = given.pop("resume")
    asked = [given.pop(name) for name in ("yes", "dry_run", "as_json")]
    what, words = _source(source, chosen, given.pop("project"), given)
    request = SendRequest(what, asked[0], asked[1], resume, asked[2], tuple(words))
    if way is None:
        return to_file(request, file_request(out or "", how, resume))
    options, more = _send_options(**{name: how[name] for name in _ONLY_NSQ})
    return _to_nsq(request, way.target(), options, (*more, *way.words))


def _refuse_strays(given: dict[str, Any], names: Sequence[str], goes_with: str) -> None:
    for name in names:
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with {goes_with} only")


def _send_options(
    rate: str | None, max_depth: int | None, canary: bool, skip_oversize: bool
) -> tuple[SendOptions, list[str]]:
    """The options, and the words to give them again (but for the canary, whose questions were answered)."""
    words = [word for option, n in (("--rate", rate), ("--max-depth", max_depth)) if n for word in (option, str(n))]
    words += ["--skip-oversize"] if skip_oversize else []
    parsed = parse_rate(rate) if rate else None
    return SendOptions(parsed, max_depth, _CANARY if canary else (), skip_oversize=skip_oversize), words


def _source(source: str, chosen: Filter, project: str | None, given: dict[str, Any]) -> tuple[Source, list[str]]:
    """What is sent, and the words of a command line that sends the same."""
    if Path(source).is_file():
        if given["start"] is not None or given["stop"] is not None:
            raise click.UsageError(f"'{source}' is a file, which has no hours: leave out --from and --to")
        what, words = file_source(Path(source), chosen), [source, *chosen.arguments()]
    else:
        opened = open_named(source, given)
        plan = opened.plan(chosen)
        what = archive_source(opened.archive, plan.chunks, chosen)
        words = [*opened.words, *chosen.arguments()]
    if project is None:
        return what, words
    from tui.send.project import projected_source  # jmespath is only imported by those who project

    return projected_source(what, project), [*words, "--project", project]


def _to_extract(source: str, chosen: Filter, out: str, given: dict[str, Any]) -> int:
    """Into a folder: that is a scan."""
    for name in ("project", "append", "split", "dry_run"):
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with an extract; see hourscope scan --help")
    if Path(source).is_file():
        raise SendError(f"{source} is a file, which has no hours to make an extract of; name a file with -o")
    opened = open_named(source, given)
    request = scan.Request(opened, opened.plan(chosen), out, given["as_json"], given["resume"], given["force"])
    return scan.run(request)


def _to_nsq(request: SendRequest, target: NsqTarget, options: SendOptions, words: tuple[str, ...]) -> int:
    if options.canary and not _terminal() and not request.dry_run:
        raise SendError("--canary asks before it goes on and needs a terminal; without one use --rate")
    there = check_destinations(target)
    limits = reduce(Limits.within, (destination.limits for destination in there))
    found = _surveyed(request, limits)
    if request.dry_run:
        return _dry_run(request, target, options, found, there, limits)
    if not found.count:
        say(str(nothing_to_send(request.source, found.unfit)))
        return end_with_nothing(request, found, target.topic)
    refuse_what_cannot_go(found, limits, request.source, skip_oversize=options.skip_oversize)
    for line in plan_lines(request.source, found, there):
        narrate(line)
    _confirm(request, found, target)
    begin = Journal.resume if request.resume else Journal.start
    with begin(_journals(), request.source, target) as journal, cancel_on_signals() as cancel:
        receipt = _send(request, target, options, journal, found, cancel)
    return report(request, receipt, (*words, "--resume", "--yes"))


def _journals() -> Path:
    return state_dir() / "journals"


def _surveyed(request: SendRequest, limits: Limits) -> Survey:
    found = Survey()
    shapes = request.dry_run or sys.stderr.isatty()  # they take time, and nobody reads them elsewhere
    with progress_line() as show:
        for found in surveying(request.source, max_message=limits.max_message, shapes=shapes):
            show(0.0, f"reading what will be sent: {plural(found.count, 'record')}")
    return found


def _dry_run(
    request: SendRequest,
    target: NsqTarget,
    options: SendOptions,
    found: Survey,
    there: tuple[Destination, ...],
    limits: Limits,
) -> int:
    """All but the sending: what would be refused is refused."""
    print_plan(request.source, found, there, as_json=request.as_json)
    if not found.count:
        return EXIT_NOTHING
    refuse_what_cannot_go(found, limits, request.source, skip_oversize=options.skip_oversize)
    if request.resume:
        with Journal.resume(_journals(), request.source, target) as journal:
            say(f"would go on after {plural(journal.confirmed_until, 'record')}, by {journal.path}")
    return EXIT_MATCHED


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _confirm(request: SendRequest, found: Survey, target: NsqTarget) -> None:
    """A person types the topic's name; a script says --yes."""
    if request.yes:
        return
    if not _terminal():
        raise SendError(
            f"{plural(found.count, 'record')} would go to {target.topic}; look with --dry-run, then add --yes"
        )
    if click.prompt(f"type the topic's name to send {plural(found.count, 'record')}", err=True) != target.topic:
        raise SendError(f"that is not {target.topic}: nothing was sent")


def _send(
    request: SendRequest,
    target: NsqTarget,
    options: SendOptions,
    journal: Journal,
    found: Survey,
    cancel: threading.Event,
) -> Receipt:
    control, asked_at, note = Control(), -1, notes()
    with ExitStack() as bar, pause_on_suspend() as suspend:
        show = bar.enter_context(progress_line())
        for event in send_to_nsq(
            request.source, target, journal=journal, options=options, control=control, surveyed=found
        ):
            if cancel.is_set():
                control.stop()
            if isinstance(event, Sent):
                return event.receipt
            suspend(control, event)
            note(event.note)
            if event.asking and event.confirmed != asked_at:
                bar.close()  # a bar that is drawn again would write over the question
                if click.confirm(f"{plural(event.confirmed, 'record')} arrived; go on?", err=True):
                    control.resume()
                else:
                    control.stop()
                show, asked_at = bar.enter_context(progress_line()), event.confirmed
            show(event.confirmed / max(found.count, 1), send_text(event))
    raise AssertionError("a send ends with Sent")
