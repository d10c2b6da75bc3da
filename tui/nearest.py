"""Did you mean …? The nearest of the known names to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable

_SIMILARITY = 0.6  # of 1; difflib's own default


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most resembles, whatever its case and dashes; None if none is similar."""
    from difflib import get_close_matches  # only those who mistype wait for it

    plain = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(name), plain, n=1, cutoff=_SIMILARITY)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
