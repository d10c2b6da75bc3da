"""The known name nearest to an unknown one, for "did you mean …?"."""

from __future__ import annotations

from collections.abc import Iterable

_SIMILARITY = 0.6  # of 1; difflib's own default


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to `name`, ignoring case and dashes; None if none is similar."""
    from difflib import get_close_matches  # slow to import, and only needed after a typo

    plain = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(name), plain, n=1, cutoff=_SIMILARITY)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
