"""Earlier sends, read from their journals: which can be resumed, and which sent the same records."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.errors import SendError, reason
from tui.send.journal_lines import Contents, Header, ReceiptLine, read_journal
from tui.send.source import Source
from tui.send.survey import Survey
from tui.units import plural

SUFFIX = ".journal.jsonl"
REPEATED = "the same "  # the beginning of a repeat's warning


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier send, read from its journal.

    `confirmed`: the number of records that arrived, counted from the first. `began`: whether any may have arrived.
    `running`: another process is sending it now. `digests`: SHA-256 of the records that it sent, or was to send.
    `where`: the servers of all its runs. `continued_in`: the journal that continues it, if 0.1.0 began it.
    """

    path: Path
    version: int
    header: Header
    where: tuple[str, ...]
    confirmed: int
    finished: bool
    began: bool
    running: bool
    digests: frozenset[str]
    receipt: ReceiptLine | None
    continued_in: str | None

    @property
    def topic(self) -> str:
        return self.header.topic

    @property
    def what(self) -> str:
        return self.header.what

    @property
    def started(self) -> str:
        return self.header.started

    def __str__(self) -> str:
        """Return a sentence for the operator: the same records were sent, and how far that send came."""
        records, at = plural(self.confirmed, "record"), ", ".join(self.where)
        began = f"{self.started[:19].replace('T', ' ')} UTC"
        if self.running:
            return (
                f"{REPEATED}records are being sent to {self.topic} by {self.header.who}: "
                f"{records} since {began}, at {at}"
            )
        if self.finished:
            verb = "was" if self.confirmed == 1 else "were"
            return f"{REPEATED}{records} {verb} sent to {self.topic} on {began}, at {at}"
        return f"{REPEATED}send to {self.topic} on {began} stopped after {records}, at {at}; --resume sends the rest"


def earlier_sends(folder: Path, source: Source | None = None, topic: str | None = None) -> tuple[Earlier, ...]:
    """Return the sends whose journals are in `folder`, oldest first, of one source and topic; skip unreadable ones."""
    sends = [send for send in _all_journals(folder, topic) if isinstance(send, Earlier)]
    return tuple(send for send in sends if source is None or send.header.identity in source.identities)


def unreadable_journals(folder: Path, topic: str | None = None) -> tuple[str, ...]:
    """Return a sentence for each unreadable journal (with the topic in its name)."""
    return tuple(str(send) for send in _all_journals(folder, topic) if isinstance(send, SendError))


def unreadable_of(folder: Path, source: Source, topic: str) -> tuple[str, ...]:
    """Return the same for journals that also have this source in their name: it is unknown what arrived."""
    names = [f".{identity[:12]}." for identity in source.identities]
    return tuple(words for words in unreadable_journals(folder, topic) if any(name in words for name in names))


def repeats(
    folder: Path, source: Source, topic: str, survey: Survey, *, resumed: Earlier | None = None
) -> tuple[Earlier, ...]:
    """Return earlier sends of the same records to the topic, to any server, at any time, including running ones.

    Records are the same if their SHA-256 is, in the order in which they are sent or in that of the archive.

    `resumed`, the send to resume, is not a repeat, and sends before it began were checked then.
    """
    own = {resumed.path, Path(resumed.header.continues or resumed.path)} if resumed else set()
    return tuple(
        send
        for send in earlier_sends(folder, topic=topic)
        if send.began
        and send.path not in own
        and (resumed is None or send.started > resumed.started)
        and not (send.continued_in and Path(send.continued_in).exists())
        and (survey.digests & send.digests or (not send.header.sha256 and send.header.identity in source.identities))
    )


def relatives(folder: Path, source: Source, topic: str, survey: Survey) -> tuple[Earlier, ...]:
    """Return earlier sends from the same place with the same filter to the topic, but of other records."""
    return tuple(
        send
        for send in earlier_sends(folder, topic=topic)
        if send.began and send.confirmed and source.place and not survey.digests & send.digests
        if (send.header.place, send.header.filter) == (source.place, source.filter)
    )


def reordered(folder: Path, topic: str, survey: Survey, order: str | None) -> tuple[Earlier, ...]:
    """Return earlier sends of as many records and bytes to the topic, if one of the two sends is ordered by time."""
    return tuple(
        send
        for send in earlier_sends(folder, topic=topic)
        if send.began and (order or send.header.order) and not survey.digests & send.digests
        if (send.header.records, send.header.bytes) == (survey.count, survey.size)
    )


def resumable(where: Path, source: Source, topic: str, sha256: str | None = None) -> Earlier | None:
    """Return the latest unfinished send of this source to the topic, or that of the journal `where` if it is a file.

    A source is the same if its identity is, or if its records have the SHA-256 `sha256`. None if there is no such
    send. SendError if the journal cannot be read, is of another source or topic, or of a finished send.
    """
    if where.is_file():
        earlier = read_earlier(where)
        if earlier is None:
            raise SendError(f"{where} is not a journal of a send; choose another file")
        _check_same(earlier, source, topic, sha256)
        return earlier
    sends = [send for send in earlier_sends(where, topic=topic) if not send.continued_in]
    same = [send for send in sends if _is_same_source(send, source, sha256)]
    unfinished = [send for send in same if not send.finished]
    if same and not unfinished:
        _check_same(same[-1], source, topic, sha256)
    if broken := unreadable_of(where, source, topic):
        raise SendError(broken[-1])
    return unfinished[-1] if unfinished else None


def nothing_to_resume(folder: Path, source: Source, topic: str) -> SendError:
    """Explain why there is no journal to resume: the source has changed, or was never sent."""
    sends = earlier_sends(folder, topic=topic)
    if stopped := [send for send in sends if send.header.place and send.header.place == source.place]:
        return changed(stopped[-1], source)
    hint = f"; the last send to that topic was of {sends[-1].what}" if sends else ""
    return SendError(
        f"{folder} holds no journal of {source.description} to topic {topic}: there is nothing to resume{hint}"
    )


def changed(earlier: Earlier, source: Source) -> SendError:
    """Return the error for a source that has changed since its send was stopped."""
    of = "" if earlier.header.records is None else f" of {earlier.header.records:,}"
    state, advice = "stopped after", "To resume, restore the old content; a send without --resume would"
    if earlier.finished:
        state, advice = "was finished with", "There is nothing to resume; a send without --resume may"
    return SendError(
        f"{source.description} has changed since its send to {earlier.topic} on {earlier.started}, which {state} "
        f"{earlier.confirmed:,}{of} records; nothing was sent. {advice} send those records again"
    )


def check_resumed(earlier: Earlier, survey: Survey, source: Source) -> None:
    """Raise SendError if the records differ from the journal's, or if the journal confirms more than there are."""
    header = earlier.header
    if header.sha256 is not None and (header.sha256, header.records) != (survey.sha256, survey.count):
        raise changed(earlier, source)
    if earlier.confirmed > survey.count + survey.skipped_count:
        raise SendError(
            f"the journal {earlier.path} claims {earlier.confirmed:,} confirmed records, but {source.description} has "
            f"only {survey.count:,}: it is not to be trusted; nothing was sent"
        )


def read_earlier(path: Path) -> Earlier | None:
    """Read one journal; None if nothing was begun. SendError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            contents = read_journal(path, stream)
            if contents is None:
                return None
            earlier = earlier_of(path, contents)
            return earlier if earlier.finished else earlier_of(path, contents, running=_is_locked(stream.fileno()))
    except OSError as error:
        raise SendError(f"the journal {path} cannot be read: {reason(error)}") from error


def earlier_of(path: Path, contents: Contents, *, running: bool = False) -> Earlier:
    header, entries = contents.header, contents.entries
    runs = joined((entry.first, entry.first + entry.count) for entry in entries if entry.first is not None)
    resumed = [entry.resumed for entry in entries if entry.resumed is not None]
    receipts = [entry.receipt for entry in entries if entry.receipt is not None]
    surveyed = set(filter(None, (header.sha256, header.archived)))
    quiet = len(receipts) > len(resumed) and not any(receipt.sent for receipt in receipts)
    return Earlier(
        path=path,
        version=contents.version,
        header=header,
        where=tuple(dict.fromkeys([*header.where, *(address for run in resumed for address in run.where)])),
        confirmed=runs[0][1] if runs and runs[0][0] == 0 else 0,
        finished=any(not receipt.partial for receipt in receipts),
        began=bool(runs) or running or not quiet,
        running=running,
        digests=frozenset(surveyed | {receipt.sha256 for receipt in receipts if receipt.confirmed}),
        receipt=receipts[-1] if receipts else None,
        continued_in=next((entry.continued for entry in entries if entry.continued), None),
    )


def joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs [first, stop) in order, with adjacent ones merged."""
    whole: list[tuple[int, int]] = []
    for first, stop in sorted(runs):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(stop, whole[-1][1]))
        else:
            whole.append((first, stop))
    return whole


def _all_journals(folder: Path, topic: str | None) -> Iterator[Earlier | SendError]:
    """Yield every journal of a folder, oldest first, or the error that it cannot be read."""
    sends: list[Earlier] = []
    for path in sorted(folder.glob(f"{file_part(topic)}.*{SUFFIX}" if topic is not None else f"*{SUFFIX}")):
        try:
            earlier = read_earlier(path)
        except SendError as error:
            yield error
            continue
        if earlier is not None and topic in (None, earlier.topic):
            sends.append(earlier)
    yield from sorted(sends, key=lambda send: send.started)


def file_part(topic: str) -> str:
    """Return the beginning of a journal's name for a topic."""
    return re.sub(r"[^a-zA-Z0-9_.-]", "-", topic).lstrip(".")


def _is_same_source(earlier: Earlier, source: Source, sha256: str | None) -> bool:
    return earlier.header.identity in source.identities or (sha256 is not None and sha256 == earlier.header.sha256)


def _check_same(earlier: Earlier, source: Source, topic: str, sha256: str | None) -> None:
    if earlier.topic != topic:
        raise SendError(f"{earlier.path} is of a send to topic {earlier.topic}, not {topic}; resume it to that topic")
    if not _is_same_source(earlier, source, sha256):
        if earlier.header.place and earlier.header.place == source.place:
            raise changed(earlier, source)
        raise SendError(
            f"{earlier.path} is of a send of {earlier.what}, which is not what would be sent now "
            "(other chunks, filter, range or file); nothing was sent"
        )
    if earlier.continued_in:
        raise SendError(f"{earlier.path} continues in {earlier.continued_in}; resume that")
    if earlier.finished:
        raise SendError(
            f"{earlier.path} is of a finished send ({plural(earlier.confirmed, 'record')} to {topic} on "
            f"{earlier.started}); there is nothing to resume"
        )


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
