"""Contests of `count` and the index: cold against DuckDB, indexed against cold, and the cost of the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import tui
from tests.shows.benchmarks import canonical
from tests.shows.benchmarks.contest import (
    HOURSCOPE,
    NOWHERE,
    OURS,
    Contest,
    Figure,
    Need,
    column,
    duckdb,
    ours,
    query,
    typed,
)
from tests.shows.benchmarks.data import CACHE, Data, Month
from tests.shows.benchmarks.measure import Contestant
from tests.shows.benchmarks.schemas import Schema

INDEXED = "With an index"
_HOUR = "replace(filename[-20:-8], '_', 'T')"  # `2015-01-12_00` of the name
_QUANTILES = "[0.5, 0.9, 0.95, 0.99]"
_READ_SHARE = 0.03  # of the chunks' bytes
_COUNTS_SHARE, _COUNTS_BYTES, _IDS_SHARE = 0.01, 4_096, 0.10


def counts(schema: Schema) -> Contest:
    """By one field, by a field and the hour, and the statistics of a number, against DuckDB with the same answer."""
    data, field, number = schema.data, schema.field, schema.number
    table, numbers = typed(data, column(field, "VARCHAR")), typed(data, column(number, "DOUBLE"))
    there = f"{table} WHERE {field} IS NOT NULL GROUP BY ALL"
    figures = f"count({number}), min({number}), max({number})"
    stats = f"SELECT {figures}, approx_quantile({number}, {_QUANTILES}), avg({number}) FROM {numbers}"
    exact = f"SELECT {figures}, quantile_disc({number}, {_QUANTILES}) FROM {numbers}"
    exact_file = data.folder.with_suffix(".stats")
    contestants, needs = [], []
    by_field = _count(data, f"--by {field}", canonical.rows)
    by_hour = _count(data, f"--by {field} --every 1h", canonical.rows)
    numeric = _count(data, f"--stats {number}", partial(canonical.stats, exact_file), needs=("duckdb",))
    for kind, count, sql in (
        ("--by FIELD", by_field, f"SELECT {field}, count(*) FROM {there}"),
        ("--by FIELD --every 1h", by_hour, f"SELECT {_HOUR}, {field}, count(*) FROM {there}"),
        ("--stats NUMBER", numeric, stats),
    ):
        rival = duckdb(sql, count.question, rounds=2, read=count.read)
        contestants += [count, rival]
        needs.append(Need(f"count {kind}", "", count, [rival], 1))
    about = "An answer is the checksum of the rows. For `--stats` it is the number of values; count, minimum and "
    about += "maximum must be right, and our quantiles within 1 % of the exact ones."
    prepare = [f"test -s {exact_file} || {query('duckdb', exact)} > {exact_file}"]
    return Contest("Counts", schema.name, data, contestants, needs, about, prepare=prepare, charted=True)


def indexed(schema: Schema, month: Month, identity: str) -> Contest:
    """Indexed counts read no chunk, and an id is searched only in chunks that may hold it."""
    data, indexes = month.data, CACHE / f"{month.data.folder.name}-index"
    index = indexes / _program()
    contestants, needs = [], []
    for kind, words in (("--by FIELD", ""), ("--by FIELD --every 1h", " --every 1h")):
        words = f"--by {schema.field}{words}"
        cold = _count(data, words, canonical.rows, name=f"{OURS}, cold", rounds=1)
        warm = _count(data, words, canonical.unread_rows, name=f"{OURS}, indexed", index=index)
        contestants += [warm, cold]
        needs.append(Need(f"count {kind}, indexed, 0 chunks read", "ours, cold", warm, [cold], 50))
    read = partial(canonical.matches_within, int(_READ_SHARE * data.bytes_compressed))
    for kind, words in (("-w -g", f"-w -g {identity}"), ("==", f"-m \"{schema.identity} == '{identity}'\"")):
        question = words.replace('"', "")
        cold = ours(f"{data.folder} {words}", f"{OURS}, cold", question, rounds=1)
        warm = ours(f"{data.folder} {words} --json", f"{OURS}, indexed", question, index=index, read=read)
        contestants += [warm, cold]
        work = f"an id in 2 of {data.chunks} chunks, by {kind}, ≤ 3 % of the bytes read"
        needs.append(Need(work, "ours, cold", warm, [cold], 30))
    about = "On the month, indexed with `--ids`. If a chunk is read for an indexed count, or more than 3 % of the "
    about += "bytes for an id, the row fails. Each run has a fresh copy of the index, without the results of the run "
    about += "before."
    prepare = [
        f"test -d {index} || rm -rf {indexes}; mkdir -p {index}",
        f"XDG_CACHE_HOME={index} XDG_CONFIG_HOME={index}/none {HOURSCOPE} index {data.folder} --ids",
    ]
    return Contest(INDEXED, schema.name, data, contestants, needs, about, prepare=prepare)


def build(schema: Schema) -> Contest:
    """The time to build an index, and its size."""
    data = schema.part
    scan = ours(f"{data.folder} -g {NOWHERE}", f"{OURS} scan -g", answers=False)
    command = f"{HOURSCOPE} index {data.folder} --json"
    plain = Contestant(f"{OURS} index", command, read=canonical.indexed, rounds=1)
    ids = Contestant(f"{OURS} index --ids", f"{command} --ids", read=canonical.indexed, rounds=1)

    def figures() -> Iterable[Figure]:
        status = json.loads(ids.printed)
        share, per_chunk = status["bytes"] / status["chunk_bytes"], status["bytes"] / status["indexed"]
        words = status["ids"]["bytes"] / status["ids"]["chunk_bytes"]
        score = max(_COUNTS_SHARE / share, _COUNTS_BYTES / per_chunk)
        value = f"{share:.2%}, {per_chunk / 1024:.1f} KB per chunk"
        yield Figure("size of the index", "the gzip", "≤ 1 %, or ≤ 4 KB per chunk", value, score)
        yield Figure("size of its ids", "the gzip", "≤ 10 %", f"{words:.1%}", _IDS_SHARE / words)

    needs = [Need("index build", "a literal scan, ours", plain, [scan], at_most=20)]
    about = "On the largest chunks of the data."
    return Contest("Building the index", schema.name, data, (scan, plain, ids), needs, about, figures=figures)


def _count(data: Data, words: str, read: Callable[[str], int], name: str = OURS, **more: Any) -> Contestant:
    command = f"{HOURSCOPE} count {data.folder} {words} --json"
    return Contestant(name, command, question=f"count {words}", read=read, **more)


def _program() -> str:
    """Return a checksum of the program, because each version gets its own index."""
    check = blake2b(digest_size=4)
    for path in sorted(Path(tui.__file__).parent.rglob("*.py")):
        check.update(path.read_bytes())
    return check.hexdigest()
