"""The header (place, hours, counts, sizes, time zone), the footer (keys), notices, and the bar above a pane."""

from __future__ import annotations

from textwrap import wrap

from rich.cells import cell_len
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input

from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten, shorten_middle, strip_of
from tui.app.widgets.theme import Palette
from tui.demo.tour import Tour
from tui.printable import printable

_NAMES = {
    "question_mark": "?", "slash": "/", "colon": ":", "comma": ",", "semicolon": ";", "apostrophe": "'",
    "plus": "+", "equals_sign": "=", "minus": "-", "escape": "esc", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}", "exclamation_mark": "!",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "shift+up": "shift+↑", "shift+down": "shift+↓",
    "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "delete": "Del", "backspace": "Bksp",
    "greater_than_sign": ">", "less_than_sign": "<",
}  # fmt: skip


def spell_key(key: str) -> str:
    """Return a key's readable name: `question_mark` → `?`."""
    first = key.split(",")[0]
    return _NAMES.get(first, first.replace("ctrl+", "^"))


class HeaderLine(LineWidget):
    """One line: the program, the place, and on the right the facts of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._place = ""
        self._facts: tuple[str, ...] = ()
        self._job = ""

    def show_job(self, job: str) -> None:
        """Show a job of another screen; an empty text shows none."""
        self._job = job
        self.repaint()

    def show(self, place: str, *facts: str) -> None:
        """Show the place, and facts in order of importance; if room is short, the last ones are omitted, those about
        trouble after all others."""
        self._place, self._facts = printable(place), tuple(printable(fact) for fact in facts if fact)
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        facts = list(self._facts)
        job = f"{self._job}   " if self._job else ""
        while len(facts) > 1 and len(job + " · ".join(facts)) > width - 28:
            calm = [at for at, fact in enumerate(facts) if at and not fact.startswith(_TROUBLE)]
            facts.pop(calm[-1] if calm else -1)
        right: list[Piece] = [(job, palette.selected)]
        for fact in facts:
            style = palette.trouble if fact.startswith(_TROUBLE) else palette.bar
            right += [(" · " if len(right) > 1 else "", palette.bar), (fact, style)]
        right.append((" ", palette.bar))
        room = max(width - sum(cell_len(text) for text, _ in right) - 14, 8)
        left: list[Piece] = [
            (" hourscope  ", palette.title),
            (_shorten_place(self._place, room), palette.strong),
        ]
        return strip_of(both_ends(left, right, width), width)


def _shorten_place(place: str, room: int) -> str:
    """Return a place in `room` cells. The description after an extract's name is shortened first."""
    name, dot, about = place.partition(" · ")
    left = room - cell_len(name + dot)
    return f"{name}{dot}{shorten(about, left)}" if about and left >= _ABOUT else shorten_middle(name, room)


def _size(key: str, label: str) -> int:
    return len(key) + len(label) + 3


class KeyLine(LineWidget):
    """One line: the keys of the screen and of the focused widget, as far as they fit; or one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._notice = ""
        self._bad = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _: Screen[object]) -> None:
        self.repaint()

    def report(self, notice: str, *, bad: bool = False) -> None:
        """Show one sentence instead of the keys."""
        self._notice, self._bad = printable(notice), bad
        self.repaint()

    def clear(self) -> None:
        if self._notice:
            self.report("")

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        if self._notice:
            style = palette.trouble if self._bad else palette.strong
            return strip_of([(" ", style), (self._notice, style)], width)
        pieces: list[Piece] = [(" ", palette.bar_dim)]
        for key, label, _, _ in self._fitting(width):
            pieces += [(f"{key} ", palette.key), (f"{label}  ", palette.bar_dim)]
        return strip_of(pieces, width)

    def point_at(self, x: int, y: int) -> bool:
        """Press the clicked key."""
        end = 1
        for key, label, _, pressed in [] if self._notice else self._fitting(self.size.width):
            end += _size(key, label)
            if x < end:
                self.app.simulate_key(pressed)
                break
        return False

    def _fitting(self, width: int) -> list[tuple[str, str, int, str]]:
        keys = self._keys()
        while sum(_size(key, label) for key, label, _, _ in keys) > width:
            loose = [number for number, (_, _, rank, _) in enumerate(keys) if rank < _KEPT]
            if not loose:
                break
            del keys[loose[-1]]
        return keys

    def _keys(self) -> list[tuple[str, str, int, str]]:
        """Return (key, label, rank, the key's name) of each binding to show, one per action, in the screen's order."""
        keys: dict[str, tuple[str, str, int, str]] = {}
        typing = isinstance(self.screen.focused, Input)
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if typing and len(spell_key(binding.key)) == 1:
                continue  # it would be typed into the input
            if binding.show and enabled and binding.action not in keys:
                key = spell_key(binding.key_display or binding.key)
                last = binding.action == "leave" and len(self.app.screen_stack) <= 2
                label = "quit" if last else binding.description
                keys[binding.action] = (key, label, _rank(binding), binding.key)
        return sorted(keys.values(), key=lambda item: item[2])


class Notice(LineWidget):
    """A sentence over the lines above the keys: one that is too long for the line of keys, or shown during a prompt."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._bad = False

    def report(self, sentence: str, *, bad: bool, asking: bool) -> None:
        """Show a sentence, wrapped, unless it fits on the line of keys. `asking`: the last line has the prompt."""
        self._bad = bad
        room = max(self.app.size.width - 2, 10)
        self._lines = wrap(printable(sentence), room, break_on_hyphens=False)[:_MAX_LINES]
        self.display = len(self._lines) > (0 if asking else 1)
        self.styles.height = max(len(self._lines) + asking, 1)
        self.repaint()

    def clear(self) -> None:
        self.display = False

    def draw(self, y: int, width: int) -> Strip:
        style = self.palette.trouble if self._bad else self.palette.strong
        return strip_of([(" ", style), (self._lines[y] if y < len(self._lines) else "", style)], width)


class TourLine(LineWidget):
    """The tour, above the keys: an explanation of the last step, or help; below it the current step,
    `3 of 10  Go to an hour without a chunk`. Hidden without a tour."""

    def __init__(self) -> None:
        super().__init__()
        self._tour: Tour | None = None
        self._drawn: tuple[str, str, int] = ("", "", 0)
        self._lines: list[list[Piece]] = []

    def show(self, tour: Tour | None) -> None:
        self._tour, width = tour, self.app.size.width
        drawn = (tour.words, tour.aside, width) if tour is not None else ("", "", 0)
        if drawn != self._drawn:
            self._drawn = drawn
            self._lines = self._wrapped(tour, width) if tour is not None else []
            self.display = bool(self._lines)
            self.styles.height = max(len(self._lines), 1)
            self.repaint()

    def _wrapped(self, tour: Tour, width: int) -> list[list[Piece]]:
        """Wrap the texts. The key of the hint is on the right of the step."""
        palette = self.palette
        room = min(width - 2, _READABLE)
        sign, _, words = tour.aside.partition(" ") if tour.aside.startswith("✓ ") else ("", "", tour.aside)
        aside = wrap(words, room - 2, break_on_hyphens=False)
        lines: list[list[Piece]] = [
            [(f" {'' if at else sign:<2}", palette.good), (line, palette.text)] for at, line in enumerate(aside)
        ]
        number, _, text = tour.words.partition("  ")
        hint = _HINT if tour.step is not None else ""
        indent = len(number) + 3
        for at, line in enumerate(wrap(text, max(width - indent - len(_HINT) - 1, 10), break_on_hyphens=False)):
            left: list[Piece] = [(f" {'' if at else number}".ljust(indent), palette.selected), (line, palette.strong)]
            lines.append(both_ends(left, [("" if at else hint, palette.bar_dim)], width))
        return lines

    def draw(self, y: int, width: int) -> Strip:
        return strip_of(self._lines[y] if y < len(self._lines) else [], width)


_MAX_LINES = 8
_TROUBLE = ("! ", "·· ")  # the starts of facts about damage or gaps
_HINT = "H hint "
_ABOUT = 12  # cells: the shortest useful description of an extract
_READABLE = 100  # cells of prose
_KEPT = 90  # keys of this rank and above are shown even if room is short


def _rank(binding: Binding) -> int:
    """Return a binding's rank: the main actions first, help and leaving last."""
    ranks = {
        "start": -9,
        "open": -9,
        "filter": -8,
        "range": -7,
        "scan": -6,
        "diff": -5,
        "help": _KEPT,
        "leave": _KEPT + 1,
        "close": _KEPT + 1,
    }
    return ranks.get(binding.action.rpartition(".")[2], 0)


class TitleBar(LineWidget):
    """The title of the pane below, with its key on the right, below an empty line."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ("", "")

    def show(self, title: str, keys: str) -> None:
        self._words = (title, keys)
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        return titled(*self._words, self.palette, width) if y else Strip.blank(width)


def titled(title: str, keys: str, palette: Palette, width: int) -> Strip:
    """Return a bar with a title on the left, and its key or a description on the right."""
    left, right = f" {printable(title)}", f"{printable(keys)} "
    pieces = both_ends([(left, palette.title)], [(right, palette.bar_dim)], width)
    return strip_of(pieces, width, palette.cursor_idle)
