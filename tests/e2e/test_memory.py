"""A scan holds at most 150 MB and 40 MB a job, whatever the size of a chunk and however many records match."""

import subprocess
import sys
from pathlib import Path

import pytest
from isal import igzip

LINE = b'{"event":"heartbeat","n":%d,"player":{"position":%d},"text":"' + b"x" * 300 + b'"}\n'
PEAK = """
import resource, subprocess, sys
ran = subprocess.run([sys.executable, "-m", "tui", *sys.argv[1:]], stdout=subprocess.DEVNULL)
assert ran.returncode == int("-m" in sys.argv) * 2, "the record of 20 MB is not parsed"
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four chunks of 100 MB of lines each, and one line of 20 MB."""
    folder = tmp_path_factory.mktemp("large")
    for hour in range(4):
        with igzip.open(folder / f"e.2015-01-20_{hour:02}.log.gz", "wb", compresslevel=0) as stream:
            for first in range(0, 280_000, 10_000):
                stream.write(b"".join(LINE % (n, n % 600) for n in range(first, first + 10_000)))
    with igzip.open(folder / "e.2015-01-20_04.log.gz", "wb", compresslevel=0) as stream:
        stream.write(b'{"event":"heartbeat","player":{"position":1},"text":"' + b"y" * (20 << 20) + b'"}\n')
    return folder


@pytest.mark.parametrize(
    ("jobs", "filter_", "out"),
    [
        (1, ("-g", "heartbeat"), "extract/"),
        (1, ("-m", "player.position >= `0`"), "-"),
        (4, ("-g", "heartbeat"), "-"),
        (4, ("-m", "player.position >= `0`"), "file.jsonl"),
        (4, ("-m", "player.position >= `0`"), "extract/"),
        (4, (), "file.jsonl"),
    ],
)
def test_memory_is_bounded(archive: Path, tmp_path: Path, jobs: int, filter_: tuple[str, ...], out: str) -> None:
    where = out if out == "-" else f"{tmp_path}/{out}"
    words = ["scan", str(archive), *filter_, "--jobs", str(jobs), "-o", where]
    peak = int(subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, check=True).stdout)
    assert peak / 1000 < 150 + 40 * jobs, "MB of the largest process"
