"""The explorer in a browser: for whoever knows the address, in the browser that opened it first, and nobody else."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.chromium import Chromium, find_chromium
from tests.support.command import hourscope
from tui import cli
from tui.demo import SampleSpec, write_sample


class Served:
    """`hourscope serve` with its address: `host`, with the port, and `root`, which is the secret.

    It runs under nohup, as on a server: a page that is closed ends its explorer even so.
    """

    def __init__(self, *words: object) -> None:
        program = ["nohup", sys.executable, "-m", "tui", "serve", "--port", "0", *map(str, words)]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        self.host, _, secret = self.url.removeprefix("http://").partition("/")
        self.root = f"/{secret}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.process:
            self.process.terminate()

    def status(self, path: str, **headers: str) -> int:
        """Return the status of an answer to a request with these headers only."""
        return self.answer(path, **headers)[0]

    def explorers(self) -> list[int]:
        """The processes behind its tabs."""
        pid = self.process.pid
        return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def answer(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection(self.host, timeout=20)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): text for name, text in answer.getheaders()}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "demo"
    for _ in write_sample(folder, SampleSpec(hours=48, records_per_hour=100)):
        pass
    return folder


@pytest.fixture
def served(sample: Path) -> Iterator[Served]:
    with Served(sample) as server:
        yield server


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here; apt-get install chromium")
    async with Chromium(program, tmp_path / "profile") as browser:
        yield browser


@pytest.mark.timeout(300)
async def test_the_explorer_is_used_in_a_browser(served: Served, sample: Path, chromium: Chromium) -> None:
    page = await chromium.open(served.url)
    await page.wait_for("January 2015")
    assert len(await page.picture()) > 15_000  # an empty page has 3,000 bytes
    await page.press("y")
    await page.wait_for("copied")
    assert (await page.clipboard()).startswith(f"hourscope cat {sample} --hour ")
    await page.press("enter")  # the last hour
    await page.wait_for("= only these")
    await page.press("/")
    await page.wait_for("enter keep as a term")
    await page.type("event != 'seek'")
    await page.press("enter")
    await page.wait_for("1 ● event != 'seek'")
    await page.press("/")
    await page.wait_for("enter keep as a term")
    await page.paste("event != 'play'\n")
    await page.wait_for("values event != 'play'")
    await page.press("enter")
    await page.wait_for("2 ● event != 'play'")
    await page.resize(1300, 700)
    await page.wait_until(lambda: page.screen.columns > 140 and len(page.screen.display[0].rstrip()) > 140)
    await page.press("q")
    await page.wait_for("nothing selected")
    await page.press("M", "s")
    await page.wait_for("ready: enter starts it")
    await page.press("enter")
    await page.wait_for("records match, in 46 of 46 hours")
    (explorer,) = served.explorers()
    await page.close()
    while Path(f"/proc/{explorer}").exists():
        await asyncio.sleep(0.05)


async def test_the_tour_begins_on_home(chromium: Chromium) -> None:
    with Served() as server:
        page = await chromium.open(server.url)
        await page.wait_for("New here?")
        await page.press("t")
        await page.wait_for("January 2015")
        await page.wait_for("1 of 10")
        await page.press("x")
        await page.wait_for("✓ The key says it all")
        (explorer,) = server.explorers()
        server.process.kill()
        await page.wait_until(lambda: not Path(f"/proc/{explorer}").exists())  # it does not outlive the server


async def test_another_page_of_the_same_browser_cannot_reach_it(served: Served, chromium: Chromium) -> None:
    await (await chromium.open(served.url)).wait_for("January 2015")
    other = await chromium.open(f"http://{served.host.replace('127.0.0.1', 'localhost')}{served.root}")
    while not (words := await other.evaluate("document.body.innerText")):
        pass
    assert words == "Open the address that hourscope has printed.\n"
    script = f"new Promise(done => {{ const s = new WebSocket('ws://{served.host}{served.root}/ws'); %s }})"
    assert (
        await other.evaluate(script % "s.onerror = () => done('refused'); s.onopen = () => done('open')") == "refused"
    )


def test_only_the_browser_that_came_first_is_answered(served: Served) -> None:
    paths = ["", "/ws", "/static/js/textual.js"]
    assert [served.status(served.root + path) for path in paths[1:]] == [403, 403]  # before anybody has the page
    status, page, headers = served.answer(served.root)
    assert status == 200 and "https:" not in page
    assert headers["referrer-policy"] == "no-referrer" and "default-src 'none'" in headers["content-security-policy"]
    cookie = headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in headers["set-cookie"] and f"Path={served.root};" in headers["set-cookie"]
    assert [served.status(served.root + path) for path in paths] == [403, 403, 403]
    assert [served.status(served.root + path, Cookie="browser=other") for path in paths] == [403, 403, 403]
    assert [served.status(served.root + path, Cookie=cookie) for path in paths] == [200, 400, 200]  # no websocket: 400


def test_who_lacks_the_secret_or_comes_from_elsewhere_is_refused(served: Served) -> None:
    cookie = {"Cookie": served.answer(served.root)[2]["set-cookie"].partition(";")[0]}
    for path in (
        "/",
        "/ws",
        "/static/js/textual.js",
        f"{served.root[:-1]}",
        f"{served.root}x",
        "//",
        f"/{served.root}",
    ):
        assert served.status(path, **cookie) == 403, path
    for name in ("localhost", "evil.example", "127.0.0.1.evil.example"):
        assert served.status(served.root, Host=f"{name}:{served.host.rpartition(':')[2]}", **cookie) == 403, name
    assert served.status(served.root, Host="127.0.0.1", **cookie) == 403
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1Ng==",
    }
    for origin in ("http://evil.example", "null", f"https://{served.host}", "http://127.0.0.1"):
        assert served.status(f"{served.root}/ws", Origin=origin, **upgrade, **cookie) == 403, origin
    assert served.explorers() == []


def test_it_listens_on_this_machine_only(served: Served) -> None:
    port = int(served.host.rpartition(":")[2])
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_ctrl_c_ends_it(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(20) == 0


def test_a_port_that_is_taken(served: Served, sample: Path) -> None:
    port = served.host.rpartition(":")[2]
    ended = hourscope("serve", sample, "--port", port)
    assert ended.code == 2
    assert ended.sentence == f"hourscope: 127.0.0.1:{port}: Address already in use; choose another port with --port"


def test_without_its_packages_it_names_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    assert cli.run(["serve"]) == 2
    sentence = "hourscope serve needs additional packages; install them with: pip install 'hourscope[web]'"
    assert capsys.readouterr().err == f"hourscope: {sentence}\n"
