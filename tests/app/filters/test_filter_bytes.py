"""What a key in the filter bar costs over SSH, in a real terminal of 120×40."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tests.app.emulator import Terminal

_KEY = 400  # bytes, besides results
_OFFER = 500  # when a list of what can be typed comes, or goes
_AT_ONCE = 0.1  # seconds: shorter than the pause after which results come


def test_a_key_in_the_filter_bar_costs_little(sample: Path) -> None:
    with Terminal(str(sample), 120, 40) as terminal:
        terminal.wait_for("small to large")
        terminal.press("\r")
        terminal.wait_for("previewed")
        terminal.press("/", 0.6)
        at_once, whole = [], []
        for key in "event == 'p":
            at_once.append(terminal.press(key, _AT_ONCE))
            whole.append(at_once[-1] + terminal.read(0.3))
        assert median(at_once) <= _KEY // 2  # a stalled machine may send a key's results with the next one's echo
        assert median(whole) <= _KEY
        assert sorted(whole)[-2] <= 2 * _OFFER  # half of a name does not empty the list, once the names are known
        terminal.press("\x15event == 'qqq'", 0.6)
        terminal.wait_for("0 of ")
        terminal.press("\x1b[D")
        costs = [terminal.press(key) for key in "vwxyz"]  # all of it, where the list of records stays as it is
        assert sorted(costs)[1] <= _KEY  # a stalled machine sends a key's results with the next one's echo
        terminal.press("\x05\x15ev")  # all at once, as over a slow line
        terminal.wait_for("string, in 100%")
        assert " ev " in terminal.screen.display[1]
        over = [terminal.press(key) for key in ("\x1b[B", "\x1b[B", "\x1b[A")]
        assert max(over) <= _KEY  # over what is offered
        assert terminal.read(2.0, 2.0) == 0
        assert terminal.finish("\x11") == 0
