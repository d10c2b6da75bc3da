"""The shows, small: what they promise holds for a short run too, and the page keeps what others have written.

Rates and times are not judged here: they need a calm machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shows.soak import report
from tests.shows.soak.explorer_lag import explorer_lag
from tests.shows.soak.send_kill import send_kill
from tests.shows.soak.send_rate import send_rate
from tests.shows.soak.send_trouble import send_trouble
from tests.shows.soak.show import Check, Result, Stage, at_most, exactly
from tests.support.build import NsqPrograms


@pytest.fixture
def stage(nsq_programs: NsqPrograms, tmp_path: Path) -> Stage:
    return Stage(nsq_programs, tmp_path)


@pytest.mark.nsq
def test_kill_9_of_the_sender_loses_nothing_and_repeats_a_window_at_most(stage: Stage) -> None:
    result = send_kill(stage, kills=4, count=400_000, size=100)
    assert result.held, result.checks


@pytest.mark.nsq
def test_a_connection_that_is_cut_loses_nothing_and_the_operator_sees_it(stage: Stage) -> None:
    result = send_trouble(stage, count=200_000, times=2, kinds=["cut"])
    assert result.held, result.checks


@pytest.mark.nsq
def test_the_rate_is_of_sends_that_arrive_whole(stage: Stage) -> None:
    result = send_rate(stage, count=5_000, rounds=1, with_go=False)
    assert {check.measured for check in result.checks if check.what.startswith(("missing", "doubled"))} == {"0"}


@pytest.mark.nsq
def test_the_explorer_sends_while_its_lag_is_measured(stage: Stage) -> None:
    result = explorer_lag(stage, count=50_000, size=200)
    assert [check.what for check in result.checks if not check.held] in ([], [result.checks[0].what])
    assert result.table is not None


def test_a_run_of_some_shows_keeps_the_sections_of_the_others(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    names = ["first", "second"]
    good = Result("it held", "How.", [at_most("lag", 9.96, 50, " ms")])
    bad = Result("it did not", "How.", [exactly("missing", 1_000, 0), Check("told", "no", "yes", held=False)])
    report.write(page, names, {"second": report.section("second", bad, 1.0)})
    report.write(page, names, {"first": report.section("first", good, 1.0)})
    text = page.read_text()
    assert text.index("## first: it held") < text.index("## second: it did not")
    assert "| lag | 9.96 ms | ≤ 50 ms | yes |" in text
    assert "| missing | 1,000 | 0 | **no** |" in text
    report.write(page, names, {"second": report.broken("second", ValueError("no more\nof it"), 1.0)})
    assert page.read_text().count("## ") == 2
    assert "ValueError: no more\n" in page.read_text()
    assert (good.held, bad.held) == (True, False)
