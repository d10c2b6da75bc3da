"""The data. It is generated once in `.cache/bench`; a `.made` file beside each archive holds its figures."""

from __future__ import annotations

import re
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from isal import igzip

from tests.shows.benchmarks.orders import write_orders
from tui.demo import SampleSpec, torn_chunk_of, write_sample

CACHE = Path(__file__).parents[3] / ".cache" / "bench"

SMALL_CHUNKS = 700
MONTH_CHUNKS = 720
TEXTS = 10_000
RARE = 0.0003
"""A rare literal is in at most this share of the lines."""

_ORDERS_CHUNKS = 96
_ORDERS_SHARE = 7  # an hour of the sample has this many times the records of a chunk of orders
_FOUND_TEXTS = 3_000
_PIECES = 144  # of the sample, for the month: about as large as a chunk of orders
_HEADER = 10  # bytes of a gzip member (RFC 1952)
_VISITOR = re.compile(rb'"visitor":\{"id":"(v-[0-9a-f]{8})"')
_SAMPLED = 1 << 20  # compressed bytes per chunk from which texts are chosen


@dataclass(frozen=True)
class Data:
    """A folder of chunks without a torn one, about which `zgrep`, DuckDB and chDB would complain."""

    folder: Path
    chunks: int
    records: int
    bytes: int
    bytes_compressed: int

    @property
    def files(self) -> str:
        """The chunks as a pattern for a shell and SQL."""
        return f"{self.folder}/*.gz"


@dataclass(frozen=True)
class Month:
    """720 hourly chunks, the first half of them, and for each kind of record an id that is in only two of them."""

    data: Data
    half: Data
    identities: Sequence[str]


def big(records_per_hour: int) -> Data:
    """A day of two hosts: 44 chunks of very different sizes, each of many gzip members, as nsq_to_file leaves them."""
    return _sample("big", SampleSpec(hours=24, records_per_hour=records_per_hour))


def small() -> Data:
    """Hundreds of chunks so small that requests take longer than transfers."""
    return _sample("small", SampleSpec(hours=352, records_per_hour=20), only=SMALL_CHUNKS)


def tiny() -> Data:
    """One chunk of some records."""
    return _sample("tiny", SampleSpec(hours=24, records_per_hour=40), only=1)


def orders(records_per_hour: int) -> Data:
    """Four days of orders, in proportion to the sample: 1.4 GB of lines to its 2 GB."""
    records = max(1, records_per_hour // _ORDERS_SHARE)
    name = f"orders-{_ORDERS_CHUNKS}-{records}"
    return _made(name, lambda folder: write_orders(folder, _ORDERS_CHUNKS, records))


def part(data: Data, share: float) -> Data:
    """Return the largest chunks of an archive, with at least this share of its bytes."""
    chosen, left = [], share * data.bytes_compressed
    for path in reversed(_by_size(data)):
        if left > 0:
            chosen.append(path)
            left -= path.stat().st_size
    return _linked(f"{data.folder.name}-part", {path.name: path for path in chosen})


def month(sample: Data, orders: Data, patterns: Sequence[re.Pattern[bytes]]) -> Month:
    """Make 720 hours alternating between the sample, cut into more chunks, and orders, reused under other names.

    The first chunk of each kind occurs twice, and holds the id, the first match of its pattern.
    """
    kinds = (_by_size(cut(sample), first=min(sample.folder.iterdir(), key=_size).name), _by_size(orders))
    links = {}
    for number in range(MONTH_CHUNKS):
        turn, kind = divmod(number, len(kinds))
        holder, *others = kinds[kind]
        hour = datetime(2020, 1, 1) + timedelta(hours=number)
        links[f"mixed.{hour:%Y-%m-%d_%H}.log.gz"] = holder if turn in (100, 200) else others[turn % len(others)]
    name = f"month-{sample.folder.name}"
    half = dict(list(links.items())[: MONTH_CHUNKS // 2])
    matches = [pattern.search(next(_heads([paths[0]]))) for paths, pattern in zip(kinds, patterns, strict=True)]
    return Month(_linked(name, links), _linked(f"{name}-half", half), [first[1].decode() for first in matches if first])


def cut(data: Data) -> Data:
    """Put the same gzip members into more chunks. The smallest stays whole: no other chunk has its sessions."""

    def write(folder: Path) -> None:
        folder.mkdir()
        for path in data.folder.iterdir():
            packed = path.read_bytes()
            header = packed[:_HEADER]  # the same in all members
            members = packed.split(header)[1:]
            pieces = min(max(1, len(packed) * _PIECES // data.bytes_compressed), len(members))
            for number in range(pieces):
                begin, end = (len(members) * at // pieces for at in (number, number + 1))
                name = path.name if pieces == 1 else f"{number}.{path.name}"
                (folder / name).write_bytes(b"".join(header + member for member in members[begin:end]))

    return _made(f"{data.folder.name}-cut", write)


def _size(path: Path) -> tuple[int, str]:
    return path.stat().st_size, path.name


def _by_size(data: Data, first: str = "") -> list[Path]:
    """Link the chunks, smallest first, except for the `first`."""
    return sorted(data.folder.iterdir(), key=lambda path: (path.name != first, _size(path)))


def _linked(name: str, links: Mapping[str, Path]) -> Data:
    def link(folder: Path) -> None:
        folder.mkdir()
        for key, path in links.items():
            (folder / key).hardlink_to(path)

    return _made(name, link)


def rare_literal(data: Data) -> str:
    """Return the most frequent visitor id that is in at most RARE of the sampled lines."""
    seen: Counter[bytes] = Counter()
    lines = 0
    for head in _heads(data.folder.iterdir()):
        seen.update(_VISITOR.findall(head))
        lines += head.count(b"\n")
    rare = [(count, visitor) for visitor, count in seen.items() if count <= RARE * 0.9 * lines]
    return max(rare or [(1, min(seen))])[1].decode()


def texts(data: Data, pattern: re.Pattern[bytes]) -> Path:
    """Write 10,000 similar texts to a file; nearly a third of them are in the data."""
    path = data.folder.with_suffix(".texts")
    if not path.exists():
        random = Random(5)
        seen = sorted({text for head in _heads(data.folder.iterdir()) for text in pattern.findall(head)})
        sample = [text.decode() for text in random.sample(seen, min(len(seen), _FOUND_TEXTS))]
        made = (_like(sample[0], random) for _ in range(TEXTS))
        path.write_text("".join(f"{text}\n" for text in [*sample, *made][:TEXTS]))
    return path


def _like(text: str, random: Random) -> str:
    """Return the text with other hexadecimal digits."""
    prefix, digits = text[: text.find("-") + 1], len(text) - text.find("-") - 1
    return f"{prefix}{random.getrandbits(4 * digits):0{digits}x}"


def _sample(name: str, spec: SampleSpec, only: int | None = None) -> Data:
    def write(folder: Path) -> None:
        written = [chunk for chunk in write_sample(folder, spec, jobs=2) if chunk.key != torn_chunk_of(spec)]
        (folder / torn_chunk_of(spec)).unlink()
        for chunk in written[only:] if only else ():
            chunk.path.unlink()

    return _made(f"{name}-{spec.hours}-{spec.records_per_hour}-{spec.seed}", write)


def _made(name: str, make: Callable[[Path], None]) -> Data:
    """Make the data, unless an earlier run has."""
    folder = CACHE / name
    stamp = CACHE / f"{name}.made"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        stamp.write_text(" ".join(map(str, _figures(folder))))
    return Data(folder, *map(int, stamp.read_text().split()))


def _figures(folder: Path) -> tuple[int, int, int, int]:
    """Return chunks, records, bytes and compressed bytes; files with several links are read once."""
    known: dict[int, tuple[int, int]] = {}
    chunks = records = size = stored = 0
    for path in folder.iterdir():
        about = path.stat()
        if about.st_ino not in known:
            with igzip.open(path) as stream:
                blocks = [(len(block), block.count(b"\n")) for block in iter(lambda: stream.read(1 << 20), b"")]
            known[about.st_ino] = sum(length for length, _ in blocks), sum(lines for _, lines in blocks)
        length, lines = known[about.st_ino]
        chunks, records, size, stored = chunks + 1, records + lines, size + length, stored + about.st_size
    return chunks, records, size, stored


def _heads(paths: Iterable[Path]) -> Iterator[bytes]:
    """Yield the first lines of each chunk, in order of name."""
    for path in sorted(paths):
        with path.open("rb") as stream:
            packed = stream.read(_SAMPLED)
        lines = b""
        while packed:
            member = zlib.decompressobj(31)
            lines += member.decompress(packed)
            packed = member.unused_data if member.eof else b""
        yield lines[: lines.rfind(b"\n") + 1]
