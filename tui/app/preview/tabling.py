"""Choosing the columns of a preview's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.preview.columns import split
from tui.errors import FilterError
from tui.filter.build import spell_path

if TYPE_CHECKING:
    from tui.app.screens.preview import PreviewPage


class Tabling:
    """Works for one preview; what is chosen is the session's, for every hour."""

    def __init__(self, page: PreviewPage) -> None:
        self._page = page

    def node(self) -> None:
        """The node under the tree's cursor becomes a column, or is none any more."""
        page, row = self._page, self._page.nodes.current
        if row is None or not row.path or row.embedded:
            page.say("put the tree's cursor on a value: c makes it a column; C takes any JMESPath")
            return
        text, before = spell_path(row.path), page.session.columns
        self.put(tuple(each for each in before if each != text) if text in before else (*before, text))

    def ask(self) -> None:
        """All of them as text: any JMESPath, in any order."""
        shown = ", ".join(self._page.session.columns)
        self._page.prompt.ask("columns, as JMESPath, … (none: what suits):", self._take, shown)

    def _take(self, text: str) -> None:
        try:
            self.put(split(text))
        except FilterError as error:
            self._page.refuse(str(error))

    def put(self, columns: tuple[str, ...]) -> None:
        self._page.session.columns = columns
        self._page.listing.ordain(columns)
        words = f"columns: {', '.join(columns)}; C orders them" if columns else "the columns that suit these records"
        self._page.say(words)
