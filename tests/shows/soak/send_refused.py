"""Invalid TLS and AUTH: one clear sentence each, and nothing is sent."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.send.certificates import authority, nsqd_options
from tests.shows.soak.command import environment, send_words
from tests.shows.soak.data import write_records
from tests.shows.soak.show import Check, Result, Stage, Table, exactly
from tests.support.auth import auth_server
from tests.support.nsqd import Nsqd
from tui.nsq.target import SECRET_VARIABLE

_TOPIC = "replay"


@dataclass(frozen=True)
class _Case:
    name: str
    nsqd: Nsqd
    words: list[str]
    secret: str = ""
    refused: bool = True


@dataclass(frozen=True)
class _Ran:
    code: int
    lines: list[str]

    def held(self, case: _Case) -> bool:
        if not case.refused:
            return self.code == 0
        return self.code == 2 and self.error.startswith("hourscope: ")

    @property
    def error(self) -> str:
        """The last line, which follows warnings; empty if the records were sent."""
        return self.lines[-1] if self.code and self.lines else ""


def send_refused(stage: Stage, *, count: int = 1_000) -> Result:
    """`hourscope send … --yes`, without a terminal, against nsqds that require TLS or a secret."""
    source = write_records(stage.folder / "records.jsonl", count, 200)
    ours, other = authority(stage.folder / "ca"), authority(stage.folder / "other-ca")
    pairs = {
        "good": ours.issue("good"),
        "elsewhere": ours.issue("elsewhere", host="DNS:elsewhere.example"),
        "expired": ours.issue("expired", days=-1),
    }
    with (
        auth_server() as auth,
        stage.nsqd(nsqd_options(pairs["good"]), "good") as good,
        stage.nsqd(nsqd_options(pairs["elsewhere"]), "elsewhere") as elsewhere,
        stage.nsqd(nsqd_options(pairs["expired"]), "expired") as expired,
        stage.nsqd({"auth-http-address": auth}, "auth") as locked,
    ):
        tls = ["--tls", "--tls-root-ca-file", str(ours.ca)]
        cases = [
            _Case("TLS, the right CA", good, tls, refused=False),
            _Case("TLS is required and not used", good, []),
            _Case("wrong CA", good, ["--tls", "--tls-root-ca-file", str(other.ca)]),
            _Case("wrong host name", elsewhere, tls),
            _Case("expired", expired, tls),
            _Case("AUTH, a good secret", locked, [], "good", refused=False),
            _Case("AUTH, no secret", locked, []),
            _Case("AUTH, a wrong secret", locked, [], "wr0ng"),
            _Case("AUTH, a secret that may not publish", locked, [], "reader"),
        ]
        ran = [_run(case, source, stage.folder / f"case{number}") for number, case in enumerate(cases)]
        arrived = {nsqd.tcp_address: nsqd.stats(_TOPIC).message_count for nsqd in (good, elsewhere, expired, locked)}
    expected = {good.tcp_address: count, locked.tcp_address: count, elsewhere.tcp_address: 0, expired.tcp_address: 0}
    return Result(
        "invalid TLS and AUTH",
        f"A send of {count:,} records to nsqds that require TLS or a secret. Each refusal must be exit code 2 and one "
        "sentence, and only the two valid sends may put anything into nsqd.",
        [
            *(
                Check(case.name, f"exit code {one.code}", "refused" if case.refused else "sent", one.held(case))
                for case, one in zip(cases, ran, strict=True)
            ),
            exactly("messages in the four nsqds", sum(arrived.values()), 2 * count),
            Check("of them where nothing may be", *_elsewhere(arrived, expected)),
        ],
        Table(
            ("", "error"),
            [[case.name, one.error] for case, one in zip(cases, ran, strict=True)],
            numbers=False,
        ),
    )


def _elsewhere(arrived: Mapping[str, int], expected: Mapping[str, int]) -> tuple[str, str, bool]:
    wrong = sum(count for address, count in arrived.items() if count != expected[address])
    return f"{wrong:,}", "0", wrong == 0


def _run(case: _Case, source: Path, folder: Path) -> _Ran:
    """Run the case with its own journals in `folder`: a repeat would be refused before the connection."""
    settings = environment(folder) | ({SECRET_VARIABLE: case.secret} if case.secret else {})
    words = send_words(source, case.nsqd, _TOPIC, *case.words)
    done = subprocess.run(words, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return _Ran(done.returncode, done.stderr.strip().splitlines())
