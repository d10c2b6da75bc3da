"""Textual's driver for a browser, used by `hourscope serve`. Closing the page counts as a lost terminal."""

from __future__ import annotations

import asyncio
import os
import signal

from textual.drivers.web_driver import WebDriver


class BrowserDriver(WebDriver):
    """Exchanges packets on stdin and stdout. A lost page is a SIGTERM, which stops jobs with their state on disk."""

    def start_application_mode(self) -> None:
        handler = signal.getsignal(signal.SIGTERM)  # SignalHandler's, which Textual replaces
        super().start_application_mode()
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, handler)
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # ctrl+c in the server's terminal: it sends "quit"

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # the server is gone
            _terminate()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        if packet_type == "quit":  # the page is closed
            _terminate()
        else:
            super().on_meta(packet_type, payload)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)  # not SIGHUP, which `nohup hourscope serve` ignores
