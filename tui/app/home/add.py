"""Adding an archive to the config: the user types a place; its layout, time zone and access are detected."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from tui.analysis.zone import zone_of_uploads
from tui.app.model.opening import first_listing
from tui.app.page import Page
from tui.app.requests import ArchiveAdded
from tui.app.widgets.board import Board
from tui.app.widgets.prompt import Label, TextInput
from tui.app.widgets.workers import stream
from tui.archive import Archive, Catalog
from tui.archive.location import Location
from tui.archive.store import is_s3
from tui.archive.times import parse_zone, spell_hour, zone_name
from tui.config import Config, S3Options, load_config
from tui.config_file import save_archive
from tui.errors import ArchiveError, ConfigError, HourscopeError
from tui.facts import Fact
from tui.history.naming import name_part
from tui.scan.heads import heads
from tui.scan.time_field import time_field
from tui.units import count, plural, size

_IDLE_SECONDS = 1.0  # without typing, before a place is listed
_OPTIONS = {"--profile": "profile", "--region": "region", "--endpoint-url": "endpoint_url"}
_FLAGS = {"--no-sign-request": "no_sign_request", "--request-payer": "request_payer"}
_RECORDS = 20  # read as a sample


@dataclass(frozen=True, slots=True)
class TypedArchive:
    """A place as typed, with options as on the command line."""

    url: str
    layout: str | None = None
    s3: S3Options = field(default_factory=S3Options)

    @classmethod
    def read(cls, words: str) -> TypedArchive:
        """Parse `s3://bucket/prefix --profile prod`. Raises ConfigError for an unknown option."""
        try:
            url, *rest = shlex.split(words) or [""]
        except ValueError as error:
            raise ConfigError(f"missing closing quote in: {words}") from error
        place = cls(url)
        while rest:
            option = rest.pop(0)
            if option == "--layout" and rest:
                place = replace(place, layout=rest.pop(0))
            elif option in _OPTIONS and rest:
                place = replace(place, s3=_with_option(place.s3, _OPTIONS[option], rest.pop(0)))
            elif option in _FLAGS:
                place = replace(place, s3=_with_option(place.s3, _FLAGS[option], True))
            else:
                known = ", ".join(["--layout", *_OPTIONS, *_FLAGS])
                raise ConfigError(f"'{option}' is unknown here or lacks its value; use {known}")
        return place

    @property
    def name(self) -> str:
        """The suggested name."""
        return name_part(self.url.partition("%")[0].rstrip("/.").rpartition("/")[2]) or "archive"


def _with_option(options: S3Options, name: str, value: str | bool) -> S3Options:
    given: dict[str, Any] = {name: value}
    return replace(options, **given)


@dataclass
class PlaceRead(Message):
    """A place that was read: the archive and its first listing, or `trouble`. `zone`: fits the upload times."""

    words: str
    place: TypedArchive = field(default_factory=lambda: TypedArchive(""))
    archive: Archive | None = None
    catalog: Catalog | None = None
    zone: str = ""
    access: str = ""
    time_field: str | None = None
    trouble: str = ""


def look(words: str, sign_in: Callable[[str, S3Options], None]) -> Iterator[PlaceRead]:
    """List a place and read a little of it; then yield the same with the zone that fits the upload times.

    A bucket that denies access is also tried without credentials.
    """
    try:
        place = TypedArchive.read(words)
        sign_in(place.url, place.s3)
        place, archive, catalog = _listed(place)
        looked = _readable(PlaceRead(words, place, archive, catalog), archive, catalog)
        yield looked
        yield replace(looked, zone=zone_name(zone_of_uploads(archive, catalog)))
    except HourscopeError as error:
        yield PlaceRead(words, trouble=str(error))


def _listed(place: TypedArchive) -> tuple[TypedArchive, Archive, Catalog]:
    try:
        archive, catalog, _ = first_listing(_location(place))
    except ArchiveError:
        if not is_s3(place.url) or place.s3.no_sign_request:
            raise
        place = replace(place, s3=replace(place.s3, no_sign_request=True))
        with suppress(ArchiveError):  # the first error is more informative
            archive, catalog, _ = first_listing(_location(place))
            return place, archive, catalog
        raise
    return place, archive, catalog


def _location(place: TypedArchive) -> Location:
    return Location(place.url, layout=place.layout, s3=place.s3)


def _readable(looked: PlaceRead, archive: Archive, catalog: Catalog) -> PlaceRead:
    how = (
        "without credentials" if looked.place.s3.no_sign_request else "as " + (looked.place.s3.profile or "the default")
    )
    whose = f", {how}" if is_s3(looked.place.url) else ""
    try:
        for chunk in catalog.chunks[-1:]:
            with archive.store.open(chunk.key, etag=chunk.etag) as stream:
                stream.read(1)
    except HourscopeError as error:
        return replace(looked, access=f"can be listed but not read{whose}: {error}")
    sample = [(chunk.hour, records) for chunk, records in heads(archive, catalog.chunks, limit=2, records=_RECORDS)]
    return replace(looked, access=f"can be listed and read{whose}", time_field=time_field(sample, archive.zone))


class AddPage(Page):
    """The form. It lists the place on enter, or after a second without typing; enter then writes the config."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "next field", id="pane", priority=True),
        Binding("enter", "submit", "check, then write", id="open"),
        Binding("escape", "step_back", "cancel", id="step-back"),
    ]
    title_of_help = "Adding an archive"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.place, self.label, self.zone = TextInput("s3://bucket/prefix or /a/folder"), TextInput(), TextInput()
        self.board = Board()
        self.looked: PlaceRead | None = None
        self._typed = ""
        self._suggested = ("", "")  # name and zone; new suggestions replace them unless the user has edited them
        self._timer: Timer | None = None

    def contents(self) -> list[Widget]:
        fields = (("place", self.place), ("name", self.label), ("time zone", self.zone))
        return [*(Horizontal(Label(f" {words:<12}"), field, classes="field") for words, field in fields), self.board]

    def on_mount(self) -> None:
        self.header.show("home", "add an archive")
        self.set_focus(self.place)
        self._show()

    # Looking.

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.clear_report()
        if event.input is self.place and event.value.strip() != self._typed:
            self._typed = event.value.strip()
            self.workers.cancel_group(self, "look")
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(_IDLE_SECONDS, self._look) if self._typed else None
        self._show()

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        stream(self, look(self._typed, self.sign_in), "look")

    def on_place_read(self, message: PlaceRead) -> None:
        if message.words != self._typed:
            return
        self.looked = message
        if message.archive is not None:
            suggested = message.place.name, message.zone
            for field, old, new in zip((self.label, self.zone), self._suggested, suggested, strict=True):
                field.value = new if field.value in ("", old) else field.value
            self._suggested = suggested
        self._show()

    # Writing.

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        looked = self.looked
        if not self._typed:
            self.report("type a folder, or s3://bucket/prefix")
        elif looked is None or looked.words != self._typed:
            self._look()
        elif looked.archive is None:
            self.report(looked.trouble, bad=True)
        else:
            self._save(looked)

    def _save(self, looked: PlaceRead) -> None:
        name = self.label.value.strip()
        try:
            save_archive(self.config.path, name, self._keys(looked))
            self.request(ArchiveAdded(name, load_config(self.config.path)))
        except HourscopeError as error:
            self.report(str(error), bad=True)

    def _keys(self, looked: PlaceRead) -> dict[str, str | bool]:
        """Return the archive's keys for the config, without defaults and without what is detected each time."""
        place, zone = looked.place, self.zone.value.strip()
        parse_zone(zone or None)
        s3 = {key: value for key, value in asdict(place.s3).items() if value}
        given = {"timezone": zone if zone not in ("", "UTC") else None, "layout": place.layout}
        return {"url": place.url, **{key: value for key, value in given.items() if value}, **s3}

    # What is shown.

    def _show(self) -> None:
        looked = self.looked if self.looked and self.looked.words == self._typed else None
        if not self._typed:
            rows = [Fact("", "Which archive?", "headline"), Fact()]
            rows += [Fact("", "a folder or s3://bucket/prefix, then options: --profile prod, --layout …", "dim")]
        elif looked is None:
            rows = [Fact("", "Listing it …", "headline")]
        elif looked.archive is None or looked.catalog is None:
            rows = [Fact("", "This place cannot be read.", "headline"), Fact(), Fact("", looked.trouble, "trouble")]
        else:
            rows = self._facts(looked, looked.archive, looked.catalog)
        self.board.show([Fact(), *rows])

    def _facts(self, looked: PlaceRead, archive: Archive, catalog: Catalog) -> list[Fact]:
        hours, newest = plural(len(catalog.hours), "hour"), catalog.last
        so_far = " in the newest month" if catalog.unlisted else ""
        to = f", to {newest:%a} {newest.day} {newest:%b %Y %H:00}" if newest else ""
        fits = "fits the upload times" if looked.zone not in ("", "UTC") else ""
        others = f"{plural(len(catalog.unmatched), 'key')} left out" if catalog.unmatched else ""
        names = list(self.config.archives)
        kept = f"{', '.join(names)} {'stays' if len(names) == 1 else 'stay'}" if names else "it has no archive yet"
        return [
            Fact("", f"{count(len(catalog.chunks))} chunks of {hours}{so_far}{to}.", "headline"),
            Fact(),
            Fact("layout", archive.layout.pattern, "text", others or ("detected" if archive.detected else "as typed")),
            Fact("time zone", looked.zone or "comparing upload times …", "text" if looked.zone else "dim", fits),
            Fact("access", looked.access, "trouble" if "not read" in looked.access else "good"),
            Fact("time", looked.time_field or "no time field in the records", "text"),
            Fact("size", size(catalog.size), "text", f"from {spell_hour(catalog.first)}" if catalog.first else ""),
            Fact(),
            Fact("", f"enter writes it to {self.config.path}", "you"),
            Fact("", f"nothing else in that file changes ({kept}); tab goes to the next field, esc cancels", "dim"),
        ]

    def explanation(self) -> tuple[str, ...]:
        return ("An archive in the config is opened by its name: hourscope NAME.", "$ hourscope config path")
