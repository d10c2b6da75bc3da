"""What is remembered of chunks that were read whole: a cache that answers, or proves that there is nothing to find."""

from tui.index.store import Index, open_index

__all__ = ["Index", "open_index"]
