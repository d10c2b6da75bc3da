"""`python -m tests.benchmarks.counts`: `count` against DuckDB, cold and indexed, and what the index costs and saves.

On the demo's data, and on orders, whose records are deep and hold arrays and escapes. Runs take turns; medians of the
seconds by the clock and of the CPU seconds. Where the machine is busy only the latter mean something, and it is said.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import data, tools
from tests.benchmarks.contests import HOURSCOPE
from tests.benchmarks.data import CACHE
from tests.benchmarks.filters import orders

_BUSY = 3.0  # of the load average
_CACHES = CACHE / "index-caches"


@dataclass(frozen=True)
class Schema:
    """Data to count: a field of it, a number, an id that few chunks hold."""

    name: str
    folder: Path
    field: str
    number: str
    identity: str
    hour: str  # of a file's name, in SQL


@dataclass(frozen=True)
class Took:
    seconds: float
    cpu: float
    out: bytes


def run(words: list[str], cache: str) -> Took:
    """One command; `cache` names the folder of its index."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    env = {**os.environ, "XDG_CACHE_HOME": str(_CACHES / cache)}
    ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.perf_counter() - began, cpu, ran.stdout)


def ours(schema: Schema, *words: str) -> list[str]:
    return [HOURSCOPE, "count", str(schema.folder), *words, "--json"]


def duckdb(sql: str) -> list[str]:
    quiet = "import duckdb, json, sys; duckdb.sql('SET enable_progress_bar = false'); "
    script = f"{quiet}print(json.dumps(duckdb.sql(sys.argv[1]).fetchall(), default=str))"
    return [str(tools.PYTHON), "-c", script, sql]


def read_rows(out: bytes) -> list[list[object]]:
    """Values and counts, as DuckDB gives them, in any order."""
    rows = [[*([row["time"]] if row["time"] else []), *row["values"], row["count"]] for row in json.loads(out)["rows"]]
    return sorted(rows, key=repr)


def take_turns(rounds: int, commands: dict[str, Callable[[], Took]]) -> dict[str, list[Took]]:
    took: dict[str, list[Took]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            took[name].append(command())
    return took


def ratio(took: dict[str, list[Took]], theirs: str, mine: str) -> str:
    """Theirs / ours, by the clock and by CPU."""
    clock, cpu = ((median(getattr(t, name) for t in took[theirs]) / median(getattr(t, name) for t in took[mine]))
                  for name in ("seconds", "cpu"))  # fmt: skip
    return f"{clock:.2f} by the clock, {cpu:.2f} by CPU"


def against_duckdb(schema: Schema, rounds: int) -> bool:
    """Are the answers the same? One field, a field by hour, the statistics of a number."""
    source = f"read_json_objects('{schema.folder}/*.gz', format='newline_delimited', filename=true)"
    value = f"json->>'$.{schema.field}'"
    number = f"CAST(json->>'$.{schema.number}' AS DOUBLE)"
    quantiles = f"approx_quantile({number}, [0.5, 0.9, 0.95, 0.99])"
    work = {
        "one field": (
            ["--by", schema.field],
            f"SELECT {value} v, count(*) FROM {source} WHERE v IS NOT NULL GROUP BY v",
        ),
        "field × hour": (
            ["--by", schema.field, "--every", "1h"],
            f"SELECT {schema.hour} h, {value} v, count(*) FROM {source} WHERE v IS NOT NULL GROUP BY ALL",
        ),
        "--stats": (
            ["--stats", schema.number],
            f"SELECT count({number}), min({number}), {quantiles}, max({number}), avg({number}) FROM {source}",
        ),
    }
    right = True
    for name, (words, sql) in work.items():
        took = take_turns(
            rounds,
            {"ours": lambda w=words: run(ours(schema, *w), "none"), "DuckDB": lambda s=sql: run(duckdb(s), "none")},  # type: ignore[misc]
        )
        mine, theirs = took["ours"][0].out, json.loads(took["DuckDB"][0].out)
        if name == "--stats":
            stats = json.loads(mine)["rows"][0]["stats"]
            same = [stats["count"], stats["min"], stats["max"]] == [theirs[0][0], theirs[0][1], theirs[0][3]]
        else:
            same = read_rows(mine) == sorted(theirs, key=repr)
        right &= same
        print(f"{schema.name}: {name}: DuckDB / ours {ratio(took, 'DuckDB', 'ours')}{'' if same else '; WRONG'}")
    return right


def with_the_index(schema: Schema, rounds: int) -> bool:
    """What it costs to build, what it takes, and what it saves."""
    for cache in ("counts", "ids"):
        shutil.rmtree(_CACHES / cache, ignore_errors=True)
    literal = [HOURSCOPE, "scan", str(schema.folder), "-g", "needle-that-is-nowhere", "--count"]
    build = [HOURSCOPE, "index", str(schema.folder)]
    scan, counts, ids = run(literal, "none"), run(build, "counts"), run([*build, "--ids"], "ids")
    print(
        f"{schema.name}: literal scan / build {scan.cpu / counts.cpu:.3f} by CPU, with --ids {scan.cpu / ids.cpu:.3f}"
    )
    kept = json.loads(run([*build, "--status", "--json"], "ids").out)
    shares = kept["bytes"] / kept["chunk_bytes"], kept["ids"]["bytes"] / kept["ids"]["chunk_bytes"]
    each = kept["bytes"] / kept["indexed"]
    print(f"{schema.name}: counts take {shares[0]:.2%} of the gzip, {each:,.0f} bytes a chunk; ids {shares[1]:.2%}")
    right = True
    by = ["--by", schema.field]
    look_up = [HOURSCOPE, "scan", str(schema.folder), "-w", "-g", schema.identity, "--count"]
    for name, words in {
        "one field": ours(schema, *by),
        "field × hour": ours(schema, *by, "--every", "1h"),
        "an id": look_up,
    }.items():
        took = take_turns(rounds, {"cold": lambda w=words: run(w, "none"), "indexed": lambda w=words: run(w, "ids")})  # type: ignore[misc]
        same = took["cold"][0].out == took["indexed"][0].out if name == "an id" else _same(took)
        right &= same
        print(f"{schema.name}: {name}: cold / indexed {ratio(took, 'cold', 'indexed')}{'' if same else '; WRONG'}")
    return right


def _same(took: dict[str, list[Took]]) -> bool:
    cold, indexed = (json.loads(took[name][0].out) for name in ("cold", "indexed"))
    return bool(cold["rows"] == indexed["rows"] and indexed["read"]["chunks"] == 0)


def main() -> int:
    """0 if every answer was right, whatever the times."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.counts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records-per-hour", type=int, default=220_000, help="of the demo's data; 220,000 make 2 GB")
    parser.add_argument("--orders", type=int, default=60_000, help="in each of 24 chunks")
    options = parser.parse_args()
    tools.get_tools()
    big = data.big(options.records_per_hour)
    other = CACHE / f"orders-24-{options.orders}"
    ids = orders(other, 24, options.orders).read_text().split()
    schemas = [
        Schema("demo", big.folder, "player.version", "player.position", data.rare_literal(big),
               "replace(filename[-20:-8], '_', 'T')"),
        Schema("orders", other, "customer.address.city", "total", ids[0], "replace(filename[-20:-8], '_', 'T')"),
    ]  # fmt: skip
    if os.getloadavg()[0] > _BUSY:
        print(f"the machine is busy (load {os.getloadavg()[0]:.1f}): only the CPU means something")
    found = [work(schema, options.rounds) for schema in schemas for work in (against_duckdb, with_the_index)]
    return int(not all(found))


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    sys.exit(main())
