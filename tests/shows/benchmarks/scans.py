"""Contests of plain scans: of folders, of S3, on one core and two."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from math import ceil
from pathlib import Path
from shlex import quote

from tests.shows.benchmarks.contest import HOURSCOPE, NOWHERE, OURS, Contest, Figure, Need, in_turns, ours
from tests.shows.benchmarks.data import Data, Month
from tests.shows.benchmarks.measure import Contestant
from tests.shows.benchmarks.schemas import Schema

CORES = "Cores"
EARLIER = "A literal, against an earlier version"
FAR = "700 small chunks behind 40 ms"
LOOPBACK = "A rare literal, S3 on loopback"
LATENCY = 0.040
BASELINE = "1706d1c"
_CONNECTIONS = 16  # the default of a scan of a bucket with small chunks
_BARE = f"{quote(sys.executable)} {quote(str(Path(__file__).with_name('bare.py')))}"
_MANY_CORES = (16, 64)


def rare_literal(schema: Schema) -> Contest:
    """In a folder."""
    data, literal = schema.data, schema.literal
    scan = ours(f"{data.folder} -g {literal}")
    command = f"sh -c 'igzip -dc % | rg -F {literal}' | wc -l"
    pipeline = in_turns("xargs -P2 'igzip | rg'", data, command, ("igzip", "rg"))
    bare = in_turns("igzip alone, 2 processes", data, "igzip -dc % > /dev/null", ("igzip",), answers=False)
    ugrep = Contestant("ugrep -z -a -J2", f"ugrep -z -a -J2 -h -F {literal} {data.files} | wc -l", ("ugrep",))
    rg = Contestant("rg -z -j2", f"rg -z -j2 -I -F {literal} {data.files} | wc -l", ("rg",), rounds=2)
    zgrep = Contestant("zgrep", f"zgrep -h -F {literal} {data.files} | wc -l", ("zgrep",), rounds=1)
    work = "a rare literal, folder"
    needs = [Need(work, "", scan, [pipeline], 1.2), Need(work, "", scan, [bare], 0.8)]
    contestants = [scan, pipeline, bare, ugrep, rg]
    if schema.name == "demo":  # slow and far behind
        contestants.append(zgrep)
        needs.append(Need(work, "", scan, [zgrep], 9))
    return Contest(
        "A rare literal, folder", schema.name, data, contestants, needs, work=f"`-g {literal}`.", charted=True
    )


def earlier(month: Month, tree: Path) -> Contest:
    """The same scan of sound chunks by an earlier version: later features must cost nothing there."""
    command = f"{quote(sys.executable)} -P -m tui scan {month.half.folder} -g {NOWHERE} --count"
    now = Contestant(OURS, command, env={"PYTHONPATH": str(Path.cwd())}, repeat=2)
    before = Contestant("the earlier version", command, env={"PYTHONPATH": str(tree)}, repeat=2)
    needs = [Need("a literal, sound chunks", "", now, [before], 0.97)]
    about = f"Commit {BASELINE} did not read past damage, and did not look for it as closely. On half of the month, so "
    about += "that the start-up, which is measured below, matters little."
    return Contest(EARLIER, "both", month.half, (now, before), needs, about)


def cores(month: Month) -> Contest:
    """A literal scan on one core and on two, compared with only inflating."""
    data = month.half
    scan = f"{HOURSCOPE} scan {data.folder} -g {NOWHERE} --count"
    one, two = (
        Contestant(f"{OURS}, {name}", f"taskset -c {cpus} {scan}", ("taskset",))
        for cpus, name in (("0", "1 core"), ("0,1", "2 cores"))
    )
    bare_one, bare_two = (
        Contestant(
            f"igzip, {name}",
            f"taskset -c {cpus} sh -c 'ls {data.files} | xargs -P{processes} -I% igzip -dc %' > /dev/null",
            ("taskset", "igzip"),
            answers=False,
        )
        for cpus, processes, name in (("0", 1, "1 core"), ("0,1", 2, "2 cores"))
    )

    def figures() -> Iterable[Figure]:
        gain, bare = one.seconds / two.seconds, bare_one.seconds / bare_two.seconds
        work = "a literal scan, from one core to two"
        yield Figure(work, "what igzip gains", "≥ 0.97", f"{gain / bare:.2f}", gain / bare / 0.97)
        yield Figure(f"{OURS} gains", "", "", _amdahl(gain), None)
        yield Figure("igzip gains", "", "", _amdahl(bare), None)

    about = f"`-g {NOWHERE}` in half of the month, on one and two cores (`taskset`)."
    return Contest(CORES, "both", data, (one, two, bare_one, bare_two), about=about, figures=figures)


def _amdahl(gain: float) -> str:
    """Project a gain from one core to two to many cores (Amdahl's law)."""
    serial = min(max(0.0, 2 / gain - 1), 1.0)
    allowed = " and ".join(f"{1 / (serial + (1 - serial) / n):.1f}× on {n} cores" for n in _MANY_CORES)
    return f"{gain:.2f}×, so {serial:.1%} of its time is serial, which allows {allowed} (Amdahl's law)"


def bucket_literal(data: Data, literal: str, bucket: str, env: Mapping[str, str], s3cmd_config: Path) -> Contest:
    """A rare literal in S3 on this machine."""
    keys = " ".join(sorted(path.name for path in data.folder.iterdir()))
    s3cmd = f"s3cmd -c {s3cmd_config} get s3://{bucket}/$key - 2>/dev/null | zgrep -F {literal}"
    s5cmd = f"s5cmd cat s3://{bucket}/% | igzip -dc | rg -F {literal}"
    endpoint = {**env, "S3_ENDPOINT_URL": env["AWS_ENDPOINT_URL"]}
    scan = ours(f"s3://{bucket}/ -g {literal}", env=env)
    loop = Contestant(
        "a loop of s3cmd | zgrep",
        f"for key in {keys}; do {s3cmd}; done | wc -l",
        ("s3cmd", "zgrep"),
        env=endpoint,
        rounds=1,
    )
    pipeline = Contestant(
        "s5cmd cat | igzip | rg, 2 at a time",
        f"printf '%s\\n' {keys} | xargs -P2 -I% sh -c '{s5cmd}' | wc -l",
        ("s5cmd", "igzip", "rg"),
        env=endpoint,
    )
    work = "a rare literal, S3 on loopback"
    needs = (Need(work, "", scan, [pipeline], 1), Need(work, "", scan, [loop], 6))
    about = "The same chunks, from SeaweedFS on the same two cores."
    return Contest(LOOPBACK, "demo", data, (scan, pipeline, loop), needs, about, charted=True)


def small_chunks(data: Data, bucket: str, env: Mapping[str, str], jobs: int | None = None) -> Contest:
    """Hundreds of small chunks with latency. The bare connections show the server's own time."""
    connections = jobs or _CONNECTIONS
    words = "-g 5003" + (f" --jobs {jobs}" if jobs else "")
    scan = ours(f"s3://{bucket}/ {words}", env=env)
    place = env["AWS_ENDPOINT_URL"].removeprefix("http://")
    bare = Contestant(
        "as many bare connections", f"{_BARE} {place} {bucket} {data.folder} {connections}", answers=False
    )
    ideal = ceil(data.chunks / connections) * LATENCY

    def figures() -> Iterable[Figure]:
        ratio, work = ideal / scan.seconds, f"{FAR}, {connections} connections"
        yield Figure(work, f"the ideal, {ideal:.2f} s", "≥ 0.75", f"{ratio:.2f}", ratio / 0.75)

    about = "The ideal is GETs × latency / connections. Without `--jobs`, hourscope opens 16 connections."
    return Contest(FAR, "demo", data, (scan, bare), about=about, work=f"`{words}`.", figures=figures)


def start_up(data: Data) -> Contest:
    """The time before the first byte is read."""
    scan = ours(f"{data.folder} -g e", repeat=10)
    command = f"{quote(sys.executable)} -c 'import click'"
    click = Contestant("python -c 'import click'", command, repeat=10, answers=False)
    needs = [Need("start-up", "", scan, [click], at_most=3)]
    return Contest("Start-up", "demo", data, (scan, click), needs, "A scan of one tiny chunk.")
