"""Hive, and names that are not much more than a date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.support.writer import HOSTS, TOPICS, dated, epoch, writer


# Hive and plain dates
@writer("Hive, dt and hr")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"t/dt={t:%Y%m%d}/hr={t:%H}/000000_0.gz"


@writer("Hive, unpadded")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"t/year={t.year}/month={t.month}/day={t.day}/hour={t.hour}/part-00000.c000.json.gz"


@writer("Hive, a region", ())
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"t/region={r}/date={t:%Y-%m-%d}/hour={t:%H}/a.gz" for r in ("eu", "us"))


@writer("host first", (), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{h}/{t:%Y/%m/%d/%H}.log.gz" for h in HOSTS)


@writer("the topic after the hour", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{t:%Y/%m/%d/%H}/{p}.json.gz" for p in TOPICS)


@writer("the hour after the host", (), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{t:%Y-%m-%d}/{h}.{t:%H}.log.gz" for h in HOSTS)


@writer("topics with dashes", ("app-events", "app-clicks", "app-clicks-dlq"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"raw/{p}-{t:%Y-%m-%d-%H}.jsonl.gz" for p in ("app-events", "app-clicks", "app-clicks-dlq"))


@writer("the date twice")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"dt={t:%Y-%m-%d}/events-{t:%Y-%m-%d_%H}.log.gz"


@writer("minutes")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"events-{t:%Y%m%d%H}{m:02}.json.gz" for m in (0, 30))


@writer("seconds")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"events-{epoch(t)}.json.gz"


@writer("a clock of twelve hours", ())
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"events_{t:%Y-%m-%d_%I%p}.gz"


@writer("a clock of twelve hours, minutes", ())
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"events {t:%Y-%m-%d %I:00 %p}.log"


dated("a folder for the day", "%Y%m%d/%H.log.gz")
dated("dots", "e.%Y.%m.%d.%H.gz")
dated("spaces", "my logs/ev %Y-%m-%d %H.log.gz")
dated("a T", "e-%Y%m%dT%H.gz")
dated("day, month, year", "%d.%m.%Y/%H.log.gz")
dated("month, day, year", "ev_%m-%d-%Y_%H.log.gz")
dated("the month's short name", "e/%d-%b-%Y/%H.gz")
dated("the month's number and name", "app/%Y/%m-%b/%d/%H.log")
dated("two digits of the year", "e%y%m%d%H.gz")
dated("a year of two digits, six digits of a date", "app-%y%m%d-%H.log.gz")
dated("day, month, year of two digits", "%d%m%y_%H.log")
dated("Apache's time", "[%d%b%Y:%H].log.gz")
dated("asctime", "ev %a %b %d %H:%M:%S %Y.log")
dated("a weekday", "%a-%Y-%m-%d-%H.gz")
dated("a folder for the weekday", "logs/%A/%Y%m%d%H.json")
dated("a weekday after the day", "%Y/%m/%d-%a/%H.gz")
dated("the week's date", "ev-%G-W%V-%uT%H.json.gz")
dated("the week's date in folders", "year=%G/week=%V/day=%u/hour=%H/part-0.gz")
dated("the week's date, the hour apart", "%GW%V%u/app.%H.log.gz")
dated("a folder for the week's date, and the date", "%G-W%V/ev.%Y-%m-%d_%H.gz")
dated("a folder for the week", "%Y/W%V/%m/%d/%H.json.gz")
dated("the week after the day", "%d/W%V/%m/%Y/%H.gz")


@writer("a folder for the quarter")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"{t:%Y}/Q{(t.month + 2) // 3}/{t:%m/%d/%H}.json.gz"


@writer("numbered topics", ("events_1", "events_2"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}/{t:%Y/%m/%d/%H}.gz" for p in ("events_1", "events_2"))


@writer("a topic, a dash and a host", ("orders", "app-events"), ("web-01", "web-02"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}-{h}-{t:%Y-%m-%d-%H}.gz" for p in ("orders", "app-events") for h in ("web-01", "web-02"))


@writer("numbered topics and hosts", ("orders1", "orders2"), ("web01", "db"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{h}/{p}/{t:%Y/%m/%d/%H}.gz" for p in ("orders1", "orders2") for h in ("web01", "db"))


dated("units", "logs/%Yy/%mm/%dd/%Hh.gz")
dated("escaped colons", "logs/%Y-%m-%dT%H%%3A00%%3A00Z.json")
dated("escaped spaces", "my%%20logs/ts=%Y-%m-%d%%20%H%%3A00%%3A00/part-0.gz")
dated("an escaped space before the date", "ev%%20%Y-%m-%d%%20%H.gz")
dated("escaped slashes", "logs%%2F%Y%%2F%m%%2F%d%%2F%H.gz")
dated("folders for the month and the day", "app/%Y/%m/%Y-%m-%d/app-%H.log.gz")
dated("folders for the month and the day, compact", "app/%Y-%m/%Y%m%d/app.%H.log.gz")
dated("zstd", "events/%Y-%m-%d/%H.jsonl.zst")
