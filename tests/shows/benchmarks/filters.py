"""Contests of filters: JMESPath on paths and beyond them, and a list of texts."""

from __future__ import annotations

from shlex import quote

from tests.shows.benchmarks.contest import Contest, Need, chdb, duckdb, ours, typed
from tests.shows.benchmarks.measure import Contestant
from tests.shows.benchmarks.schemas import Condition, Schema


def paths(schema: Schema) -> Contest:
    """Comparisons on paths that match few records, and half of them."""
    contestants: list[Contestant] = []
    needs = []
    for kind, condition, least in (("selective", schema.selective, 2), ("half", schema.half, 1.1)):
        scan, *rivals = times = _asked(schema, condition)
        contestants += times
        needs.append(Need(f"JMESPath on paths, {kind}", "the faster of chDB and DuckDB", scan, rivals, least))
        if condition.jq:
            command = f"zcat {schema.data.files} | jq -c {quote(f'select({condition.jq})')} | wc -l"
            jq = Contestant("zcat | jq", command, ("jq",), scan.question, rounds=1)
            contestants.append(jq)
            needs.append(Need(f"JMESPath on paths, {kind}", "", scan, [jq], 15))
    return Contest("JMESPath on paths", schema.name, schema.data, contestants, needs, charted=True)


def _asked(schema: Schema, condition: Condition) -> tuple[Contestant, Contestant, Contestant]:
    data, question = schema.data, f"-m {condition.expression}"
    sql = f"SELECT count(*) FROM {typed(data, condition.columns)} WHERE {condition.duckdb}"
    return (
        ours(f"{data.folder} -m {quote(condition.expression)}", question=question),
        chdb(data, condition.chdb, question),
        duckdb(sql, question, rounds=2),
    )


def expressions(schema: Schema) -> Contest:
    """Other constructs of JMESPath, which must take about as long as a comparison on a path."""
    data = schema.part
    comparison = schema.half.expression
    path = ours(f"{data.folder} -m {quote(comparison)}", question=comparison)
    contestants, needs = [path], []
    for expression in schema.expressions:
        scan = ours(f"{data.folder} -m {quote(expression)}", question=expression)
        contestants.append(scan)
        needs.append(Need("JMESPath beyond paths", "a comparison on a path, ours", scan, [path], at_most=3))
        if condition := schema.in_chdb.get(expression):
            rival = chdb(data, condition, expression)
            contestants.append(rival)
            needs.append(Need("JMESPath beyond paths, the first two", "chDB", scan, [rival], 0.8))
    about = "On the largest chunks of the data. The others are compared with the first row."
    return Contest("JMESPath beyond paths", schema.name, data, contestants, needs, about)


def texts(schema: Schema) -> Contest:
    """10,000 ids in one pass."""
    data, file = schema.data, schema.texts
    with file.open() as lines:
        text = lines.readline().strip()
    one = ours(f"{data.folder} -g {text}", question="-g, one id")
    many = ours(f"{data.folder} -f {file}", question="-f, 10,000 ids")
    half = -(-data.chunks // 2)
    command = f"ls {data.files} | xargs -P2 -n{half} sh -c 'igzip -dc \"$@\" | rg -F -f {file}' sh | wc -l"
    rg = Contestant("igzip | rg -F -f, 2 at a time", command, ("igzip", "rg"), many.question, rounds=2)
    needs = (
        Need("-f with 10,000 ids", "one -g, ours", many, [one], at_most=3),
        Need("-f with 10,000 ids", "", many, [rg], 1.5),
    )
    about = "`rg` takes long to prepare so many texts, so each of its two processes reads half of the chunks."
    return Contest("A list of texts", schema.name, data, (one, many, rg), needs, about)
