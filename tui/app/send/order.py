"""The order of a send: where it goes, and how fast."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from tui.archive.location import option_words
from tui.config import Config, NsqSpec
from tui.errors import SendError
from tui.nsq.address import split_address
from tui.send import CANARY, SendOptions, Source, detect_order, parse_rate
from tui.send.receipt import checked_name

BY_TIME = "time"
_LOOKUP = "lookupd="
_NSQD = "127.0.0.1:4150"


@dataclass(frozen=True)
class Order:
    """Where and how to send: to a topic of an nsqd (an address, a config name, or looked up), or to a file. Each answer
    returns a new order."""

    way: NsqSpec = field(default_factory=NsqSpec)
    way_name: str = ""  # in the config
    topic: str = ""
    out: str = ""
    rate: str = ""
    max_depth: int | None = None
    canary: bool = False
    pace: str = ""  # `time`: order by time without a pace; or a number: times the original speed
    skip_oversize: bool = False
    name: str = ""  # of the send; empty: its time and filter

    @property
    def to_nsq(self) -> bool:
        """Whether the topic and an nsqd are chosen."""
        return bool(self.where and self.topic and not self.out)

    @property
    def where(self) -> str:
        """The nsqds as the user types them and `read_way` parses them."""
        lookups = (f"{_LOOKUP}{address}" for address in self.way.lookupd_http_addresses)
        return self.way_name or " ".join((*self.way.nsqd_tcp_addresses, *lookups))

    @property
    def about(self) -> str:
        """The addresses behind a name, and whether TLS is used."""
        way = self.way
        places = ", ".join(way.nsqd_tcp_addresses or way.lookupd_http_addresses) if self.way_name else ""
        lookup = "looked up" if way.lookupd_http_addresses else ""
        return " · ".join(filter(None, (places, lookup, "TLS" if way.tls else "")))

    def question(self, field: str, config: Config) -> tuple[str, str]:
        """Return the question for a field, and the current answer."""
        known = ", ".join(config.nsq)
        return {
            "address": (
                f"nsqd at HOST:PORT, lookupd=HOST:PORT{', or ' + known if known else ''}:",
                self.where or next(iter(config.nsq), _NSQD),
            ),
            "topic": ("topic:", self.topic),
            "out": ("file (.gz, .zst or plain); empty for NSQ:", self.out),
            "rate": ("records per second (500, 2k), or bytes (5MB); empty for no limit:", self.rate),
            "pace": ("order: empty (as archived), time, or a pace such as 10:", self.pace),
            "name": ("name of the send; empty for its time and filter:", self.name),
            "depth": ("pause above this depth of the topic; empty for no ceiling:", str(self.max_depth or "")),
        }[field]

    def answered(self, field: str, text: str, config: Config) -> Order:
        """Return the order with another answer. Raises SendError if it is invalid."""
        text = text.strip()
        match field:
            case "address":
                way_name, way = read_way(text, config)
                return replace(self, way_name=way_name, way=way, out="")
            case "topic":
                return replace(self, topic=text, out="")
            case "name":
                return replace(self, name=checked_name(text) if text else "")
            case "rate":
                if text:
                    parse_rate(text)
                return replace(self, rate=text)
            case "pace":
                return replace(self, pace=read_pace(text))
            case "depth":
                digits = text.replace(",", "")
                if digits and not (digits.isascii() and digits.isdigit() and int(digits)):
                    raise SendError(f"'{digits}' is not a number of messages")
                return replace(self, max_depth=int(digits) if digits else None)
        return replace(self, out=text)

    def options(self, source: Source) -> SendOptions:
        """Return the options of the send. Raises SendError if it is ordered by time and records have no time field."""
        order = detect_order(source) if self.pace else None
        pace = float(self.pace) if self.pace not in ("", BY_TIME) else None
        rate = parse_rate(self.rate) if self.rate else None
        steps = CANARY if self.canary else ()
        return SendOptions(rate, self.max_depth, steps, self.skip_oversize, order=order, pace=pace, name=self.name)

    def words(self) -> tuple[str, ...]:
        """Return the command line's options for it."""
        if self.out:
            return (*option_words({"name": self.name}), "-o", self.out)
        way = NsqSpec((self.way_name or "HOST:PORT",)) if self.way_name or not self.where else self.way
        return option_words(
            {
                "name": self.name,
                "nsqd_tcp_address": way.nsqd_tcp_addresses,
                "lookupd_http_address": way.lookupd_http_addresses,
                "topic": self.topic or "TOPIC",
                "rate": self.rate,
                "order" if self.pace == BY_TIME else "pace": self.pace,
                "max_depth": self.max_depth,
                "skip_oversize": self.skip_oversize,
                "canary": self.canary,
            }
        )


def read_pace(text: str) -> str:
    """Parse a pace: empty, `time` or a number. Raises SendError for anything else."""
    if text in ("", BY_TIME):
        return text
    with suppress(ValueError):
        if 0.001 <= float(text) <= 1_000_000:
            return f"{float(text):g}"
    raise SendError(f"'{text}' is not a pace; use time, or a factor such as 1 or 10")


def read_way(words: str, config: Config) -> tuple[str, NsqSpec]:
    """Parse a name from the config, or `HOST:PORT …`, or `lookupd=HOST:PORT …`. Raises SendError if they are mixed."""
    if words in config.nsq:
        return words, config.nsq[words]
    lookups = tuple(word.removeprefix(_LOOKUP) for word in words.split() if word.startswith(_LOOKUP))
    nsqds = tuple(word for word in words.split() if not word.startswith(_LOOKUP))
    if lookups and nsqds:
        raise SendError(f"enter nsqds, or {_LOOKUP}HOST:PORT to look them up, but not both")
    for address in (*nsqds, *lookups):
        split_address(address)
    return "", NsqSpec(nsqds, (), lookups)
