"""The sink is a small protocol: a broker that is a list takes a send, with journal, repeats and receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.send.helpers import digest, finish, lines, write_lines
from tui.send import Control, Journal, Limits, NsqTarget, SendOptions, send_to
from tui.send.sink import LinkLost, Trouble


class ListBroker:
    """Keeps what it receives, and breaks its first connection after three batches."""

    topic, where, watched = "list", ("memory",), True

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.links = 0

    def ask(self) -> Limits:
        return Limits(1_000, 10_000)

    def sink(self) -> ListBroker:
        return self

    def depth(self) -> int:
        return 0

    def message_count(self) -> int:
        return len(self.taken)

    def losses(self, answered: int) -> tuple[str, ...]:
        return (f"the list broke after {answered:,}",) if answered else ()

    async def connect(self, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]) -> ListLink:
        self.links += 1
        return ListLink(self, confirmed, trouble, breaks_after=3 if self.links == 1 else None)


class ListLink:
    where, note = "a list", ""

    def __init__(
        self,
        broker: ListBroker,
        confirmed: Callable[[int], None],
        trouble: Callable[[Trouble], None],
        breaks_after: int | None,
    ) -> None:
        self._broker, self._confirmed, self._trouble, self._left = broker, confirmed, trouble, breaks_after

    def put(self, number: int, records: list[bytes]) -> None:
        self._broker.taken += records
        loop = asyncio.get_running_loop()
        if self._left is None or self._left > 0:
            loop.call_soon(self._confirmed, number)
        else:
            loop.call_soon(self._trouble, LinkLost("the list broke"))
        self._left = None if self._left is None else self._left - 1

    def close(self) -> None: ...


def test_a_second_broker(tmp_path: Path) -> None:
    records, broker = lines(2_000), ListBroker()
    source = write_lines(tmp_path / "out", records)
    with Journal.start(tmp_path, source, NsqTarget("list", ())) as journal:
        receipt = finish(send_to(source, broker, journal=journal, options=SendOptions(), control=Control()))
    assert (receipt.confirmed, receipt.sha256, receipt.where) == (2_000, digest(records), ("memory",))
    assert receipt.message_count_after == 2_000 + receipt.repeated
    assert broker.links == 2
    assert [words[:20] for words in receipt.warnings] == ["the list broke after"]
    assert 200 <= receipt.repeated <= 1_600
    assert list(dict.fromkeys(broker.taken)) == records
