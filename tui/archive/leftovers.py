"""Objects that are not chunks by their names: what tools leave behind, and what other programs keep beside chunks."""

from __future__ import annotations

import re

_HALF_WRITTEN = (".partial", ".part", ".tmp", ".temp", ".inprogress", ".in-progress", ".incomplete", ".pending")
_DOWNLOADS = (".filepart", ".crdownload", "._copying_")
_BESIDE = (".crc", ".md5", ".sha1", ".sha256", ".sha512", ".lock", ".lck", ".swp", ".bak", ".manifest")
_SUFFIXES = frozenset((*_HALF_WRITTEN, *_DOWNLOADS, *_BESIDE))
_INSIDE = re.compile(r"\.(?:tmp|temp|partial|in-?progress)[.-][\w-]+$", re.IGNORECASE | re.ASCII)  # Flink adds an id
_ENDS = ("/", "~", "_$folder$")
_NAMES = frozenset(("thumbs.db", "desktop.ini"))
_MANIFEST = re.compile(r"(?:^|[-_.])manifest(?:\.[a-z0-9]+){0,3}$")  # hourscope's, S3 inventory's, Redshift's UNLOAD
# Hadoop hides names that begin with an underscore; here only those of its tools, as topics may begin so.
_HIDDEN = re.compile(
    r"(?:^|/)_(?:(?:temporary|tmp|delta_log|spark_metadata|logs|distcp_logs)[\w-]*/"
    r"|(?:SUCCESS|FAILURE|FAILED|metadata|common_metadata|(?:committed|started)_\w*)$)",
    re.ASCII,
)


def is_leftover(key: str) -> bool:
    """Is it a leftover of a tool, a marker or a manifest by its name?

    Such a key is a chunk only where a layout spells its ending out: `events.%Y-%m-%d_%H.log.tmp`.
    """
    if not key or key[0] == "." or "/." in key or key.endswith(_ENDS):
        return True
    if (key[0] == "_" or "/_" in key) and _HIDDEN.search(key):
        return True
    name = key[key.rfind("/") + 1 :].lower()
    if name[max(name.rfind("."), 0) :] in _SUFFIXES or name in _NAMES:
        return True
    return _INSIDE.search(name) is not None or ("manifest" in name and _MANIFEST.search(name) is not None)
