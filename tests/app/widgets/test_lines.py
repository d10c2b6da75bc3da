"""Text in cells: what is shortened fits, and keeps its ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.widgets.lines import fit, shorten, shorten_middle

texts = st.text(st.sampled_from("ab/.東京🔑é"), max_size=30)
widths = st.integers(1, 30)


@given(texts, widths)
def test_a_shortened_text_fits_and_says_so(text: str, width: int) -> None:
    for cut in (shorten(text, width), shorten_middle(text, width)):
        assert cell_len(cut) <= width
        assert cut == text if cell_len(text) <= width else "…" in cut
    assert cell_len(fit(text, width)) == width


def test_both_ends_of_a_place_are_kept() -> None:
    assert shorten_middle("s3://東京-events/2015/01", 15) == "s3://東…2015/01"
    assert shorten_middle("s3://bucket/events/2015", 11) == "s3://…/2015"
