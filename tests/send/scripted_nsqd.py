"""A small server that speaks NSQ's V2 protocol, and says what a real nsqd cannot be made to say on demand.

def script(client: Client, turn: int) -> None:
    client.mpub()
    client.error(b"E_MPUB_FAILED MPUB failed exiting")

with ScriptedNsqd(script) as nsqd: ...

`script` runs once for every connection that got as far as IDENTIFY, `turn` counts them from 0; when it returns, the
connection is closed. Questions about limits are answered beforehand, as nsqd does.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tui.nsq.limits import USER_AGENT

RESPONSE, ERROR = 0, 1
_HUGE = 0x7FFFFFFF


class Gone(Exception):
    """The other side has closed the connection."""


class Client:
    """One connection. The server's `publishes` collects every MPUB's records."""

    def __init__(self, connection: socket.socket, publishes: list[list[bytes]], answer: dict[str, object]) -> None:
        self._socket = connection
        self._publishes = publishes
        self._answer = answer

    def identified(self, max_message: int, max_body: int) -> bool:
        """Read up to the answer of IDENTIFY; return False for a query about limits, which it answers."""
        if self._exactly(4) != b"  V2":
            raise Gone
        command = self._line()
        size = self._u32()
        if command == b"IDENTIFY" and size == _HUGE:
            self.error(b"E_BAD_BODY IDENTIFY body too big %d > %d" % (size, max_body))
            return False
        identity = json.loads(self._exactly(size))
        self.respond(json.dumps(self._answer).encode())
        if identity["user_agent"] != USER_AGENT:
            return True
        if (command := self._line()) == b"AUTH":
            self._exactly(self._u32())
            self.respond(b"{}")
            command = self._line()
        assert command.startswith(b"PUB "), command
        self.error(b"E_BAD_MESSAGE PUB message too big %d > %d" % (self._u32(), max_message))
        return False

    def mpub(self) -> list[bytes]:
        """Return the next MPUB's records, skipping answers to heartbeats."""
        while (command := self._line()) == b"NOP":
            pass
        assert command.startswith(b"MPUB "), command
        self._u32()
        records = [self._exactly(self._u32()) for _ in range(self._u32())]
        self._publishes.append(records)
        return records

    def command(self) -> bytes:
        return self._line()

    def ok(self) -> None:
        self.respond(b"OK")

    def heartbeat(self) -> None:
        self.respond(b"_heartbeat_")

    def respond(self, data: bytes) -> None:
        self.raw(struct.pack(">ii", len(data) + 4, RESPONSE) + data)

    def error(self, data: bytes) -> None:
        self.raw(struct.pack(">ii", len(data) + 4, ERROR) + data)

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def silence(self) -> None:
        """Wait until the other side disconnects."""
        with contextlib.suppress(Gone):
            while True:
                self._exactly(1)

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self._exactly(1)
        return line[:-1]

    def _u32(self) -> int:
        return int(struct.unpack(">I", self._exactly(4))[0])

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                piece = self._socket.recv(count - len(data))
            except OSError as error:
                raise Gone from error
            if not piece:
                raise Gone
            data += piece
        return bytes(data)


def honest(client: Client, turn: int = 0) -> None:
    """A script: every batch arrives."""
    while True:
        client.mpub()
        client.ok()


Script = Callable[[Client, int], None]


class ScriptedNsqd:
    """The server. `publishes` holds every MPUB that arrived whole, in order; `turns` counts the connections."""

    def __init__(
        self, script: Script, *, max_message: int = 1 << 20, max_body: int = 5 << 20, **answer: object
    ) -> None:
        self._script = script
        self._limits = max_message, max_body
        self._answer = {"max_rdy_count": 2500, "version": "1.3.0", **answer}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.publishes: list[list[bytes]] = []
        self.turns = 0

    @property
    def tcp_address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def records(self) -> list[bytes]:
        return [record for records in self.publishes for record in records]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        client = Client(connection, self.publishes, self._answer)
        with contextlib.suppress(Gone, OSError), connection:
            if client.identified(*self._limits):
                with self._lock:
                    turn, self.turns = self.turns, self.turns + 1
                self._script(client, turn)
