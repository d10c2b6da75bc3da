"""The README's pictures show what the explorer looks like now."""

from __future__ import annotations

from tests.app.screenshots import pictures, stale


async def test_the_pictures_are_fresh() -> None:
    assert stale(await pictures()) == [], "run: python -m tests.app.screenshots (or make screenshots)"
