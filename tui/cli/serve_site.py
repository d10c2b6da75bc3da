"""The site of `hourscope serve`: a page, its resources, and a websocket per tab, all protected by a secret."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template

import textual_serve
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui.cli.console import notify
from tui.errors import HourscopeError

_HOST = "127.0.0.1"
_COOKIE = "browser"
_PAGE = Path(__file__).with_name("serve.html")
_STATIC = Path(textual_serve.__file__).with_name("static")
_END_SECONDS = 8.0  # for the explorers to stop their jobs; a slower one ends by itself
_MAX_CELLS = 1000

RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def serve(explorer: str, port: int, cancel: threading.Event) -> None:
    """Print the address, and serve until `cancel` is set. `explorer` is the command line that each tab runs."""
    site = Site(explorer)
    runner = web.AppRunner(site.application(), access_log=None, handle_signals=False, shutdown_timeout=_END_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, _HOST, port).start()
        site.host = f"{_HOST}:{runner.addresses[0][1]}"
        print(f"http://{site.host}{site.root}", flush=True)
        await asyncio.to_thread(cancel.wait)
        if site.sockets:
            notify("stopping; waiting for the explorers")
        await asyncio.gather(*(socket.close() for socket in site.sockets))
    except OSError as error:
        about = os.strerror(error.errno) if error.errno else str(error)  # asyncio's message is long
        raise HourscopeError(f"{_HOST}:{port}: {about}; choose another port with --port") from error
    finally:
        await runner.cleanup()


class Site:
    """The routes of the site. The first browser that opens the page gets a cookie, which all other requests need."""

    def __init__(self, explorer: str) -> None:
        self.host = ""
        self.root = f"/{secrets.token_urlsafe(32)}"
        self.sockets: set[web.WebSocketResponse] = set()
        self._explorer = explorer
        self._browser = ""  # its cookie

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._check])
        app.router.add_get(self.root, self._page)
        app.router.add_get(f"{self.root}/ws", self._websocket)
        app.router.add_static(f"{self.root}/static", _STATIC)
        return app

    @web.middleware
    async def _check(self, request: web.Request, handler: RequestHandler) -> web.StreamResponse:
        """Answer 403 without the secret, to another browser, and to a page of another site.

        Such a page can make a browser send requests to 127.0.0.1, also under its own name that resolves to it (DNS
        rebinding). Host or Origin, which the page cannot choose, then differ from this address.
        """
        origins = (None, f"http://{self.host}")
        ours = request.headers.get("Host") == self.host and request.headers.get("Origin") in origins
        if not ours or not _matches_secret(f"/{request.path.split('/')[1]}", self.root):
            raise web.HTTPForbidden(text="Open the address that hourscope has printed.\n")
        opens = request.path == self.root and not self._browser
        if not opens and not (self._browser and _matches_secret(request.cookies.get(_COOKIE, ""), self._browser)):
            raise web.HTTPForbidden(text="Another browser has opened this address. Run hourscope serve again.\n")
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        """Serve the page. It loads nothing from elsewhere, and no other page can embed it."""
        socket, nonce = f"ws://{self.host}", secrets.token_urlsafe(16)
        policy = (
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; img-src 'self' data:; font-src 'self'; "
            f"style-src 'self' 'unsafe-inline'; script-src 'self' 'nonce-{nonce}'; connect-src {socket}"
        )
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        page = Template(_PAGE.read_text(encoding="utf-8")).substitute(
            root=self.root, websocket=f"{socket}{self.root}/ws", nonce=nonce
        )
        response = web.Response(text=page, content_type="text/html", headers=headers)
        self._browser = self._browser or secrets.token_urlsafe(32)
        response.set_cookie(_COOKIE, self._browser, path=self.root, httponly=True, samesite="Lax")
        return response

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run an explorer until its page is closed or it ends."""
        socket = web.WebSocketResponse(heartbeat=15)
        await socket.prepare(request)
        self.sockets.add(socket)
        explorer = _TabExplorer(self._explorer, socket)
        try:
            await explorer.start(_cells(request, "width", 80), _cells(request, "height", 24))
            async for message in socket:
                match message.json() if message.type == web.WSMsgType.TEXT else None:
                    case ["stdin", str(keys)]:
                        await explorer.send_bytes(keys.encode())
                    case ["resize", {"width": int(width), "height": int(height)}]:
                        await explorer.set_terminal_size(width, height)
                    case ["focus"]:
                        await explorer.focus()
                    case ["blur"]:
                        await explorer.blur()
        finally:
            self.sockets.discard(socket)
            await explorer.stop()
        return socket


class _TabExplorer(AppService):
    """The explorer of a tab, in its own process. When it ends for any reason, the tab's websocket is closed."""

    def __init__(self, command: str, socket: web.WebSocketResponse) -> None:
        async def close() -> None:
            await socket.close()

        super().__init__(
            command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=close,
            download_manager=DownloadManager(),
        )

    async def run(self) -> None:
        await super().run()
        await self.remote_close()


def _matches_secret(given: str, secret: str) -> bool:
    """Compare in constant time, which reveals nothing about the secret."""
    return hmac.compare_digest(given.encode(), secret.encode())


def _cells(request: web.Request, name: str, usual: int) -> int:
    """Return the width or height of the terminal in the page."""
    text = request.query.get(name, "")
    return min(max(int(text), 1), _MAX_CELLS) if text.isascii() and text.isdecimal() else usual
