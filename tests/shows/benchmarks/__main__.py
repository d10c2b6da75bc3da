"""`python -m tests.shows.benchmarks`: measure everything and write docs/benchmarks.md and its picture."""

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
from tests.shows.benchmarks import counts, data, filters, report, scans, schemas, tools
from tests.shows.benchmarks.contest import OURS, Contest
from tests.shows.benchmarks.measure import Bench
from tests.shows.benchmarks.schemas import Schema
from tests.support.process import HOST, ServerProcess, free_ports, quiet_environment
from tests.support.seaweed import Seaweed, find_weed

DOCS = Path(__file__).parents[3] / "docs"


def main() -> int:
    """Return 0 if all our answers were right, regardless of the times."""
    parser = argparse.ArgumentParser(prog="python -m tests.shows.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records-per-hour", type=int, default=220_000, help="of the big archive; 220,000 make 2 GB")
    parser.add_argument("--patience", type=float, default=180, help="seconds in all for a calm machine")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one run")
    parser.add_argument("--only", default="", help="contests whose title has this in it")
    parser.add_argument("--out", type=Path, help="the folder to write to: docs, or with --only .cache/bench/only")
    options = parser.parse_args()
    versions = tools.get_tools()
    began = time.monotonic()
    compileall.compile_dir(str(Path(tui.__file__).parent), quiet=2)
    bench = Bench(options.patience, options.timeout)
    measured: list[Contest] = []
    with ExitStack() as stack:
        data.CACHE.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=data.CACHE)))
        both = schemas.demo(options.records_per_hour), schemas.orders(options.records_per_hour)
        for contests in (local(both, folder, options.only), far(both[0], folder, options.only, stack)):
            for contest in contests:
                if options.only in contest.title:
                    _measure(bench, contest, versions, options.rounds)
                    measured.append(contest)
    page = report.Page(measured, versions, bench.noisy, options.rounds, time.monotonic() - began)
    report.write(options.out or (data.CACHE / "only" if options.only else DOCS), page)
    return int(any(wrong.name.startswith(OURS) for contest in measured for wrong in contest.wrong()))


def _measure(bench: Bench, contest: Contest, versions: dict[str, str], rounds: int) -> None:
    print(f"bench: {contest.title}, {contest.schema}", file=sys.stderr)
    for contestant in contest.contestants:
        missing = [name for name in contestant.needs if name not in versions]
        contestant.missing = f"no {', '.join(missing)} here" if missing else ""
    for command in contest.prepare:
        subprocess.run(["bash", "-c", command], stdout=sys.stderr, check=False)  # contests without it fail
    for path in contest.data.folder.iterdir():
        path.read_bytes()  # into the page cache, the same for all
    bench.take_turns(contest.contestants, rounds)


def local(both: tuple[Schema, ...], folder: Path, only: str = "") -> Iterator[Contest]:
    """Return the contests on folders; make only the data that titles containing `only` need."""
    for build in (scans.rare_literal, filters.paths, filters.expressions, filters.texts, counts.counts):
        yield from map(build, both)
    if any(only in title for title in (counts.INDEXED, scans.CORES, scans.EARLIER)):
        month = data.month(both[0].data, both[1].data, [schema.pattern for schema in both])
        for schema, identity in zip(both, month.identities, strict=True):
            yield counts.indexed(schema, month, identity)
        yield scans.cores(month)
        if tree := earlier_tree(folder):
            yield scans.earlier(month, tree)
    yield from map(counts.build, both)
    yield scans.start_up(data.tiny())


def far(schema: Schema, folder: Path, only: str, stack: ExitStack) -> Iterator[Contest]:
    """Return the contests on servers."""
    if not any(only in title for title in (scans.LOOPBACK, scans.FAR)):
        return
    s3 = stack.enter_context(Seaweed(find_weed(), folder / "weed"))
    s3.create_bucket("big")
    s3.upload_folder(schema.data.folder, "big", threads=4)
    config = folder / "s3cmd"
    place = f"host_base = {HOST}:{s3.port}\nhost_bucket = {HOST}:{s3.port}\nuse_https = False\n"
    config.write_text(f"[default]\naccess_key = {s3.access_key}\nsecret_key = {s3.secret_key}\n{place}")
    yield scans.bucket_literal(schema.data, schema.literal, "big", s3.env, config)
    if tools.HADRO.exists():
        small = data.small()
        port = stack.enter_context(_far_away(small.folder, folder))
        env = {**s3.env, "AWS_ENDPOINT_URL": f"http://{HOST}:{port}"}
        yield scans.small_chunks(small, "far", env)
        yield scans.small_chunks(small, "far", env, jobs=8)


def earlier_tree(folder: Path) -> Path | None:
    """Extract the earlier version from the repository's history; None in a shallow clone."""
    archive = subprocess.run(["git", "archive", scans.BASELINE, "tui"], capture_output=True, check=False)
    if archive.returncode:
        return None
    tree = folder / "earlier"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    compileall.compile_dir(str(tree), quiet=2)
    return tree


@contextmanager
def _far_away(chunks: Path, folder: Path) -> Iterator[int]:
    """Run an S3 server that delays each answer; yield its port."""
    buckets = folder / "far-away"
    buckets.mkdir()
    (buckets / "far").symlink_to(chunks)
    (port,) = free_ports(1)
    late = ["--latency-ms", str(scans.LATENCY * 1000), "--log-level", "error"]
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
    os.chdir(Path(__file__).parents[3])
    sys.exit(main())
