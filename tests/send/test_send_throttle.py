"""How fast: rates as people write them, and a bucket that holds them."""

import pytest

from tui.errors import SendError
from tui.send.engine.rate import Rate, TokenBucket, parse_rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("500", Rate(500)),
        ("2k", Rate(2_000)),
        ("1.5k", Rate(1_500)),
        ("2M/s", Rate(2_000_000)),
        ("5MB", Rate(5_000_000, "bytes")),
        ("5 MB/s", Rate(5_000_000, "bytes")),
        ("100B", Rate(100, "bytes")),
        ("1GB", Rate(1_000_000_000, "bytes")),
    ],
)
def test_rates(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "-5", "fast", "5 apples", "0MB", "1e3", "5mb", "٣"])
def test_an_invalid_rate(text: str) -> None:
    with pytest.raises(SendError, match="is not a rate; write"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("per_second", "batch"),
    [(1, 1), (7, 1), (100, 1), (2_000, 1), (1, 100), (7, 100), (100, 100), (2_000, 100), (180_000, 100)],
)
def test_a_rate_holds_over_five_seconds_and_never_bursts(per_second: int, batch: int) -> None:
    clock, rate = Clock(), Rate(per_second)
    batch = min(batch, rate.at_once)
    bucket = TokenBucket(per_second, rate.at_once, clock)
    sent: list[tuple[float, int]] = []
    while clock.now < 130:
        if wait := bucket.wait():
            clock.now += max(wait, 0.001)
            continue
        bucket.spend(batch)
        sent.append((clock.now, batch))
    for start in range(100, 125, 5):
        count = sum(n for at, n in sent if start <= at < start + 5)
        assert count == pytest.approx(per_second * 5, rel=0.05, abs=2 * batch + rate.at_once)


@pytest.mark.parametrize(("idle", "caught_up"), [(60, 0), (0.6, 0), (0.4, 20), (0.1, 10)])
def test_a_hiccup_is_made_up_for_a_pause_is_not(idle: float, caught_up: int) -> None:
    clock = Clock()
    bucket = TokenBucket(100, 20, clock)
    clock.now += idle
    gone = 0
    while not bucket.wait():
        bucket.spend(1)
        gone += 1
    assert gone == pytest.approx(caught_up + 1, abs=1)


def test_a_piece_larger_than_the_burst_goes_and_is_paid_for() -> None:
    clock = Clock()
    bucket = TokenBucket(1_000, 50, clock)
    assert bucket.wait() == 0
    bucket.spend(5_000)
    assert bucket.wait() == pytest.approx(5)
    clock.now += 5
    assert bucket.wait() == pytest.approx(0)


def test_small_rates_go_one_by_one() -> None:
    assert (Rate(1).at_once, Rate(0.5).at_once, Rate(100).at_once, Rate(10_000).at_once) == (1, 1, 5, 500)
