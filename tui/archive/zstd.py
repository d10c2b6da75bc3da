"""Decode Zstandard frame by frame and block by block (RFC 8878 §3.1).

The zstandard library's streams return all output at once, which for a hostile frame is 30,000 times its size, and skip
a truncated frame silently. A block holds at most 128 KiB, so this module decodes each block of a frame separately.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tui.archive.members import MAX_MEMORY, MemberError

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LARGE_WINDOW = 8 << 20  # bytes; chunks with a larger window are read one at a time
_MAX_BLOCK = 128 << 10
_RLE, _RESERVED = 1, 3  # kinds of blocks
_CHECKSUM_BYTES = 4  # after the last block
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)


class ZstdFrame:
    """The decoder of one frame; a skippable frame decodes to nothing. See members.Member.

    `await_turn` is called before memory for a window over `LARGE_WINDOW` is allocated.
    """

    def __init__(self, await_turn: Callable[[], None] = lambda: None) -> None:
        self._await_turn = await_turn
        self._pending = bytearray()
        self._decoder: Any = None
        self._skip = 0  # bytes of a skippable frame that are still to come
        self._at_checksum = False
        self.ended, self.unused = False, b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._pending += data
        if self._decoder is None and not self._skip and not self._begin():
            return
        if self._skip:
            self._skip_over()
            return
        start = 0
        try:
            while (size := self._unit_size(start)) and start + size <= len(self._pending):
                unit = bytes(self._pending[start : start + size])
                start += size
                if piece := self._decode(unit):
                    yield piece
                if self._decoder.eof:
                    self.ended, self.unused = True, bytes(self._pending[start:])
                    return
                if self._at_checksum:
                    raise MemberError("a zstd frame does not end with its checksum")
                self._at_checksum = bool(unit[0] & 1)  # that was the last block
        finally:
            del self._pending[:start]

    def _begin(self) -> bool:
        """Read the frame's header; False if more input is needed."""
        data = self._pending
        if len(data) < 8:
            return False
        if int.from_bytes(data[:4], "little") in _SKIPPABLE:
            self._skip = 8 + int.from_bytes(data[4:8], "little")
            return True
        if data[:4] != ZSTD_MAGIC:
            raise MemberError("a zstd frame has a damaged header")
        size, window, dictionary = _header(data)
        if len(data) < size:
            return False
        if dictionary:
            raise MemberError(f"a zstd frame needs the dictionary {dictionary}, which hourscope does not read")
        if window > MAX_MEMORY:
            raise MemberError(
                f"a zstd frame needs a window of {window >> 20:,} MiB; at most {MAX_MEMORY >> 20} MiB are read"
            )
        if window > LARGE_WINDOW:
            self._await_turn()
        import zstandard

        self._decoder = zstandard.ZstdDecompressor(max_window_size=MAX_MEMORY).decompressobj()
        self._decode(bytes(data[:size]))
        del data[:size]
        return True

    def _skip_over(self) -> None:
        count = min(self._skip, len(self._pending))
        self._skip -= count
        if not self._skip:
            self.ended, self.unused = True, bytes(self._pending[count:])
        self._pending.clear()

    def _unit_size(self, start: int) -> int:
        """Return the size in bytes of the next block with its header, or of the checksum; 0 if not known yet."""
        if self._at_checksum:
            return _CHECKSUM_BYTES
        if len(self._pending) < start + 3:
            return 0
        header = int.from_bytes(self._pending[start : start + 3], "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == _RESERVED or size > _MAX_BLOCK:
            raise MemberError("a zstd block has a damaged header")
        return 3 + (1 if kind == _RLE else size)

    def _decode(self, data: bytes) -> bytes:
        import zstandard

        try:
            return bytes(self._decoder.decompress(data))
        except zstandard.ZstdError as error:
            words = str(error).rpartition(": ")[2].lower()
            raise MemberError(f"a zstd frame is damaged ({words})") from error


def _header(data: bytearray) -> tuple[int, int, int]:
    """Return the sizes in bytes of a frame's header and window, and its dictionary's number (0: none).

    If `data` is shorter than the header, only the first size is valid.
    """
    descriptor = data[4]
    single = descriptor >> 5 & 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    content = (single, 2, 4, 8)[descriptor >> 6]
    size = 5 + (not single) + dictionary + content
    if len(data) < size:
        return size, 0, 0
    number = int.from_bytes(data[size - content - dictionary : size - content], "little")
    if not single:
        exponent, mantissa = data[5] >> 3, data[5] & 7
        base = 1 << (10 + exponent)
        return size, base + (base >> 3) * mantissa, number
    value = int.from_bytes(data[size - content : size], "little")
    return size, value + (256 if content == 2 else 0), number
