"""The lines of one chunk, one block per gzip member, determined by (seed, hour, host, revision).

Speed matters here, because benchmarks make gigabytes: the constant parts of a session are rendered once, and a record
is one `%`. Only `Random.random` is used, whose results are the same in all Python versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tui.demo import vocabulary
from tui.demo.spec import ChunkPlan, Incident, SampleSpec, incident_of

_BACKGROUND_RATE = 0.003
_INCIDENT_RATE = 0.7
_DEBUG_RATE = 0.01
_NASTY_RATE = 0.01
_RECORDS_PER_SESSION_HOUR = 12
_MEMBER_RECORDS = 500
_MEMBERS = 6

_RECORD = b'{"event":"%b","ts":"%b%b.%03dZ","epoch_ms":%d,"seq":%d,%b,"position":%d.%d%b},"video":{%b}%b}'

# Each entry is one in a hundred; most events of a player are heartbeats.
_MIDDLE = (b"heartbeat",) * 72 + (b"buffering",) * 9 + (b"pause",) * 6 + (b"play",) * 6 + (b"seek",) * 7
_CLOCK = tuple(b"%02d:%02d" % divmod(second, 60) for second in range(3600))
_BITRATES = (400, 800, 1200, 2400, 2400, 2400, 4800, 8000)


def _qualities() -> tuple[bytes, ...]:
    steps = range(0, 30_000, 250)
    full = [b',"bitrate":%d,"buffer_ms":%d' % (rate, ms) for rate in _BITRATES for ms in steps]
    odd = [b',"bitrate":null,"buffer_ms":0', b',"bitrate":2400', b',"bitrate":null', b""]
    return (*full, *(odd * 6))


_QUALITIES = _qualities()


@dataclass(frozen=True)
class _ViewerSession:
    head: bytes
    video: bytes
    errors: tuple[bytes, ...]
    error_rate: float
    length: int
    began: int
    tenths: int


def blocks(spec: SampleSpec, plan: ChunkPlan) -> Iterator[list[bytes]]:
    """Yield the chunk's records (without newlines) in order of time, one list per gzip member."""
    random = Random(f"{spec.seed}/{plan.key}").random
    incident = incident_of(spec)
    troubled = incident if incident.covers(plan.hour) else None
    size = min(_MEMBER_RECORDS, -(-plan.records // _MEMBERS))
    lines = _lines(random, plan, troubled)
    while block := [line for _, line in zip(range(size), lines, strict=False)]:
        yield block


def _lines(random: Callable[[], float], plan: ChunkPlan, troubled: Incident | None) -> Iterator[bytes]:
    # The hot loop: it uses only local variables.
    day = plan.hour.strftime("%Y-%m-%dT%H:").encode()
    epoch = int(plan.hour.timestamp()) * 1000
    begin, step = plan.begin * 1000, (plan.end - plan.begin) * 1000 / plan.records
    slots = max(2, plan.records // _RECORDS_PER_SESSION_HOUR)
    sessions = [_session(random, begin, troubled, early=True) for _ in range(slots)]
    done = [2 + int(random() * (session.length - 2)) for session in sessions]
    record, clock, middle, qualities, quality_count = _RECORD, _CLOCK, _MIDDLE, _QUALITIES, len(_QUALITIES)
    for i in range(plan.records):
        ms = begin + int((i + random()) * step)
        slot = int(random() * slots)
        session = sessions[slot]
        seq = done[slot]
        done[slot] = seq + 1
        extra = b""
        if 1 < seq < session.length:
            event = middle[int(random() * 100)]
            if random() < session.error_rate:
                event, extra = b"error", b"," + session.errors[int(random() * len(session.errors))]
        elif seq < 2:
            event = b"play" if seq else b"session_start"
        else:
            event = b"session_end"
            sessions[slot], done[slot] = _session(random, ms, troubled), 0
        if random() < _DEBUG_RATE:
            extra += b"," + vocabulary.DEBUG_NOTES[int(random() * len(vocabulary.DEBUG_NOTES))].encode()
        second, milli = divmod(ms, 1000)
        whole, tenth = divmod((ms - session.began) // 100 % session.tenths, 10)
        quality = qualities[int(random() * quality_count)]
        stamp = (day, clock[second], milli, epoch + ms)
        yield record % (event, *stamp, seq, session.head, whole, tenth, quality, session.video, extra)


def _session(random: Callable[[], float], now: int, troubled: Incident | None, early: bool = False) -> _ViewerSession:
    def pick(choices: tuple[str, ...]) -> str:
        return choices[int(random() * len(choices))]

    version = _share(random(), vocabulary.VERSIONS, vocabulary.VERSION_SHARES)
    cdn = _share(random(), vocabulary.CDNS, vocabulary.CDN_SHARES)
    hit = troubled is not None and (version, cdn) == (troubled.version, troubled.cdn)
    who = int(random() * random() * 50_000)
    # The template continues with the player's position, so the head leaves the player object open.
    head = f'"session":"s-{int(random() * 2**48):012x}","visitor":{{{_visitor(who)}}}'
    head += f',"player":{{"version":"{version}","cdn":"{cdn}"'
    minutes, video = _video(int(random() * random() * 400), random() < _NASTY_RATE, pick)
    errors: tuple[str, ...] = vocabulary.BACKGROUND_ERRORS
    if hit and troubled is not None:
        errors = tuple(text % troubled.code for text in vocabulary.INCIDENT_ERRORS)
    return _ViewerSession(
        head=head.encode(),
        video=video.encode(),
        errors=tuple(text.encode() for text in errors),
        error_rate=_INCIDENT_RATE if hit else _BACKGROUND_RATE,
        length=6 + int(random() * 24),
        began=now - int(random() * 1_800_000) if early else now,
        tenths=minutes * 600,
    )


def _share(value: float, choices: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return next(choice for choice, share in zip(choices, shares, strict=True) if value < share)


def _visitor(number: int) -> str:
    # Depends only on the number, so that the same person appears in other hours and on other hosts.
    mixed = number * 2_654_435_761 % 2**32
    city = vocabulary.CITIES[(mixed >> 7) % len(vocabulary.CITIES)]
    device = vocabulary.DEVICES[(mixed >> 15) % len(vocabulary.DEVICES)]
    return f'"id":"v-{mixed:08x}",{city},{device}'


def _video(number: int, nasty: bool, pick: Callable[[tuple[str, ...]], str]) -> tuple[int, str]:
    minutes = 22 + number * 37 % 100
    title = pick(vocabulary.NASTY_TITLES) if nasty else vocabulary.TITLES[number % len(vocabulary.TITLES)]
    tags = vocabulary.TAGS[number * 5 % len(vocabulary.TAGS)]
    return minutes, f'"id":"m-{number:04d}","title":{title},"duration":{minutes * 60}{tags}'
