"""Archives: listing, reading and writing their chunks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.archive.archive import Archive, empty_range
    from tui.archive.block import Block
    from tui.archive.catalog import Catalog, Gap
    from tui.archive.chunk import Chunk, Damage, StoredObject
    from tui.archive.layout import Layout
    from tui.archive.open import open_archive
    from tui.archive.reader import ChunkReader
    from tui.archive.reading import Reading

_MODULES = {
    "Archive": "archive",
    "Block": "block",
    "Catalog": "catalog",
    "Chunk": "chunk",
    "ChunkReader": "reader",
    "Damage": "chunk",
    "Gap": "catalog",
    "Layout": "layout",
    "Reading": "reading",
    "StoredObject": "chunk",
    "empty_range": "archive",
    "open_archive": "open",
}

__all__ = [
    "Archive",
    "Block",
    "Catalog",
    "Chunk",
    "ChunkReader",
    "Damage",
    "Gap",
    "Layout",
    "Reading",
    "StoredObject",
    "empty_range",
    "open_archive",
]


def __getattr__(name: str) -> Any:
    """Import names on first use: a scanning process reads chunks and need not wait for the modules that list them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
