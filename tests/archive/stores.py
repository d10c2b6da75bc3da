"""The contents of folders."""

from __future__ import annotations

from pathlib import Path

from tui.archive.folder import FolderStore


def fill(store: FolderStore, *keys: str) -> None:
    for key in keys:
        path = store.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode())


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return sorted(item.key for item in store.objects(prefix))


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
