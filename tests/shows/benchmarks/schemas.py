"""The queries for each kind of record, in the language of every program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.shows.benchmarks import data
from tests.shows.benchmarks.data import Data
from tui.demo import SampleSpec, incident_of

_DEMO_EXPRESSIONS = (
    "video.tags[?@ == 'hd']",
    "to_number(player.position) > `1367`",
    "not_null(error.code, player.bitrate) > `2000`",
    "max([player.position, video.duration]) > `4500`",
    "length(not_null(video.tags, `[]`)[?@ == 'hd']) > `0`",
    "video.tags[?@ == 'hd'] | [0]",
    "video.tags[*] | contains(@, 'hd')",
    "sort_by([{n: player.position}, {n: video.duration}], &n)[-1].n > `4500`",
    "sum([player.position, video.duration]) > `5500`",
    "contains(join(',', not_null(video.tags, `[]`)), 'hd')",
    "ends_with(to_string(seq), '1') || to_string(seq) > '5'",
    "keys(player) | contains(@, 'bitrate')",
)
_DEMO_IN_CHDB = {
    "video.tags[?@ == 'hd']": "arrayExists(x -> x = 'hd', JSONExtract(line, 'video', 'tags', 'Array(String)'))",
    "to_number(player.position) > `1367`": "toFloat64OrZero(JSONExtractRaw(line, 'player', 'position')) > 1367",
}
_ORDERS_EXPRESSIONS = (
    "items[?qty > `8`]",
    "to_number(weight) > `50`",
    "not_null(coupon, code) > `50`",
    "max(items[*].price) > `75`",
    "length(items[?price > `50`]) > `1`",
    "items[?sku == 'S1'] | [0]",
    "items[*].sku | contains(@, 'S1')",
    "sort_by(items, &price)[-1].price > `75`",
    "sort_by(items, &price)[-1]",
    "sum(items[].qty) > `13`",
    "contains(join(',', tags), 'live,')",
    "ends_with(to_string(seq), '1') || to_string(seq) > '5'",
    "keys(@) | contains(@, 'coupon')",
)
_ORDERS_IN_CHDB = {
    "items[?qty > `8`]": "arrayExists(x -> JSONExtractInt(x, 'qty') > 8, JSONExtractArrayRaw(line, 'items'))",
    "to_number(weight) > `50`": "toInt64OrZero(JSONExtractString(line, 'weight')) > 50",
}


@dataclass(frozen=True)
class Condition:
    """One condition in JMESPath, DuckDB (with the columns that it needs), chDB, and sometimes jq, which is slow."""

    expression: str
    columns: str
    duckdb: str
    chdb: str
    jq: str = ""


@dataclass(frozen=True)
class Schema:
    """One kind of record. `part` is a part of the same data, for slow or repeated work."""

    name: str
    data: Data
    part: Data
    literal: str
    texts: Path
    selective: Condition
    half: Condition
    """Also the reference for the expressions."""
    field: str
    number: str
    expressions: Sequence[str]
    in_chdb: Mapping[str, str]
    """Some of the expressions in chDB."""
    identity: str
    """The field that identifies an order or a session."""
    pattern: re.Pattern[bytes]
    """Its pattern in a line."""


def demo(records_per_hour: int) -> Schema:
    """The sample archive's player events."""
    sample = data.big(records_per_hour)
    code = incident_of(SampleSpec()).code
    pattern = re.compile(rb'"session":"(s-[0-9a-f]{12})"')
    return Schema(
        name="demo",
        data=sample,
        part=data.part(sample, 1 / 3),
        literal=data.rare_literal(sample),
        texts=data.texts(sample, pattern),
        selective=Condition(
            f"event == 'error' && error.code == `{code}`",
            "event:'VARCHAR', error:'STRUCT(code BIGINT)'",
            f"event = 'error' AND error.code = {code}",
            f"JSONExtractString(line, 'event') = 'error' AND JSONExtractInt(line, 'error', 'code') = {code}",
            f'.event == "error" and .error.code == {code}',
        ),
        half=Condition(
            "player.position > `1367`",
            "player:'STRUCT(position DOUBLE)'",
            "player.position > 1367",
            "JSONExtractFloat(line, 'player', 'position') > 1367",
        ),
        field="player.version",
        number="player.position",
        expressions=_DEMO_EXPRESSIONS,
        in_chdb=_DEMO_IN_CHDB,
        identity="session",
        pattern=pattern,
    )


def orders(records_per_hour: int) -> Schema:
    """Orders: see orders.py."""
    whole = data.orders(records_per_hour)
    pattern = re.compile(rb'"id":"([0-9a-f]{32})"')
    texts = data.texts(whole, pattern)
    with texts.open() as file:
        literal = file.readline().strip()
    return Schema(
        name="orders",
        data=whole,
        part=data.part(whole, 1 / 2),
        literal=literal,
        texts=texts,
        selective=Condition(
            "customer.address.city == 'Oslo' && total > `900`",
            "customer:'STRUCT(address STRUCT(city VARCHAR))', total:'DOUBLE'",
            "customer.address.city = 'Oslo' AND total > 900",
            "JSONExtractString(line, 'customer', 'address', 'city') = 'Oslo' AND JSONExtractFloat(line, 'total') > 900",
        ),
        half=Condition("total > `500`", "total:'DOUBLE'", "total > 500", "JSONExtractFloat(line, 'total') > 500"),
        field="customer.address.city",
        number="total",
        expressions=_ORDERS_EXPRESSIONS,
        in_chdb=_ORDERS_IN_CHDB,
        identity="id",
        pattern=pattern,
    )
