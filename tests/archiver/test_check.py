"""`archive --check`: what it names, and that it leaves nothing behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.archiver.helpers import CHANNEL, options
from tests.support.nsqd import Nsqd
from tests.support.process import HOST
from tests.support.scripted_lookupd import scripted_lookupd
from tui.archive.chunk import StoredObject
from tui.archiver import ArchiverOptions, TopicSource
from tui.archiver.check import check_archiver
from tui.checks import Check
from tui.cli.checks import report
from tui.errors import ArchiveError

pytestmark = pytest.mark.nsq


def by_name(given: ArchiverOptions) -> dict[str, Check]:
    return {check.name.split()[0]: check for check in check_archiver(given)}


class _Store:
    """A folder store with one method replaced."""

    def __init__(self, inner: object, name: str, instead: object) -> None:
        self._inner, self._name, self._instead = inner, name, instead

    def __getattr__(self, name: str) -> object:
        return self._instead if name == self._name else getattr(self._inner, name)


def with_store(given: ArchiverOptions, name: str, instead: object) -> ArchiverOptions:
    store = _Store(given.archive.store, name, instead)
    return replace(given, archive=replace(given.archive, store=store))  # type: ignore[arg-type]


@pytest.mark.parametrize("step", ["holds", "objects"])
def test_what_was_put_is_removed_whatever_fails(nsqd: Nsqd, topic: str, tmp_path: Path, step: str) -> None:
    def fails(*given: object) -> object:
        raise ArchiveError("permission denied (403): s3:GetObject is missing")

    checks = by_name(with_store(options(tmp_path / "out", topic, tmp_path / "spool", nsqd), step, fails))
    assert checks["archive"].state == "failed"
    assert "s3:GetObject is missing" in checks["archive"].says
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_removed_is_named(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    def fails(key: str) -> None:
        raise ArchiveError("permission denied (403): s3:DeleteObject is missing")

    checks = by_name(with_store(options(tmp_path / "out", topic, tmp_path / "spool", nsqd), "delete", fails))
    assert (checks["archive"].state, checks["clean-up"].state) == ("ok", "warning")
    assert "s3:DeleteObject is missing" in checks["clean-up"].says


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(seconds=1), "agrees with"),
        (timedelta(minutes=3), "3m 00s ahead of"),
        (timedelta(hours=-5), "5h 00m behind"),
    ],
)
def test_a_clock_that_differs_from_the_stores(
    nsqd: Nsqd, topic: str, tmp_path: Path, off: timedelta, words: str
) -> None:
    there = datetime.now(UTC) - off

    def objects(prefix: str) -> Iterator[StoredObject]:
        yield StoredObject(prefix, 1, "etag", there)

    checks = by_name(with_store(options(tmp_path / "out", topic, tmp_path / "spool", nsqd), "objects", objects))
    assert words in checks["clock"].says
    assert (checks["clock"].state == "ok") == (abs(off) < timedelta(seconds=5))
    assert checks["clock"].state == "ok" or f"{there:%Y-%m-%d %H:%M:%S} UTC there" in checks["clock"].says


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "192.0.2.1"])
def test_an_address_that_only_nsqlookupd_gave(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("tui.archiver.check.TIMEOUT_SECONDS", 0.5)
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    with scripted_lookupd([(host, 4150)]) as lookupd:
        source = TopicSource(topic, CHANNEL, lookupd_http_addresses=(lookupd,))
        check = by_name(replace(given, source=source))["nsqd"]
    assert check.state == "failed"
    assert host in check.says
    assert f"nsqlookupd at {lookupd} gave this address: set nsqd's -broadcast-address" in check.says


def test_an_address_that_the_operator_gave_too_is_not_blamed_on_nsqlookupd(topic: str, tmp_path: Path) -> None:
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    with scripted_lookupd([(HOST, 9)]) as lookupd:
        source = TopicSource(topic, CHANNEL, (f"{HOST}:9",), lookupd_http_addresses=(lookupd,))
        check = by_name(replace(given, source=source))["nsqd"]
    assert check.state == "failed"
    assert "-broadcast-address" not in check.says


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("which", ["channel", "topic"])
def test_an_ephemeral_channel_or_topic_is_a_warning(
    nsqd: Nsqd, topic: str, tmp_path: Path, which: str, there: bool
) -> None:
    """Also a channel yet to be created: nsqd drops what exceeds its memory, and everything when the archiver leaves."""
    given = options(tmp_path / "out", topic, tmp_path / "spool", nsqd)
    name = f"{topic[:40]}#ephemeral"
    source = replace(given.source, topic=name) if which == "topic" else replace(given.source, channel="c#ephemeral")
    if there:
        nsqd.create_channel(source.topic, source.channel)
    check = by_name(replace(given, source=source))["nsqd"]
    assert check.state == "warning"
    assert f"an ephemeral {which} drops messages; an archive needs a durable one" in check.says


def test_the_exit_code_and_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    good, odd, bad = Check("a", "ok", "fine"), Check("b", "warning", "odd \x1b[31m"), Check("c", "failed", "bad")
    assert report([good, odd]) == 0
    assert report([good, bad, good]) == 2
    assert "\x1b" not in capsys.readouterr().out
    assert report([good, bad], as_json=True) == 2
    assert capsys.readouterr().out == (
        '{"ok": false, "checks": [{"name": "a", "state": "ok", "says": "fine"}, '
        '{"name": "c", "state": "failed", "says": "bad"}]}\n'
    )


def test_nsqds_http_port_is_not_taken_for_nsqlookupds(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    source = TopicSource(topic, CHANNEL, lookupd_http_addresses=(nsqd.http_address,))
    check = by_name(replace(given, source=source))["nsqlookupd"]
    assert (check.state, "does not answer as nsqlookupd does" in check.says) == ("failed", True)
