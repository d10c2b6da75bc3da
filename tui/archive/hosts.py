"""Tell host names from topics in keys, and find where one ends and the other begins."""

from __future__ import annotations

import re
from collections import Counter
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
_ADDRESS = re.compile(r"\d{1,3}(?:(?:-\d{1,3}){3}|(?:\.\d{1,3}){3})")  # 10-0-0-1, 10.0.0.1
_PRIVATE = frozenset(("local", "lan", "internal", "corp", "localdomain"))
_DOMAINS = _PRIVATE.union(("com", "net", "org", "io", "dev", "home", "cluster", "cloud"))
# Names that may be hosts only because they end with a number; topics may, too.
_NUMBERED = re.compile(r"([A-Za-z][A-Za-z-]*-?)\d{1,4}[a-z]?(?:-\d{1,3}){0,3}((?:\.[A-Za-z0-9-]+)*)")
_VERSION = re.compile(r"(?:(?:.*[-_.])?[vV]|.*[a-z]V)\d+(?:[-_.]\d+)*", re.ASCII)  # srv1 is not a version
_COUNTED = re.compile(
    r"(?:part|file|chunk|shard|batch|slice|segment|seg|split|bucket|v|p|r|m|attempt|task)[-_]?\d+", re.I
)
_PLACES = frozenset(  # words before a host that are not topics
    re.findall(
        r"\w+",
        "africa america ap asia aws blue canary central dev east emea eu europe gcp green internal lab live north "
        "prod production qa sandbox south stage staging test uat us west",
    )
)
_TOPIC = re.compile(r"(?=.{4})[A-Za-z]+(?:[-_.][A-Za-z]+)*")  # shorter ones are regions and datacenters: `fra-web01`
TOPIC_BEFORE_HOST = re.compile(r"\{topic\}[-_]\{host=[^}]*\}")  # the pattern of `topics_before_hosts`
_MAX_WORDS = 16  # of a topic, or of a host
_BEGIN = re.compile(r"[a-z]+|\d+[-.]")  # of a host's name, which other hosts share
_MAX_BEGINS = 12
_MANY = 8  # names that differ only in a number: so many are hosts


def is_host(name: str) -> bool:
    """True for a name that is certainly a host's: a machine's role with a number or letter, or a domain name."""
    first, _, domain = name.partition(".")
    if name == "localhost" or _VERSION.fullmatch(first) or _VERSION.fullmatch(name):
        return name == "localhost"
    last = domain.rpartition(".")[2]
    named = last in (_DOMAINS if "." in domain else _PRIVATE) or _MACHINE.fullmatch(first) is not None
    return named or _ADDRESS.fullmatch(name) is not None


def are_hosts(names: Collection[str]) -> bool:
    """True if all names are hosts: certainly (`web01 db`), or because many differ only in a number."""
    if any(map(is_host, names)):
        return all(is_host(name) or name in _WORDS for name in names)
    return len(names) >= _MANY and may_be_hosts(names) and len({_stem(name) for name in names}) == 1


def may_be_hosts(names: Collection[str]) -> bool:
    """True if all names can be hosts or topics, because each has a number that is not a version: `orders1 orders2`."""
    return bool(names) and all(_NUMBERED.fullmatch(name) and not _VERSION.fullmatch(name) for name in names)


def are_counted(names: Collection[str]) -> bool:
    """True if all are just numbers of parts or versions: `part-0`, `v2`."""
    return all(map(_COUNTED.fullmatch, names))


def are_roles(names: Collection[str]) -> bool:
    """True if all are words for machines, or hosts: `web`, `db2`."""
    return all(name in _WORDS or is_host(name) for name in names)


def are_versions(names: Collection[str]) -> bool:
    """True if all are versions, with or without a name: `v1`, `orders-v2`."""
    return all(map(_VERSION.fullmatch, names))


def _stem(name: str) -> str:
    match = _NUMBERED.fullmatch(name)
    return match[1] + re.sub(r"\d+", "", match[2]) if match else ""


def topics_before_hosts(names: Collection[str]) -> str:
    """Return the pattern for names of a topic, a dash or underscore, and a host (`orders-web01`); "" for other names.

    Every topic must be on two hosts, and every host have two topics: else the topic may be a part of the host's name.
    """
    for mark in "-_":
        cuts = {cut for name in names if (cut := _last_host(name, mark))}
        number = Counter([text for cut in cuts for text in cut])
        if len(cuts) < len(set(names)) or min(number.values()) < 2:
            continue
        begins = {match[0] for _, host in cuts if (match := _BEGIN.match(host))}
        pattern = "{topic}" + mark + "{host=" + "|".join(f"{begin}*" for begin in sorted(begins)) + "}"
        if len(begins) <= _MAX_BEGINS and _reads(pattern, {topic + mark + host: (topic, host) for topic, host in cuts}):
            return pattern
    return ""


def _last_host(name: str, mark: str) -> tuple[str, str] | None:
    """Return the topic and the host of a name, if it ends with a host and begins with words that are not a host's."""
    for at in [match.start() for match in re.finditer(mark, name)][::-1]:
        topic, host = name[:at], name[at + 1 :]
        words = set(re.split("[-_.]", topic.lower()))
        if is_host(host) and _TOPIC.fullmatch(topic) and words.isdisjoint(_PLACES | _WORDS):
            return topic, host
    return None


def topics_and_hosts(names: Collection[str], *, needed: bool = True) -> str:
    """Return the pattern for names of a topic, a dot and a host, where both may contain dots: `{topic}.{host}`.

    The split is chosen by what hosts look like, and so that there are few different topics and hosts. `{topic}.{host}`
    splits at the last dot; if that is wrong, the holes are more specific. "" if the names look like topics only, unless
    a host is `needed`.
    """
    cuts = _cuts(sorted(set(names)), needed)
    if not all(host for _, host in cuts.values()):
        return ""
    return next((pattern for pattern in _spellings(cuts.values()) if _reads(pattern, cuts)), "{topic}.{host}")


def _cuts(names: Sequence[str], needed: bool) -> Mapping[str, tuple[str, str]]:
    """Return the topic and host of each name."""
    rows = [name.split(".") for name in names]
    shortest = min(map(len, rows))

    def cut(words: Iterable[int]) -> dict[str, tuple[str, str]]:
        return {
            name: (".".join(row[:at]), ".".join(row[at:])) for name, row, at in zip(names, rows, words, strict=True)
        }

    tries = [] if needed else [cut(map(len, rows))]
    for number in range(1, min(shortest, _MAX_WORDS)):  # the same number of words in every topic, or in every host
        tries += [cut(number for _ in rows), cut(len(row) - number for row in rows)]
    if shortest > 1:
        tries.append(cut(map(_first_host, rows)))
    return min(tries, key=_cost) if tries else {}


def _first_host(words: list[str]) -> int:
    """Return the number of words before the first one that is a host's, or before an address."""
    begins = (at for at in range(1, len(words)) if is_host(words[at]) or _ADDRESS.fullmatch(".".join(words[at:])))
    return next(begins, len(words) - 1)


def _cost(cuts: Mapping[str, tuple[str, str]]) -> tuple[int, int, int]:
    """Return the penalties of a split, in order: implausible names, number of names, dots in hosts."""
    topics, hosts = {topic for topic, _ in cuts.values()}, {host for _, host in cuts.values() if host}
    wrong = sum(not _begins_with_host(host) and host not in _WORDS for host in hosts)
    wrong += sum(any(map(is_host, topic.split(".")[1:])) for topic in topics)
    return wrong, len(topics) + len(hosts), sum(host.count(".") for host in hosts)


def _begins_with_host(name: str) -> bool:
    """True for a host's name in which at most the first word is a machine's."""
    first, *others = name.split(".")
    return is_host(name) and (is_host(first) or not any(map(_MACHINE.fullmatch, others)))


def _spellings(cuts: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield patterns that may split the names in this way, the most general first."""
    yield "{topic}.{host}"
    topics, hosts = {topic for topic, _ in cuts}, [host.split(".") for _, host in cuts]
    if len(set(map(len, hosts))) == 1:
        ends = (words[0] if len(set(words)) == 1 else None for words in list(zip(*hosts, strict=True))[1:])
        yield "{topic}.{host=" + ".".join(["*", *("*" if end is None else escape(end) for end in ends)]) + "}"
    if len(topics) == 1:
        yield f"{{topic={escape(*topics)}}}.{{host=**}}"
    begins = {match[0] for words in hosts if (match := _BEGIN.match(".".join(words)))}
    begins = {common[0]} if (common := _BEGIN.match(commonprefix([*begins]))) else begins
    if 0 < len(begins) <= _MAX_BEGINS:
        yield "{topic}.{host=" + "|".join(f"{begin}*" for begin in sorted(begins)) + "}"


def _reads(pattern: str, cuts: Mapping[str, tuple[str, str]]) -> bool:
    parts = (re.escape(part) if isinstance(part, str) else f"({part.regex})" for part in split_pattern(pattern))
    regex = re.compile("".join(parts))
    return all((match := regex.fullmatch(name)) and match.groups() == cut for name, cut in cuts.items())
