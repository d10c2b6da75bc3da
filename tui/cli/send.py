"""`hourscope send`: put what was selected into an NSQ topic or a file, after showing what and where."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tui.archive.writer import names_folder
from tui.cli import scan
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, cancel_on_signals, narrate, say
from tui.cli.options import archive_options, filter_of, filter_options, open_named, range_options
from tui.cli.progress import progress_line, send_text
from tui.cli.send_plan import plan_lines, print_plan
from tui.config import load_config, state_dir
from tui.errors import NothingToSendError, SendError
from tui.filter import Filter
from tui.scan import plan_scan
from tui.send import (
    Control,
    Journal,
    NsqTarget,
    Receipt,
    SendOptions,
    Sent,
    Source,
    Survey,
    archive_source,
    check_destination,
    file_source,
    parse_rate,
    send_to_file,
    send_to_nsq,
    survey,
)
from tui.shell import shell_join
from tui.units import duration, plural, size

_CANARY = (1, 11)  # one record, then ten more


@dataclass(frozen=True, slots=True)
class Request:
    """A send as it was asked for. `words` are the command line's, to go on with."""

    source: Source
    yes: bool
    dry_run: bool
    resume: bool
    as_json: bool
    words: tuple[str, ...]


@click.command("send", short_help="Send records into an NSQ topic or a file.")
@click.argument("source")
@range_options
@filter_options
@click.option(
    "--nsqd-tcp-address", "tcp", metavar="HOST:PORT", multiple=True, help="nsqd to send to, or its config name."
)
@click.option("--nsqd-http-address", "http", metavar="HOST:PORT", multiple=True, help="Its HTTP.  [default: port + 1]")
@click.option("--topic", metavar="TOPIC", help="NSQ topic.")
@click.option("-o", "out", metavar="OUT", help="'-' or a file (.gz, .zst) instead of NSQ.")
@click.option("--rate", metavar="N", help="Records a second (500, 2k), or bytes (5MB).")
@click.option("--max-depth", metavar="N", type=click.IntRange(min=1), help="Pause while the topic is deeper.")
@click.option("--canary", is_flag=True, help="Send 1, then 10, and ask before the rest.")
@click.option("--skip-oversize", is_flag=True, help="Leave out records that are larger than nsqd takes.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and where; send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--resume", is_flag=True, help="Go on with a send that was cut short, by its journal.")
@click.option("--force", is_flag=True, help="Replace an output file that exists.")
@click.option("--json", "as_json", is_flag=True, help="A JSON receipt as the last line of stdout.")
@archive_options
def command(
    source: str,
    tcp: tuple[str, ...],
    http: tuple[str, ...],
    topic: str | None,
    out: str | None,
    rate: str | None,
    max_depth: int | None,
    canary: bool,
    skip_oversize: bool,
    dry_run: bool,
    yes: bool,
    resume: bool,
    force: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Send SOURCE (an extract, a file of lines, or an archive with a range and filters), record by record.

    \b
    hourscope send errors/ --nsqd-tcp-address 127.0.0.1:4150 --topic events
    hourscope send errors/ -o errors.jsonl.gz
    """
    chosen = filter_of(given)
    if (out is None) == (not tcp):
        raise click.UsageError("give either --nsqd-tcp-address and --topic, or -o")
    if out is not None and names_folder(out):
        return _to_extract(source, chosen, out, given, as_json=as_json, resume=resume, force=force)
    what, words = _source(source, chosen, given)
    words += [word for option, n in (("--rate", rate), ("--max-depth", max_depth)) if n for word in (option, str(n))]
    request = Request(what, yes, dry_run, resume, as_json, (*words, *(["--skip-oversize"] if skip_oversize else [])))
    if out is not None:
        return _to_file(request, out, force)
    if not topic:
        raise click.UsageError("--nsqd-tcp-address needs a --topic")
    named = load_config().nsq
    target = NsqTarget(topic, tuple(named[a].nsqd_tcp_address if a in named else a for a in tcp), http)
    target.check()
    options = SendOptions(
        parse_rate(rate) if rate else None, max_depth, _CANARY if canary else (), skip_oversize=skip_oversize
    )
    return _to_nsq(request, target, options)


def _source(source: str, chosen: Filter, given: dict[str, Any]) -> tuple[Source, list[str]]:
    """What is sent, and the words of a command line that sends the same."""
    if Path(source).is_file():
        if given["start"] is not None or given["stop"] is not None:
            raise click.UsageError(f"'{source}' is a file, which has no hours: leave out --from and --to")
        return file_source(Path(source), chosen), [source, *chosen.arguments()]
    opened = open_named(source, given)
    plan = plan_scan(opened.archive, opened.start, opened.stop, chosen)
    return archive_source(opened.archive, plan.chunks, chosen), [*opened.words, *chosen.arguments()]


def _to_extract(
    source: str, chosen: Filter, out: str, given: dict[str, Any], *, as_json: bool, resume: bool, force: bool
) -> int:
    """Into a folder: that is a scan."""
    if Path(source).is_file():
        raise SendError(f"{source} is a file, which has no hours to make an extract of; name a file with -o")
    opened = open_named(source, given)
    plan = plan_scan(opened.archive, opened.start, opened.stop, chosen)
    return scan.run(scan.Request(opened, plan, out, as_json, resume, force))


def _to_file(request: Request, out: str, force: bool) -> int:
    if request.dry_run:
        found = survey(request.source)
        print_plan(request.source, found, None, as_json=request.as_json)
        return EXIT_MATCHED if found.count else EXIT_NOTHING
    control = Control()
    with cancel_on_signals() as cancel, progress_line(beside=out == "-") as show:
        try:
            for event in send_to_file(request.source, out, overwrite=force, control=control):
                if cancel.is_set():
                    control.stop()
                if isinstance(event, Sent):
                    if event.receipt.partial and out == "-" and not cancel.is_set():
                        raise BrokenPipeError  # the reader of our pipe has enough
                    return _report(request, event.receipt, to_stdout=out == "-")
                show(0.0, send_text(event))
        except NothingToSendError:
            return _nothing(request, survey(request.source), None)
    raise AssertionError("a send ends with Sent")


def _to_nsq(request: Request, target: NsqTarget, options: SendOptions) -> int:
    destination = check_destination(target)
    found = survey(request.source, max_message=destination.limits.max_message)
    if request.dry_run:
        print_plan(request.source, found, destination, as_json=request.as_json)
        return EXIT_MATCHED if found.count else EXIT_NOTHING
    if not found.count:
        say(f"{request.source.nothing}: nothing was sent")
        return _nothing(request, found, target.topic)
    for line in plan_lines(request.source, found, destination):
        narrate(line)
    _confirm(request, found, target, options)
    folder = state_dir() / "journals"
    journal = (Journal.resume if request.resume else Journal.start)(folder, request.source, target)
    with journal, cancel_on_signals() as cancel:
        receipt = _send(request, target, options, journal, found, cancel)
    return _report(request, receipt, target=target)


def _nothing(request: Request, found: Survey, topic: str | None) -> int:
    """No record matched: the summary of a send of nothing, and the damage that may be why."""
    for chunk in found.damaged:
        say(f"{chunk.key} is damaged after {chunk.offset:,} bytes of lines: {chunk.reason}")
    if request.as_json:
        damaged = [{"key": d.key, "offset": d.offset, "reason": d.reason} for d in found.damaged]
        nothing = {"sent": 0, "confirmed": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest(), "topic": topic}
        print(json.dumps({"what": request.source.description, **nothing, "damaged": damaged, "journal": None}))
    return EXIT_FAILED if found.damaged else EXIT_NOTHING


def _confirm(request: Request, found: Survey, target: NsqTarget, options: SendOptions) -> None:
    """A person types the topic's name; a script says --yes."""
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if options.canary and not terminal:
        raise SendError("--canary asks before it goes on and needs a terminal; without one use --rate")
    if request.yes:
        return
    if not terminal:
        raise SendError(
            f"{plural(found.count, 'record')} would go to {target.topic}; look with --dry-run, then add --yes"
        )
    if click.prompt(f"type the topic's name to send {plural(found.count, 'record')}", err=True) != target.topic:
        raise SendError(f"that is not {target.topic}: nothing was sent")


def _send(
    request: Request,
    target: NsqTarget,
    options: SendOptions,
    journal: Journal,
    found: Survey,
    cancel: threading.Event,
) -> Receipt:
    control = Control()
    asked = False
    with progress_line() as show:
        for event in send_to_nsq(
            request.source, target, journal=journal, options=options, control=control, surveyed=found
        ):
            if cancel.is_set():
                control.stop()
            if isinstance(event, Sent):
                return event.receipt
            if event.asking and not asked:
                if click.confirm(f"{plural(event.confirmed, 'record')} arrived; go on?", err=True):
                    control.resume()
                else:
                    control.stop()
            asked = event.asking
            show(event.confirmed / max(found.count, 1), send_text(event))
    raise AssertionError("a send ends with Sent")


def _report(request: Request, receipt: Receipt, *, to_stdout: bool = False, target: NsqTarget | None = None) -> int:
    for key, offset, reason in receipt.damaged:
        say(f"{key} is damaged after {offset:,} bytes of lines: {reason}")
    if request.as_json:
        print(json.dumps(receipt.as_json()), file=sys.stderr if to_stdout else sys.stdout, flush=True)
    where = receipt.topic or receipt.where[0]
    notes = [f"{plural(n, word)} {what}" for n, word, what in (
        (receipt.skipped, "record", "too large, left out"),
        (receipt.empty, "empty line", "not sent"),
        (receipt.repeated, "record", "sent again, unanswered the first time"),
    ) if n]  # fmt: skip
    parts = [
        f"{plural(receipt.confirmed, 'record')} in {where}",
        size(receipt.bytes),
        *notes,
        duration(receipt.seconds),
    ]
    narrate(" · ".join(parts))
    if receipt.journal:
        narrate(f"journal and receipt: {receipt.journal}")
    if receipt.partial:
        if target:
            pairs = [("--nsqd-tcp-address", address) for address in target.nsqd_tcp_addresses]
            pairs += [("--nsqd-http-address", address) for address in target.nsqd_http_addresses]
            where_to = [word for pair in [*pairs, ("--topic", target.topic)] for word in pair]
            line = shell_join(["hourscope", "send", *request.words, *where_to, "--resume", "--yes"])
            say(f"interrupted after {plural(receipt.confirmed, 'record')}; go on with: {line}")
        else:
            again = shell_join(["hourscope", "send", *request.words, "-o", "-" if to_stdout else receipt.where[0]])
            wrote = "the rest was not written" if to_stdout else "no file was written"
            say(f"interrupted, {wrote}; run it again with: {again}")
        return EXIT_INTERRUPTED
    return EXIT_FAILED if receipt.damaged else EXIT_MATCHED
