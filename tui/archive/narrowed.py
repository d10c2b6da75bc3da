"""Narrow a detected layout to a prefix of keys, or to the folder that contains them."""

from __future__ import annotations

from tui.archive.holes import Hole, escape
from tui.archive.layout import Layout
from tui.errors import LayoutError
from tui.printable import printable


def within(layout: Layout, prefix: str, key: str) -> Layout:
    """Return the layout of keys that begin with a prefix, such as `key`, by fixing the beginning of a field.

    The prefix `events` turns `{topic}/%Y…` into `{topic=events*}/%Y…`. LayoutError if the prefix ends inside the time.
    """
    rest = prefix
    parsed = layout.parse(key)
    fields = parsed.fields if parsed else {}
    spelled = []
    for part in layout.parts:
        literal = isinstance(part, str)
        if not rest:
            spelled.append(escape(part) if isinstance(part, str) else part.token)
            continue
        text = part if isinstance(part, str) else fields.get(part.name, "")
        if literal and (text.startswith(rest) or rest.startswith(text)):
            spelled.append(escape(text))
        elif isinstance(part, Hole) and part.is_field and rest.startswith(text) and rest != text:
            spelled.append(_fixed(part, text))
        elif isinstance(part, Hole) and part.is_field and text.startswith(rest):
            spelled.append(f"{{{part.name}={escape(rest)}*}}")
        elif isinstance(part, Hole) and part.name in ("*", "**"):
            spelled.append(escape(rest) + part.token)
            text = rest
        else:
            raise LayoutError(
                f"the prefix '{prefix}' ends within the time of its keys, such as {printable(key, 120)}; "
                f"use the prefix '{prefix[: prefix.rfind('/') + 1]}', with --from and --to for the hours"
            )
        rest = rest[len(text) :]
    return Layout("".join(spelled))


def _fixed(hole: Hole, text: str) -> str:
    return hole.token if hole.name == "rev" else f"{{{hole.name}={escape(text)}}}"


def split_folders(layout: Layout) -> tuple[str, Layout]:
    """Return the leading folders of all keys, ending with a slash, and the layout of the rest."""
    first = layout.parts[0]
    folders = first[: first.rfind("/") + 1] if isinstance(first, str) else ""
    rest = [first[len(folders) :] if isinstance(first, str) else first, *layout.parts[1:]]
    pattern = "".join(escape(part) if isinstance(part, str) else part.token for part in rest)
    return folders, Layout(pattern)
