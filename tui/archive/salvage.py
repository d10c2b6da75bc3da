"""Recover what can be read of a damaged chunk: every whole member, and the damage between them.

The chunk is read twice, first to find its sound members, then to decode them. This happens only to damaged chunks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from tui.archive.chunk import Damage
from tui.archive.codec import HEAD_SIZE, ZSTD, Codec, codecs, promised, sniff, taking_turns
from tui.archive.json_values import is_json_object
from tui.archive.members import READ_SIZE, ZERO_RUN, MemberError, Pieces
from tui.archive.tape import OpenAt, Tape

_OVERLAP = 16  # bytes: a member's magic may span two blocks
_HEAD = 1 << 16
# Limits for bytes decoded in vain while searching for a member: per byte of the chunk, plus about a second's worth.
# Ordinary damage takes some ten per byte; thousands of false member headers would take forever.
VAIN_PER_BYTE, VAIN = 64, 1 << 28
MAX_HOLES = 10_000
_ZEROS = re.compile(rb"\x00*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of members at the stored bytes [start, stop). The end of the chunk may cut the last one.

    `sound` is false for a single damaged member, whose decoded bytes are doubtful.
    """

    start: int
    stop: int
    codec: Codec
    sound: bool = True


@dataclass(frozen=True, slots=True)
class DecodedPart:
    """A run of decoded bytes. `open` returns a new stream of them. For `sound` see Stretch.

    `start` is the stored position at or before their beginning.
    """

    open: Callable[[], BinaryIO]
    sound: bool
    start: int = 0


@dataclass(slots=True)
class _Trial:
    """The result of decoding one member: its end, its size and, if it is damaged, the `reason`."""

    stop: int
    ended: bool = False
    reason: str = ""
    size: int = 0
    records: int = 0
    head: bytes = b""

    @property
    def readable(self) -> bool:
        """True if the decoded bytes begin with JSON lines, so the member is genuine."""
        return any(is_json_object(line) for line in self.head.split(b"\n", 2)[:2])


def salvage(
    open_at: OpenAt, codec: Codec | None, await_turn: Callable[[], None] = lambda: None
) -> Iterator[DecodedPart | Damage]:
    """Yield the parts of a damaged chunk and the damage between them, in order. For `codec` see `stored_codec`."""
    if codec is None:
        yield DecodedPart(lambda: open_at(0), sound=True)
        return
    parts = list(survey(Tape(open_at), codec, await_turn))
    for item in parts:
        if isinstance(item, Damage):
            yield item
            continue
        opened = partial(_opened, open_at, item)
        if item.sound and (second := sniff(opened().read(HEAD_SIZE) or b"")):
            yield from _second_layer(opened, second, await_turn, item)
        else:
            yield DecodedPart(opened, item.sound, item.start)


def _hidden_codec(tape: Tape, key: str) -> Codec | None:
    """Return the codec of a chunk whose first bytes are damaged: that of a sound member further on."""
    first = promised(key)
    tried = [codec for codec in (first, *codecs()) if codec in codecs()]
    return next((codec for codec in tried if codec and _next_member(tape, codec, 0) is not None), None)


def stored_codec(open_at: OpenAt, key: str) -> Codec | None:
    """Return the codec of a chunk: of its first member or, if its beginning is damaged, of a later sound member."""
    tape = Tape(open_at)
    try:
        return sniff(tape.at(0)[:HEAD_SIZE], key) or _hidden_codec(tape, key)
    finally:
        tape.close()


def _opened(open_at: OpenAt, stretch: Stretch, start: int = 0) -> BinaryIO:
    """Open a stream of the decoded bytes of a stretch, from `start` on."""
    stream = Pieces(_decoded(Tape(open_at), stretch))
    while start and (skipped := stream.read(min(start, READ_SIZE))):
        start -= len(skipped)
    return cast(BinaryIO, stream)


def _second_layer(
    opened: Callable[..., BinaryIO], codec: Codec, await_turn: Callable[[], None], outer: Stretch
) -> Iterator[DecodedPart | Damage]:
    """Salvage a stretch that decodes to compressed bytes. Damage is reported at the stretch's stored bytes."""

    def open_at(start: int) -> BinaryIO:
        return opened(start=start)

    tape = Tape(open_at)
    for item in list(survey(tape, codec, await_turn)):
        if isinstance(item, Damage):
            yield Damage(outer.start, outer.stop, item.reason, item.doubtful)
        else:
            yield DecodedPart(partial(_opened, open_at, item), item.sound, outer.start)


def survey(tape: Tape, codec: Codec, await_turn: Callable[[], None] = lambda: None) -> Iterator[Stretch | Damage]:
    """Yield the sound stretches of a chunk and the damage between them, in order. The first members are of `codec`.

    Each hole takes memory and a request, so reading stops after `MAX_HOLES` of them.
    """
    holes = 0
    for item in _survey(tape, codec, await_turn):
        holes += isinstance(item, Damage)
        if isinstance(item, Damage) and holes > MAX_HOLES:
            reason = f"after {MAX_HOLES:,} damaged parts; a chunk with so many is not read to its end"
            yield Damage(item.start, _end(tape, item.stop), reason)
            return
        yield item


def _survey(tape: Tape, codec: Codec, await_turn: Callable[[], None]) -> Iterator[Stretch | Damage]:
    codec, start, position = taking_turns(codec, await_turn), 0, 0
    while tape.at(position):
        zeros = _zeros_at(tape, position)
        if not tape.at(position + zeros):
            break  # padding
        if zeros >= ZERO_RUN:
            yield from _stretch(start, position, codec)
            start = position + zeros
            yield Damage(position, start, f"{zeros:,} zero bytes")
            position = start
            continue
        trial = try_member(tape, codec, position + zeros)
        if trial.ended:
            position = trial.stop
            continue
        if not trial.size and (other := _other_codec(tape, codec, position + zeros)):
            yield from _stretch(start, position, codec)
            codec, start = taking_turns(other, await_turn), position
            continue
        following = _next_member(tape, codec, position + zeros + 1)
        if not trial.reason and following is None:
            yield from _stretch(start, trial.stop, codec)
            yield Damage(trial.stop, trial.stop, f"the object ends in the middle of {codec.a_member}")
            return
        yield from _stretch(start, position, codec)
        stop = _end(tape, position) if following is None else following
        if trial.size:
            yield Stretch(position, stop, codec, sound=False)
        reason = trial.reason or f"{codec.a_member} is cut, and others follow it"
        yield Damage(position, stop, reason, trial.records)
        start = position = stop
    yield from _stretch(start, position, codec)


def _stretch(start: int, stop: int, codec: Codec) -> Iterator[Stretch]:
    if stop > start:
        yield Stretch(start, stop, codec)


def _other_codec(tape: Tape, codec: Codec, position: int) -> Codec | None:
    """Return the codec of a sound member at `position`, if the chunk changes it there (concatenated files)."""
    head = (tape.at(position) + tape.at(position + len(tape.at(position))))[:_OVERLAP]
    other = next((known for known in codecs() if known.name != codec.name and known.begin.match(head)), None)
    return other if other and _is_genuine(tape, other, try_member(tape, other, position)) else None


def _zeros_at(tape: Tape, position: int) -> int:
    count = 0
    while data := tape.at(position + count):
        run = cast(re.Match[bytes], _ZEROS.match(data)).end()
        count += run
        if run < len(data):
            break
    return count


def _end(tape: Tape, position: int) -> int:
    while data := tape.at(position):
        position += len(data)
    return position


def try_member(tape: Tape, codec: Codec, start: int) -> _Trial:
    """Decode the member at `start` and discard its bytes."""
    trial = _Trial(start)
    data = tape.at(start)
    head = data if len(data) >= _OVERLAP else data + tape.at(start + len(data))[:_OVERLAP]
    if not codec.begin.match(head) and len(head) >= _OVERLAP:
        other = sniff(head)
        trial.reason = f"{other.name} data" if other and other != codec else f"bytes that are not {codec.name} data"
        return trial
    member = codec.member()
    try:
        while data := tape.at(trial.stop):
            trial.stop += len(data)
            for piece in member.pieces(data):
                trial.size += len(piece)
                trial.records += piece.count(b"\n")
                trial.head += piece[: max(0, _HEAD - len(trial.head))]
            if member.ended:
                trial.stop -= len(member.unused)
                trial.ended = True
                break
    except MemberError as error:
        trial.reason = str(error)
    return trial


def _next_member(tape: Tape, codec: Codec, position: int) -> int | None:
    """Return the position of the next member that can be decoded, at or after `position`."""
    while data := tape.at(position):
        window = data + tape.at(position + len(data))[:_OVERLAP]
        for begin in codec.begin.finditer(window):
            if begin.start() >= len(data):
                break
            start = position + begin.start()
            if tape.vain > VAIN_PER_BYTE * start + VAIN:
                continue
            trial = try_member(tape, codec, start)
            if _is_genuine(tape, codec, trial):
                return start
            tape.vain += trial.stop - start + trial.size
        position += len(data)
    return None


def _is_genuine(tape: Tape, codec: Codec, trial: _Trial) -> bool:
    """True if it is a real member, by its checksum or, without one, by its content or what follows it."""
    if trial.readable:
        return not trial.reason
    if not trial.ended:
        return False
    if codec.name != ZSTD.name:
        return True
    following = tape.at(trial.stop)[:_OVERLAP]
    return not following.strip(b"\0") or codec.begin.match(following) is not None


def _decoded(tape: Tape, stretch: Stretch) -> Iterator[bytes]:
    """Yield the decoded bytes of a stretch, up to damage in its last member."""
    codec = stretch.codec
    position, member, fresh = stretch.start, codec.member(), True  # zeros before a member are padding
    try:
        while position < stretch.stop and (data := tape.at(position)[: stretch.stop - position]):
            position += len(data)
            while data := data.lstrip(b"\0") if fresh else data:
                yield from member.pieces(data)
                fresh = member.ended
                if not fresh:
                    break
                data, member = member.unused, codec.member()
    except MemberError:
        return
    finally:
        tape.close()
