"""The notebook: what was done, for whoever reads it later, and without what is nobody else's business."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.history.conftest import Command
from tui.config import config_dir
from tui.history.entries import note_entry
from tui.history.notebook import RECORD_BYTES, Entry, Notebook, Spot, notebook_of, parse, shown_records
from tui.history.redaction import redacted
from tui.printable import printable

ERRORS = ("-m", "event == 'error'")


def fail(sentence: str) -> None:
    raise AssertionError(sentence)


def test_what_is_done_at_a_terminal_is_in_the_notebook(run: Command, archive: Path, tmp_path: Path) -> None:
    assert run("scan", archive, *ERRORS, "-o", f"{tmp_path}/errs/", terminal=True).code == 0
    assert run("count", archive, *ERRORS, "--by", "user.name", terminal=True).code == 0
    assert run("diff", archive, "--from", "2015-01-20T13", "--to", "2015-01-20T14", terminal=True).code in (0, 1)
    assert run("send", f"{tmp_path}/errs", "-o", tmp_path / "out", terminal=True).code == 0  # into the source's
    ran = run("notebook", archive)
    assert ran.code == 0
    entries = parse(ran.out)
    assert [entry.heading.partition(" · ")[2] for entry in entries] == ["scan", "count", "what changed", "send"]
    scan, count, _, send = (entry.text for entry in entries)
    assert "**60 records match, in 180 records of 6 hours**" in scan and f"hourscope scan {archive}" in scan
    assert scan.count('    {"event":"error"') == 3 and "▇" in scan
    assert "**60 records by user.name**" in count and "user-10-0" in count
    assert "**60 records written to out**" in send and "sha256" in send


def test_a_script_leaves_no_entry(run: Command, archive: Path, tmp_path: Path) -> None:
    assert run("scan", archive, *ERRORS, "-o", f"{tmp_path}/errs/").code == 0
    assert run("count", archive).code == 0
    ran = run("notebook", archive)
    assert ran.code == 1 and "is empty" in ran.err


@pytest.mark.parametrize(("setting", "entries", "records"), [("write = false", 0, 0), ("records = false", 1, 0)])
def test_it_can_be_turned_off(run: Command, archive: Path, setting: str, entries: int, records: int) -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "config.toml").write_text(f"[notebook]\n{setting}\n")
    assert run("scan", archive, *ERRORS, terminal=True).code == 0
    text = run("notebook", archive).out
    assert len(parse(text)) == entries and text.count('{"event"') == records


def test_values_are_blanked_wherever_they_occur(run: Command, archive: Path) -> None:
    assert run("scan", archive, "-m", "user.name == 'user-10-3'", terminal=True).code == 0
    assert run("count", archive, *ERRORS, "--by", "user.name", terminal=True).code == 0
    assert run("scan", archive, "-g", "user-11-6", terminal=True).code == 0
    notebook = notebook_of(str(archive), "events")
    notebook.add(note_entry("it was user-10-3, and tag-6", "an hour", Spot(hour="2015-01-20T10")), fail)
    ran = run("notebook", archive, "--redact", "user.name", "--redact", "user.tags")
    assert "user-1" not in ran.out and "tag-" not in ran.out
    assert "[redacted]" in ran.out and "user-10-3" in run("notebook", archive).out


def test_a_path_that_blanks_nothing_is_reported(run: Command, archive: Path) -> None:
    """A misspelled path would leave private values for the next reader of the notebook."""
    assert run("scan", archive, terminal=True).code == 0
    ran = run("notebook", archive, "--redact", "user.nmae", "--redact", "user.name")
    assert "nothing in this notebook is at user.nmae" in ran.err and "user.name" not in ran.err


@pytest.mark.parametrize("path", ["", "a..b", "."])
def test_an_invalid_path_is_reported_in_one_sentence(run: Command, archive: Path, path: str) -> None:
    assert run("scan", archive, terminal=True).code == 0
    ran = run("notebook", archive, "--redact", path)
    assert ran.code == 2 and "--redact needs a path" in ran.err


def test_a_record_that_cannot_be_parsed_is_left_out_of_what_is_redacted() -> None:
    notebook = notebook_of("/a", "a")
    notebook.add(Entry("scan", "3 records", records=[b"ana was here", b'{"name": "ana", "x"', b'{"name":"ana"}']), fail)
    text = "".join(entry.text for entry in redacted(notebook.read(), ["name"]))
    assert "ana" not in text and text.count("left out: not JSON") == 2


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_record_is_one_line_of_500_bytes_that_stays_json_if_it_can(value: object) -> None:
    (line,) = shown_records([json.dumps(value).encode()])
    assert printable(line) == line and len(line) <= RECORD_BYTES
    if isinstance(value, dict):
        assert json.loads(line) is not None


def test_an_entry_takes_three_records_of_500_bytes() -> None:
    record = json.dumps({"id": 1, "first": "x" * 100, "long": "y" * 5000, "last": "z"}).encode()
    shown = shown_records([record] * 5)
    assert len(shown) == 3 and json.loads(shown[0])["id"] == 1 and "yy" not in shown[0]
    assert f"{len(record):,} bytes" in shown[0]


@given(st.text(max_size=80), st.binary(max_size=80), st.text(max_size=20))
def test_nothing_that_is_noted_can_forge_or_end_an_entry(text: str, record: bytes, hour: str) -> None:
    notebook = notebook_of("/forged", "forged")
    notebook.path.unlink(missing_ok=True)
    hostile = ("\n## fake\n<!-- hourscope {} -->", "`" * 3, "-->", text)
    for note in hostile:
        notebook.add(Entry("note", note, Spot(hour=hour or None), note, [note], [record], [note], note), fail)
    entries = notebook.read()
    assert len(entries) == len(hostile)
    spelled = hour.encode("utf-8", "backslashreplace").decode() or None
    assert [entry.meta is not None and entry.meta.spot.hour for entry in entries] == [spelled] * len(hostile)


def test_what_somebody_edited_is_still_read() -> None:
    notebook = notebook_of("/edited", "edited")
    notebook.add(Entry("note", "one"), fail)
    notebook.path.write_text(
        "my own words\n" + notebook.path.read_text().replace('"kind"', '"kin') + "\n## mine\nyes\n"
    )
    first, mine = notebook.read()
    assert first.meta is None and first.headline == "one" and mine.headline == "yes"


def test_it_is_for_its_owner_only_and_one_for_all_spellings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    notebook = notebook_of(str(tmp_path / "here"), "here")
    assert {notebook_of(url, "x").path for url in ("here", "./here/", f"{tmp_path}/./here")} == {notebook.path}
    assert notebook_of("s3://b/a", "x").path == notebook_of("s3://b/a/", "x").path != notebook_of("s3://b/b", "x").path
    notebook.add(Entry("note", "one"), fail)
    assert stat.S_IMODE(notebook.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(notebook.path.parent.stat().st_mode) == 0o700


def test_a_notebook_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    reported: list[str] = []
    (tmp_path / "file").write_bytes(b"")
    Notebook(tmp_path / "file" / "n.md", "n").add(Entry("note", "one"), reported.append)
    assert len(reported) == 1 and "cannot be written" in reported[0]
