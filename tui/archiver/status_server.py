"""The archiver's state over HTTP: `/healthz` for a supervisor, `/metrics` for Prometheus."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tui.archiver.status import Status
from tui.errors import ConfigError, reason
from tui.nsq.address import split_address

_LOG = logging.getLogger(__name__)
_PREFIX = "hourscope_archiver_"
_TIMEOUT_SECONDS = 10.0
_CHANGES = {
    "json-newline": "spaced",
    "newline": "wrapped",
    "empty": "wrapped",
    "lookalike": "wrapped",
    "changed": "wrapped",
}


@contextmanager
def served(address: str, status: Callable[[], Status]) -> Iterator[None]:
    """Serve HOST:PORT in separate threads until the end. ConfigError if that address cannot be listened on."""
    host, port = split_address(address)
    registry = CollectorRegistry()
    registry.register(_Metrics(status))

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_SECONDS

        def do_GET(self) -> None:
            if self.path == "/healthz":
                troubles = status().troubles
                code = HTTPStatus.SERVICE_UNAVAILABLE if troubles else HTTPStatus.OK
                self._answer(code, "application/json", json.dumps({"ok": not troubles, "troubles": troubles}).encode())
            elif self.path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"there are /healthz and /metrics\n")

        def _answer(self, code: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Do nothing: a library must not print."""

    try:
        server = _Server((host, port), Handler)
    except OSError as error:
        raise ConfigError(f"--status-address {address} cannot be listened on: {reason(error)}") from error
    with server:
        thread = threading.Thread(target=server.serve_forever, name="status", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Suppress http.server's traceback for a client that disconnects early; log other errors."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            _LOG.warning("an unexpected error in an answer of --status-address: %r", error)


class _Metrics(Collector):
    """The current state as metrics."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        counters, uploads = status.counters, status.uploads
        for name, help_, count in (
            ("messages", "Messages that are on disk", counters.messages),
            ("message_bytes", "Bytes of their bodies", counters.bytes),
            ("spooled_bytes", "Bytes of gzip written to the spool", counters.written),
            ("syncs", "Syncs of the spool, one gzip member each", counters.syncs),
            ("redelivered_messages", "Messages that had been delivered before, to any consumer", counters.again),
            ("unsure_messages", "Possible duplicates: messages whose FIN may not have counted", counters.unsure),
            ("given_back_messages", "Messages requeued while the spool failed", counters.given_back),
            ("uploads", "Files whose upload is verified", uploads.uploaded),
            ("uploaded_bytes", "Their bytes", uploads.uploaded_bytes),
            ("upload_failures", "Rounds of uploads that failed and were tried again", uploads.failures),
            ("repaired_files", "Files taken over from a process that died", uploads.repaired),
        ):  # fmt: skip
            yield CounterMetricFamily(_PREFIX + name, help_, value=count)
        for name, help_, value in (
            ("unfinished_messages", "Messages that wait for their sync", counters.unfinished),
            ("oldest_unfinished_seconds", "How long the oldest unfinished message has waited", counters.oldest),
            ("nsqd_connections", "Connections to nsqds", counters.links),
            ("missing_nsqds", "nsqds that could not be reached for a minute", counters.missing),
            ("paused", "1 while no messages are requested", float(bool(counters.paused))),
            ("waiting_files", "Whole files that wait for their upload", uploads.waiting),
            ("oldest_waiting_seconds", "How long the oldest waiting file has waited", uploads.oldest),
            ("spool_bytes", "Bytes in the spool", uploads.spool_bytes),
            ("last_upload_timestamp_seconds", "Time of the last upload, since 1970", uploads.last_time),
            ("healthy", "1 if /healthz says so", float(not status.troubles)),
        ):
            yield GaugeMetricFamily(_PREFIX + name, help_, value=value)
        changed = CounterMetricFamily(
            _PREFIX + "changed_lines", "Lines that differ from their message's bytes", labels=["form", "reason"]
        )
        for reason_, form in _CHANGES.items():
            changed.add_metric([form, reason_], counters.changed[reason_])
        yield changed
