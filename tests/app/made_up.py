"""What the pictures of home, the notebook and a receipt show: a work place with a history, at a fixed time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

from tui.app.home.rows import Home, Item
from tui.history.archives import DAYS, SeenArchive
from tui.history.extracts import ExtractLine
from tui.history.sends import SendRecord
from tui.history.stopped import Unfinished
from tui.send import Receipt, Survey

NOW = datetime(2015, 1, 26, 9, 12, tzinfo=UTC)
_WHO = "ana@bastion"
_NSQD = "nsqd.example.com:4150"
_JOURNALS = "~/.local/state/hourscope/journals"
NOTEBOOK = """
## Mon 26 Jan 2015 08:41:07 UTC · what changed
<!-- hourscope {"version":1,"kind":"what changed","at":"2015-01-26T08:41:07Z"} -->

**error.code 5003 is new: 288 records, none in other hours, Tue 20 Jan 2015 13:00 to 19:00.**

    hourscope diff demo

## Mon 26 Jan 2015 08:43:52 UTC · scan
<!-- hourscope {"version":1,"kind":"scan","at":"2015-01-26T08:43:52Z"} -->

**288 records match, in 6,479 records of 6 hours**

    hourscope scan demo --from 2015-01-20T13 --to 2015-01-20T19 -m 'error.code == `5003`' -o 5003/

    by hour    ▃▅▃▃▇▆  most at 2015-01-20T17: 80
    extract    5003/

Records:

    {"ts":"2015-01-20T13:00:47.204Z","code":5003,"version":"4.13.0","device":"Smart TV / Tizen 2.3","country":"GB"}
    {"ts":"2015-01-20T13:05:42.604Z","code":5003,"version":"4.13.0","device":"Chrome 39 / Windows 7","country":"US"}
    {"ts":"2015-01-20T13:08:45.982Z","code":5003,"version":"4.13.0","device":"Chrome 39 / Windows 7","country":"US"}

## Mon 26 Jan 2015 08:44:30 UTC · note
<!-- hourscope {"version":1,"kind":"note","at":"2015-01-26T08:44:30Z"} -->

**Tue 20 Jan 2015 17:00**

> fastlane serves expired signatures to 4.13.0 only; rollback at 18:55

## Mon 26 Jan 2015 09:05:10 UTC · send
<!-- hourscope {"version":1,"kind":"send","at":"2015-01-26T09:05:10Z"} -->

**288 records confirmed in player-replay**

    hourscope send 5003/ --nsqd-tcp-address nsqd.example.com:4150 --topic player-replay
"""


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def home() -> Home:
    """Two archives, one of them behind, a stopped send, two extracts and two sends."""
    media = _archive("media", "s3://media-archive/events.%Y-%m-%d_%H.log.gz", 3, hours=1)
    gateway = _archive("api-gateway", "s3://logs/api/%Y/%m/%d/%H.json.gz", 1, hours=70)
    errors = "-m", "event == 'error'"
    stopped = _send("player-replay", 64, errors, ("2015-01-25T11:06:03", "2015-01-25T11:07:12"), planned=1881)
    began = "2015-01-26T09:05:10", "2015-01-26T09:05:11"
    replay = _send("player-replay", 288, (), began, name="fastlane errors")
    return Home(
        (
            Item("archive", media.title, media.title, media),
            Item("archive", gateway.title, gateway.title, gateway),
            Item("job", stopped.name, of=_stopped(stopped)),
            *(
                Item("extract", line.name, line.place, line)
                for line in (
                    _extract("5003 fastlane", "error.code == `5003`", ("2015-01-20T13", "2015-01-20T19"), 288, 1),
                    _extract("errors, January", "event == 'error'", ("2015-01-12", "2015-01-26"), 1059, 22),
                )
            ),
            Item("send", replay.name, of=replay),
            Item("send", "test", of=_send("player-test", 1059, errors, ("2015-01-25T10:31:00", "2015-01-25T10:31:02"))),
            Item("demo", "demo", "~/.cache/hourscope/demo"),
        ),
        at=NOW,
    )


def receipt(survey: Survey) -> Receipt:
    """The receipt of all surveyed records."""
    return Receipt(
        what="demo: 12 chunks, 2015-01-20T13 to 2015-01-20T18",
        where=(_NSQD,),
        topic="player-replay",
        filter="-m 'error.code == `5003`'",
        identity="0" * 32,
        started=NOW - timedelta(seconds=2),
        finished=NOW,
        who=_WHO,
        sent=survey.count,
        confirmed=survey.count,
        bytes=survey.size,
        sha256=survey.sha256 or "",
        name="fastlane errors",
        message_count_before=41_207,
        message_count_after=41_207 + survey.count,
        journal=f"{_JOURNALS}/player-replay.3f29aa01.journal.jsonl",
    )


def _archive(title: str, url: str, scale: int, hours: int) -> SeenArchive:
    """An archive listed seven minutes ago, whose newest hour began so many hours ago."""
    newest = NOW.replace(minute=0) - timedelta(hours=hours)
    span = [newest - timedelta(hours=back) for back in range(24 * DAYS)]
    sizes = {hour: scale * 1_000_000 * (20 + 3 * min(hour.hour, 22) + 9 * (hour.weekday() > 4)) for hour in span}
    days: dict[str, int] = {}
    for hour, size in sizes.items():
        days[f"{hour:%Y-%m-%d}"] = days.get(f"{hour:%Y-%m-%d}", 0) + size
    return SeenArchive(
        title=title,
        url=url,
        listed=f"{NOW - timedelta(minutes=7):%Y-%m-%dT%H:%M:%SZ}",
        first=f"{NOW - timedelta(days=400):%Y-%m-%dT%H}",
        last=f"{newest:%Y-%m-%dT%H}",
        ended=f"{newest + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        size=400 * days[f"{newest - timedelta(days=1):%Y-%m-%d}"],
        hours=400 * 24,
        lag=130.0,
        days=days,
        week={f"{hour:%Y-%m-%dT%H}": size for hour, size in sizes.items() if newest - hour < timedelta(days=7)},
    )


def _extract(name: str, filter_: str, span: tuple[str, str], matches: int, hours_ago: int) -> ExtractLine:
    at = f"{NOW - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%SZ}"
    return ExtractLine(
        run=name,
        at=at,
        started=at,
        who=_WHO,
        place=f"~/.local/state/hourscope/extracts/{name}/",
        name=name,
        source="media",
        filter=("-m", filter_),
        start=span[0],
        stop=span[1],
        state="finished",
        matches=matches,
        size=82 * matches,
    )


def _send(
    topic: str,
    confirmed: int,
    filter_: tuple[str, ...],
    span: tuple[str, str],
    planned: int | None = None,
    name: str = "",
) -> SendRecord:
    return SendRecord(
        name=name or f"{span[0]} media",
        state="stopped" if planned else "sent",
        topic=topic,
        where=(_NSQD,),
        what="media: 336 chunks, 2015-01-12T00 to 2015-01-25T23",
        filter=" ".join(filter_),
        who=_WHO,
        started=span[0],
        ended=span[1],
        planned=planned or confirmed,
        confirmed=confirmed,
        bytes=460 * confirmed,
        sha256=None,
        journal=f"{_JOURNALS}/{topic}.77ab01c2.journal.jsonl",
    )


def _stopped(send: SendRecord) -> Unfinished:
    return Unfinished(
        "send",
        running=False,
        name=send.started,
        what=f"{send.what} to {send.topic} at {_NSQD}",
        done=send.confirmed,
        total=send.planned,
        since=send.ended or send.started,
        who=send.who,
        command=None,
        words=(),
        folder="",
        reason="",
        pid=0,
        of=send,
    )
