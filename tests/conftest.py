"""Real servers, and a home of its own, for every test.

The servers are started once a session, when the first test asks for one; all workers share one S3 server. Tests share
them, so each works on a topic or bucket of its own; a test that stops, freezes or reconfigures a server starts one for
itself.
"""

import gc
import os
import re
import signal
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from tests.support.boto import forget_clients, share_loader
from tests.support.build import NsqPrograms, ServerUnavailableError, find_or_build_nsq, find_or_build_versitygw
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.seaweed import Seaweed, Versity, find_weed

Program = TypeVar("Program")

_homes = count(1)
_SHARED = pytest.StashKey[Seaweed]()

settings.register_profile(
    "suite",
    max_examples=30,
    deadline=None,  # a busy machine must not make them fail
    derandomize=bool(os.environ.get("CI")),  # there the same commit passes or fails alike; elsewhere each run looks on
)
settings.load_profile("suite")
share_loader()
for ignored in (signal.SIGHUP, signal.SIGINT):  # by nohup, or in the background of a shell; programs would ignore them
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.SIG_DFL)
gc.disable()  # until all tests are imported: pytest_collection_finish

_OTHER_S3 = os.environ.get("S3_SERVER") == "versitygw"
_FOREIGN_SETTINGS = ("AWS_", "HOURSCOPE_", "XDG_")
_FOREIGN_NAMES = ("SSH_CONNECTION",)
_LONG_NAME = 200  # of a parameter, in characters
_QUICK = ("tests/archive/", "tests/filter/", "tests/scan/")
_HOME_FOLDERS = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_RUNTIME_DIR": ".run",
}


def _found_or_skip(find: Callable[[], Program]) -> Program:
    """What `find` finds; without it a test is skipped, but in CI, where nothing may be missing, it fails."""
    try:
        return find()
    except ServerUnavailableError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def pytest_make_parametrize_id(val: object) -> str | None:
    """A short name for a long text: each worker sends all names, and megabytes of them cost seconds."""
    if isinstance(val, str | bytes) and len(val) > _LONG_NAME:
        start = val[:40].encode("utf-8", "surrogatepass") if isinstance(val, str) else val[:40]
        return f"{start.decode('latin-1').encode('unicode_escape').decode()}…{len(val)}"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that start no server last, large ones first: workers take whole files in order.

    Short ones let all end together.
    """
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (quick := item.nodeid.startswith(_QUICK), -tests[item.path] * quick))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Name the tests that failed in the very last lines: of a long log, often only the end is kept.

    And leave what is left out of the five garbage collections with which pytest ends.
    """
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        for outcome in ("failed", "error"):
            for report in reporter.stats.get(outcome, []):
                reason = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
                reporter.write_line(f"{outcome}: {report.nodeid}: {reason.partition(chr(10))[0][:_LONG_NAME]}")
    gc.freeze()


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of garbage collection, a third of what the explorer's tests take otherwise.

    And collect less often than every 700 objects: that is a tenth of what is left.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


@pytest.fixture(autouse=True)
def _isolation(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home folder, and none of the settings of whoever runs the tests."""
    for name in tuple(os.environ):
        if name.startswith(_FOREIGN_SETTINGS) or name in _FOREIGN_NAMES:
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))  # mktemp looks at all that it ever made
    for name, folder in _HOME_FOLDERS.items():
        (home / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # else boto3 waits for a network that is not there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    forget_clients()


@pytest.fixture(scope="session")
def nsq_programs() -> NsqPrograms:
    """The programs of NSQ 1.3.0: nsqd, nsqlookupd, nsq_to_file, to_nsq, nsq_tail."""
    return _found_or_skip(find_or_build_nsq)


@pytest.fixture(scope="session")
def weed() -> Path:
    """SeaweedFS's program, or with S3_SERVER=versitygw that of the other S3 server."""
    return _found_or_skip(find_or_build_versitygw if _OTHER_S3 else find_weed)


@pytest.fixture(scope="session")
def nsqlookupd(nsq_programs: NsqPrograms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nsqlookupd]:
    with Nsqlookupd(nsq_programs.nsqlookupd, tmp_path_factory.mktemp("nsqlookupd")) as server:
        yield server


@pytest.fixture(scope="session")
def nsqd(nsq_programs: NsqPrograms, nsqlookupd: Nsqlookupd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nsqd]:
    """An nsqd with its usual limits, known to `nsqlookupd`."""
    options = {"lookupd-tcp-address": nsqlookupd.tcp_address}
    with Nsqd(nsq_programs.nsqd, tmp_path_factory.mktemp("nsqd"), options) as server:
        yield server


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start one S3 server for all workers, if it is installed: each takes memory, and time while nothing is asked."""
    if _OTHER_S3:
        return
    config: pytest.Config = node.config
    if _SHARED not in config.stash:
        try:
            program = find_weed()
        except ServerUnavailableError:
            return
        folder = tempfile.TemporaryDirectory()
        server = config.stash[_SHARED] = Seaweed(program, Path(folder.name))
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(server.kill)
        server.start()
    shared = config.stash[_SHARED]
    node.workerinput["seaweed"] = (str(shared.folder), shared.ports)


@pytest.fixture(scope="session")
def seaweed(weed: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    if shared := getattr(pytestconfig, "workerinput", {}).get("seaweed"):
        folder, ports = shared
        yield Seaweed(weed, Path(folder), ports=ports)
        return
    with (Versity if _OTHER_S3 else Seaweed)(weed, tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic that no other test uses; it starts with the test's name."""
    name = re.sub(r"[^a-zA-Z0-9_-]", "-", request.node.name)
    return f"{name[:50]}-{uuid.uuid4().hex[:8]}"  # NSQ allows 64 characters


@pytest.fixture
def bucket(seaweed: Seaweed) -> str:
    """An empty bucket that no other test uses."""
    return seaweed.create_bucket(f"test-{uuid.uuid4().hex[:12]}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many command lines of the docs ran, whichever process ran them."""
    reports = terminalreporter.stats.get("passed", [])
    counts = [count for report in reports for name, count in report.user_properties if name == "command lines"]
    if counts:
        terminalreporter.write_line(f"{sum(counts)} command lines of {len(counts)} pages of the docs ran")
