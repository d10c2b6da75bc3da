"""The same scan on a Dask cluster: same bytes, also when a worker is killed in the middle of it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from isal import igzip

from tests.archiver.helpers import environment
from tests.support.command import SLOW, hourscope, shell
from tests.support.dask import Cluster
from tests.support.seaweed import Seaweed
from tui.demo import SampleSpec, torn_chunk_of, write_sample

SPEC = SampleSpec(hours=24, records_per_hour=4000, seed=5)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dask")
    for _ in write_sample(folder, SPEC):
        pass
    (folder / torn_chunk_of(SPEC)).unlink()
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> Iterator[Cluster]:
    """A cluster whose workers may use S3."""
    with environment(seaweed.env), Cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def alone(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The digest of an extract that is made here."""
    folder = f"{tmp_path_factory.mktemp('alone')}/extract/"
    assert hourscope("scan", archive, "-m", SLOW, "-o", folder).code == 0
    return digest(folder)


def digest(folder: str) -> bytes:
    return shell("for f in *.gz; do echo $f; zcat $f; done | sha256sum", cwd=folder)


def test_the_same_lines_in_the_same_order(archive: Path, cluster: Cluster) -> None:
    words = ("scan", archive, "-m", "event == 'error'")
    assert hourscope(*words, "--dask", cluster.address).out == hourscope(*words).out


def test_a_worker_killed_in_mid_scan_changes_nothing(archive: Path, alone: bytes, tmp_path: Path) -> None:
    together = f"{tmp_path}/together/"
    with Cluster(tmp_path) as cluster:
        words = ["scan", str(archive), "-m", SLOW, "-o", together, "--json", "--dask", cluster.address]
        scan = subprocess.Popen([sys.executable, "-m", "tui", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while len(list(Path(together).glob("*.gz"))) < 3:
            assert scan.poll() is None
            time.sleep(0.05)
        cluster.workers[0].send_signal(signal.SIGKILL)
        out, err = scan.communicate(timeout=90)
    assert scan.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["matches"] > 0
    assert digest(together) == alone


def test_cancelling_leaves_an_extract_that_resumes(
    archive: Path, alone: bytes, cluster: Cluster, tmp_path: Path
) -> None:
    cut = f"{tmp_path}/cut/"
    words = ["scan", str(archive), "-m", SLOW, "-o", cut]
    scan = subprocess.Popen(
        [sys.executable, "-m", "tui", *words, "--dask", cluster.address], stderr=subprocess.PIPE, text=True
    )
    while len(list(Path(cut).glob("*.gz"))) < 3:
        assert scan.poll() is None
        time.sleep(0.05)
    scan.send_signal(signal.SIGINT)
    cancelled = time.monotonic()
    _, err = scan.communicate(timeout=60)
    assert time.monotonic() - cancelled < 5
    assert scan.returncode == 130
    assert "--resume" in err
    assert hourscope(*words, "--resume").code == 0
    assert digest(cut) == alone


def test_matches_go_straight_to_an_extract_in_s3(
    archive: Path, cluster: Cluster, seaweed: Seaweed, bucket: str
) -> None:
    """The workers reach S3 by the options of the task, and by the environment that they were started in."""
    seaweed.upload_folder(archive, bucket, "logs/")
    words = ("scan", f"s3://{bucket}/logs/", "-m", "event == 'error'")
    ran = hourscope(*words, "-o", f"s3://{bucket}/errors/", "--json", "--dask", cluster.address, env=seaweed.env)
    assert ran.code == 0, ran.err
    extract = hourscope("scan", f"s3://{bucket}/errors/", env=seaweed.env)
    assert extract.out == hourscope(*words, env=seaweed.env).out


PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "tui", *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three chunks of 80 MB of the same matches each."""
    folder = tmp_path_factory.mktemp("large")
    line = b'{"event":"heartbeat","n":%d,"text":"' + b"x" * 300 + b'"}\n'
    with igzip.open(folder / "e.2015-01-20_00.log.gz", "wb", compresslevel=0) as stream:
        for first in range(0, 240_000, 10_000):
            stream.write(b"".join(line % n for n in range(first, first + 10_000)))
    for hour in (1, 2):
        (folder / f"e.2015-01-20_{hour:02}.log.gz").hardlink_to(folder / "e.2015-01-20_00.log.gz")
    return folder


@pytest.mark.parametrize("out", ["extract/", "lines.jsonl"])
def test_matches_of_any_size_come_back_in_parts(large: Path, cluster: Cluster, tmp_path: Path, out: str) -> None:
    """Two chunks at a time: more than may be here at once."""
    words = ("scan", str(large), "-g", "heartbeat", "--dask", cluster.address, "-o", f"{tmp_path}/{out}")
    peak = int(subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, check=True).stdout)
    lines_of_it = f"zcat {tmp_path}/{out}*.gz" if out.endswith("/") else f"cat {tmp_path}/{out}"
    assert shell(f"{lines_of_it} | cmp - <(zcat {large}/*.gz) && echo same") == b"same\n"
    assert peak / 1000 < 150 + 40 * 2, "MB of the one who asked"


def test_a_scheduler_that_is_not_there(archive: Path) -> None:
    ran = hourscope("scan", archive, "-g", "x", "--dask", "tcp://127.0.0.1:1")
    assert ran.code == 2
    assert "tcp://127.0.0.1:1" in ran.err.splitlines()[-1]
