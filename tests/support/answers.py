"""What the commands that read records answer about one chunk: scan, cat, verify, doctor and send, as they are run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.command import Ran, hourscope

HOUR = "2015-01-30T00"
RECORDS = [b'{"i":%d,"s":"a}{b \\"}","pad":"%d"}' % (i, i * 7919**4) for i in range(300)]


def put(folder: Path, data: bytes, suffix: str = "log.gz") -> Path:
    """An archive of one chunk."""
    folder.mkdir(exist_ok=True)
    path = folder / f"e.2015-01-30_00.{suffix}"
    path.write_bytes(data)
    return path


def lines(records: Sequence[bytes]) -> bytes:
    return b"".join(record + b"\n" for record in records)


@dataclass(frozen=True)
class Answers:
    """One answer of each command. `summary` and `report` are the JSON of scan and verify."""

    scan: Ran
    cat: Ran
    verify: Ran
    doctor: Ran
    send: Ran
    sent: bytes

    @property
    def records(self) -> list[bytes]:
        """Every record, which scan, cat and send agree on."""
        assert self.cat.out == self.scan.out
        assert self.sent == self.scan.out
        assert self.report["records"] == self.summary["records"]
        return self.scan.out.split(b"\n")[:-1]

    @property
    def warnings(self) -> list[str]:
        """Return stderr without the summary."""
        return [line.removeprefix("hourscope: ") for line in self.scan.err.splitlines()[:-1]]

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self.scan.err.splitlines()[-1])
        return summary

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.verify.out)
        return report

    @property
    def findings(self) -> list[str]:
        """What doctor says about reading, but that it was done."""
        checks = json.loads(self.doctor.out)["checks"]
        return [check["says"] for check in checks if check["name"] == "reading" and check["state"] != "ok"]

    @property
    def codes(self) -> tuple[int, ...]:
        """The exit codes of scan, cat, verify and send."""
        return self.scan.code, self.cat.code, self.verify.code, self.send.code


def ask(folder: Path, *options: str, filter_: Sequence[str] = ("-e", "")) -> Answers:
    """Run every command on an archive; `options` say how to read, `filter_` what to keep."""
    out = folder.with_name(f"{folder.name}-sent.jsonl")
    out.unlink(missing_ok=True)
    send = hourscope("send", folder, "-o", out, *filter_, *options)
    return Answers(
        hourscope("scan", folder, *filter_, "--json", *options),
        hourscope("cat", folder, "--hour", HOUR, *filter_, *options),
        hourscope("verify", folder, "--json", *options),
        hourscope("doctor", folder, "--json", *options),
        send,
        out.read_bytes() if out.exists() else b"",
    )


def count(folder: Path, *words: str) -> tuple[int, int, str]:
    """How many records hold a number `i`, the exit code and what stderr says."""
    ran = hourscope("scan", folder, "-m", "i >= `0`", "--count", *words)
    return int(ran.out), ran.code, ran.err


def assert_read(folder: Path, records: Sequence[bytes], *options: str) -> Answers:
    """Every command reads exactly these records, and finds nothing wrong."""
    answers = ask(folder, *options)
    assert answers.records == list(records)
    assert answers.codes == (0, 0, 0, 0)
    assert answers.doctor.code == 0
    assert answers.findings == []
    assert answers.warnings == answers.verify.err.splitlines() == []
    assert (answers.cat.err, answers.send.err) == ("", "")
    assert answers.summary["damaged"] == answers.report["damaged"] == []
    assert count(folder, *options) == (len(records), 0, "")
    return answers
