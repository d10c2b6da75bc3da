"""At the end of a slow line the screen is soon what the last key made of it, however long a key was held down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.emulator import Terminal
from tui.app.terminal.flow import Flow

_RATE = 10_000  # bytes per second
_BEHIND = 7_000  # bytes: 0.7 seconds of such a line


@pytest.mark.parametrize("answers", [True, False], ids=["a terminal that answers", "one that does not"])
def test_a_key_that_is_held_down_leaves_nothing_queued(sample: Path, answers: bool) -> None:
    with Terminal(str(sample), 120, 40, answers=answers) as terminal:
        terminal.wait_for("small to large")
        terminal.press("h" * 24)
        assert terminal.hold("l", 1.0, _RATE) <= _BEHIND
        terminal.press("\r")
        terminal.wait_for("previewed")
        for keys in ("", "t"):  # with the record beside the list, and without
            terminal.press(f"{keys}g")
            assert terminal.hold("j", 2.0, _RATE) <= _BEHIND
            assert "61 of " in terminal.text  # the newest state came, and not an old one
        assert terminal.finish("\x11") == 0


def test_a_terminal_that_answers_is_waited_for_by_what_it_has_not_taken() -> None:
    flow = Flow()
    flow.sent(600, 0.0)
    flow.answered()
    for _ in range(3):
        assert flow.wait(1.0) == 0 and not flow.pending
        flow.sent(9_000, 1.0)
        assert flow.wait(1.0) > 1 and flow.pending
        flow.sent(500, 1.0)
        flow.answered()
        assert flow.wait(1.0) == 0
        flow.answered()
    flow.sent(9_000, 2.0)
    flow.forget()
    assert flow.wait(2.0) == 0


def test_one_that_never_answers_is_taken_for_a_slow_line_but_the_wait_is_short() -> None:
    flow = Flow()
    assert flow.wait(0.0) == 0
    flow.sent(3_000, 0.0)
    assert flow.wait(0.0) == pytest.approx(0.25) and flow.wait(0.25) == 0
    flow.sent(30_000, 0.5)
    assert 0.3 < flow.wait(0.5) < 0.5 and flow.wait(1.0) == 0
