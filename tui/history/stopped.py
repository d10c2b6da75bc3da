"""Jobs that are stopped, and can be resumed, or running: scans into extracts and sends to topics, of any process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.history.extracts import ExtractLine, extract_now, extracts
from tui.history.sends import SendRecord, send_now, sends
from tui.printable import printable
from tui.shell import shell_join
from tui.units import plural


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A scan or a send that is not finished. `done` of `total`: chunks of a scan, records of a send."""

    kind: Literal["scan", "send"]
    running: bool
    name: str
    what: str
    done: int
    total: int | None
    since: str
    who: str
    command: str | None
    words: tuple[str, ...]
    folder: str
    reason: str
    pid: int
    of: ExtractLine | SendRecord

    @property
    def title(self) -> str:
        """Its name, or for a send without a name, its topic."""
        if isinstance(self.of, SendRecord) and self.name.startswith(self.of.started[:19]):
            return f"to {self.of.topic}"
        return self.name

    @property
    def share(self) -> float | None:
        return self.done / self.total if self.total else None

    @property
    def progress(self) -> str:
        """`64 of 1,881 records`."""
        noun = "chunk" if self.kind == "scan" else "record"
        return f"{self.done:,} of {plural(self.total, noun)}" if self.total is not None else plural(self.done, noun)

    @property
    def obstacle(self) -> str:
        """Why it cannot be resumed now, in a sentence; empty if it can."""
        if self.running:
            return f"it is running in another process, by {self.who}"
        return "" if self.words else "its command was not recorded; run it again with --resume"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return labels and texts: a description, its progress, its output, its user, and how to resume it."""
        scan, of = isinstance(self.of, ExtractLine), self.of
        kept = f"{of.place} · {plural(of.matches, 'match')} so far" if isinstance(of, ExtractLine) else of.journal
        rows = [
            ("what", self.what),
            ("so far", self.progress),
            ("reason", self.reason),
            ("extract" if scan else "journal", kept or ""),
            ("by", f"{self.who} in {self.folder}" if self.folder else self.who),
        ]
        if not self.running:
            rows.append(("resume", self.command or "run the same command again with --resume"))
        return [(label, text) for label, text in rows if text]

    def as_json(self) -> dict[str, object]:
        """Return the object for `jobs --json`."""
        return {
            "kind": self.kind,
            "state": "running" if self.running else "stopped",
            "name": self.name,
            "what": self.what,
            "done": self.done,
            "total": self.total,
            "since": self.since,
            "by": self.who,
            "reason": self.reason or None,
            "resume": None if self.running else self.command,
        }


def unfinished() -> list[Unfinished]:
    """Return running jobs, then stopped ones, the newest first."""
    scans = [_of_scan(line) for line in extracts() if line.state != "finished"]
    open_sends = [_of_send(send) for send in sends() if send.topic and send.state != "sent" and not send.removed]
    newest = sorted([*scans, *open_sends], key=lambda job: job.since, reverse=True)
    return sorted(newest, key=lambda job: not job.running)


def as_it_is_now(job: Unfinished) -> Unfinished:
    """Return the job's current state, from its manifest or journal."""
    if isinstance(job.of, SendRecord):
        send = send_now(job.of)
        return _of_send(send) if send is not None else job
    line = extract_now(job.of)
    return _of_scan(line) if line is not None else job


def is_finished(job: Unfinished) -> bool:
    """Return whether nothing is left to resume. A scan that found damage is also finished."""
    return job.of.state in ("finished", "sent")


def _of_scan(line: ExtractLine) -> Unfinished:
    chosen = printable(shell_join(line.filter)) or "every record"
    words = (*line.words, "--resume")
    what = f"{line.source} {line.start or '…'} to {line.stop or '…'}, {chosen}"
    return Unfinished(
        "scan",
        line.state == "running",
        line.name,
        what,
        line.done,
        line.chunks,
        line.at,
        line.who,
        line.command,
        words,
        line.folder,
        line.reason,
        line.pid,
        line,
    )


def _of_send(record: SendRecord) -> Unfinished:
    what = f"{record.what} to {record.topic} at {', '.join(record.where)}"
    return Unfinished(
        "send",
        record.state == "running",
        record.name,
        what,
        record.confirmed,
        record.planned,
        record.ended or record.started,
        record.who,
        record.command,
        record.resume_words,
        record.folder,
        "",
        record.pid,
        record,
    )
