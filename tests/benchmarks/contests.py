"""What is measured: each contest is one piece of work, ours and theirs, and how much faster ours must be."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from shlex import quote

from tests.benchmarks import tools
from tests.benchmarks.data import CACHE, Data
from tests.benchmarks.measure import Contestant

HOURSCOPE = quote(str(Path(sysconfig.get_path("scripts")) / "hourscope"))
LATENCY = 0.040
BASELINE = "1706d1c"
CONNECTIONS = 16  # what a scan of a bucket of small chunks opens by itself
_QUERY = f"{tools.PYTHON} {Path(__file__).with_name('query.py')}"
_BARE = f"{quote(sys.executable)} {Path(__file__).with_name('bare.py')}"
_QUIET = {"XDG_CONFIG_HOME": str(CACHE / "no-config"), "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Contest:
    """One piece of work. `required`: theirs / ours in time, at least, for each rival that has one by its name."""

    title: str
    work: str
    ours: Contestant
    rivals: tuple[Contestant, ...]
    required: Mapping[str, float]
    data: Data
    fastest_of: tuple[str, ...] = ()  # rivals of which only the fastest counts
    ideal: float | None = None  # seconds that the work takes at least, in place of rivals

    @property
    def contestants(self) -> tuple[Contestant, ...]:
        return (self.ours, *self.rivals)


def _ours(words: str, env: Mapping[str, str] | None = None, repeat: int = 1) -> Contestant:
    return Contestant("hourscope", f"{HOURSCOPE} scan {words} --count", {**_QUIET, **(env or {})}, repeat=repeat)


def folder_literal(data: Data, literal: str) -> Contest:
    """A rare literal in a folder."""
    files = f"{data.folder}/*.gz"

    def in_turns(name: str, command: str, *needs: str, answers: bool = True) -> Contestant:
        return Contestant(name, f"ls {files} | xargs -P2 -I% {command}", _QUIET, needs, answers=answers)

    return Contest(
        f"`-g {literal}`, folder",
        "a visitor's id, in {share:.2%} of the lines",
        _ours(f"{data.folder} -g {literal}"),
        (
            Contestant("zgrep, one after another", f"zgrep -h -F {literal} {files} | wc -l", _QUIET, ("zgrep",)),
            in_turns("xargs -P2 'igzip \\| rg'", f"sh -c 'igzip -dc % | rg -F {literal}' | wc -l", "igzip", "rg"),
            in_turns("igzip alone, 2 processes", "igzip -dc % > /dev/null", "igzip", answers=False),
            Contestant("ugrep -z -a -J2", f"ugrep -z -a -J2 -h -F {literal} {files} | wc -l", _QUIET, ("ugrep",)),
            Contestant("rg -z -j2", f"rg -z -j2 -I -F {literal} {files} | wc -l", _QUIET, ("rg",)),
        ),
        {"zgrep, one after another": 9, "xargs -P2 'igzip \\| rg'": 1.1, "igzip alone, 2 processes": 0.85},
        data,
    )


def earlier(data: Data, tree: Path) -> Contest:
    """The same scan, of sound chunks, by an earlier version: what has been added since must cost nothing there."""
    literal = "needle-that-is-nowhere"
    command = f"{quote(sys.executable)} -P -m tui scan {data.folder} -g {literal} --count"
    return Contest(
        f"`-g {literal}`, against an earlier version",
        f"commit {BASELINE}, before damaged chunks were read beyond the damage",
        Contestant("hourscope", f"{command} || true", {**_QUIET, "PYTHONPATH": str(Path.cwd())}),
        (Contestant("the earlier version", f"{command} || true", {**_QUIET, "PYTHONPATH": str(tree)}),),
        {"the earlier version": 1 / 1.03},
        data,
    )


def bucket_literal(data: Data, literal: str, bucket: str, env: Mapping[str, str], s3cmd_config: Path) -> Contest:
    """The same from S3 on this machine."""
    keys = " ".join(sorted(path.name for path in data.folder.iterdir()))
    article = f"s3cmd -c {s3cmd_config} get s3://{bucket}/$key - 2>/dev/null | zgrep -F {literal}"
    pipeline = f"s5cmd cat s3://{bucket}/% | igzip -dc | rg -F {literal}"
    endpoint = {**env, **_QUIET, "S3_ENDPOINT_URL": env["AWS_ENDPOINT_URL"]}
    return Contest(
        f"`-g {literal}`, S3 on loopback",
        "the same chunks, from SeaweedFS on the same two cores",
        _ours(f"s3://{bucket}/ -g {literal}", env),
        (
            Contestant(
                "the article's s3cmd \\| zgrep loop",
                f"for key in {keys}; do {article}; done | wc -l",
                endpoint,
                ("s3cmd", "zgrep"),
                rounds=3,
            ),
            Contestant(
                "s5cmd cat \\| igzip \\| rg, 2 at a time",
                f"printf '%s\\n' {keys} | xargs -P2 -I% sh -c '{pipeline}' | wc -l",
                endpoint,
                ("s5cmd", "igzip", "rg"),
            ),
        ),
        {"the article's s3cmd \\| zgrep loop": 6, "s5cmd cat \\| igzip \\| rg, 2 at a time": 1.0},
        data,
    )


def one_percent(data: Data, code: int) -> Contest:
    """Few records, by their fields."""
    files = f"{data.folder}/*.gz"
    expression = f"event == 'error' && error.code == `{code}`"
    typed = "columns={event:'VARCHAR', error:'STRUCT(code BIGINT)'}"
    duckdb = f"read_json('{files}', format='newline_delimited', {typed}) WHERE event = 'error' AND error.code = {code}"
    chdb = f"JSONExtractString(line, 'event') = 'error' AND JSONExtractInt(line, 'error', 'code') = {code}"
    return Contest(
        f'``-m "{expression}"``',
        "{share:.1%} of the lines",
        _ours(f"{data.folder} -m {quote(expression)}"),
        (
            *_engines(f"SELECT count(*) FROM {duckdb}", f"SELECT count() FROM {_lines(files)} WHERE {chdb}"),
            _jq(files, f'.event == "error" and .error.code == {code}'),
        ),
        {"chDB": 2.5, "DuckDB": 2.5, "zcat \\| jq": 15},
        data,
        fastest_of=("chDB", "DuckDB"),
    )


def half(data: Data, position: int) -> Contest:
    """Half of the records, by a number."""
    expression = f"player.position > `{position}`"
    files = f"{data.folder}/*.gz"
    duckdb = f"read_json_objects('{files}', format='newline_delimited')"
    duckdb += f" WHERE CAST(json->>'$.player.position' AS DOUBLE) > {position}"
    chdb = f"{_lines(files)} WHERE JSONExtractFloat(line, 'player', 'position') > {position}"
    return Contest(
        f"``-m '{expression}'``",
        "{share:.0%} of the lines",
        _ours(f"{data.folder} -m {quote(expression)}"),
        (
            *_engines(f"SELECT count(*) FROM {duckdb}", f"SELECT count() FROM {chdb}"),
            _jq(files, f".player.position > {position}"),
        ),
        {"chDB": 1.2, "DuckDB": 1.2, "zcat \\| jq": 15},
        data,
        fastest_of=("chDB", "DuckDB"),
    )


def small_chunks(data: Data, bucket: str, env: Mapping[str, str], jobs: int | None = None) -> Contest:
    """Hundreds of small chunks far away. The bare connections show what the server takes for itself."""
    connections = jobs or CONNECTIONS
    words = f"s3://{bucket}/ -g 5003" + (f" --jobs {jobs}" if jobs else "")
    bare = f"{_BARE} {env['AWS_ENDPOINT_URL'].removeprefix('http://')} {bucket} {data.folder} {connections}"
    return Contest(
        f"{data.chunks} small chunks behind {LATENCY * 1000:.0f} ms, {connections} connections",
        f"`-g 5003 --jobs {jobs}`" if jobs else "`-g 5003`, as many connections as it opens by itself",
        _ours(words, env),
        (Contestant("as many bare connections", bare, _QUIET, answers=False),),
        {"ideal": 0.75},
        data,
        ideal=ceil(data.chunks / connections) * LATENCY,
    )


def start_up(data: Data) -> Contest:
    """What there is to do before the first byte is read."""
    return Contest(
        "start-up",
        "a scan of one tiny chunk",
        _ours(f"{data.folder} -g e", repeat=10),
        (
            Contestant(
                "python -c 'import click'", f"{quote(sys.executable)} -c 'import click'", {}, repeat=10, answers=False
            ),
        ),
        {"python -c 'import click'": 1 / 3},
        data,
    )


def _lines(files: str) -> str:
    return f"file('{files}', LineAsString)"


def _engines(duckdb: str, chdb: str) -> tuple[Contestant, Contestant]:
    return (
        Contestant("chDB", f"{_QUERY} chdb {quote(chdb)}", _QUIET, ("chdb",)),
        Contestant("DuckDB", f"{_QUERY} duckdb {quote(duckdb)}", _QUIET, ("duckdb",)),
    )


def _jq(files: str, condition: str) -> Contestant:
    """One process that parses all of it, and so slow that two rounds are enough."""
    command = f"zcat {files} | jq -c {quote(f'select({condition})')} | wc -l"
    return Contestant("zcat \\| jq", command, _QUIET, ("jq",), rounds=2)
