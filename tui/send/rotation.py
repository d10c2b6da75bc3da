"""Several links as one: round robin over all reachable servers, without order, at the rate of the slowest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import count

from tui.errors import SendError
from tui.send.sink import Link, LinkLost

RETRY_SECONDS = 5.0  # between two attempts to reach a server that is away

Connect = Callable[[str], Awaitable[Link]]


async def rotation(addresses: tuple[str, ...], connect: Connect) -> Rotation:
    """Link to every reachable address; LinkLost if none is, SendError if one refuses permanently."""
    results = await asyncio.gather(*map(connect, addresses), return_exceptions=True)
    links: dict[str, Link] = {}
    away: dict[str, str] = {}
    refusal: BaseException | None = None
    for address, result in zip(addresses, results, strict=True):
        if isinstance(result, LinkLost):
            away[address] = str(result)
        elif isinstance(result, BaseException):
            refusal = result
        else:
            links[address] = result
    if refusal is not None:
        for link in links.values():
            link.close()
        raise refusal
    if not links:
        raise LinkLost("; ".join(map(str, away.values())))
    return Rotation(links, away, connect)


class Rotation:
    """Sends each batch to the next link. If one is lost, all are, and unanswered batches of all are unknown.

    A server that is away is tried again during the send.
    """

    def __init__(self, links: Mapping[str, Link], away: Mapping[str, str], connect: Connect) -> None:
        self._links = dict(links)
        self._away = dict(away)
        self._turn = count()
        self._returning = asyncio.create_task(self._fetch_back(connect)) if away else None

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self._links)

    @property
    def where(self) -> str:
        return ", ".join(link.where for link in self._links.values())

    @property
    def note(self) -> str:
        return f"without {'; '.join(self._away.values())}" if self._away else ""

    def put(self, number: int, records: list[bytes]) -> None:
        links = list(self._links.values())
        links[next(self._turn) % len(links)].put(number, records)

    def close(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
        for link in self._links.values():
            link.close()

    async def _fetch_back(self, connect: Connect) -> None:
        while self._away:
            await asyncio.sleep(RETRY_SECONDS)
            for address in list(self._away):
                try:
                    self._links[address] = await connect(address)
                    del self._away[address]
                except (LinkLost, SendError) as error:
                    self._away[address] = str(error)
