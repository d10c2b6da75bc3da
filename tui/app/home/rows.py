"""The items on home: archives, jobs to resume, extracts, sends. All are read from this machine, without network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from tui.app.model.freshness import Freshness
from tui.app.model.opening import keep_listed
from tui.archive.location import Location, locate
from tui.archive.store import is_s3
from tui.config import Config, S3Options, demo_dir
from tui.demo.tour import take_up
from tui.errors import HourscopeError
from tui.history.archives import SeenArchive, absolute, forget_archive, look_again, seen_archives
from tui.history.extracts import ExtractLine, delete_extract, extracts, forget_extract
from tui.history.sends import SendRecord, forget_send, sends
from tui.history.stopped import Unfinished, unfinished
from tui.history.words import age, ago, filter_text, moment, span_text
from tui.printable import printable
from tui.shell import shell_join
from tui.units import plural

RowKind = Literal["archive", "job", "extract", "send", "demo"]
SECTIONS: tuple[tuple[str, tuple[RowKind, ...]], ...] = (
    ("Archives", ("archive", "demo")),
    ("To resume", ("job",)),
    ("Extracts", ("extract",)),
    ("Sent", ("send",)),
)
DEMO = "demo"
Removable = ExtractLine | SendRecord | SeenArchive | Unfinished


@dataclass(frozen=True)
class Item:
    """An item of the list. `of`: the thing itself, None for an archive that was never opened. `url`: an archive's name
    or place. `place`: the place of a name in the config. `trouble`: why an archive could not be listed."""

    kind: RowKind
    name: str
    url: str = ""
    of: Removable | None = None
    place: str = ""
    trouble: str = ""

    @property
    def text(self) -> str:
        """The text that a search looks in."""
        match self.of:
            case ExtractLine() as line:
                more = f"{line.source} {filter_text(line.filter)} {span_text(line.start, line.stop)} {line.place}"
            case SendRecord() as send:
                more = f"{send.topic} {' '.join(send.where)} {send.what} {send.filter} {send.who} {send.started}"
            case Unfinished() as job:
                more = f"{job.kind} {job.what}"
            case _:
                more = f"{self.url} {self.place}"
        return f"{self.name} {more}".lower()

    @property
    def running(self) -> bool:
        """Whether the job or the extract's scan is running."""
        of = self.of
        return (isinstance(of, Unfinished) and of.running) or (isinstance(of, ExtractLine) and of.state == "running")

    @property
    def command(self) -> str:
        """The command that opens, resumes or verifies it."""
        match self.of:
            case Unfinished() as job:
                return job.command or shell_join(["hourscope", "jobs"])
            case ExtractLine() as line:
                return shell_join(["hourscope", line.place])
            case SendRecord() as send:
                return shell_join(["hourscope", "sends", "--verify", send.name])
        return shell_join(["hourscope", DEMO] if self.kind == "demo" else ["hourscope", self.url])


@dataclass(frozen=True)
class Home:
    """Everything on home. `trouble`: what could not be read. `tour`: the step at which the tour was left."""

    items: tuple[Item, ...] = ()
    trouble: str = ""
    tour: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def of(self, kinds: Sequence[RowKind], words: str = "") -> list[Item]:
        """Return the items of some kinds that contain all the words."""
        typed = words.lower().split()
        return [item for item in self.items if item.kind in kinds and all(word in item.text for word in typed)]


def read_home(config: Config) -> Home:
    """Read all items. Whatever cannot be read is reported in `trouble`; the rest is returned."""
    troubles: list[str] = []
    items = [
        *_archives(config),
        *_read(troubles, lambda: [Item("job", job.name, of=job) for job in unfinished()]),
        *_read(troubles, lambda: [Item("extract", line.name, line.place, line) for line in extracts()]),
        *_read(troubles, lambda: [Item("send", send.name, of=send) for send in sends() if send.state == "sent"]),
    ]
    begun = take_up()
    tour = begun.words.partition("  ")[0] if begun.said else ""
    return Home(tuple(items), "; ".join(dict.fromkeys(troubles)), tour and f"step {tour}")


def list_again(
    home: Home, config: Config, sign_in: Callable[[str, S3Options], None] | None, cancelled: Callable[[], bool]
) -> dict[str, str]:
    """List the config's archives that were never listed, and the new hours of the others.

    Returns a sentence for each `Item.url` that could not be listed, and an empty one for each that was. Without
    `sign_in`, only archives in folders are listed.
    """
    results: dict[str, str] = {}
    for item in home.of(("archive",)):
        if cancelled():
            break
        try:
            location = locate(item.url, config) if item.url in config.archives else _location(item)
            if location is None or (is_s3(location.url) and sign_in is None):
                continue
            if sign_in is not None:
                sign_in(location.url, location.s3)
            if isinstance(item.of, SeenArchive):
                look_again(item.of, location)
            else:
                keep_listed(location)
            results[item.url] = ""
        except HourscopeError as error:
            results[item.url] = str(error)
    return results


def _location(item: Item) -> Location | None:
    return item.of.location if isinstance(item.of, SeenArchive) else None


def _read(troubles: list[str], read: Callable[[], list[Item]]) -> list[Item]:
    try:
        return read()
    except HourscopeError as error:
        troubles.append(str(error))
        return []


def _archives(config: Config) -> list[Item]:
    """Return the config's archives by name, then other opened ones, the latest first, then the demo."""
    seen = seen_archives()
    by_title = {title: archive for (title, _), archive in reversed(seen.items())}
    named = [
        Item("archive", name, name, by_title.get(name), spec.url) for name, spec in sorted(config.archives.items())
    ]
    places = {absolute(spec.url) for spec in config.archives.values()}
    demo = str(demo_dir())
    recent = [
        Item("archive", archive.title.rstrip("/").rpartition("/")[2] or archive.title, archive.url, archive)
        for archive in seen.values()
        if archive.title not in config.archives and archive.url not in places and archive.url != demo
    ]
    made = next((archive for archive in seen.values() if archive.url == demo), None)
    return [*named, *recent, *([] if DEMO in config.archives else [Item("demo", DEMO, demo, made)])]


def freshness_of(seen: SeenArchive, now: datetime) -> Freshness | None:
    """Return the archive's freshness now, from its last listing."""
    ended = moment(seen.ended)
    if ended is None or seen.last is None:
        return None
    last = datetime.fromisoformat(seen.last)
    return Freshness(last, (now - ended).total_seconds(), seen.lag)


def newest_words(seen: SeenArchive, now: datetime) -> tuple[str, bool]:
    """Return `7 min ago`, or `Jan 2015` for an archive that has ended, and whether it was behind when last listed.

    Whether it has fallen behind since then is unknown without a new listing.
    """
    fresh = freshness_of(seen, now)
    if fresh is None:
        return "", False
    if fresh.ended:
        return f"{fresh.last:%b %Y}", False
    listed = age(seen.listed, now) or 0.0
    at_listing = Freshness(fresh.last, fresh.age - listed, fresh.lag)
    return ago(fresh.age), at_listing.behind


def headline(home: Home) -> str:
    """Return the sentence at the top: archives that are behind, jobs to resume; else the number of items."""
    sentences = []
    for item in home.of(("archive",)):
        if isinstance(item.of, SeenArchive):
            words, behind = newest_words(item.of, home.at)
            fresh = freshness_of(item.of, home.at)
            if behind and fresh is not None:
                last = fresh.last
                sentences.append(f"{item.name} has no new hour since {last:%a} {last.day} {last:%b %H:00}, {words}.")
    if unlisted := sum(bool(item.trouble) for item in home.items):
        sentences.append(f"{plural(unlisted, 'archive')} cannot be listed.")
    jobs = [item.of for item in home.of(("job",)) if isinstance(item.of, Unfinished)]
    stopped, running = (sum(job.running is flag for job in jobs) for flag in (False, True))
    if stopped:
        sentences.append(f"{plural(stopped, 'job')} can be resumed.")
    if running:
        sentences.append(f"{plural(running, 'job')} {'is' if running == 1 else 'are'} running.")
    if sentences:
        return printable(" ".join(sentences[:3]))
    kinds: tuple[RowKind, ...] = ("archive", "extract", "send")
    parts = [plural(len(items), kind) for kind in kinds if (items := home.of((kind,)))]
    if not parts:
        return "Nothing here yet: o opens a folder or s3://bucket/prefix, enter opens the demo."
    return f"{', '.join(parts)}; nothing to resume."


# Removing an item from the list: the confirmation, then the removal.


def question(what: Removable) -> str:
    """Return the question that asks for a confirmation."""
    match what:
        case Unfinished():
            return question(what.of)
        case ExtractLine():
            return f"type delete to delete {what.name} and its files, or forget:"
        case SeenArchive():
            return f"type forget to remove {what.title} from the list:"
    return f"type forget to remove {what.name} from the list:"


def removed(what: Removable, typed: str) -> str:
    """Do what was typed; return a sentence about it. Raises HourscopeError if it fails."""
    word = typed.strip()
    match what:
        case Unfinished():
            return removed(what.of, typed)
        case ExtractLine() if word == "delete":
            delete_extract(what)
            return f"{what.name} was deleted"
        case ExtractLine() if word == "forget":
            forget_extract(what)
            return f"{what.name} is no longer listed; its files are in {what.place}"
        case SeenArchive() if word == "forget":
            forget_archive(what)
        case SendRecord() if word == "forget":
            forget_send(what)
        case _:
            return "nothing was deleted or forgotten"
    return "it is no longer listed"
