"""A send to NSQ before it begins: the records, the send to resume, and the warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

from tui.errors import SendError
from tui.nsq.destination import Destination
from tui.nsq.limits import Limits
from tui.nsq.target import NsqTarget
from tui.send.earlier import (
    Earlier,
    check_resumed,
    nothing_to_resume,
    relatives,
    reordered,
    repeats,
    resumable,
    unreadable_journals,
    unreadable_of,
)
from tui.send.facts import left_out
from tui.send.journal import Journal, in_use
from tui.send.journal_lines import VERSION
from tui.send.legacy import renumbered
from tui.send.messages import outgoing
from tui.send.options import SendOptions
from tui.send.source import Source
from tui.send.survey import Survey, no_time_warning, not_json_warning, oversize_warning
from tui.units import plural


@dataclass(frozen=True, slots=True)
class Preparation:
    """A send that is about to begin or resume: `source` yields the messages to send, according to its plan.

    `start` is the number of the first record that is still to be sent, as far as is known before the journal is open.
    `resumed` is the earlier send; `limits` are those that all nsqds accept.
    """

    folder: Path
    target: NsqTarget
    destinations: tuple[Destination, ...]
    limits: Limits
    source: Source
    resumed: Earlier | None
    resume: bool
    options: SendOptions = field(default_factory=SendOptions)

    @property
    def start(self) -> int:
        return self.resumed.confirmed if self.resumed else 0

    def checked(self, survey: Survey) -> Preparation:
        """Return the preparation after the survey, whose SHA-256 may be needed to find the journal to resume.

        SendError if there is nothing to resume, or if the source has changed since.
        """
        if not self.resume:
            return self
        topic = self.target.topic
        earlier = self.resumed or resumable(self.folder, self.source, topic, survey.sha256)
        if earlier is None:
            raise nothing_to_resume(self.folder, self.source, topic)
        if earlier.running:
            raise in_use(earlier.path)
        check_resumed(earlier, survey, self.source)
        if earlier.version < VERSION:
            renumbered(earlier, self.source)  # fail now, not after the confirmation
        return replace(self, resumed=earlier)

    def repeats(self, survey: Survey) -> tuple[Earlier, ...]:
        """Return earlier sends of the same records to the topic."""
        return repeats(self.folder, self.source, self.target.topic, survey, resumed=self.resumed)

    def refuse_unknown(self) -> None:
        """Raise SendError if an unreadable journal is of the same source: it is unknown which records arrived."""
        if self.resumed is None and (broken := unreadable_of(self.folder, self.source, self.target.topic)):
            raise SendError(
                f"{broken[-1]}; by its name it is of the same source and topic, and it is unknown what arrived; "
                "nothing was sent now: add --again to send all, or move the journal away"
            )

    def warnings(self, survey: Survey) -> tuple[str, ...]:
        """Return the warnings from the source, the journals of earlier sends, and the destination."""
        words = [*map(str, self.repeats(survey)), *self._source_warnings(survey), *self._journal_warnings(survey)]
        for destination in self.destinations:
            words += destination.warnings
            max_depth = self.options.max_depth
            if max_depth is not None and destination.deepest > max_depth:
                words.append(
                    f"{destination.topic} at {destination.address} is {destination.deepest:,} deep, above --max-depth "
                    f"{max_depth:,}: the send waits until it is drained"
                )
        return tuple(dict.fromkeys(words))

    def journal(self, survey: Survey, *, again: bool) -> Journal:
        """Open the journal. RepeatError if the same records were sent before, unless `again`."""
        if self.resumed is not None:
            return Journal.resume(self.resumed.path, self.source, self.target, survey)
        return Journal.start(self.folder, self.source, self.target, survey, again=again, name=self.options.name)

    def _source_warnings(self, survey: Survey) -> list[str]:
        words = []
        if survey.blank:
            words.append(f"{plural(survey.blank, 'blank line')} will not be sent: NSQ does not accept empty messages")
        if survey.skipped_count:
            words.append(oversize_warning(survey))
        if survey.not_json:
            words.append(not_json_warning(survey.not_json))
        words += survey.misread
        if survey.no_time and self.order:
            words.append(no_time_warning(survey.no_time, self.order))
        words += left_out(survey.unfit_count, survey.unfit, survey.repeats)
        return [*words, *map(str, survey.damaged)]

    def _journal_warnings(self, survey: Survey) -> list[str]:
        topic, earlier = self.target.topic, self.resumed
        words = list(unreadable_journals(self.folder, topic))
        if earlier is None:
            return [
                *words,
                *map(_relative_sentence, relatives(self.folder, self.source, topic, survey)),
                *map(_reordered, self._reordered(survey)),
            ]
        new = [address for address in self.target.nsqd_tcp_addresses if address not in earlier.where]
        if new and earlier.confirmed:
            words.append(
                f"this resumes a send to another nsqd: {plural(earlier.confirmed, 'record')} went to "
                f"{', '.join(earlier.where)}, the rest goes to {', '.join(self.target.nsqd_tcp_addresses)}"
            )
        if self.options.order != self.order:
            first = f"by {self.order}" if self.order else "in the order of the archive"
            words.append(f"this resumes a send that began {first}: the rest goes in the same order")
        limit = earlier.header.plan.max_message
        if self.never_sent(survey) and limit is not None:
            words.append(
                f"{plural(survey.skipped_count, 'record')} over {limit:,} bytes will not be sent, "
                "though nsqd takes them now: the first run of this send left them out"
            )
        return words

    def _reordered(self, survey: Survey) -> tuple[Earlier, ...]:
        return reordered(self.folder, self.target.topic, survey, self.order) if survey.complete else ()

    @property
    def order(self) -> str | None:
        """The path of the time by which the records of an hour are ordered; None: the archive's order."""
        return self.source.plan.order if self.source.plan else None

    def never_sent(self, survey: Survey) -> bool:
        """Return whether the plan of the first run leaves out records that nsqd accepts now."""
        limit = self.resumed.header.plan.max_message if self.resumed is not None else None
        return limit is not None and limit < self.limits.largest and survey.skipped_count > 0


def prepare(
    folder: Path,
    source: Source,
    target: NsqTarget,
    destinations: Sequence[Destination],
    options: SendOptions,
    *,
    resume: bool,
) -> Preparation:
    """Find the journal to resume, and set the plan of the send: that of its first run, or by `options`.

    SendError if the journal cannot be resumed. `checked` finds a journal that needs the records' SHA-256.
    """
    limits = reduce(Limits.within, (destination.limits for destination in destinations))
    earlier = resumable(folder, source, target.topic) if resume else None
    plan = earlier.header.plan if earlier is not None and earlier.version >= VERSION else options.plan(limits.largest)
    if options.pace and plan.order is None:
        raise SendError("this resumes a send in the order of the archive, which has no pace; resume it without --pace")
    return Preparation(folder, target, tuple(destinations), limits, outgoing(source, plan), earlier, resume, options)


def _reordered(earlier: Earlier) -> str:
    return (
        f"{plural(earlier.header.records or 0, 'record')} with as many bytes were sent to {earlier.topic} on "
        f"{earlier.started}, in another order: they may be the same"
    )


def _relative_sentence(earlier: Earlier) -> str:
    state = "was finished with" if earlier.finished else "stopped after"
    return (
        f"{earlier.what} was sent to {earlier.topic} on {earlier.started}, which {state} "
        f"{plural(earlier.confirmed, 'record')}: what is sent now is not the same, but may hold some of those records"
    )
