"""The keys of writers that are out there: three days of hours, four of them missing, beside what other tools leave."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2015, 1, 30)
MISSING = frozenset({5, 6, 29, 50})  # hours from the start
HOURS = tuple(START + timedelta(hours=n) for n in range(72) if n not in MISSING)
FOREIGN = ("_SUCCESS", ".DS_Store", "README.md", "sub/manifest.json", "notes/2015.txt", "logs/.part-0.crc")
TOPICS, HOSTS = ("events", "clicks"), ("web01", "web02")
ACCOUNT = "123456789012"

Keys = Callable[[datetime, int], Iterator[str]]


@dataclass(frozen=True)
class Writer:
    """`keys` gives the keys of an hour and its number; `topics` and `hosts` are those that they say."""

    keys: Keys
    topics: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def archive(self) -> dict[str, datetime]:
        """Every key of it, with its hour."""
        return {key: hour for number, hour in enumerate(HOURS) for key in self.keys(hour, number)}


WRITERS: dict[str, Writer] = {}


def writer(name: str, topics: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> Callable[[Keys], Keys]:
    def add(keys: Keys) -> Keys:
        assert name not in WRITERS
        WRITERS[name] = Writer(keys, frozenset(topics), frozenset(hosts))
        return keys

    return add


def dated(name: str, spelled: str) -> None:
    """A writer of one file an hour, whose name is strftime's."""
    writer(name)(lambda t, i: iter([t.strftime(spelled)]))


def some_id(*what: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(what)))


def epoch(t: datetime, unit: int = 1) -> int:
    return int(t.replace(tzinfo=UTC).timestamp()) * unit
