"""Taking something off home's list: what is asked for first, and what then is done."""

from __future__ import annotations

from tui.history.archives import SeenArchive, forget_archive
from tui.history.extracts import ExtractLine, delete_extract, forget_extract
from tui.history.sends import SendRecord, forget_send
from tui.history.stopped import Unfinished

Removable = ExtractLine | SendRecord | SeenArchive | Unfinished


def question(what: Removable) -> str:
    """What has to be typed."""
    match what:
        case Unfinished():
            return question(what.of)
        case ExtractLine():
            return f"type delete to delete {what.name} and its files, or forget:"
        case SeenArchive():
            return f"type forget to list {what.title} no more:"
    return f"type forget to list {what.name} no more:"


def removed(what: Removable, typed: str) -> str:
    """Do what was typed; a sentence about it. HourscopeError if it cannot be done."""
    word = typed.strip()
    match what:
        case Unfinished():
            return removed(what.of, typed)
        case ExtractLine() if word == "delete":
            delete_extract(what)
            return f"{what.name} was deleted"
        case ExtractLine() if word == "forget":
            forget_extract(what)
            return f"{what.name} is not listed any more; its files are in {what.place}"
        case SeenArchive() if word == "forget":
            forget_archive(what)
        case SendRecord() if word == "forget":
            forget_send(what)
        case _:
            return "nothing was deleted or forgotten"
    return "it is not listed any more"
