"""Hours × filter → extract: plan, run and total a scan."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui.scan.engine import run_plan, scan
from tui.scan.estimate import Estimate, estimate
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
from tui.scan.plan import ScanPlan, plan_scan
from tui.scan.tally import Totals

if TYPE_CHECKING:
    from tui.scan.extract import Extract, open_extract
    from tui.scan.manifest import scanned_hours

__all__ = [
    "ChunkDamaged",
    "ChunkDone",
    "ChunkKept",
    "ChunkMeasured",
    "ChunkRestarted",
    "ChunkStarted",
    "Counts",
    "Estimate",
    "Excerpt",
    "Extract",
    "Known",
    "Matches",
    "Progress",
    "ScanEvent",
    "ScanPlan",
    "Totals",
    "estimate",
    "open_extract",
    "plan_scan",
    "run_plan",
    "scan",
    "scanned_hours",
]

_LATER = {"Extract": "extract", "open_extract": "extract", "scanned_hours": "manifest"}


def __getattr__(name: str) -> Any:
    """Import what only extracts need when it is used."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
