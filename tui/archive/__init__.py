"""What an archive is, and how its chunks are listed, read and written."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui.archive.archive import Archive, empty_range
from tui.archive.catalog import Catalog, Gap
from tui.archive.chunk import Chunk, Damage, StoredObject
from tui.archive.layout import Layout
from tui.archive.open import open_archive
from tui.archive.reading import Reading

if TYPE_CHECKING:
    from tui.archive.block import Block
    from tui.archive.reader import ChunkReader

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

_LATER = {"Block": "block", "ChunkReader": "reader"}


def __getattr__(name: str) -> Any:
    """What only those who read records wait for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
