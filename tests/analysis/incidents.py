"""Days of made-up requests with an incident in some hours, and with what is no incident: bursts, noise, a drift."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.analysis.columns import Learner
from tui.analysis.comparison import Comparison, compare_hours
from tui.analysis.observed import observe_lines
from tui.analysis.table import Table, table_of

KINDS = ("status", "latency", "message", "missing", "new value", "volume", "pair")
FIRST = datetime(2024, 3, 1, tzinfo=UTC)
SERVICES = ("cart", "login", "search", "video")
REGIONS = ("eu-1", "us-1", "us-2", "ap-1")
TENANTS = tuple(f"tenant {number}" for number in range(12))
MESSAGES = (
    "request {n} done",
    "cache miss for key {x}",
    "upstream timeout after {n} ms",
    "retry {n} of 5 failed",
)


@dataclass(frozen=True)
class Incident:
    """Records by hour; the incident is in those from `first` to `stop`, and a finding must name its `fields`.

    `burst`: an hour elsewhere in which one service has more of the records.
    """

    hours: tuple[tuple[bytes, ...], ...]
    first: int
    stop: int
    fields: frozenset[str]
    burst: int | None = None

    def table(self) -> Table:
        learner = Learner()
        seen = ((at, observe_lines(b"\n".join(records), learner)) for at, records in enumerate(self.hours))
        return table_of(((FIRST + timedelta(hours=at), part) for at, part in seen), UTC)

    def comparison(self, table: Table) -> Comparison:
        """Return the hours of the incident compared with all others."""
        others = [at for at in range(len(self.hours)) if not self.first <= at < self.stop]
        return compare_hours(table, range(self.first, self.stop), others)


def incident(kind: str, seed: int, *, days: int = 10, rate: int = 300) -> Incident:
    """`kind` is one of KINDS, or "" for none; `rate` records an hour."""
    chance = random.Random(f"{kind} {seed}")
    number = 24 * days
    first = chance.randint(24, number - 12)
    stop = first + chance.randint(2, 6)
    where = chance.choice(SERVICES), chance.choice(REGIONS[:3]), chance.choice(TENANTS)
    noisy, burst = chance.choice(TENANTS), chance.choice(SERVICES)
    burst_at = chance.choice([at for at in range(number) if not first - 4 < at < stop + 4])
    hours = []
    for at in range(number):
        records = []
        loud = chance.lognormvariate(0, 0.7)
        weights = [loud if tenant == noisy else 1 for tenant in TENANTS]
        for _ in range(int(rate * (1 + 0.4 * math.sin(at / 24 * math.tau)) * chance.uniform(0.9, 1.1))):
            record = _request(chance, at, at / number, weights)
            if at == burst_at and chance.random() < 0.3:
                record["service"] = burst
            records.append(record)
            if first <= at < stop:
                records += _changed(record, kind, where, chance)
        hours.append(tuple(json.dumps(record).encode() for record in records))
    return Incident(tuple(hours), first, stop, _fields(kind), burst_at)


def _request(chance: random.Random, hour: int, progress: float, weights: list[float]) -> dict[str, Any]:
    message = chance.choice(MESSAGES).format(n=chance.randint(1, 9999), x=f"{chance.getrandbits(32):08x}")
    return {
        "ts": (FIRST + timedelta(hours=hour, seconds=3600 * chance.random())).isoformat(),
        "id": f"{chance.getrandbits(64):016x}",
        "seq": hour * 1_000_000 + chance.randrange(1_000_000),
        "service": chance.choice(SERVICES),
        "where": {"region": chance.choices(REGIONS, (5, 3, 2, 1))[0]},
        "version": chance.choices(("1.2.0", "1.2.1", "1.3.0"), (2 + 2 * progress, 3, 1))[0],
        "tenant": chance.choices(TENANTS, weights)[0],
        "status": chance.choices((200, 404, 500), (95, 4, 1))[0],
        "latency_ms": round(chance.lognormvariate(4, 0.6), 1),
        "bytes": chance.randint(100, 9000),
        "message": message,
    }


def _changed(
    record: dict[str, Any], kind: str, where: tuple[str, str, str], chance: random.Random
) -> list[dict[str, Any]]:
    """Change the record as the incident does; the records that it adds."""
    service, region, tenant = where
    if kind == "status" and chance.random() < 0.06:
        record["status"] = 500
    elif kind == "latency" and chance.random() < 0.5:
        record["latency_ms"] *= 2.5
    elif kind == "message" and chance.random() < 0.04:
        record["message"] = f"checksum mismatch in block {chance.randint(1, 9999)}"
    elif kind == "missing" and chance.random() < 0.1:
        del record["bytes"]
    elif kind == "new value" and chance.random() < 0.03:
        record["where"]["region"] = "me-9"
    elif kind == "volume" and record["tenant"] == tenant:
        return [{**record, "id": f"{chance.getrandbits(64):016x}"} for _ in range(4)]
    elif kind == "pair" and (record["service"], record["where"]["region"]) == (service, region):
        record["status"] = chance.choice((500, 500, record["status"]))
    return []


def _fields(kind: str) -> frozenset[str]:
    fields = {
        "status": {"status"},
        "latency": {"latency_ms"},
        "message": {"message"},
        "missing": {"bytes"},
        "new value": {"where.region"},
        "volume": {"tenant"},
        "pair": {"service", "where.region"},
    }
    return frozenset(fields.get(kind, set()))
