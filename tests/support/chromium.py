"""A real browser without a window, driven by the DevTools protocol: what it shows of a terminal in a page.

async with Chromium(find_chromium(), folder) as browser:
    page = await browser.open("http://127.0.0.1:8000/…")
    await page.wait_for("words on the terminal")
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyte

if TYPE_CHECKING:
    import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--headless=new", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars")
_KEYS = {"enter": ("Enter", 13, "\r"), "escape": ("Escape", 27, ""), "down": ("ArrowDown", 40, "")}
_PASTE = """(() => {
    const data = new DataTransfer(), event = {clipboardData: data, bubbles: true, cancelable: true};
    data.setData("text/plain", %s);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", event));
})()"""


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A browser with a profile of its own: no cookies."""

    def __init__(self, program: str, folder: Path) -> None:
        import aiohttp  # a quarter of a second, which each worker would take to collect the tests

        self._words = [program, *_FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        self._port = folder / "DevToolsActivePort"
        self._process: Process | None = None
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self._words, stdout=DEVNULL, stderr=DEVNULL)
        end = time.monotonic() + 60
        while not (self._port.exists() and "\n" in self._port.read_text()):
            assert time.monotonic() < end and self._process.returncode is None, "the browser does not start"
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        await self._http.close()
        self._process.kill()
        await self._process.wait()

    async def open(self, url: str) -> Page:
        """A new tab that shows `url`."""
        port = self._port.read_text().split("\n")[0]
        async with self._http.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
            tab = await answer.json()
        page = Page(await self._http.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0))
        for domain in ("Network", "Page", "Runtime"):
            await page.call(f"{domain}.enable")
        await page.resize(1100, 600)
        await page.call("Page.navigate", url=url)
        return page


class Page:
    """A tab. Its terminal is drawn by WebGL, so what it shows is what its websocket was sent, kept by pyte."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    async def call(self, method: str, **parameters: object) -> Any:
        """The result of a method of the protocol."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while (message := await self._socket.receive_json(timeout=30)).get("id") != self._number:
            self._note(message)
        assert "error" not in message, message
        return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        """What a websocket of the page sent and received."""
        frame = message.get("params", {}).get("response", {})
        if message["method"] == "Network.webSocketFrameReceived" and frame["opcode"] == 2:
            data = base64.b64decode(frame["payloadData"])
            self._stream.feed(data.replace(b"\x1b[?2026h", b"").replace(b"\x1b[?2026l", b""))
        elif message["method"] == "Network.webSocketFrameSent" and frame["payloadData"].startswith('["resize"'):
            size = json.loads(frame["payloadData"])[1]
            if (self.screen.columns, self.screen.lines) != (size["width"], size["height"]):
                self.screen.resize(size["height"], size["width"])
                self.screen.reset()

    async def evaluate(self, script: str) -> Any:
        """The value of some JavaScript."""
        return (await self.call("Runtime.evaluate", expression=script, awaitPromise=True, userGesture=True))[
            "result"
        ].get("value")

    async def wait_for(self, words: str) -> None:
        """Until `words` are on the terminal."""
        await self.wait_until(lambda: words in self.text, words)

    async def wait_until(self, holds: Callable[[], bool], what: str = "it", seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what!r} did not come:\n{self.text}"
            await self.evaluate("new Promise(done => setTimeout(done, 50))")

    async def press(self, *keys: str) -> None:
        """Each key goes down and up: a letter, or a name of `_KEYS`."""
        for key in keys:
            name, code, text = _KEYS.get(key, (key, 0, key))
            about = {"key": name, "windowsVirtualKeyCode": code}
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def paste(self, text: str) -> None:
        await self.evaluate(_PASTE % json.dumps(text))

    async def clipboard(self) -> str:
        """What is in it, as soon as anything is."""
        await self.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
        end = time.monotonic() + 60
        while not (text := await self.evaluate("navigator.clipboard.readText()")):
            assert time.monotonic() < end, "nothing came into the clipboard"
        assert isinstance(text, str)
        return text

    async def resize(self, width: int, height: int) -> None:
        """In pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def picture(self) -> bytes:
        """A PNG of the tab."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        await self.call("Page.close")
        await self._socket.close()
