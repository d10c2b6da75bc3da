"""`hourscope extracts` and `jobs`: what was scanned is found again, however the scan ended."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.history.conftest import Command, write_hours
from tui.archive import open_archive
from tui.errors import ConfigError, OutputError
from tui.filter import parse_filter
from tui.history.extracts import (
    ScanWork,
    delete_extract,
    extracts,
    find_extract,
    forget_extract,
    recorded_scan,
    rename_extract,
)
from tui.history.log import history_dir
from tui.scan import ScanPlan, open_extract, run_plan, scanned_hours

ERRORS = ("-m", "event == 'error'")


def test_an_extract_is_listed_with_what_it_holds(run: Command, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "errs"
    assert run("scan", archive, "--from", "2015-01-20T11", "--to", "2015-01-20T13", *ERRORS, "-o", f"{out}/").code == 0
    (line,) = run("extracts", "--json").json["extracts"]
    assert line | {"made": "", "ended": "", "by": "", "size": 0} == {
        "name": "errs",
        "place": str(out),
        "source": str(archive),
        "filter": list(ERRORS),
        "from": "2015-01-20T11",
        "to": "2015-01-20T13",
        "hours": 2,
        "chunks": 2,
        "chunks_done": 2,
        "records": 60,
        "matches": 20,
        "damaged": 0,
        "size": 0,
        "made": "",
        "ended": "",
        "state": "finished",
        "by": "",
        "resume": None,
    }
    assert line["size"] == sum(path.stat().st_size for path in out.iterdir())
    ran = run("extracts")
    assert ran.out.startswith("errs  20 matches · of 60") and "2015-01-20 11–13 · event == 'error'" in ran.out
    assert run("jobs").code == 1


def test_extracts_in_folders_of_one_name_have_names_of_their_own(run: Command, archive: Path, tmp_path: Path) -> None:
    for folder, options in (("a", ()), ("b", ()), ("b", ("--force",)), ("c", ())):
        assert run("scan", archive, *ERRORS, "-o", f"{tmp_path / folder}/out/", *options).code == 0
    names = {Path(line["place"]).parent.name: line["name"] for line in run("extracts", "--json").json["extracts"]}
    assert names == {"a": "out", "b": "out-2", "c": "out-3"}


def test_every_moment_in_json_is_spelled_alike(run: Command, archive: Path, tmp_path: Path) -> None:
    """In UTC, with a Z."""
    run("scan", archive, "-o", f"{tmp_path}/out/")
    run("send", archive, "-o", tmp_path / "out.jsonl")
    printed = [run(*words, "--json").json for words in (("ls", archive), ("extracts",), ("sends",))]
    printed.append(json.loads((tmp_path / "out" / "manifest.json").read_bytes()))
    moments = re.findall(r'"(?:uploaded|made|started|ended|created)": "([^"]*)"', json.dumps(printed))
    assert len(moments) > 5 and all(moment.endswith("Z") for moment in moments)


def test_an_empty_list_names_the_command_that_fills_it(run: Command) -> None:
    for command, words in (("extracts", "scan"), ("sends", "send"), ("jobs", "scan")):
        ran = run(command)
        assert (ran.code, ran.out) == (1, "") and words in ran.err
        assert run(command, "--json").json[command] == []


def test_a_scan_that_failed_is_stopped_with_the_reason_and_resumes(
    run: Command, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.scan import extract as core

    def full(*_: object, **__: object) -> None:
        raise OutputError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(core.Extract, "finish", full)
        assert run("scan", archive, *ERRORS, "-o", f"{tmp_path}/errs/").code == 2
    (job,) = run("jobs", "--json").json["jobs"]
    assert (job["kind"], job["state"], job["reason"]) == ("scan", "stopped", "the disk is full")
    assert run(*shlex.split(job["resume"])[1:]).code == 0
    assert run("jobs").code == 1
    (line,) = extracts()
    assert (line.state, line.matches) == ("finished", 60)


def test_a_scan_that_is_killed_is_listed_and_resumes(run: Command, tmp_path: Path) -> None:
    """Also from another folder, even if the archive and the extract were given by relative paths."""
    write_hours(tmp_path / "events", [0], 20_000)
    for hour in range(1, 24):
        shutil.copy(
            tmp_path / "events" / "events.2015-01-20_00.log.gz", tmp_path / f"events/events.2015-01-20_{hour:02}.log.gz"
        )
    words = ["scan", "events", "-m", "to_string(@) != 'x'", "--jobs", "1", "-o", "all/"]
    process = subprocess.Popen([sys.executable, "-m", "tui", *words], cwd=tmp_path, env=_with_tui())
    manifest = tmp_path / "all" / "manifest.json"
    try:
        end = time.monotonic() + 30
        while not (manifest.exists() and b'"etag"' in manifest.read_bytes()):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)
        (job,) = run("jobs", "--json").json["jobs"]
        assert (job["state"], job["resume"], job["by"]) == ("running", None, extracts()[0].who)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (job,) = run("jobs", "--json").json["jobs"]
    assert job["state"] == "stopped" and 0 < job["done"] < job["total"] == 24
    assert "resume with: cd " in run("jobs").out
    command = job["resume"].replace("hourscope scan", f"{sys.executable} -m tui scan")
    assert subprocess.run(["bash", "-c", command], env=_with_tui(), check=False).returncode == 0
    assert run("jobs").code == 1 and extracts()[0].matches == 24 * 20_000


def _with_tui() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_a_new_name_a_forgotten_and_a_deleted_extract(run: Command, archive: Path, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        assert run("scan", archive, *ERRORS, "-o", f"{tmp_path}/{name}/").code == 0
    one, two = find_extract("one"), find_extract(str(tmp_path / "two"))
    assert one is not None and two is not None
    with pytest.raises(ConfigError, match=r"two is the name of the extract in .*/two; choose another"):
        rename_extract(one, "two")
    rename_extract(rename_extract(one, "errors of Tuesday"), "errors of Tuesday")
    (tmp_path / "two" / "mine.txt").write_bytes(b"mine")
    delete_extract(two)
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["mine.txt"]  # what hourscope did not write stays
    assert {line.name for line in extracts()} == {"errors of Tuesday", "three"}
    renamed = find_extract("errors of Tuesday")
    assert renamed is not None
    forget_extract(renamed)
    assert (tmp_path / "one" / "manifest.json").exists()
    shutil.rmtree(tmp_path / "three")
    assert extracts() == []


def test_a_history_that_cannot_be_written_does_not_hinder_a_scan(run: Command, archive: Path, tmp_path: Path) -> None:
    history_dir().parent.mkdir(parents=True, exist_ok=True)
    history_dir().write_bytes(b"a file")
    ran = run("scan", archive, *ERRORS, "-o", f"{tmp_path}/errs/")
    assert ran.code == 0 and ran.err.count("cannot be written, so this is not listed later") == 1
    assert (tmp_path / "errs" / "manifest.json").exists()


def test_hours_without_a_match_are_not_gaps_of_an_extract_of_an_extract_either(
    run: Command, archive: Path, tmp_path: Path
) -> None:
    """However deep: of the hours 10 to 15, the first scan finds something in 11 and 14, the others in 11 only."""
    source = archive
    for name, words in (("one", ("-e", "user-1[14]-")), ("two", ("-g", "user-11-")), ("three", ("-g", "user-11-1"))):
        out = tmp_path / name
        assert run("scan", source, *words, "-o", f"{out}/").code == 0
        listed = run("ls", out, "--json").json
        assert listed["gaps"] == []
        source = out
    assert [hour["hour"] for hour in listed["hours"]] == ["2015-01-20T11"]
    (archive / "events.2015-01-20_12.log.gz").unlink()
    assert run("scan", archive, "-g", "user", "-o", f"{tmp_path}/four/").code == 0
    assert run("scan", tmp_path / "four", "-g", "user-14-", "-o", f"{tmp_path}/five/").code == 0
    known = scanned_hours(open_archive(str(tmp_path / "five")))
    assert [hour.hour for hour in sorted(known)] == [10, 11, 13, 14, 15]  # nobody has scanned 12


def test_a_scan_of_several_ranges_is_resumed(run: Command, archive: Path, tmp_path: Path) -> None:
    """The explorer scans several ranges into one extract; a command line names only the first and the last hour."""
    opened = open_archive(str(archive))
    hours = [datetime(2015, 1, 20, hour, tzinfo=UTC) for hour in range(10, 17)]
    ranges = ((hours[0], hours[1]), (hours[4], hours[5]))
    chunks = tuple(chunk for start, stop in ranges for chunk in opened.catalog().between(start, stop))
    plan = ScanPlan(opened, hours[0], hours[5], parse_filter(match=[ERRORS[1]]), chunks, ranges=ranges)
    cancel = threading.Event()
    cancel.set()
    out = f"{tmp_path}/errs/"
    words = ["hourscope", "scan", str(archive), "--from", "2015-01-20T10", "--to", "2015-01-20T15", *ERRORS, "-o", out]
    extract = open_extract(out, plan)
    work = ScanWork(plan, extract, "events", str(archive), words)
    deque(recorded_scan(run_plan(plan, cancel=cancel, extract=extract), work, print), maxlen=0)
    (job,) = run("jobs", "--json").json["jobs"]
    assert (job["state"], job["done"], job["total"]) == ("stopped", 0, 2)
    assert run(*shlex.split(job["resume"])[1:]).code == 0
    (line,) = extracts()
    assert (line.state, line.matches, line.chunks) == ("finished", 20, 2)
