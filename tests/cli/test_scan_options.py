"""What is written of a match, how many, and what a scan would find."""

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SPEC
from tests.support.command import hourscope, shell
from tui.archive import open_archive
from tui.demo import incident_of
from tui.filter import parse_filter
from tui.scan import Totals, plan_scan, run_plan
from tui.scan.estimate import estimate
from tui.shell import shell_join

HOUR = ("--from", "2015-01-20T13", "--to", "2015-01-20T14")


@pytest.mark.parametrize("options", [("-C", 2), ("-A", 1), ("-B", 3), ("-A", 4, "-B", 1), ("-C", 1000)])
def test_context_is_greps(sample: Path, options: tuple[object, ...]) -> None:
    words = " ".join(map(str, options))
    old = shell(f"for f in *.2015-01-20_13.log.gz; do zcat $f | grep {words} -F 5003; done", cwd=sample)
    ran = hourscope("scan", sample, *HOUR, "-g", "5003", *options)
    assert (ran.code, ran.out) == (0, old)


@pytest.mark.parametrize("seed", range(6))
def test_context_across_blocks_is_greps(tmp_path: Path, seed: int) -> None:
    """Lines of very different lengths, so that matches fall on both sides of a block's end."""
    source = random.Random(seed)
    lines = [
        (b"hit " if source.random() < 0.02 else b"") + b"x" * int(1 + source.expovariate(1 / 3000)) for _ in range(1500)
    ]
    chunk = tmp_path / "e.2015-01-20_13.log"
    chunk.write_bytes(b"\n".join(lines) + (b"\n" if seed % 2 else b""))
    for before, after in ((0, 2), (3, 0), (2, 2), (40, 7)):
        ran = hourscope("scan", tmp_path, "-g", "hit ", "-B", before, "-A", after)
        assert ran.out == shell(f"grep -B {before} -A {after} 'hit ' {chunk}")


def test_an_extract_with_context_has_no_separators(sample: Path, tmp_path: Path) -> None:
    ran = hourscope("scan", sample, *HOUR, "-g", "5003", "-C", 1, "-o", f"{tmp_path}/x/")
    assert ran.code == 0
    assert all(json.loads(line) for line in hourscope("scan", f"{tmp_path}/x/").lines)


def test_max_count_gives_the_first_in_order(sample: Path, tmp_path: Path) -> None:
    everything = hourscope("scan", sample, "--from", "2015-01-20", "--to", "2015-01-21", "-g", "5003").lines
    words = ("scan", sample, "--from", "2015-01-20", "--to", "2015-01-21", "-g", "5003", "--max-count", 60)
    assert hourscope(*words).lines == everything[:60]
    assert hourscope(*words, "--count").out == b"60\n"
    summary = json.loads(hourscope(*words, "-o", tmp_path / "out", "--json").lines[-1])
    assert summary["matches"] == 60 <= summary["records"]
    assert hourscope("scan", sample, *HOUR, "-g", "nowhere", "--max-count", 60).code == 1


def test_fields_writes_a_part_of_each_match(sample: Path) -> None:
    words = ("scan", sample, *HOUR, "-m", "event == 'error'")
    records = [json.loads(line) for line in hourscope(*words).lines]
    paths = [json.loads(line) for line in hourscope(*words, "--fields", "error.code, player.cdn").lines]
    assert paths == [{"error.code": r["error"]["code"], "player.cdn": r["player"]["cdn"]} for r in records]
    projected = [json.loads(line) for line in hourscope(*words, "--fields", "{c: error.code, t: video.tags[0]}").lines]
    assert projected == [{"c": r["error"]["code"], "t": (r["video"].get("tags") or [None])[0]} for r in records]


@pytest.mark.parametrize(
    "words",
    [
        ("--fields", "a ="),
        ("--fields", ""),
        ("--fields", "a", "-C", 1),
        ("--max-count", 3, "-C", 1),
        ("--max-count", 3, "-o", "x/"),
        ("--max-count", 0),
        ("-o", "s3://bucket/file.jsonl", "--resume", "--fields", "a ="),
    ],
)
def test_what_does_not_go_together_is_refused(sample: Path, words: tuple[object, ...]) -> None:
    ran = hourscope("scan", sample, *words)
    assert ran.code == 2
    assert ran.sentence


def test_an_estimate_lists_what_it_is_made_of(sample: Path) -> None:
    ran = hourscope("scan", sample, "-m", "event == 'error'", "--estimate")
    assert ran.code == 0
    assert b"95 % between" in ran.out
    assert b"64 chunks" in ran.out
    summary = json.loads(hourscope("scan", sample, "-m", "event == 'error'", "--estimate", "--json").out)
    assert summary["low"] < summary["matches"] < summary["high"]
    assert summary["bytes_compressed"] == sum(path.stat().st_size for path in sample.iterdir())
    assert summary["requests"] == 0, "a folder costs nothing"


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        (b'{"n":1}\n{"n":2}\n', ("-g", "none"), 1, "2 records of 1 chunk"),
        (gzip.compress(b'{"n":1}\n' * 9_000, mtime=0)[:-30], ("-g", "none"), 2, "1 chunk damaged"),
        (b"", ("-g", "none"), 2, "1 chunk damaged"),
        (b"plain\ntext\n", ("-m", "n"), 2, "2 records not JSON"),
        (b'plain\n{"n":1}\n', ("-m", "n"), 0, "1 record not JSON"),
        (b"plain\ntext\n", ("-g", "none"), 1, "2 records of 1 chunk"),
    ],
)
def test_an_estimate_reports_what_it_could_not_see(
    tmp_path: Path, content: bytes, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "e.2015-01-20_13.log").write_bytes(content)
    ran = hourscope("scan", tmp_path, *words, "--estimate")
    assert (ran.code, said in ran.out.decode()) == (code, True)


INCIDENT = incident_of(SPEC)


@pytest.mark.parametrize(
    "expression", ["event == 'error'", f"error.code == `{INCIDENT.code}`", "event == 'seek'", "event == 'nowhere'"]
)
def test_the_interval_holds_the_truth_for_nine_of_ten_seeds(sample: Path, expression: str) -> None:
    plan = plan_scan(open_archive(str(sample)), None, None, parse_filter(match=[expression]))
    totals = Totals()
    for event in run_plan(plan, count_only=True):
        totals.add(event)
    estimates = [estimate(plan, seed=seed) for seed in range(10)]
    assert sum(one.low <= totals.matches <= one.high for one in estimates) >= 9


def test_a_scanning_process_that_is_killed_is_one_sentence(sample: Path, tmp_path: Path) -> None:
    words = ("scan", sample, "-m", "sum([player.position, `1`]) > `3`")  # enough to be given to processes
    line = shell_join([sys.executable, "-m", "tui", *map(str, words)])
    script = f"""
        {line} -o {tmp_path}/x/ & scan=$!
        for _ in $(seq 600); do
            child=$(pgrep -P $scan -f scan.child | head -n 1)
            [ -n "$child" ] && ls {tmp_path}/x/*.gz > /dev/null 2>&1 && break
            sleep 0.05
        done
        kill -9 $child
        wait $scan
        echo $?
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "2"
    assert "a scanning process was killed" in done.stderr.splitlines()[-1]
    assert hourscope(*words, "-o", f"{tmp_path}/x/", "--resume").code == 2, "the torn hour"


def test_a_summary_counts_records_where_nothing_matched(tmp_path: Path) -> None:
    """Blank lines and glued records far behind the first block, in blocks that a literal search need not cut up."""
    line = b'{"n":1,"pad":"%s"}\n' % (b"x" * 300)
    (tmp_path / "e.2015-01-20_13.log").write_bytes(line * 3000 + b"\n\n" + line[:-1] + line + line * 3000)
    ran = hourscope("scan", tmp_path, "-g", "nowhere", "--count", "--json")
    summary = json.loads(ran.lines[-1])
    assert (summary["records"], summary["blank"], ran.code) == (6002, 2, 1)


def test_an_unfinished_extract_is_shown_as_unfinished(sample: Path, tmp_path: Path) -> None:
    """What an interrupted scan has written is an archive, and not all of it."""
    hourscope("scan", sample, *HOUR, "-g", "5003", "-o", f"{tmp_path}/x/")
    assert "did not finish" not in hourscope("scan", f"{tmp_path}/x/", "-c").err
    manifest = tmp_path / "x" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"finished": true', '"finished": false'))
    for command in (("scan", "-c", "--json"), ("verify", "--json")):
        ran = hourscope(command[0], f"{tmp_path}/x/", *command[1:])
        assert "did not finish" in ran.err
        assert any("did not finish" in warning for warning in json.loads(ran.lines[-1])["warnings"])
    for command in ("scan", "count", "verify"):  # no match in an unfinished extract is not an answer
        filter_ = () if command == "verify" else ("-g", "nowhere to be found")
        assert hourscope(command, f"{tmp_path}/x/", *filter_).code == 2
    assert "its scan did not finish" in hourscope("doctor", f"{tmp_path}/x/").out.decode()


def test_a_list_of_texts_is_greps(sample: Path, tmp_path: Path) -> None:
    """-f, with -i, -w and -v, in any spelling; the answer is grep's on the same lines."""
    texts = tmp_path / "texts"
    texts.write_bytes(b"5003\r\nFASTLANE\n5003\nmanifest\n")
    (tmp_path / "plain").write_bytes(texts.read_bytes().replace(b"\r", b""))
    for options in ([], ["-i"], ["-w"], ["-i", "-w", "-v"]):
        grep = f"LC_ALL=C.UTF-8 grep {' '.join(options)} -F -f {tmp_path}/plain"
        old = shell(f"for f in *.2015-01-20_13.log.gz; do zcat $f | {grep}; done; true", cwd=sample)
        ran = hourscope("scan", sample, *HOUR, "-f", texts, *options)
        assert (ran.code, ran.out) == (0, old), options
    assert hourscope("scan", sample, *HOUR, "-f", texts, "-iw", "-c").out == b"%d\n" % len(
        shell(
            f"zcat *.2015-01-20_13.log.gz | LC_ALL=C.UTF-8 grep -iwF -f {tmp_path}/plain; true", cwd=sample
        ).splitlines()
    )


def test_lists_and_options_without_meaning_are_reported(sample: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    ran = hourscope("scan", sample, *HOUR, "-f", empty, "--count")
    assert (ran.code, ran.out) == (1, b"0\n") and "an empty list matches nothing" in ran.err
    for words, sentence in (
        (("-f", tmp_path / "none"), "none: No such file or directory"),
        (("-f", tmp_path), "Is a directory"),
        (("-i", "-m", "event"), "-i applies to -g, -e, -f"),
        (("-w", "-e", "event"), "-w applies to -g, -f"),
    ):
        ran = hourscope("scan", sample, *HOUR, *words)
        assert ran.code == 2 and sentence in ran.sentence


def test_an_extract_is_not_resumed_with_another_list(sample: Path, tmp_path: Path) -> None:
    texts, out = tmp_path / "texts", f"{tmp_path}/x/"
    texts.write_text("5003\n")
    assert hourscope("scan", sample, *HOUR, "-f", texts, "-o", out).code == 0
    assert json.loads(Path(out, "manifest.json").read_text())["filter"] == ["-f", str(texts)]
    texts.write_text("5004\n")
    ran = hourscope("scan", sample, *HOUR, "-f", texts, "-o", out, "--resume")
    assert ran.code == 2 and "other texts in the file of -f" in ran.err
