"""The journal of a send: which records are known to have arrived, on disk before anybody is told.

One append-only file of JSON lines that a human can read: a header, a line for each run of confirmed records, and the
receipt at the end.

    {"journal": 1, "what": "out.jsonl.gz", "identity": "9f…", "topic": "events", "where": ["nsqd:4150"], "who": …}
    {"first": 0, "count": 3200, "at": "2026-11-23T13:40:01.123Z"}
    {"receipt": {…}}
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from tui.archive.local import reason
from tui.errors import SendError
from tui.send.receipt import Receipt, whoami
from tui.send.source import Source
from tui.send.target import NsqTarget

SUFFIX = ".journal.jsonl"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier send, as its journal tells it. `confirmed`: how many records arrived, from the first on."""

    path: Path
    what: str
    identity: str
    topic: str
    started: str
    confirmed: int
    finished: bool


class Journal:
    """An open journal; only one process can have it. `confirmed_until` counts the records that need not be sent."""

    def __init__(self, path: Path, stream: BinaryIO, confirmed_until: int) -> None:
        self.path = path
        self.confirmed_until = confirmed_until
        self._stream = stream

    @classmethod
    def start(cls, folder: Path, source: Source, target: NsqTarget) -> Journal:
        """A new journal in `folder`; its name tells topic, source and time."""
        now = datetime.now(UTC)
        stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
        path = folder / f"{_file_part(target.topic)}.{source.identity[:12]}.{stamp}{SUFFIX}"
        header = {
            "journal": _VERSION,
            "what": source.description,
            "filter": source.filter,
            "identity": source.identity,
            "topic": target.topic,
            "where": list(target.nsqd_tcp_addresses),
            "who": whoami(),
            "started": _spell(now),
        }
        with _told(path):
            folder.mkdir(parents=True, exist_ok=True)
            stream = _locked(path, os.O_CREAT | os.O_EXCL)
            journal = cls(path, stream, 0)
            journal._append([header])
            _sync_folder(folder)
        return journal

    @classmethod
    def resume(cls, where: Path, source: Source, target: NsqTarget) -> Journal:
        """Go on with a journal: the file `where`, or the latest unfinished one of this source and topic in a folder.

        SendError if there is none, if it tells of another source or topic, or if that send was finished.
        """
        path = where if where.is_file() else _latest(where, source, target.topic)
        with _told(path):
            stream = _locked(path, 0)
            try:
                earlier, good = _parse(path, stream.read())
                _same(earlier, source, target.topic)
                stream.truncate(good)  # a line that a crash cut off would spoil the next one
                stream.seek(good)
            except (SendError, OSError):
                stream.close()
                raise
        return cls(path, stream, earlier.confirmed)

    def confirm(self, runs: Iterable[tuple[int, int]]) -> None:
        """Write down that the records [first, stop) of each run have arrived; returns when that is on disk."""
        now = _spell(datetime.now(UTC))
        with _told(self.path):
            self._append({"first": first, "count": stop - first, "at": now} for first, stop in joined(runs))

    def finish(self, receipt: Receipt) -> None:
        """Write the receipt; that of a partial send leaves the journal open for resuming."""
        with _told(self.path):
            self._append([{"receipt": receipt.as_json()}])

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        data = b"".join(
            json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n" for line in lines
        )
        self._stream.write(data)
        self._stream.flush()
        os.fsync(self._stream.fileno())


def earlier_sends(folder: Path, source: Source | None = None, topic: str | None = None) -> tuple[Earlier, ...]:
    """The sends whose journals are in `folder`, oldest first; of one source, of one topic. Unreadable ones are not."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            earlier, _ = _parse(path, path.read_bytes())
        except (SendError, OSError):
            continue
        if (source is None or earlier.identity == source.identity) and (topic is None or earlier.topic == topic):
            found.append(earlier)
    return tuple(sorted(found, key=lambda earlier: earlier.started))


def joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs [first, stop) in order, neighbours made one."""
    whole: list[tuple[int, int]] = []
    for first, stop in sorted(runs):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(stop, whole[-1][1]))
        else:
            whole.append((first, stop))
    return whole


def _parse(path: Path, data: bytes) -> tuple[Earlier, int]:
    """What a journal tells, and how many of its bytes are whole lines. A cut last line never counts."""
    good = data.rfind(b"\n") + 1
    lines = data[:good].split(b"\n")[:-1]
    try:
        header, *entries = [json.loads(line) for line in lines]
        runs = [(entry["first"], entry["first"] + entry["count"]) for entry in entries if "first" in entry]
        if header["journal"] != _VERSION:
            raise ValueError(header["journal"])
        finished = any("receipt" in entry and not entry["receipt"]["partial"] for entry in entries)
        whole = joined(runs)
        confirmed = whole[0][1] if whole and whole[0][0] == 0 else 0
        earlier = Earlier(
            path, header["what"], header["identity"], header["topic"], header["started"], confirmed, finished
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SendError(
            f"{path} is no journal of a send that could be read; give the right file, or send without --resume"
        ) from error
    return earlier, good


def _same(earlier: Earlier, source: Source, topic: str) -> None:
    if earlier.topic != topic:
        raise SendError(f"{earlier.path} is of a send to topic {earlier.topic}, not {topic}; resume it to that topic")
    if earlier.identity != source.identity:
        raise SendError(
            f"{earlier.path} is of a send of {earlier.what}, which is not what would be sent now "
            "(other chunks, filter, range or file); give the same, or send without --resume"
        )
    if earlier.finished:
        raise SendError(
            f"{earlier.path} tells of a finished send, {earlier.confirmed:,} records to {topic} on {earlier.started}; "
            "send without --resume to send all of it again"
        )


def _latest(folder: Path, source: Source, topic: str) -> Path:
    found = earlier_sends(folder, source, topic)
    unfinished = [earlier for earlier in found if not earlier.finished]
    if unfinished:
        return unfinished[-1].path
    if found:
        return found[-1].path
    others = earlier_sends(folder, topic=topic)
    hint = f"; the last one to it was of {others[-1].what}" if others else ""
    raise SendError(f"{folder} holds no journal of {source.description} to topic {topic}{hint}; send without --resume")


def _locked(path: Path, flags: int) -> BinaryIO:
    stream = os.fdopen(os.open(path, os.O_RDWR | flags, 0o644), "r+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise SendError(f"{path} is in use: another hourscope is sending this now; wait for it or stop it") from error
    return cast(BinaryIO, stream)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SendError(
            f"the journal {path} cannot be written or read: {reason(error)}; mend that and resume"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file_part(topic: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_.-]", "-", topic).lstrip(".")


def _spell(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
