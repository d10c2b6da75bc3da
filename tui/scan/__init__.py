"""Scans (hours × filter → extract): plan them, run them and sum up their results."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.scan.engine import run_plan, scan
    from tui.scan.events import (
        ChunkDamaged,
        ChunkDone,
        ChunkKept,
        ChunkMeasured,
        ChunkRestarted,
        ChunkStarted,
        Counts,
        Known,
        Matches,
        Progress,
        ScanEvent,
    )
    from tui.scan.excerpt import Excerpt
    from tui.scan.extract import Extract, open_extract
    from tui.scan.manifest import scanned_hours
    from tui.scan.plan import ScanPlan, plan_scan
    from tui.scan.tally import Totals

_MODULES = {
    "ChunkDamaged": "events",
    "ChunkDone": "events",
    "ChunkKept": "events",
    "ChunkRestarted": "events",
    "ChunkStarted": "events",
    "Counts": "events",
    "Excerpt": "excerpt",
    "Extract": "extract",
    "Known": "events",
    "Matches": "events",
    "ChunkMeasured": "events",
    "Progress": "events",
    "ScanEvent": "events",
    "ScanPlan": "plan",
    "Totals": "tally",
    "open_extract": "extract",
    "plan_scan": "plan",
    "run_plan": "engine",
    "scan": "engine",
    "scanned_hours": "manifest",
}

__all__ = [
    "ChunkDamaged",
    "ChunkDone",
    "ChunkKept",
    "ChunkMeasured",
    "ChunkRestarted",
    "ChunkStarted",
    "Counts",
    "Excerpt",
    "Extract",
    "Known",
    "Matches",
    "Progress",
    "ScanEvent",
    "ScanPlan",
    "Totals",
    "open_extract",
    "plan_scan",
    "run_plan",
    "scan",
    "scanned_hours",
]


def __getattr__(name: str) -> Any:
    """Import names on first use: a scanning process need not wait for the modules that plan and sum up."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
