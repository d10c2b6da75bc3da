"""Home: archives, jobs to resume, extracts and sends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.home.list import HomeList
from tui.app.home.panes import ItemPane, Lead
from tui.app.home.rows import Home, Removable, headline, list_again, question, read_home, removed
from tui.app.model.jobs import Job
from tui.app.page import Page
from tui.app.requests import AddArchive, Failed, OpenArchive, OpenDemo, Report, ResumeJob
from tui.app.widgets.breakpoints import HUGE
from tui.app.widgets.prompt import Prompt
from tui.config import Config
from tui.errors import ConfigError
from tui.history.archives import SeenArchive
from tui.history.extracts import ExtractLine, rename_extract
from tui.history.sends import SendRecord
from tui.history.stopped import Unfinished

_FIND = "find:"
_REFRESH_SECONDS = 2.0  # while something runs


@dataclass
class HomeRead(Message):
    """The items were read."""

    home: Home


class HomePage(Page):
    """Everything that can be opened, with a search. Nothing is downloaded until it is opened."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (HUGE, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "find", id="filter", priority=True),
        Binding("R", "resume", "resume", id="resume"),
        Binding("p", "send", "publish", id="send"),
        Binding("r", "rename", "rename", id="rename", priority=True),
        Binding("o", "type", "open a place", id="open-place", priority=True),
        Binding("plus", "add", "add an archive", id="add"),
        Binding("t", "tour", "tour", id="tour"),
        Binding("u", "refresh", "refresh", show=False, id="refresh"),
        Binding("delete,backspace", "delete", "delete", id="delete", priority=True),
        Binding("y", "copy", "copy the command", show=False, id="copy"),
    ]
    title_of_help = "Home"
    leaves_tour = True
    ASKING = frozenset({"type", "search", "rename", "delete"})

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.home = Home()
        self.searched = ""
        self._own_runs = False
        self._looked = False  # whether folders were listed again since home was opened
        self._added = ""  # the added archive; the cursor goes there once it is listed
        self.lead = Lead()
        self.list = HomeList()
        self.pane = ItemPane()

    def contents(self) -> list[Widget]:
        return [self.lead, Container(self.list, self.pane, id="home")]

    def on_mount(self) -> None:
        self.set_focus(self.list)
        self.refresh_home()
        self.set_interval(_REFRESH_SECONDS, self._follow)

    def on_screen_resume(self) -> None:
        self.refresh_home()

    def refresh_jobs(self, jobs: Sequence[Job]) -> None:
        super().refresh_jobs(jobs)
        self._own_runs = any(job.running for job in jobs)

    def refresh_hours(self) -> None:
        """Read the items again: a job has ended."""
        self.refresh_home()

    def _follow(self) -> None:
        """Refresh while something runs, here or in another process."""
        runs = any(isinstance(item.of, Unfinished) and item.of.running for item in self.home.items)
        if self.is_current and (runs or self._own_runs):
            self.refresh_home()

    def refresh_home(self) -> None:
        """Read the items in a worker, because the journals of many sends take a moment."""
        self.work(lambda: self.post_message(HomeRead(read_home(self.config))), "home", exclusive=True)

    def on_home_read(self, message: HomeRead) -> None:
        self.home = message.home
        self._show()
        if self._added and any(item.name == self._added for item in self.home.items):
            self.list.go_to("archive", self._added)
            self._added = ""
        if not self._looked:
            self._looked = True
            self.work(partial(self._look_again, network=False), "look", exclusive=True)
        if self.home.trouble:
            self.report(self.home.trouble, bad=True)

    def use_config(self, name: str, config: Config) -> None:
        """Use a config with a new archive: list the archive and move the cursor there."""
        self.config, self._added, self.searched = config, name, ""
        self.refresh_home()
        self.work(partial(self._look_again, only=name), "look", exclusive=True)
        self.report(f"{name} was added to the config; enter opens it")

    def _show(self) -> None:
        matching = len(self.home.of(("archive", "demo", "job", "extract", "send"), self.searched))
        words = f"{matching} of {len(self.home.items)} found for '{self.searched}'; esc shows all"
        self.lead.show(words if self.searched else headline(self.home))
        self.list.show(self.home, self.searched)
        self.header.show("home", f"{self.home.at:%a} {self.home.at.day} {self.home.at:%b %Y %H:%M} UTC")
        self.refresh_bindings()

    def on_choice_list_moved(self) -> None:
        self.pane.show(self.list.item)
        self.refresh_bindings()

    # Actions on the item under the cursor.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        item = self.list.item
        of = item.of if item else None
        if action == "resume":
            stopped = isinstance(of, Unfinished) and not of.running
            return stopped or (isinstance(of, ExtractLine) and of.state == "stopped")
        if action in ("send", "rename") and not isinstance(of, ExtractLine):
            return False
        if action == "delete" and (item is None or of is None or isinstance(of, SendRecord) or item.running):
            return False
        return super().check_action(action, parameters)

    def on_choice_list_chosen(self) -> None:
        if (item := self.list.item) is None:
            return
        match item.of:
            case Unfinished() as job:
                if job.running and job.pid == os.getpid():
                    self.action_jobs()
                else:
                    self._resume(job)
            case ExtractLine() as line:
                self._open_extract(line)
            case SendRecord():
                self.action_explain()
            case SeenArchive() as seen if item.kind != "demo":
                named = seen.title in self.config.archives
                self.request(OpenArchive(item.url, None if named else seen.location))
            case _ if item.kind == "demo":
                self.request(OpenDemo())
            case _:
                self.request(OpenArchive(item.url))

    def _open_extract(self, line: ExtractLine, *, send: bool = False) -> None:
        self.request(OpenArchive.of_place(line.place, self.config, send=send))

    def action_resume(self) -> None:
        of = self.list.item.of if self.list.item else None
        if isinstance(of, ExtractLine):
            jobs = (item.of for item in self.home.of(("job",)) if isinstance(item.of, Unfinished))
            of = next((job for job in jobs if job.of == of), None)
        if isinstance(of, Unfinished):
            self._resume(of)

    def _resume(self, job: Unfinished) -> None:
        if job.obstacle:
            self.report(job.obstacle, bad=not job.running)
        else:
            self.request(ResumeJob(job))

    def action_send(self) -> None:
        item = self.list.item
        if item is not None and isinstance(item.of, ExtractLine):
            self._open_extract(item.of, send=True)

    def action_rename(self) -> None:
        item = self.list.item
        if item is not None and isinstance(line := item.of, ExtractLine):
            self.ask("name of the extract:", partial(self._rename, line), line.name)

    def _rename(self, line: ExtractLine, text: str) -> str:
        if not text.strip():
            raise ConfigError("an extract needs a name; esc keeps the old one")
        rename_extract(line, text.strip())
        self.refresh_home()
        return f"{line.place} is listed as {text.strip()}"

    def action_delete(self) -> None:
        of = self.list.item.of if self.list.item else None
        if of is not None:
            self.ask(question(of), partial(self._remove, of))

    def _remove(self, what: Removable, text: str) -> str:
        sentence = removed(what, text)
        self.refresh_home()
        return sentence

    # Finding.

    def action_search(self) -> None:
        self.ask(_FIND, self._search, self.searched)

    def _search(self, text: str) -> str | None:
        self.searched = text.strip()
        self._show()
        return None

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        """Narrow the list with each letter."""
        if message.question == _FIND and self.searched != message.text.strip():
            self._search(message.text)

    def action_step_back(self) -> None:
        if self.searched:
            self._search("")
        else:
            self.report("this is home; q quits")

    # Opening a place.

    def action_type(self) -> None:
        self.ask("folder or s3://bucket/prefix:", self._open)

    def _open(self, text: str) -> None:
        if text.strip():
            self.request(OpenArchive(text.strip()))

    def action_add(self) -> None:
        self.request(AddArchive())

    def action_tour(self) -> None:
        self.request(OpenDemo(tour=True))

    # Looking again.

    def action_refresh(self) -> None:
        self.report("listing the newest hours of every archive …")
        self.work(self._look_again, "look", exclusive=True)

    def _look_again(self, *, network: bool = True, only: str = "") -> None:
        """List new hours of the archives, or of one; without `network`, only of archives in folders."""
        worker = get_current_worker()
        sign_in = self.sign_in if network else None
        home = read_home(self.config)
        if only:
            home = replace(home, items=tuple(item for item in home.items if item.url == only))
        troubles = list_again(home, self.config, sign_in, lambda: worker.is_cancelled)
        self.post_message(HomeRead(read_home(self.config)))
        if troubles and network:
            self.post_message(Failed("; ".join(troubles)))
        elif network and not only:
            self.post_message(Report("the newest hours of every archive are listed"))

    # Copying and explaining.

    def action_copy(self) -> None:
        if self.list.item is not None:
            self.copy(self.list.item.command)

    @property
    def subject(self) -> str:
        return self.list.item.name if self.list.item is not None else self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        item = self.list.item
        about = self.pane.sentences(item) if item is not None else ()
        lists = ("extracts", "sends", "jobs")
        return (
            *about,
            *((f"$ {item.command}",) if item is not None else ()),
            "Home lists what this machine knows, without reading any archive: the strips show the last listing. "
            f"Named archives come from {self.config.path}: [archives.NAME] with a url. Any folder or s3:// place can "
            "be opened without a name.",
            *(f"$ hourscope {name}" for name in lists),
        )
