"""A TCP proxy that breaks what passes through it: cut, held up, slowed down.

with Proxy(nsqd.tcp_port) as proxy:
    ... connect to proxy.address ...
    proxy.cut()
    proxy.rate = 100_000
"""

import contextlib
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

_PIECE = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing sends RST
_STEP = 0.02  # seconds


class Proxy:
    """Listens on a port of its own, and passes on to `port`.

    `rate` limits bytes a second from clients to the server, all connections together; None is no limit.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self.rate: float | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Every connection ends with a reset, in the middle of whatever it carries; new ones are welcome."""
        while self._open:
            connection = self._open.pop()
            with contextlib.suppress(OSError):  # closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                connection.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """Nothing passes, in either direction; connections stay open."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._port), 5)
                except OSError:
                    near.close()  # nobody there: the client meets the same
                    continue
                far.settimeout(None)
                self._open += [near, far]
                for source, sink, counted in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._copy, args=(source, sink, counted), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(self._piece(counted)):
                self._flowing.wait()
                if counted and self.rate:
                    time.sleep(len(data) / self.rate)
                sink.sendall(data)
        for connection in (source, sink):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _piece(self, counted: bool) -> int:
        return max(1, min(_PIECE, int(self.rate * _STEP))) if counted and self.rate else _PIECE
