"""The explorer stays responsive while it sends: the lag of its event loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.app.emulator import Terminal
from tests.shows.soak.data import tally, write_records
from tests.shows.soak.show import Result, Stage, Table, at_most, exactly

_SCRIPT = "from tests.shows.soak.measured_explorer import main; main()"
_TOPIC = "replay"


def explorer_lag(stage: Stage, *, count: int = 1_000_000, size: int = 500) -> Result:
    """Send an hour of `count` records with the send screen's keys, in a terminal of 120 × 40."""
    archive = stage.folder / "archive"
    archive.mkdir()
    write_records(archive / "events.2015-01-20_13.log.gz", count, size)
    lags = stage.folder / "lags"
    with stage.nsqd() as nsqd:
        stage.say("sending")
        environment = {"HOME": str(stage.folder), "XDG_STATE_HOME": str(stage.folder / "state"), "LAGS": str(lags)}
        with Terminal(str(archive), 120, 40, environment, script=_SCRIPT) as terminal:
            _send(terminal, nsqd.tcp_address, count)
            terminal.finish("\x11")  # ctrl+q
        tallied = tally(nsqd, _TOPIC, count)
    idle, sending, seconds = _read(lags)
    rows = [_row("before the send", idle), _row("while it sends", sending)]
    return Result(
        "the explorer answers while it sends",
        f"The explorer in a terminal of 120 × 40 sends an hour of {count:,} records of {size} B at full rate to an "
        "nsqd on the same machine, journal on. A task in its event loop wakes up every 5 ms and records its "
        "delay.",
        [
            at_most("lag of the event loop, p99", _percentile(sending, 0.99) * 1000, 50, " ms"),
            exactly("missing", tallied.missing, 0),
            exactly("doubled", tallied.extra, 0),
        ],
        Table(("", "samples", "median, ms", "p99, ms", "worst, ms"), rows),
        f"The send took {seconds:.1f} s: {count / seconds:,.0f} records a second.",
    )


def _send(terminal: Terminal, address: str, count: int) -> None:
    terminal.wait_for("2015-01")
    terminal.press("\r")
    terminal.press("p")
    terminal.wait_for("where to?", 60)
    for key, question, answer in (("d", "nsqd at HOST:PORT", address), ("t", "topic:", _TOPIC)):
        terminal.press(key)
        terminal.wait_for(question)
        terminal.press("\x15")  # ctrl+u: nothing of what is proposed
        terminal.press(f"{answer}\r")
    terminal.wait_for("ready: enter")
    terminal.press("\r")
    terminal.wait_for("type the topic's name")
    terminal.press(f"{_TOPIC}\r")
    terminal.wait_for(f"{count:,} records confirmed in {_TOPIC}", 120)


def _read(path: Path) -> tuple[list[float], list[float], float]:
    """Return the lags before and during the send, and its duration."""
    samples = [(float(at), float(lag), running) for at, lag, running in map(str.split, path.read_text().splitlines())]
    within = [at for at, _, running in samples if running == "1"]
    before = [lag for at, lag, _ in samples if at < within[0]]
    return before, [lag for at, lag, _ in samples if within[0] <= at <= within[-1]], within[-1] - within[0]


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _row(name: str, lags: Sequence[float]) -> list[str]:
    figures = [_percentile(lags, share) * 1000 for share in (0.5, 0.99, 1.0)]
    return [name, f"{len(lags):,}", *(f"{figure:.1f}" for figure in figures)]
