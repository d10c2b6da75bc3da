"""`python -m tests.benchmarks.filters`: what filters cost beside a comparison on a path, and a list beside one text.

The data is not the demo's: deep objects, arrays, escapes. CPU seconds of whole scans, taking turns; the least of each
counts, so that a busy machine does not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tests.benchmarks.contests import HOURSCOPE
from tests.benchmarks.data import CACHE

_PATH = "total > `500`"
EXPRESSIONS = {  # each keeps about half of the records
    "filter": "items[?qty > `8`]",
    "to_number": "to_number(weight) > `50`",
    "not_null": "not_null(coupon, code) > `50`",
    "max": "max(items[*].price) > `75`",
    "length": "length(items[?price > `50`]) > `1`",
    "pipe": "items[?sku == 'S1'] | [0]",
    "contains": "items[*].sku | contains(@, 'S1')",
    "sort_by": "sort_by(items, &price)[-1].price > `75`",
    "sort_by, whole": "sort_by(items, &price)[-1]",
    "sum": "sum(items[].qty) > `13`",
    "join": "contains(join(',', tags), 'live,')",
    "to_string": "ends_with(to_string(seq), '1') || to_string(seq) > '5'",
    "keys": "keys(@) | contains(@, 'coupon')",
}
AT_MOST = 3.0


_TAGS = ("x\\ty", "b")


def orders(folder: Path, chunks: int, records: int) -> Path:
    """Write chunks of orders, once, and a list of 10,000 ids, some of which are there: the list."""
    texts = folder.with_suffix(".ids")
    if texts.exists():
        return texts
    source, ids = random.Random(5), []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(chunks):
        name = f"orders.{datetime(2020, 1, 1) + timedelta(hours=number):%Y-%m-%d_%H}.log.gz"
        lines = [_order(source, at) for at in range(records)]
        ids += [line[7:39] for line in lines[::1000]]
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        (folder / name).write_bytes(packer.compress("\n".join(lines).encode() + b"\n") + packer.flush())
    ids += [f"{source.getrandbits(128):032x}" for _ in range(10_000 - len(ids))]
    texts.write_text("\n".join(ids) + "\n")
    return texts


def _order(source: random.Random, at: int) -> str:
    pick, number = source.choice, source.random
    items = ",".join(
        f'{{"sku":"S{int(number() * 4)}","qty":{1 + int(number() * 10)},"price":{number() * 100:.2f},'
        f'"options":{{"color":"dark \\"red\\"","sizes":[1,{int(number() * 9)}]}}}}'
        for _ in range(1 + int(number() * 4))
    )
    return (
        f'{{"id":"{source.getrandbits(128):032x}","at":"2020-01-01T00:{at % 60:02}:00Z","seq":{at},'
        f'"{pick(("coupon", "code"))}":{int(number() * 100)},"weight":"{int(number() * 100)}",'
        f'"customer":{{"name":"Zo\\u00eb \\"Z\\"","address":{{"city":"M\u00fcnchen","geo":[48.1,11.6],'
        f'"note":"ring\\ntwice \\\\ knock"}}}},"tags":["{pick(("live", "old"))}","{pick(_TAGS)}"],'
        f'"items":[{items}],"total":{number() * 1000:.2f}}}'
    )


def main() -> int:
    """0 if everything was fast enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--records", type=int, default=140_000, help="of a chunk; 8 of 140,000 make 500 MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="those whose name has this in it")
    given = parser.parse_args()
    folder = CACHE / f"orders-{given.chunks}-{given.records}"
    texts = orders(folder, given.chunks, given.records)
    with texts.open() as file:
        text = file.readline().strip()
    late = _ratios({"a path": ("-m", _PATH)}, {name: ("-m", each) for name, each in EXPRESSIONS.items()}, folder, given)
    lists = {"10,000 texts": ("-f", str(texts)), "10,000 texts -i -w": ("-f", str(texts), "-i", "-w")}
    late += _ratios({"one text": ("-g", text)}, lists, folder, given)
    return int(bool(late))


def _ratios(
    base: dict[str, Sequence[str]], others: dict[str, Sequence[str]], folder: Path, given: argparse.Namespace
) -> list[str]:
    """Print what each takes; the names of those that take too long."""
    asked = {**base, **{name: words for name, words in others.items() if given.only in name}}
    least: dict[str, float] = {}
    matches: dict[str, int] = {}
    for _ in range(given.rounds):
        for name, words in asked.items():
            before = _children()
            command = [HOURSCOPE, "scan", str(folder), "--json", "--count", *words]
            ran = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
            least[name] = min(least.get(name, 1e9), _children() - before)
            summary = json.loads(ran.stdout.splitlines()[-1])
            matches[name], records, size = summary["matches"], summary["records"], summary["bytes"]
    first = next(iter(base))
    print(f"{records:,} records, {size / 1e6:,.0f} MB of lines")
    for name in asked:
        share, ratio = matches[name] / records, least[name] / least[first]
        print(f"{name:32} {least[name]:7.2f} s CPU  {ratio:5.2f} ×  {share:6.2%} match  {' '.join(asked[name])[:60]}")
    return [name for name in others if least.get(name, 0) > AT_MOST * least[first]]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    sys.exit(main())
