"""How an archive is named and reached, and the command lines that name it again.

The one place that looks up a name of the config, and the one that spells a command line: what the explorer shows, what
an interrupted run prints and what an error advises all lead to the same archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from tui.archive.archive import Archive
from tui.archive.catalog import Catalog
from tui.archive.chunk import Chunk
from tui.archive.leftovers import is_companion
from tui.archive.listing import Listing
from tui.archive.open import open_known, open_listed
from tui.archive.ranges import Range
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.archive.times import spell_hour, spell_time
from tui.config import Config, S3Options
from tui.errors import ArchiveError
from tui.printable import printable
from tui.shell import shell_join, shell_word
from tui.units import plural


@dataclass(frozen=True, slots=True)
class Location:
    """An archive as somebody named it: a name of the config, or a url (a folder, `s3://…`, either with a layout).

    `reading` is how its records are read; it has options of its own, which `ls`, which reads none, does not take.

    `url`, `timezone`, `layout` and `s3` are what that leads to. `options` are the words of the options that were given
    beside the name: with them it leads there again.
    """

    url: str
    name: str = ""
    timezone: str | None = None
    layout: str | None = None
    s3: S3Options = field(default_factory=S3Options)
    options: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)

    @property
    def title(self) -> str:
        """As it was typed."""
        return self.name or self.url

    @property
    def words(self) -> tuple[str, ...]:
        """The archive on a command line."""
        return (f"./{self.title}" if self.title.startswith("-") else self.title, *self.options)

    def with_layout(self, layout: str) -> Location:
        """The same place read by another layout, which its words name."""
        options, words = list(self.options), option_words({"layout": layout})
        if "--layout" in options:
            at = options.index("--layout")
            del options[at : at + 2]
        return replace(self, layout=layout, options=(*options, *words))

    def open(self, hours: Range | None = None) -> tuple[Archive, Listing]:
        """The archive, and what was listed of it; see `open_listed`."""
        archive, listing = open_listed(self.url, timezone=self.timezone, s3=self.s3, layout=self.layout, hours=hours)
        return replace(archive, reading=self.reading), listing

    def reopened(self, pattern: str) -> Archive:
        """The archive in a bucket whose layout is known from before: nothing is listed."""
        archive = open_known(self.url, pattern, timezone=self.timezone, s3=self.s3)
        return replace(archive, detected=self.layout is None, reading=self.reading)


def locate(
    typed: str,
    config: Config,
    *,
    timezone: str | None = None,
    layout: str | None = None,
    s3: S3Options | None = None,
    reading: Reading | None = None,
) -> Location:
    """What `typed` and the options beside it lead to; the options win over what the config says of a name.

    ArchiveError for a blank.
    """
    if not typed.strip():
        raise ArchiveError("the archive has no name; give a folder, s3://BUCKET/PREFIX or a name from the config")
    s3, reading = s3 or S3Options(), reading or Reading()
    options = option_words({"timezone": timezone, "layout": layout, **asdict(s3)})
    spec = config.archives.get(typed)
    if spec is None:
        return Location(typed, "", timezone, layout, s3, options, reading)
    s3 = spec.s3.overlaid(s3)
    return Location(spec.url, typed, timezone or spec.timezone, layout or spec.layout, s3, options, reading)


def locate_place(place: str, config: Config, s3: S3Options) -> Location:
    """A folder or `s3://` place that hourscope writes to: never a name of the config, whatever it is called."""
    s3 = s3 if is_s3(place) else S3Options()
    url = f"./{place}" if place in config.archives else place
    return Location(url, s3=s3, options=option_words(asdict(s3)))


def option_words(options: Mapping[str, str | int | None]) -> tuple[str, ...]:
    """`{"endpoint_url": "http://…"}` as the words of a command line; what is not set is left out."""
    words: list[str] = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        words += [option] if value is True else [option, str(value)] if value else []
    return tuple(words)


def reading_words(reading: Reading) -> tuple[str, ...]:
    """The options that read records so, as the words of a command line."""
    usual = asdict(Reading())
    return option_words({name: value for name, value in asdict(reading).items() if value != usual[name]})


def command_words(
    command: str,
    what: Location | str,
    start: datetime | None = None,
    stop: datetime | None = None,
    options: Iterable[str] = (),
) -> list[str]:
    """`hourscope COMMAND ARCHIVE … --from T --to T OPTIONS` in words; `what` may be a file, by its path.

    Times are spelled in the archive's time zone, so that the line means the same tomorrow.
    """
    if isinstance(what, Location):
        words = what.words if command == "ls" else (*what.words, *reading_words(what.reading))
    else:
        words = (f"./{what}" if what.startswith("-") else what,)
    span = {"from": spell_time(start) if start else None, "to": spell_time(stop) if stop else None}
    return ["hourscope", command, *words, *option_words(span), *options]


def left_out(
    location: Location,
    archive: Archive,
    keys: Sequence[str],
    chunks: Iterable[Chunk],
    start: datetime | None = None,
    stop: datetime | None = None,
) -> list[str]:
    """What a detected layout leaves out of a range, and how to see it. A layout that was given is meant so.

    But for hosts with dots, which one for a topic leaves out: those may have been overlooked.
    """
    keys = [key for key in keys if not is_companion(key)]
    if keys and not archive.detected and (missed := archive.missed_hosts(keys, chunks)):
        layout, keys = missed
        words = f"left out: {plural(len(keys), 'key')}, such as {printable(keys[0])}, as their hosts hold dots"
        return [f"{words}; to read them, too, add --layout {shell_word(layout)}"]
    if not (archive.detected and keys):
        return []
    see = command_line("ls", location, start, stop, ["--json"])
    words = f"left out: {plural(len(keys), 'key')} not of the detected layout '{archive.layout_option()}'"
    return [f"{words}, such as {keys[0]}; to see them: {see}"]


def far_warnings(catalog: Catalog) -> list[str]:
    """Name a chunk whose hour is far from all others: its writer's clock may have been wrong."""
    if not catalog.far:
        return []
    chunk, others = catalog.far[0], len(catalog.far) - 1
    more = f" (and {plural(others, 'other chunk')})" if others else ""
    return [
        f"{printable(chunk.key)} of {spell_hour(chunk.hour)}{more} is more than 366 days from every other hour, "
        "so no gap reaches to it; was the writer's clock wrong?"
    ]


def command_line(
    command: str,
    what: Location | str,
    start: datetime | None = None,
    stop: datetime | None = None,
    options: Iterable[str] = (),
) -> str:
    """The same as one line for a shell."""
    return shell_join(command_words(command, what, start, stop, options))
