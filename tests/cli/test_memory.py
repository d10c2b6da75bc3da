"""A scan holds at most 150 MB and 40 MB a job, whatever the size of a chunk and however many records match."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from isal import igzip

LINE = b'{"event":"heartbeat","n":%d,"player":{"position":%d},"text":"' + b"x" * 300 + b'"}\n'
PEAK = """
import resource, subprocess, sys
ran = subprocess.run([sys.executable, "-m", "tui", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(ran.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run(*words: object) -> tuple[int, float]:
    """Return the exit code, and the maximum memory of one of its processes in MB."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONMALLOC"}  # its padding takes memory
    ran = subprocess.run([sys.executable, "-c", PEAK, *map(str, words)], env=env, capture_output=True, check=True)
    code, peak = map(int, ran.stdout.split())
    return code, peak / 1000


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four chunks of 100 MB of lines each, and one line of 20 MB."""
    folder = tmp_path_factory.mktemp("large")
    with igzip.open(folder / "e.2015-01-20_00.log.gz", "wb", compresslevel=0) as stream:
        for first in range(0, 280_000, 10_000):
            stream.write(b"".join(LINE % (n, n % 600) for n in range(first, first + 10_000)))
    for hour in range(1, 4):
        (folder / f"e.2015-01-20_{hour:02}.log.gz").hardlink_to(folder / "e.2015-01-20_00.log.gz")
    with igzip.open(folder / "e.2015-01-20_04.log.gz", "wb", compresslevel=0) as stream:
        stream.write(b'{"event":"heartbeat","player":{"position":1},"text":"' + b"y" * (20 << 20) + b'"}\n')
    return folder


@pytest.mark.parametrize(
    ("jobs", "filter_", "out"),
    [
        (1, ("-g", "heartbeat"), "extract/"),
        (1, ("-m", "player.position >= `0`"), "-"),
        (4, ("-g", "heartbeat"), "-"),
        (4, ("-m", "player.position >= `0`"), "extract/"),
        (4, (), "file.jsonl"),
    ],
)
def test_memory_is_bounded(archive: Path, tmp_path: Path, jobs: int, filter_: tuple[str, ...], out: str) -> None:
    where = out if out == "-" else f"{tmp_path}/{out}"
    code, peak = run("scan", archive, *filter_, "--jobs", jobs, "-o", where)
    assert code == 2 * ("-m" in filter_), "the record of 20 MB is not parsed"
    assert peak < 150 + 40 * jobs


SMALL = b'{"n":1}'


def forms() -> dict[str, list[bytes]]:
    """Records of 63 MiB, as they are stored in chunks."""
    record = b'{"event":"x","v":["' + b"0123456789abcde," * (63 << 16) + b'"]}'
    pretty = b'{\n"event": "x",\n"v": [\n' + (b'"%s",\n' % (b"0123456789" * 160)) * 36_800 + b'"x"]\n}\n'
    return {
        "lines": [SMALL, b"\n", record, b"\r\n", record],
        "values": [SMALL * 1000, pretty, record, SMALL * 1000],
        "a document": [b'{"Records":[', SMALL, b",", pretty, b",", record, b"]}"],
    }


@pytest.fixture(scope="module", params=["lines", "values", "a document"])
def long_records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chunk with records of 63 MiB."""
    folder = tmp_path_factory.mktemp("long")
    with igzip.open(folder / "e.2015-01-20_00.log.gz", "wb", compresslevel=1) as stream:
        for piece in forms()[request.param]:
            stream.write(piece)
    return folder


@pytest.mark.parametrize("command", ["scan", "verify"])
def test_memory_is_bounded_for_the_longest_records(long_records: Path, tmp_path: Path, command: str) -> None:
    words = ("-g", "event", "-o", f"{tmp_path}/extract/") if command == "scan" else ()
    code, peak = run(command, long_records, *words, "--jobs", 1)
    assert code == (0 if command == "scan" else 2), "records over 8 MiB are not parsed"
    assert peak < 190


def test_zstd_windows_of_128_mib_take_memory_one_after_another(tmp_path: Path) -> None:
    """Each chunk fills its window, and two at a time would take twice that."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=27)
    text = b"".join(b'{"event":"%064d"}\n' % n for n in range(1 << 14)) * 110
    data = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    chunk = data.compress(text) + data.flush()
    for hour in range(2):
        (tmp_path / f"e.2015-01-20_{hour:02}.log.zst").write_bytes(chunk)
    code, peak = run("scan", tmp_path, "-g", "event", "--count", "--jobs", 2)
    assert code == 0
    assert 128 < peak < 240
