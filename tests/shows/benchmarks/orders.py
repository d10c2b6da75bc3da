"""Orders, a schema unlike the sample archive's: deep objects, lists of objects, and escapes."""

from __future__ import annotations

import zlib
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

_CITIES = ("M\u00fcnchen", "Z\\u00fcrich", "Oslo", 'The \\"Hague\\"', "S\u00e3o Paulo", "Back\\\\Bay", "Graz", "Cork")
_TAGS = ("x\\ty", "b")


def write_orders(folder: Path, chunks: int, records: int) -> None:
    """Write `chunks` hourly chunks of `records` records each; the same bytes every time."""
    folder.mkdir(parents=True)
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(_write, folder, records), range(chunks)))


def _write(folder: Path, records: int, number: int) -> None:
    random = Random(f"orders/{number}")
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    lines = "\n".join(_order(random, at) for at in range(records)) + "\n"
    name = f"orders.{datetime(2020, 1, 1) + timedelta(hours=number):%Y-%m-%d_%H}.log.gz"
    (folder / name).write_bytes(packer.compress(lines.encode()) + packer.flush())


def _order(source: Random, at: int) -> str:
    pick, number = source.choice, source.random
    items = ",".join(
        f'{{"sku":"S{int(number() * 4)}","qty":{1 + int(number() * 10)},"price":{number() * 100:.2f},'
        f'"options":{{"color":"dark \\"red\\"","sizes":[1,{int(number() * 9)}]}}}}'
        for _ in range(1 + int(number() * 4))
    )
    return (
        f'{{"id":"{source.getrandbits(128):032x}","at":"2020-01-01T00:{at % 60:02}:00Z","seq":{at},'
        f'"{pick(("coupon", "code"))}":{int(number() * 100)},"weight":"{int(number() * 100)}",'
        f'"customer":{{"name":"Zo\\u00eb \\"Z\\"","address":{{"city":"{pick(_CITIES)}","geo":[48.1,11.6],'
        f'"note":"ring\\ntwice \\\\ knock"}}}},"tags":["{pick(("live", "old"))}","{pick(_TAGS)}"],'
        f'"items":[{items}],"total":{number() * 1000:.2f}}}'
    )
