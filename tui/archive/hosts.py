"""Which names in keys are those of hosts and which those of topics, and where one ends and the other begins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix

from tui.archive.holes import escape, split_pattern

_ROLES = (
    "backend|bastion|box|broker|cache|collector|db|dev|dns|ec2|edge|frontend|gateway|gw|h|host"
    "|ingest|ip|jump|kafka|lb|machine|mail|master|mx|n|node|ns|nsq|nsqd|pi|pod|primary|proxy|relay|replica|router|rpi"
    "|server|slave|srv|vm|web|worker|ws|www"
)
_WORDS = frozenset(_ROLES.split("|"))
_MACHINE = re.compile(  # web01, eu-web-1a, ip-10-0-0-1, node-a
    rf"(?:[a-z]+\d?-)*(?:{_ROLES})(?:[-_]?\d{{1,4}}[a-z]?|[-_][a-z])(?:-[a-z0-9]+){{0,3}}", re.IGNORECASE | re.ASCII
)
_PRIVATE = frozenset(("local", "lan", "internal", "corp", "localdomain"))
_DOMAINS = _PRIVATE.union(("com", "net", "org", "io", "dev", "home", "cluster", "cloud"))
# What may be a host's name by its number alone; a topic may have one, too.
_NUMBERED = re.compile(r"([A-Za-z][A-Za-z-]*-?)\d{1,4}[a-z]?(?:-\d{1,3}){0,3}((?:\.[A-Za-z0-9-]+)*)")
_VERSION = re.compile(r"(?:(?:.*[-_.])?[vV]|.*[a-z]V)\d+(?:[-_.]\d+)*", re.ASCII)  # srv1 is none
_COUNTED = re.compile(
    r"(?:part|file|chunk|shard|batch|slice|segment|seg|split|bucket|v|p|r|m|attempt|task)[-_]?\d+", re.I
)
_MOST_WORDS = 16  # of a topic, or of a host
_MANY = 8  # names that only a number tells apart: so many are hosts


def is_host(name: str) -> bool:
    """Is it surely a host's name: that of a machine's role with a number or a letter, or one of a domain?"""
    first, _, domain = name.partition(".")
    if name == "localhost" or _VERSION.fullmatch(first) or _VERSION.fullmatch(name):
        return name == "localhost"
    last = domain.rpartition(".")[2]
    return last in (_DOMAINS if "." in domain else _PRIVATE) or _MACHINE.fullmatch(first) is not None


def are_hosts(names: Collection[str]) -> bool:
    """Are all names those of hosts: surely (`web01 db`), or because there are many that only a number tells apart?"""
    if any(map(is_host, names)):
        return all(is_host(name) or name in _WORDS for name in names)
    return len(names) >= _MANY and may_be_hosts(names) and len({_stem(name) for name in names}) == 1


def may_be_hosts(names: Collection[str]) -> bool:
    """Can all be hosts as well as topics, because a number that is not a version tells them apart? `orders1 orders2`"""
    return bool(names) and all(_NUMBERED.fullmatch(name) and not _VERSION.fullmatch(name) for name in names)


def are_counted(names: Collection[str]) -> bool:
    """Are they numbers of parts or of versions alone: `part-0`, `v2`?"""
    return all(map(_COUNTED.fullmatch, names))


def are_roles(names: Collection[str]) -> bool:
    """Are they words for machines, or hosts: `web`, `db2`?"""
    return all(name in _WORDS or is_host(name) for name in names)


def are_versions(names: Collection[str]) -> bool:
    """Are they versions, perhaps of something: `v1`, `orders-v2`?"""
    return all(map(_VERSION.fullmatch, names))


def _stem(name: str) -> str:
    match = _NUMBERED.fullmatch(name)
    return match[1] + re.sub(r"\d+", "", match[2]) if match else ""


def topics_and_hosts(names: Collection[str], *, needed: bool = True) -> str:
    """`{topic}.{host}` for names that are a topic and a host with a dot between, both of which may hold dots.

    What varies tells where the host begins, and what hosts look like: topics and hosts are fewest if every topic is on
    every host. The layout's own reading is the last dot; where that is not right, the holes say more. "" if they look
    like topics alone, unless a host is `needed`.
    """
    cuts = _cuts(sorted(set(names)), needed)
    if not all(host for _, host in cuts.values()):
        return ""
    return next((pattern for pattern in _spellings(cuts.values()) if _reads(pattern, cuts)), "{topic}.{host}")


def _cuts(names: Sequence[str], needed: bool) -> Mapping[str, tuple[str, str]]:
    """Topic and host of each name."""
    rows = [name.split(".") for name in names]
    shortest = min(map(len, rows))

    def cut(words: Iterable[int]) -> dict[str, tuple[str, str]]:
        return {
            name: (".".join(row[:at]), ".".join(row[at:])) for name, row, at in zip(names, rows, words, strict=True)
        }

    tries = [] if needed else [cut(map(len, rows))]
    for number in range(1, min(shortest, _MOST_WORDS)):  # as many words in every topic, in every host
        tries += [cut(number for _ in rows), cut(len(row) - number for row in rows)]
    if shortest > 1:
        tries.append(cut(map(_first_host, rows)))
    return min(tries, key=_cost) if tries else {}


def _first_host(words: list[str]) -> int:
    """How many words are in front of the first that is a host's."""
    return next((at for at in range(1, len(words)) if is_host(words[at])), len(words) - 1)


def _cost(cuts: Mapping[str, tuple[str, str]]) -> tuple[int, int, int]:
    """What speaks against a division, in order: names that look otherwise, how many they are, dots in hosts."""
    topics, hosts = {topic for topic, _ in cuts.values()}, {host for _, host in cuts.values() if host}
    wrong = sum(not _begins_with_host(host) and host not in _WORDS for host in hosts)
    wrong += sum(any(map(is_host, topic.split(".")[1:])) for topic in topics)
    return wrong, len(topics) + len(hosts), sum(host.count(".") for host in hosts)


def _begins_with_host(name: str) -> bool:
    """Is it a host's name, in which no later word is that of a machine, but for the first one?"""
    first, *others = name.split(".")
    return is_host(name) and (is_host(first) or not any(map(_MACHINE.fullmatch, others)))


def _spellings(cuts: Collection[tuple[str, str]]) -> Iterator[str]:
    """Patterns that may divide the names so, the most general first."""
    yield "{topic}.{host}"
    topics, hosts = {topic for topic, _ in cuts}, [host.split(".") for _, host in cuts]
    if len(set(map(len, hosts))) == 1:
        ends = (words[0] if len(set(words)) == 1 else None for words in list(zip(*hosts, strict=True))[1:])
        yield "{topic}.{host=" + ".".join(["*", *("*" if end is None else escape(end) for end in ends)]) + "}"
    if len(topics) == 1:
        yield f"{{topic={escape(*topics)}}}.{{host=**}}"
    begin = re.match("[a-z]+", commonprefix([words[0] for words in hosts]))
    if begin:
        yield f"{{topic}}.{{host={begin[0]}*}}"


def _reads(pattern: str, cuts: Mapping[str, tuple[str, str]]) -> bool:
    parts = (re.escape(part) if isinstance(part, str) else f"({part.regex})" for part in split_pattern(pattern))
    regex = re.compile("".join(parts))
    return all((match := regex.fullmatch(name)) and match.groups() == cut for name, cut in cuts.items())
