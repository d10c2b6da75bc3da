"""A page whose work goes on when it is left: it is kept until hourscope ends, and `J` leads back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.screens.page import Page


@dataclass(frozen=True, slots=True)
class JobState:
    """`share` is 0 to 1, or None where it is not known how much there is. `words` say the rest."""

    sign: str
    share: float | None = None
    words: str = ""

    def brief(self, kind: str) -> str:
        """`▸ scan 42 %`."""
        done = f" {int(100 * self.share)} %" if self.share is not None and self.sign == RUNNING else ""
        return f"{self.sign} {kind}{done}"


RUNNING, PAUSED, DONE, STOPPED, FAILED = "▸", "‖", "✓", "✗", "!"


class JobPage(Page):
    """Subclasses say what they do and how far they are, and call `begun` when it begins, `moved` as it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("S", "stop", "stop", id="job-stop")]
    kind = "job"
    seen = True
    """Was its end looked at?"""

    @property
    def running(self) -> bool:
        raise NotImplementedError

    @property
    def job_title(self) -> str:
        """What it works on, in a few words."""
        raise NotImplementedError

    @property
    def job_state(self) -> JobState:
        raise NotImplementedError

    @property
    def resume_command(self) -> str:
        """The command line that goes on where it stopped; empty where there is none."""
        raise NotImplementedError

    def begun(self) -> None:
        """Its work begins: it stays when it is left."""
        self.seen = False
        self.explorer.keep(self)

    def moved(self) -> None:
        """It got further, or it ended: the other screens say so."""
        if self not in self.explorer.job_pages:
            return
        self.seen = self.seen or (self.is_current and not self.running)
        self.explorer.tell_jobs()
        if not self.running and not self.is_current:
            self.explorer.tell_end(self)

    def on_screen_resume(self) -> None:
        self.seen = self.seen or not self.running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.running if action == "stop" else super().check_action(action, parameters)

    def action_stop(self) -> None:
        self.interrupt()
