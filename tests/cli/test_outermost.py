"""No error ends as a traceback or as exit code 1, which is grep's "nothing matched"; stdout's are known as such."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Ran, hourscope
from tui import cli
from tui.cli import ls, scan_run
from tui.errors import reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    for hour in range(3):
        (source / f"e.2015-01-20_{hour:02}.log").write_bytes(b'{"a":%d}\n' % hour)
    return source


def shell(script: str, *words: object) -> Ran:
    """Run `hourscope "$@"` in a shell, where the script may close or limit what it likes."""
    command = ["bash", "-c", script.replace("hourscope", f'{sys.executable} -m tui "$@"'), "sh", *map(str, words)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr.decode())


class TestUnforeseen:
    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero; run it again with --debug and report it"),
            (KeyError("\x1b[31m"), "internal error: KeyError: '\\x1b[31m'"),
            (AssertionError(), "internal error: AssertionError; run"),
            (RecursionError("maximum recursion depth exceeded"), "internal error: RecursionError"),
            (EOFError("ended early"), "internal error: RuntimeError: EOFError: ended early"),
            (MemoryError(), "out of memory; run it again with fewer --jobs"),
            (RuntimeError("can't start new thread"), "ulimit -u"),
            (OSError(errno.EMFILE, "Too many open files", "/a"), "/a: Too many open files; raise the limit"),
            (OSError(errno.ENOSPC, "No space left on device"), "(TMPDIR)"),
            (BrokenPipeError(errno.EPIPE, "Broken pipe"), "Broken pipe; --debug shows where"),
            (PermissionError(errno.EACCES, "Permission denied", "/x\ny"), "/x\\ny: Permission denied"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
    )  # fmt: skip
    def test_it_is_one_sentence_and_2(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        error: Exception,
        sentence: str,
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(ls, "hours_without_matches", fail)
        assert cli.run(["ls", str(folder)]) == 2
        err = capsys.readouterr().err
        assert sentence in err
        assert len(err.splitlines()) == 1
        assert "\x1b" not in err

    def test_debug_shows_where(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(scan_run, "report", lambda *_, **__: [][1])
        assert cli.run(["scan", str(folder), "-g", "a", "--count", "--debug"]) == 2
        err = capsys.readouterr().err
        assert "Traceback" in err
        assert err.splitlines()[-1].startswith("hourscope: internal error: IndexError")

    def test_one_in_a_process_of_a_scan(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """It is reported by the parent, in one line; with --debug with the process's own traceback."""
        from tui.scan import child
        from tui.scan.child import Child
        from tui.scan.events import ScanEvent
        from tui.scan.turns import pipe_turn

        broken = "import tui.scan.child as c; c.scan_chunk = lambda *_: {}['lost']; c.main()"
        monkeypatch.setattr(child, "MAIN", broken)
        with pipe_turn() as turn:
            one = Child(turn)
        events: list[ScanEvent] = []
        with pytest.raises(Exception, match="internal error: KeyError: 'lost'; run it again with --debug") as caught:
            one.scan("a task", events.append)  # type: ignore[arg-type]
        one.close()
        assert events == []
        assert "in <lambda>" in caught.value.__notes__[0]
        assert capfd.readouterr().err == ""

    def test_no_home_at_all(self, folder: Path) -> None:
        env = "env -i PATH=/usr/bin:/bin"
        ran = shell(f"{env} hourscope", "ls", "~nobody-of-that-name/x")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "Traceback" not in ran.err


class TestStandardInput:
    def test_closed_and_needed(self, folder: Path) -> None:
        ran = shell("hourscope <&-", "count", folder, "-f", "-")
        assert (ran.code, ran.sentence.rpartition(": ")[2]) == (2, "Bad file descriptor")

    def test_closed_and_no_terminal(self, folder: Path) -> None:
        assert "the explorer needs a terminal" in shell("hourscope <&-", folder).sentence


class TestStandardError:
    def test_the_explorer_draws_there(self, folder: Path) -> None:
        """A `2>log` would leave the screen empty."""
        terminal, end = pty.openpty()
        done = subprocess.run(
            [sys.executable, "-m", "tui", folder], stdin=end, stdout=end, stderr=subprocess.PIPE, check=False
        )
        os.close(terminal)
        os.close(end)
        assert done.returncode == 2
        assert done.stderr.startswith(
            b"hourscope: the explorer needs a terminal as stderr; otherwise run: hourscope ls"
        )


class TestStandardOutput:
    def test_closed_but_not_needed(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.jsonl"
        ran = shell("hourscope >&-", "scan", folder, "-g", "a", "-o", out)
        assert (ran.code, ran.err) == (0, "")
        assert out.read_bytes() == b'{"a":0}\n{"a":1}\n{"a":2}\n'

    def test_all_three_closed(self, folder: Path, tmp_path: Path) -> None:
        """The files that are opened must not get their numbers: what is printed would end in them."""
        out = tmp_path / "out.jsonl"
        assert shell("hourscope <&- >&- 2>&-", "scan", folder, "-g", "a", "-o", out, "--json").code == 2
        assert out.read_bytes() == b'{"a":0}\n{"a":1}\n{"a":2}\n'

    @pytest.mark.parametrize(
        "words", [("ls",), ("scan", "-g", "a"), ("scan", "-g", "a", "--count"), ("verify", "--json")]
    )
    def test_closed_and_needed(self, folder: Path, words: tuple[str, ...]) -> None:
        ran = shell("hourscope >&-", words[0], folder, *words[1:])
        assert ran.code == 2
        assert ran.sentence == (
            "hourscope: standard output is closed; send it to a file or a pipe, or name an output with -o"
        )

    @pytest.mark.parametrize(
        "words", [("ls",), ("ls", "--json"), ("scan", "-g", "a"), ("cat", "--hour", "2015-01-20T01")]
    )
    def test_a_full_disk(self, folder: Path, words: tuple[str, ...]) -> None:
        ran = shell("hourscope > /dev/full", words[0], folder, *words[1:])
        assert ran.code == 2
        assert "standard output cannot be written: No space left on device; free some space" in ran.sentence

    @pytest.mark.parametrize("words", [("scan", "-g", "a"), ("cat", "--hour", "2015-01-20T01"), ("ls",)])
    def test_a_reader_that_has_enough(self, folder: Path, words: tuple[str, ...]) -> None:
        with (folder / "e.2015-01-20_01.log").open("ab") as stream:
            stream.write(b'{"a":1}\n' * 100_000)
        ran = shell('hourscope | true; exit "${PIPESTATUS[0]}"', words[0], folder, *words[1:])
        assert (ran.code in (0, 141), ran.err) == (True, "")

    def test_stderr_closed_does_not_turn_to_stdout(self, folder: Path) -> None:
        ran = shell("hourscope 2>&-", "ls", folder / "nowhere")
        assert (ran.code, ran.out) == (2, b"")

    def test_stderr_on_a_full_disk(self, folder: Path) -> None:
        assert shell("hourscope 2> /dev/full", "ls", folder / "nowhere").code == 2

    def test_an_encoding_that_lacks_a_letter(self, folder: Path) -> None:
        """Latin 1 has no dash, which must not make hourscope fail."""
        (folder / "e.2015-01-20_01.log").unlink()
        ran = shell("PYTHONIOENCODING=latin-1 hourscope", "ls", folder)
        assert (ran.code, ran.err) == (0, "")
        assert b"\\u2014  gap" in ran.out


class TestFewDescriptors:
    @pytest.mark.parametrize("limit", [64, 256])
    @pytest.mark.parametrize(
        "words", [("verify",), ("scan", "-g", "1", "--count"), ("scan", "-m", "a == `7`", "--count")], ids=" ".join
    )
    def test_they_are_enough(self, tmp_path: Path, limit: int, words: tuple[str, ...]) -> None:
        for hour in range(24):
            lines = b"".join(b'{"a":%d,"b":"%s"}\n' % (n, os.urandom(400).hex().encode()) for n in range(1000))
            (tmp_path / f"e.2015-01-20_{hour:02}.log").write_bytes(lines)
        ran = shell(f"ulimit -n {limit}; hourscope", words[0], tmp_path, *words[1:])
        assert (ran.code, ran.err) == (0, "")

    def test_a_limit_that_is_reached_is_named(self, folder: Path) -> None:
        """The system's sentence alone says neither which limit nor how to raise it."""
        ran = shell("ulimit -n 7; hourscope", "scan", folder, "-g", "a", "--count")
        assert ran.code == 2
        assert "Too many open files; raise the limit of open files (ulimit -n, now 7) or use fewer --jobs" in ran.err
        assert "Traceback" not in ran.err

    def test_the_remedy_is_in_every_sentence(self) -> None:
        assert "ulimit -n" in reason(OSError(errno.ENFILE, os.strerror(errno.ENFILE)))
        assert reason(OSError(errno.EACCES, "Permission denied")) == "Permission denied"


class TestTemporaryFiles:
    def test_a_full_folder_is_named_by_verify(self, tmp_path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("mounting a small tmpfs needs root")
        small = tmp_path / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], check=True)
        try:
            (tmp_path / "e.2015-01-20_00.log").write_bytes(b'{"n":1}\n' * 40_000)  # whose digests are kept together
            ran = hourscope("verify", tmp_path / "e.%Y-%m-%d_%H.log", env={"TMPDIR": str(small)})
        finally:
            subprocess.run(["umount", small], check=True)
        assert ran.code == 2
        assert f"the folder for temporary files {small} cannot be written: No space left on device" in ran.sentence
        assert "set TMPDIR" in ran.sentence


def test_what_a_folder_holds_is_escaped_on_the_whole_line(tmp_path: Path) -> None:
    name = "e\x1b[31m\u202e.2015-01-20_00.log"
    for key in (name, name.replace("_00", "_01")):
        (tmp_path / key).write_bytes(b'{"a":1}\n')
    (tmp_path / "other\x9b.txt").write_bytes(b"x")
    for words in (("ls",), ("verify",), ("doctor",), ("scan", "-g", "a", "--count")):
        ran = hourscope(words[0], tmp_path, *words[1:])
        for bad in ("\x1b", "\u202e", "\x9b"):
            assert bad not in ran.out.decode() + ran.err, words


def test_a_file_without_permission_is_not_a_gap(tmp_path: Path) -> None:
    """A folder that can be listed and not entered: its chunks are there, and unreadable."""
    if os.geteuid() == 0:
        ran = as_nobody(tmp_path)
    else:
        (tmp_path / "e.2015-01-20_00.log").write_bytes(b"x\n")
        tmp_path.chmod(0o444)
        ran = hourscope("ls", tmp_path)
        tmp_path.chmod(0o755)
    assert ran.code == 2
    assert "e.2015-01-20_00.log cannot be read: Permission denied" in ran.err


def as_nobody(tmp_path: Path) -> Ran:
    """The same where the tests run as root, who may look at everything."""
    code = (
        "import os, sys; from pathlib import Path; from tui.archive.folder import FolderStore;"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); list(FolderStore(Path(sys.argv[1])).objects())"
    )
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "e.2015-01-20_00.log").write_bytes(b"x\n")
    inner.chmod(0o744)
    done = subprocess.run([sys.executable, "-c", code, str(inner)], capture_output=True, check=False)
    return Ran(2, done.stdout, done.stderr.decode())
