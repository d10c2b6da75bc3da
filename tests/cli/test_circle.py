"""Producer → nsqd → archiver → bucket → scan → replay → nsqd: every record arrives everywhere."""

from pathlib import Path

import pytest

from tests.shows.circle import run_circle
from tests.support.build import NsqPrograms


@pytest.mark.usefixtures("weed")
def test_the_whole_circle(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    outcome = run_circle(tmp_path, records_per_hour=100, hour=0.2)
    assert outcome.records == outcome.messages == outcome.archived > 1_000
    assert outcome.incident == outcome.replayed > 10
