"""`python -m tests.benchmarks`: measure everything and write docs/benchmarks.md and its picture."""

from __future__ import annotations

import argparse
import compileall
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import tui
from tests.benchmarks import contests, data, report, tools
from tests.benchmarks.contests import Contest
from tests.benchmarks.measure import Bench
from tests.servers.process import HOST, ServerProcess, free_ports, quiet_environment
from tests.servers.seaweed import Seaweed, find_weed
from tui.demo import SampleSpec, incident_of

DOCS = Path(__file__).parents[2] / "docs"
_POSITION = 1367  # seconds; half of the sample's records are beyond


def main() -> int:
    """0 if every answer of ours was right, whatever the times."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records-per-hour", type=int, default=220_000, help="of the big archive; 220,000 make 2 GB")
    parser.add_argument("--patience", type=float, default=180, help="seconds in all for a calm machine")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one run")
    parser.add_argument("--only", default="", help="contests whose title has this in it")
    parser.add_argument("--out", type=Path, default=DOCS, help="the folder to write to")
    options = parser.parse_args()
    began = time.monotonic()
    versions = tools.get_tools()
    compileall.compile_dir(str(Path(tui.__file__).parent), quiet=2)
    bench = Bench(options.patience, options.timeout)
    with ExitStack() as stack:
        found = [c for c in _contests(stack, options.records_per_hour) if options.only in c.title]
        _measure(bench, found, versions, options.rounds)
    report.write(options.out, found, versions, bench.noisy, options.rounds, time.monotonic() - began)
    return int(any(contest.ours.name in report.wrong(contest) for contest in found))


def _measure(bench: Bench, found: list[Contest], versions: dict[str, str], rounds: int) -> None:
    for contest in found:
        for contestant in contest.contestants:
            missing = [name for name in contestant.needs if name not in versions]
            contestant.failure = f"no {', '.join(missing)} here" if missing else ""
        for path in contest.data.folder.iterdir():
            path.read_bytes()  # into the page cache, for all alike
    for contest in found:
        bench.take_turns(contest.contestants, rounds)


def _contests(stack: ExitStack, records_per_hour: int) -> Iterator[Contest]:
    big, small, tiny = data.big(records_per_hour), data.small(), data.tiny()
    literal = data.rare_literal(big)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=data.CACHE)))
    yield contests.folder_literal(big, literal)
    if tree := _earlier_tree(folder):
        yield contests.earlier(big, tree)
    s3 = stack.enter_context(Seaweed(find_weed(), folder / "weed"))
    s3.create_bucket("big")
    s3.upload_folder(big.folder, "big", threads=4)
    config = folder / "s3cmd"
    place = f"host_base = {HOST}:{s3.port}\nhost_bucket = {HOST}:{s3.port}\nuse_https = False\n"
    config.write_text(f"[default]\naccess_key = {s3.access_key}\nsecret_key = {s3.secret_key}\n{place}")
    yield contests.bucket_literal(big, literal, "big", s3.env, config)
    yield contests.one_percent(big, incident_of(SampleSpec()).code)
    yield contests.half(big, _POSITION)
    if tools.HADRO.exists():
        port = stack.enter_context(_far_away(small.folder, folder))
        far = {**s3.env, "AWS_ENDPOINT_URL": f"http://{HOST}:{port}"}
        yield contests.small_chunks(small, "far", far)
        yield contests.small_chunks(small, "far", far, jobs=8)
    yield contests.start_up(tiny)


def _earlier_tree(folder: Path) -> Path | None:
    """The earlier version's modules, out of the repository's history; None in a clone that lacks it."""
    archive = subprocess.run(["git", "archive", contests.BASELINE, "tui"], capture_output=True, check=False)
    if archive.returncode:
        return None
    tree = folder / "earlier"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    compileall.compile_dir(str(tree), quiet=2)
    return tree


@contextmanager
def _far_away(chunks: Path, folder: Path) -> Iterator[int]:
    """An S3 server that answers each request late: its port."""
    buckets = folder / "far-away"
    buckets.mkdir()
    (buckets / "far").symlink_to(chunks)
    (port,) = free_ports(1)
    late = ["--latency-ms", str(contests.LATENCY * 1000), "--log-level", "error"]
    server = ServerProcess(
        [tools.HADRO, buckets, "--port", str(port), *late], folder / "hadro.log", quiet_environment()
    )

    def answers() -> bool:
        with suppress(HTTPException):
            connection = HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        return False

    try:
        server.wait_until(answers)
        yield port
    finally:
        server.kill()


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    sys.exit(main())
