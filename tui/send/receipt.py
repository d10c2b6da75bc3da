"""The receipt: what was sent, where, when, by whom, and how much of it is known to have arrived."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from tui.send.source import Unfit
from tui.send.survey import Place

# What nsqd's OK is worth (nsqd puts a message into a channel of Go before it answers).
WHAT_OK_MEANS = (
    "confirmed means that nsqd has the record, in memory or on disk: SIGTERM of nsqd loses none, kill -9 or a power "
    "cut loses what its memory queue held; run nsqd with -mem-queue-size=0 and -sync-every=1 where that matters"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a send ended.

    Counts are of records. `sent`: handed over by this run, each counted once. `confirmed`: known to have arrived, in
    this run and the runs that it resumed; `resumed` is the earlier runs' part. `repeated`: handed over more than once
    by this run, because the first answer was lost (an upper bound for doubles). `skipped`: larger than the broker
    takes; `left_out` names the first hundred. `unfit`: records that a projection makes nothing of, left out; the first
    hundred are `unfit_named`. `empty`: empty lines, which are never sent to a broker. `unknown`: handed over, and
    unanswered when the send was stopped. `bytes`: of the confirmed records, without newlines. `sha256`: of the
    confirmed records in order, each with a newline, so that `sha256sum` of the lines gives it too.
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
    partial: bool = False
    resumed: int = 0
    repeated: int = 0
    skipped: int = 0
    empty: int = 0
    unfit: int = 0
    unknown: int = 0
    left_out: tuple[Place, ...] = ()
    unfit_named: tuple[Unfit, ...] = ()
    damaged: tuple[tuple[str, int, str], ...] = ()
    message_count_before: int | None = None
    message_count_after: int | None = None
    journal: str | None = None
    note: str = ""

    @property
    def seconds(self) -> float:
        return (self.finished - self.started).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """The receipt as JSON's types; times in UTC, ISO 8601."""
        data: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("started", "finished"):
            data[name] = data[name].astimezone(UTC).isoformat(timespec="milliseconds")
        data["where"] = list(self.where)
        data["left_out"] = [{"key": place.key, "line": place.line, "size": place.size} for place in self.left_out]
        data["unfit_named"] = [{"key": u.key, "line": u.line, "reason": u.reason} for u in self.unfit_named]
        data["damaged"] = [{"key": key, "offset": offset, "reason": why} for key, offset, why in self.damaged]
        data["seconds"] = round(self.seconds, 3)
        if self.topic is not None:
            data["ok_means"] = WHAT_OK_MEANS
        return data


def whoami() -> str:
    """`user@host` of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
