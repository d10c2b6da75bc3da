"""Payments with an incident: another schema than incidents.py has, of sessions, lists, and ids that are numbers."""

from __future__ import annotations

import json
import math
import random
from datetime import timedelta
from typing import Any

from tests.analysis.incidents import FIRST, Incident

KINDS = {
    "declined": {"ok"},
    "slow": {"checks[*].ms"},
    "read-only": {"reason"},
    "no amount": {"amount.currency", "amount.value"},
    "one shop": {"shop"},
    "pair": {"step", "amount.currency"},
}
_STEPS = ("auth", "capture", "refund", "void")
_CURRENCIES = ("EUR", "USD", "GBP", "SEK")


def payments(kind: str, seed: int, *, days: int = 4, rate: int = 150) -> Incident:
    """`kind` is one of KINDS, or "" for none. Weekends are quiet, and a few shops have most of the records."""
    chance = random.Random(f"payments {kind} {seed}")
    first = chance.randint(24, 24 * days - 12)
    stop = first + chance.randint(3, 6)
    step, currency = chance.choice(_STEPS), chance.choice(_CURRENCIES[:2])
    hours = []
    for at in range(24 * days):
        records: list[dict[str, Any]] = []
        number = rate * (1 + 0.5 * math.sin(at / 24 * math.tau)) * (0.5 if at // 24 % 7 > 4 else 1)
        during = kind if first <= at < stop else ""
        while len(records) < number:
            shop = int(chance.paretovariate(0.7)) % 5000
            of_session = {"sid": f"{chance.getrandbits(60):x}", "shop": shop, "user": chance.getrandbits(44)}
            for _ in range(chance.randint(1, 4) * (4 if during == "one shop" and shop == 1 else 1)):
                record = of_session | _payment(chance, at)
                _change(record, during, step, currency, chance)
                records.append(record)
        hours.append(tuple(json.dumps(record).encode() for record in records))
    return Incident(tuple(hours), first, stop, frozenset(KINDS.get(kind, set())))


def _payment(chance: random.Random, hour: int) -> dict[str, Any]:
    time = FIRST + timedelta(hours=hour, seconds=3600 * chance.random())
    made = {
        "at": int(time.timestamp() * 1_000_000),
        "step": chance.choice(_STEPS),
        "amount": {
            "value": round(chance.lognormvariate(3, 1.2), 2),
            "currency": chance.choices(_CURRENCIES, (8, 6, 2, 1))[0],
        },
        "ok": chance.random() < 0.97,
        "checks": [{"name": name, "ms": int(chance.expovariate(1 / 30))} for name in ("fraud", "limit")],
    }
    return made if made["ok"] else made | {"reason": f"declined (code {chance.randint(1, 60)})"}


def _change(record: dict[str, Any], kind: str, step: str, currency: str, chance: random.Random) -> None:
    declined = {"ok": False, "reason": f"declined (code {chance.randint(1, 60)})"}
    pair = record["step"] == step and record["amount"]["currency"] == currency
    if (kind == "declined" and chance.random() < 0.1) or (kind == "pair" and pair and chance.random() < 0.7):
        record |= declined
    elif kind == "slow" and chance.random() < 0.5:
        record["checks"][0]["ms"] += 90
    elif kind == "read-only" and chance.random() < 0.05:
        record |= {"ok": False, "reason": f"ledger shard {chance.randint(1, 99)} is read-only"}
    elif kind == "no amount" and chance.random() < 0.15:
        del record["amount"]
