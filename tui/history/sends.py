"""The list of sends: from their journals and the recorded command lines; and the files that were written."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from tui.archive.reader import DoubtfulGiven
from tui.config import journals_dir
from tui.errors import SendError
from tui.history.log import append, is_running, now_text, read_log, runnable
from tui.history.send_log import SendLine, send_log
from tui.send import Earlier, Plan, Source, earlier_sends, lines_source, outgoing, unreadable_journals
from tui.send.earlier import read_earlier
from tui.send.receipt import whoami

SendRecordState = Literal["running", "sent", "stopped"]
_RECEIPT_BYTES = 4 << 20  # maximum line of a journal


@dataclass(frozen=True, slots=True)
class SendRecord:
    """One send, to a topic or a file. `planned`: number of records to send, None if unknown."""

    name: str
    state: SendRecordState
    topic: str | None
    where: tuple[str, ...]
    what: str
    filter: str
    who: str
    started: str
    ended: str | None
    planned: int | None
    confirmed: int
    bytes: int | None
    sha256: str | None
    journal: str | None
    words: tuple[str, ...] = ()
    resume_words: tuple[str, ...] = ()
    folder: str = ""
    url: str = ""
    pid: int = 0
    warnings: tuple[str, ...] = ()
    damaged: int = 0
    max_message: int | None = None
    unique: bool = False
    removed: bool = False

    @property
    def command(self) -> str | None:
        """Return the command line that resumes it; None if it was not recorded, as in hourscope 0.1.0."""
        return runnable(self.resume_words, self.folder) if self.resume_words else None

    def as_json(self) -> dict[str, object]:
        """Return the object for `sends --json`."""
        return {
            "name": self.name,
            "state": self.state,
            "topic": self.topic,
            "where": list(self.where),
            "what": self.what,
            "filter": self.filter,
            "by": self.who,
            "started": self.started,
            "ended": self.ended and self.ended.replace("+00:00", "Z"),  # receipts of version 0.1.0
            "records": self.planned,
            "confirmed": self.confirmed,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "damaged": self.damaged,
            "warnings": list(self.warnings),
            "journal": self.journal,
            "resume": self.command if self.state == "stopped" else None,
        }


def sends() -> list[SendRecord]:
    """Return every send with a journal or a log line, the newest first."""
    lines = read_log(send_log(), SendLine)
    by_journal = {line.journal: line for line in lines if line.journal}
    files = {line.run: line for line in lines if line.out}
    journals = [
        _of_journal(earlier, by_journal.get(str(earlier.path)))
        for earlier in earlier_sends(journals_dir())
        if earlier.began and not (earlier.continued_in and Path(earlier.continued_in).exists())
    ]
    written = [record for line in files.values() if (record := _of_file(line)) is not None]
    return sorted([*journals, *written], key=lambda record: record.started, reverse=True)


def unread_sends() -> tuple[str, ...]:
    """A sentence for each journal that cannot be read: of its send nothing is known."""
    return tuple(words.removesuffix("; nothing was sent") for words in unreadable_journals(journals_dir()))


def find_send(name: str) -> SendRecord:
    """Find a send by name, journal, or a prefix of its name or SHA-256. SendError if there is none, or several."""
    records = sends()
    exact = [record for record in records if name in (record.name, record.journal)]
    matching = exact[:1] or [
        record
        for record in records
        if name and (record.name.startswith(name) or (record.sha256 or "").startswith(name))
    ]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise SendError(f"no send is named '{name}'; 'hourscope sends' lists them")
    some = ", ".join(record.name for record in matching[:3])
    raise SendError(f"'{name}' is the beginning of {len(matching)} sends ({some}, …); write the whole name")


def send_now(record: SendRecord) -> SendRecord | None:
    """Read the current state of a send from its journal; None if that cannot be read."""
    if record.journal is None:
        return None
    try:
        earlier = read_earlier(Path(record.journal))
        if earlier is not None and earlier.continued_in and Path(earlier.continued_in).exists():
            earlier = read_earlier(Path(earlier.continued_in))
    except SendError:
        return None
    if earlier is None:
        return None
    line = next((line for line in reversed(read_log(send_log(), SendLine)) if line.journal == record.journal), None)
    return _of_journal(earlier, line)


def forget_send(record: SendRecord) -> None:
    """Stop offering to resume a send; its journal stays, so that a repeat is still noticed."""
    append(
        send_log(),
        SendLine(
            run=os.urandom(6).hex(),
            at=now_text(),
            who=whoami(),
            name=record.name,
            words=record.words,
            resume=record.resume_words,
            folder=record.folder,
            url=record.url,
            journal=record.journal,
            what=record.what,
            removed=True,
        ),
    )


def digest_of_first(source: Source, record: SendRecord, order: str | None = None) -> tuple[int, str]:
    """Return how many of a send's confirmed records the source holds now, and their SHA-256, as in the receipt.

    `order`: the path of the time by which the send orders the records of an hour.

    SendError if the source cannot be read.
    """
    plan = Plan(record.max_message, record.unique, order)
    messages = outgoing(source, plan) if record.topic else lines_source(source, unique=False, order=order)
    while True:
        try:
            return _digest(messages, record)
        except DoubtfulGiven:  # the source now reads that chunk carefully
            continue


def _digest(source: Source, record: SendRecord) -> tuple[int, str]:
    digest, left = hashlib.sha256(), record.confirmed
    every = record.state == "sent"
    count = 0
    for whole in source.open():
        block = whole.filled() if record.topic else whole
        records = block.records if every else block.records[: left - count]
        for message in records:
            digest.update(message + b"\n")
        count += len(records)
        if not every and count >= left:
            break
    return count, digest.hexdigest()


def _of_journal(earlier: Earlier, line: SendLine | None) -> SendRecord:
    header, last = earlier.header, _last_line(earlier.path)
    receipt = last.receipt or _KeptReceipt()
    state: SendRecordState = "running" if earlier.running else "sent" if earlier.finished else "stopped"
    name = line.name if line is not None and line.name else header.name or _default_name(earlier.topic, earlier.started)
    whole = last.receipt is not None and receipt.confirmed == earlier.confirmed
    return SendRecord(
        name=name,
        state=state,
        topic=earlier.topic,
        where=earlier.where,
        what=header.what,
        filter=header.filter,
        who=header.who,
        started=earlier.started,
        ended=receipt.finished or last.at or None if state != "running" else None,
        planned=header.records,
        confirmed=earlier.confirmed,
        bytes=receipt.bytes if whole else None,
        sha256=receipt.sha256 if whole else header.sha256,
        journal=str(earlier.path),
        words=line.words if line else (),
        resume_words=line.resume if line else (),
        folder=line.folder if line else "",
        url=line.url if line else "",
        pid=line.pid if line else 0,
        warnings=receipt.warnings,
        damaged=len(receipt.damaged),
        max_message=header.max_message,
        unique=header.unique,
        removed=line is not None and line.removed,
    )


def _of_file(line: SendLine) -> SendRecord | None:
    """Return the send of a file; None if it was stopped, because then no file was written."""
    receipt = line.receipt
    if receipt is None:
        if not is_running(line.run):
            return None
        receipt = {"where": [line.out], "what": line.what}
    elif receipt.get("partial"):
        return None
    with suppress(msgspec.ValidationError):
        kept = msgspec.convert(receipt, _KeptReceipt)
        return SendRecord(
            name=line.name or _default_name(Path(line.out).name, line.at),
            state="sent" if line.receipt else "running",
            topic=None,
            where=kept.where,
            what=kept.what,
            filter=kept.filter,
            who=line.who,
            started=line.at,
            ended=kept.finished or None,
            planned=kept.confirmed,
            confirmed=kept.confirmed,
            bytes=kept.bytes,
            sha256=kept.sha256,
            journal=None,
            words=line.words,
            folder=line.folder,
            url=line.url,
            warnings=kept.warnings,
            damaged=len(kept.damaged),
        )
    return None


class _KeptReceipt(msgspec.Struct, frozen=True):
    where: tuple[str, ...] = ()
    what: str = ""
    filter: str = ""
    finished: str = ""
    confirmed: int = 0
    bytes: int = 0
    sha256: str = ""
    warnings: tuple[str, ...] = ()
    damaged: tuple[object, ...] = ()


class _LastLine(msgspec.Struct, frozen=True):
    """The last line of a journal: a receipt, or the time `at` which records were confirmed."""

    at: str = ""
    receipt: _KeptReceipt | None = None


def _default_name(topic: str, started: str) -> str:
    """Return a name such as `player-replay.2026-11-26T11:06:03`."""
    return f"{topic}.{started[:19]}"


def _last_line(path: Path) -> _LastLine:
    """Return the last whole line of a journal, whose checksum was already checked."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(path.stat().st_size - _RECEIPT_BYTES, 0))
            lines = stream.read().split(b"\n")[:-1]
        return msgspec.json.decode(lines[-1], type=_LastLine) if lines else _LastLine()
    except (OSError, ValueError, RecursionError):
        return _LastLine()
