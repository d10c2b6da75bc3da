"""What an archive is, and how its chunks are listed, read and written."""

from tui.archive.archive import Archive, empty_range
from tui.archive.block import Block
from tui.archive.catalog import Catalog, Gap
from tui.archive.chunk import Chunk, Damage, StoredObject
from tui.archive.layout import Layout
from tui.archive.open import open_archive
from tui.archive.reader import ChunkReader, Reading

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
