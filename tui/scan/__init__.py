"""Hours × filter → extract: planning, running and adding up a scan."""

from tui.scan.engine import run_plan, scan
from tui.scan.estimate import Estimate, estimate
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkKept, ChunkStarted, Counts, Matches, Progress, ScanEvent
from tui.scan.extract import Extract, open_extract
from tui.scan.plan import ScanPlan, plan_scan
from tui.scan.tally import Totals
from tui.scan.wanted import Wanted

__all__ = [
    "ChunkDamaged",
    "ChunkDone",
    "ChunkKept",
    "ChunkStarted",
    "Counts",
    "Estimate",
    "Extract",
    "Matches",
    "Progress",
    "ScanEvent",
    "ScanPlan",
    "Totals",
    "Wanted",
    "estimate",
    "open_extract",
    "plan_scan",
    "run_plan",
    "scan",
]
