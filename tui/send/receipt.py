"""The receipt: what was sent, where, when, by whom, and how much is known to have arrived."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime
from typing import Any

import msgspec

from tui.archive.times import spell_moment
from tui.errors import SendError
from tui.send.blocks import DamagedChunk, RecordPlace, Unfit

# What nsqd's OK means: nsqd answers once a message is in a Go channel.
WHAT_OK_MEANS = (
    "confirmed means that nsqd has the record, in memory or on disk: SIGTERM of nsqd loses none, kill -9 or a power "
    "cut loses what its memory queue held; run nsqd with -mem-queue-size=0 and -sync-every=1 if that matters"
)
VERSION = 2
NAME_LENGTH = 80  # characters


class Receipt(msgspec.Struct, frozen=True):
    """How a send ended.

    Counts are of records. `sent`: handed over by this run, each counted once. `confirmed`: known to have arrived, in
    this run and the runs that it resumed; `resumed` is the part of the earlier runs. `repeated`: handed over more than
    once by this run, because the first answer was lost (an upper bound for duplicates). `skipped`: larger than the
    broker accepts, never sent; `left_out` names the first hundred. `unfit`: records without a projected value, left
    out; `unfit_named` names the first hundred. `repeats`: copies of earlier records, left out by --unique. `blank`:
    blank lines, which are never sent to a broker. `unknown`: handed over, and unanswered when the send was stopped.
    `bytes`: size of the confirmed records, without newlines. `sha256`: of the confirmed records in order, each with a
    newline, so `sha256sum` of the lines gives the same. `name`: name of the send. `order`: the path of the time by
    which the records of an hour were ordered; None: the archive's order.

    `where`: the servers of this run and of those that it resumed.
    """

    what: str
    where: tuple[str, ...]
    topic: str | None
    filter: str
    identity: str
    started: datetime
    finished: datetime
    who: str
    sent: int
    confirmed: int
    bytes: int
    sha256: str
    name: str = ""
    order: str | None = None
    partial: bool = False
    resumed: int = 0
    repeated: int = 0
    skipped: int = 0
    repeats: int = 0
    blank: int = 0
    unfit: int = 0
    unknown: int = 0
    left_out: tuple[RecordPlace, ...] = ()
    unfit_named: tuple[Unfit, ...] = ()
    damaged: tuple[DamagedChunk, ...] = ()
    message_count_before: int | None = None
    message_count_after: int | None = None
    journal: str | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return (self.finished - self.started).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """Return the receipt for JSON, with ISO 8601 times in UTC."""
        data: dict[str, Any] = {"version": VERSION, **msgspec.to_builtins(self, builtin_types=(datetime,))}
        for name in ("started", "finished"):
            data[name] = spell_moment(data[name])
        for name in ("where", "left_out", "unfit_named", "warnings"):
            data[name] = list(data[name])
        data["damaged"] = [part.as_json() for part in self.damaged]
        data["seconds"] = round(self.seconds, 3)
        if self.topic is not None:
            data["ok_means"] = WHAT_OK_MEANS
        return data


def checked_name(name: str) -> str:
    """Return the name of a send if it is one short line of text; SendError otherwise."""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise SendError(f"the name of a send has 1 to {NAME_LENGTH} printable characters")
    return name.strip()


def default_name(time: datetime, what: str) -> str:
    """Return the default name of a send: its time and its filter or source, such as `2015-01-20T13:07:12 -g 5003`."""
    words = f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S} {what}"
    return words if len(words) <= NAME_LENGTH else f"{words[: NAME_LENGTH - 1]}…"


def whoami() -> str:
    """Return `user@host` of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
