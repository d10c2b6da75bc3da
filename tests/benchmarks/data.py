"""What is scanned: one big archive, one of many small chunks, one tiny one. Made once into `.cache/bench`."""

from __future__ import annotations

import re
import shutil
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tui.demo import SampleSpec, torn_chunk_of, write_sample

CACHE = Path(__file__).parents[2] / ".cache" / "bench"

SMALL_CHUNKS = 700
RARE = 0.0003
"""A rare literal is in at most this share of the lines."""

_VISITOR = re.compile(rb'"visitor":\{"id":"(v-[0-9a-f]{8})"')
_SAMPLED = 1 << 20  # compressed bytes of each chunk that are looked at to choose the literal


@dataclass(frozen=True)
class Data:
    """A folder of chunks, none of them torn: `zgrep`, DuckDB and chDB would complain about that one."""

    folder: Path
    chunks: int
    records: int
    bytes: int
    bytes_compressed: int


def big(records_per_hour: int) -> Data:
    """A day of two hosts: 44 chunks of very different sizes, each of many gzip members, as nsq_to_file leaves them."""
    return _made("big", SampleSpec(hours=24, records_per_hour=records_per_hour))


def small() -> Data:
    """Hundreds of chunks that are smaller than the time to ask for them."""
    return _made("small", SampleSpec(hours=352, records_per_hour=20), only=SMALL_CHUNKS)


def tiny() -> Data:
    """One chunk of some records."""
    return _made("tiny", SampleSpec(hours=24, records_per_hour=40), only=1)


def _made(name: str, spec: SampleSpec, only: int | None = None) -> Data:
    folder = CACHE / f"{name}-{spec.hours}-{spec.records_per_hour}-{spec.seed}"
    stamp = folder.with_suffix(".made")
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        written = [chunk for chunk in write_sample(folder, spec, jobs=2) if chunk.key != torn_chunk_of(spec)]
        (folder / torn_chunk_of(spec)).unlink()
        for chunk in written[only:] if only else ():
            chunk.path.unlink()
        kept = written[:only]
        figures = (len(kept), *(sum(getattr(c, f) for c in kept) for f in ("records", "bytes", "bytes_compressed")))
        stamp.write_text(" ".join(map(str, figures)))
    return Data(folder, *map(int, stamp.read_text().split()))


def rare_literal(data: Data) -> str:
    """A visitor's id: the one that most of the sampled lines have without being in more than RARE of them."""
    seen: Counter[bytes] = Counter()
    lines = 0
    for path in sorted(data.folder.iterdir()):
        with path.open("rb") as stream:
            packed = stream.read(_SAMPLED)
        while packed:
            member = zlib.decompressobj(31)
            text = member.decompress(packed)
            if not member.eof:
                break
            seen.update(_VISITOR.findall(text))
            lines += text.count(b"\n")
            packed = member.unused_data
    found = ((count, visitor) for visitor, count in seen.items() if count <= RARE * 0.9 * lines)
    return max(found)[1].decode()
