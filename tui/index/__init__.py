"""The index: a cache about chunks that were read whole, which answers questions or proves that nothing matches."""

from tui.index.store import Index, open_index

__all__ = ["Index", "open_index"]
