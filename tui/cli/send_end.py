"""How a send ends on the command line: the receipt, the exit code, the command that goes on."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass

from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, narrate, say
from tui.cli.receipt import left_out_lines, receipt_lines
from tui.send import Receipt, Source, Survey
from tui.shell import shell_join
from tui.units import plural


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A send as it was asked for. `words` are the command line's, to go on with."""

    source: Source
    yes: bool
    dry_run: bool
    resume: bool
    as_json: bool
    words: tuple[str, ...]


def end_with_nothing(request: SendRequest, found: Survey, topic: str | None) -> int:
    """No record matched: the summary of a send of nothing, and the damage that may be why."""
    for chunk in found.damaged:
        say(f"{chunk.key} is damaged after {chunk.offset:,} bytes of lines: {chunk.reason}")
    if request.as_json:
        damaged = [{"key": d.key, "offset": d.offset, "reason": d.reason} for d in found.damaged]
        nothing = {"sent": 0, "confirmed": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest(), "topic": topic}
        print(json.dumps({"what": request.source.description, **nothing, "damaged": damaged, "journal": None}))
    return EXIT_FAILED if found.damaged else EXIT_NOTHING


def report(request: SendRequest, receipt: Receipt, words: tuple[str, ...], *, to_stdout: bool = False) -> int:
    """The receipt, and the command that goes on; `words` are those of where and how."""
    for key, offset, reason in receipt.damaged:
        say(f"{key} is damaged after {offset:,} bytes of lines: {reason}")
    for line in left_out_lines(receipt):
        say(line)
    if request.as_json:
        print(json.dumps(receipt.as_json()), file=sys.stderr if to_stdout else sys.stdout, flush=True)
    for line in receipt_lines(receipt):
        narrate(line)
    if not receipt.partial:
        return EXIT_FAILED if receipt.damaged else EXIT_MATCHED
    line = shell_join(["hourscope", "send", *request.words, *words])
    if receipt.topic:
        say(f"interrupted after {plural(receipt.confirmed, 'record')}; go on with: {line}")
    else:
        wrote = "the rest was not written" if to_stdout else "no file was written"
        say(f"interrupted, {wrote}; run it again with: {line}")
    return EXIT_INTERRUPTED
