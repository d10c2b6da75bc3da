"""Home: choosing an archive, and waiting for its listing."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.page import Page
from tui.app.requests import Failed, OpenArchive, OpenDemo
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.words import Words
from tui.config import Config

DEMO = "demo"


class OpeningPage(Page):
    """An archive is being listed; a failure is shown here."""

    title_of_help = "Opening an archive"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.words = Words((f"Listing {url} …", "", "Only names and sizes are read. esc gives up."))

    def contents(self) -> list[Widget]:
        return [self.words]

    def on_mount(self) -> None:
        self.header.show(self.url, "listing")

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        self.header.show(self.url, "not opened")
        self.words.show(("This archive could not be opened.", "", message.sentence, "", "esc goes back; ctrl+q quits."))

    def explanation(self) -> tuple[str, ...]:
        return (
            "The archive's objects are being listed: their names, sizes and times of upload. Nothing is downloaded.",
        )


class ChoosePage(Page):
    """The archives of the config file, the demo, or a place to be typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "type", "open a place", id="open-place", priority=True),
    ]
    title_of_help = "Choosing an archive"
    ASKING = frozenset({"type"})

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        named = [Choice(name, spec.url, name) for name, spec in sorted(config.archives.items())]
        demo = Choice("demo", "two weeks of made-up player events, with an incident to find", DEMO)
        self.choices = Choices([*named, demo])

    def contents(self) -> list[Widget]:
        lead = "Which archive?"
        hint = "enter opens the one under the cursor; o opens a folder or s3://bucket/prefix."
        if not self.config.archives:
            hint += f" Archives that have a name in {self.config.path} are listed here as well."
        return [Words((lead, "", hint)), self.choices]

    def on_mount(self) -> None:
        self.header.show("choose an archive")
        self.set_focus(self.choices)

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        if event.value == DEMO and DEMO not in self.config.archives:
            self.request(OpenDemo())
        else:
            self.request(OpenArchive(event.value))

    def action_type(self) -> None:
        self.ask("folder or s3://bucket/prefix:", self._open)

    def _open(self, text: str) -> None:
        if text.strip():
            self.request(OpenArchive(text.strip()))

    def explanation(self) -> tuple[str, ...]:
        return (
            f"Archives with a name come from {self.config.path}: [archives.NAME] with a url. Any folder or s3:// place "
            "can be opened without one.",
            "$ hourscope s3://bucket/prefix",
        )
