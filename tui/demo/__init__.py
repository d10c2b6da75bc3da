"""The sample archive: two weeks of a video service's player events, the same bytes for the same seed.

It is what newcomers learn on, what the screenshots show, and what the tests and benchmarks read. Every
oddity in it can be asked for (`incident_of`, `gaps_of`, `torn_chunk_of`, …): nobody has to hard-code an hour.
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
