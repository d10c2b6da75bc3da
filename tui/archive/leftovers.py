"""Recognize objects that are not chunks by name: leftovers of tools, and files that programs keep next to chunks."""

from __future__ import annotations

import re
from functools import lru_cache

_HALF_WRITTEN = frozenset(
    (".partial", ".part", ".tmp", ".temp", ".inprogress", ".in-progress", ".incomplete", ".pending", ".filepart")
).union((".crdownload", "._copying_"))
_BESIDE = frozenset((".crc", ".md5", ".sha1", ".sha256", ".sha512", ".lock", ".lck", ".swp", ".bak", ".manifest"))
_INSIDE = re.compile(r"\.(?:tmp|temp|partial|in-?progress)[.-][\w-]+$", re.IGNORECASE | re.ASCII)  # Flink adds an id
_ENDS = ("/", "~", "_$folder$")
_NAMES = frozenset(("thumbs.db", "desktop.ini"))
_MANIFEST = re.compile(r"(?:^|[-_.])manifest(?:\.[a-z0-9]+){0,3}$")  # hourscope's, S3 inventory's, Redshift's UNLOAD
# Hadoop hides all names that begin with an underscore. Topics may, so only those of its tools are listed here.
_HIDDEN = re.compile(
    r"(?:^|/)_(?:(?:temporary|tmp|delta_log|spark_metadata|logs|distcp_logs)[\w-]*/"
    r"|(?:SUCCESS|FAILURE|FAILED|metadata|common_metadata|(?:committed|started)_\w*)$)",
    re.ASCII,
)


@lru_cache(maxsize=1 << 13)  # detecting a layout and building a catalog use the same keys
def is_leftover(key: str) -> bool:
    """True if a key is not a chunk by its name: a half-written file, or a companion of chunks.

    Such a key is a chunk only if the layout contains its suffix: `events.%Y-%m-%d_%H.log.tmp`.
    """
    return is_companion(key) or _is_unfinished(key)


def is_companion(key: str) -> bool:
    """True for files that belong next to chunks: hidden files, folder markers, manifests, checksums."""
    if not key or key[0] == "." or "/." in key or key.endswith(_ENDS):
        return True
    if (key[0] == "_" or "/_" in key) and _HIDDEN.search(key):
        return True
    name = key[key.rfind("/") + 1 :].lower()
    if name[max(name.rfind("."), 0) :] in _BESIDE or name in _NAMES:
        return True
    return "manifest" in name and _MANIFEST.search(name) is not None


def _is_unfinished(key: str) -> bool:
    name = key[key.rfind("/") + 1 :].lower()
    return name[max(name.rfind("."), 0) :] in _HALF_WRITTEN or _INSIDE.search(name) is not None
