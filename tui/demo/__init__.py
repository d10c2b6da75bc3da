"""The sample archive: two weeks of a video service's player events, the same bytes for the same seed.

Newcomers learn with it, screenshots show it, and tests and benchmarks read it. Functions give the place of every
oddity in it (`incident_of`, `gaps_of`, `torn_chunk_of`, …), so no hour has to be hard-coded.
"""

from tui.demo.spec import (
    ChunkPlan,
    Incident,
    SampleSpec,
    empty_member_chunk_of,
    gaps_of,
    incident_of,
    odd_hour_of,
    plan_sample,
    restart_hour_of,
    torn_chunk_of,
)
from tui.demo.write import SampleChunk, write_sample

__all__ = [
    "ChunkPlan",
    "Incident",
    "SampleChunk",
    "SampleSpec",
    "empty_member_chunk_of",
    "gaps_of",
    "incident_of",
    "odd_hour_of",
    "plan_sample",
    "restart_hour_of",
    "torn_chunk_of",
    "write_sample",
]
