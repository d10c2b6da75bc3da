"""Choosing what of a preview is in sight: all records, matches, lines around them; the tree, the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.preview.around import CHOICES
from tui.units import plural

if TYPE_CHECKING:
    from tui.app.screens.preview import PreviewPage

_NO_FILTER = "every record is shown: there is no filter; / types one, = on a value makes one"


class Viewing:
    """Works for one preview."""

    def __init__(self, page: PreviewPage) -> None:
        self._page = page

    def all(self) -> None:
        """All records with the matching ones marked, or only those."""
        page, showing = self._page, self._page.showing
        showing.only, showing.marked = not showing.only, False
        page.show()
        if not showing.filtered:
            page.say(_NO_FILTER)
        elif showing.only:
            page.say("only matching records" + (f", ±{plural(showing.lines, 'line')}" if showing.lines else ""))
        else:
            page.say("all records; ▎ marks the matching ones, n and N go to them")

    def around(self) -> None:
        """Matches with 0, 1, 3 or 10 lines around them."""
        page, showing = self._page, self._page.showing
        if not showing.filtered:
            page.say(_NO_FILTER)
            return
        lines = CHOICES[(CHOICES.index(showing.lines) + 1) % len(CHOICES)]
        showing.only, showing.marked = True, False
        showing.surround(lines)
        page.show()
        around = f"matches with {plural(lines, 'line')} around them; n and N go from match to match"
        page.say(around if lines else "only matching records")

    def fields(self) -> None:
        """The fields of all records, or again the one record."""
        page, shown = self._page, not self._page.panel.display
        page.panel.display, page.nodes.display = shown, not shown
        page.set_focus(page.panel if shown else page.listing)
        page.show()

    def tree(self) -> None:
        """The record beside the list, or the list alone."""
        page = self._page
        if page.panel.display:
            self.fields()
            return
        page.nodes.display = not page.nodes.display
        if not page.nodes.display:
            page.set_focus(page.listing)

    def back(self) -> bool:
        """Close the fields, leave the marks, go from the tree to the list; False where nothing is open."""
        page = self._page
        if page.panel.display:
            self.fields()
        elif page.showing.marked:
            page.marking.look()
        elif page.focused is not page.listing:
            page.set_focus(page.listing)
        else:
            return False
        return True
