"""Resolve what a user typed to an archive, and print command lines that open it again.

Only this module looks up names in the config and formats command lines, so the explorer, interrupted runs and errors
all refer to the same archive.
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
    """An archive as the user named it: a name from the config, or a URL (a folder, `s3://…`, either with a layout).

    `url`, `timezone`, `layout` and `s3` are what the name resolves to. `options` are the command-line options that
    resolve it again. `reading` says how records are read; its options do not apply to `ls`, which reads no records.
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
        """The name or URL as it was typed."""
        return self.name or self.url

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that name the archive on a command line."""
        return (f"./{self.title}" if self.title.startswith("-") else self.title, *self.options)

    def with_layout(self, layout: str) -> Location:
        """Return the same location with another layout, also in its options."""
        options, words = list(self.options), option_words({"layout": layout})
        if "--layout" in options:
            at = options.index("--layout")
            del options[at : at + 2]
        return replace(self, layout=layout, options=(*options, *words))

    def open(self, hours: Range | None = None) -> tuple[Archive, Listing]:
        """Open the archive and return it with its listing so far; see `open_listed`."""
        archive, listing = open_listed(self.url, timezone=self.timezone, s3=self.s3, layout=self.layout, hours=hours)
        return replace(archive, reading=self.reading), listing

    def reopened(self, pattern: str) -> Archive:
        """Open the archive with a layout that is already known, without listing anything."""
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
    """Resolve what the user typed. Options override the config's settings for a name.

    ArchiveError if `typed` is blank.
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
    """Return the location of a folder or `s3://` URL that hourscope writes to. It is never looked up in the config."""
    s3 = s3 if is_s3(place) else S3Options()
    url = f"./{place}" if place in config.archives else place
    return Location(url, s3=s3, options=option_words(asdict(s3)))


def option_words(options: Mapping[str, object]) -> tuple[str, ...]:
    """Turn `{"endpoint_url": "http://…"}` into command-line arguments, without options that are not set.

    A tuple repeats its option.
    """
    words: list[str] = []
    for name, values in options.items():
        option = "--" + name.replace("_", "-")
        for value in values if isinstance(values, tuple) else (values,):
            words += [option] if value is True else [option, str(value)] if value else []
    return tuple(words)


def reading_words(reading: Reading) -> tuple[str, ...]:
    """Return the command-line arguments for the reading options that differ from the defaults."""
    usual = asdict(Reading())
    return option_words({name: value for name, value in asdict(reading).items() if value != usual[name]})


def command_words(
    command: str,
    what: Location | str,
    start: datetime | None = None,
    stop: datetime | None = None,
    options: Iterable[str] = (),
) -> list[str]:
    """Return the arguments of `hourscope COMMAND ARCHIVE … --from T --to T OPTIONS`. `what` may be the path of a file.

    Times are absolute, in the archive's time zone: the command means the same tomorrow.
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
    """Warn about keys in a range that a detected layout does not fit, and how to list them.

    There is no warning for a layout that the user chose, except that the layout of a topic misses hosts with dots.
    """
    keys = [key for key in keys if not is_companion(key)]
    if keys and not archive.detected and (missed := archive.missed_hosts(keys, chunks)):
        layout, keys = missed
        words = f"left out {plural(len(keys), 'key')} whose hosts contain dots, such as {printable(keys[0])}"
        return [f"{words}; to read them as well, add --layout {shell_word(layout)}"]
    if not (archive.detected and keys):
        return []
    see = command_line("ls", location, start, stop, ["--json"])
    do = "does" if len(keys) == 1 else "do"
    words = f"left out {plural(len(keys), 'key')} that {do} not fit the detected layout '{archive.layout_option()}'"
    return [f"{words}, such as {keys[0]}; to list them: {see}"]


def far_warnings(catalog: Catalog) -> list[str]:
    """Warn about chunks whose hour is far from all others: the writer's clock may have been wrong."""
    if not catalog.far:
        return []
    chunk, others = catalog.far[0], len(catalog.far) - 1
    more = f" (and {plural(others, 'other chunk')})" if others else ""
    return [
        f"{printable(chunk.key)} of {spell_hour(chunk.hour)}{more} is more than 366 days from every other hour, "
        "so the hours between are not a gap; check the writer's clock"
    ]


def command_line(
    command: str,
    what: Location | str,
    start: datetime | None = None,
    stop: datetime | None = None,
    options: Iterable[str] = (),
) -> str:
    """Return `command_words` as one line, quoted for a shell."""
    return shell_join(command_words(command, what, start, stop, options))
