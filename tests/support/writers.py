"""The keys of writers that are out there: three days of hours, four of them missing, beside what other tools leave."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2015, 1, 30)
MISSING = frozenset({5, 6, 29, 50})  # hours from the start
HOURS = tuple(START + timedelta(hours=n) for n in range(72) if n not in MISSING)
FOREIGN = ("_SUCCESS", ".DS_Store", "README.md", "sub/manifest.json", "notes/2015.txt", "logs/.part-0.crc")
TOPICS, HOSTS = ("events", "clicks"), ("web01", "web02")
ACCOUNT = "123456789012"

Keys = Callable[[datetime, int], Iterator[str]]


@dataclass(frozen=True)
class Writer:
    """`keys` gives the keys of an hour and its number; `topics` and `hosts` are those that they say."""

    keys: Keys
    topics: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def archive(self) -> dict[str, datetime]:
        """Every key of it, with its hour."""
        return {key: hour for number, hour in enumerate(HOURS) for key in self.keys(hour, number)}


WRITERS: dict[str, Writer] = {}


def writer(name: str, topics: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> Callable[[Keys], Keys]:
    def add(keys: Keys) -> Keys:
        assert name not in WRITERS
        WRITERS[name] = Writer(keys, frozenset(topics), frozenset(hosts))
        return keys

    return add


def dated(name: str, spelled: str) -> None:
    """A writer of one file an hour, whose name is strftime's."""
    writer(name)(lambda t, i: iter([t.strftime(spelled)]))


def some_id(*what: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(what)))


def epoch(t: datetime, unit: int = 1) -> int:
    return int(t.replace(tzinfo=UTC).timestamp()) * unit


# NSQ
dated("the article", "prefix.%Y-%m-%d_%H.log.gz")


@writer("nsq_to_file", ("events",), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"events.{host}.{t:%Y-%m-%d_%H}.log" for host in HOSTS)


@writer("nsq_to_file -gzip, two topics, with restarts", TOPICS, HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    for rev in range(1 + (i % 10 == 3)):
        yield from (f"{p}.{h}-00000{rev}.{t:%Y-%m-%d_%H}.log.gz" for p in TOPICS for h in HOSTS)


@writer("nsq_to_file, before and after -gzip", ("events",), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (
        f"events.{h}.{t:%Y-%m-%d_%H}.log" if i < 20 else f"events.{h}-000000.{t:%Y-%m-%d_%H}.log.gz" for h in HOSTS
    )


@writer("nsq_to_file, a folder for the hour", TOPICS, ("web-01", "web-02"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}/{t:%Y-%m-%d_%H}/web-0{h}-{722 + h}-000000.log.gz" for p in TOPICS for h in (1, 2))


@writer("nsq_to_file, dots in topics", ("shop.orders.created", "shop.orders.paid"), ("web01",))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"shop.orders.{p}.web01-000000.{t:%Y-%m-%d_%H}.log.gz" for p in ("created", "paid"))


@writer("nsq_to_file, topics of one and of three words", ("events", "shop.orders.paid"), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}.{h}-000000.{t:%Y-%m-%d_%H}.log.gz" for p in ("events", "shop.orders.paid") for h in HOSTS)


@writer("nsq_to_file, hosts with their domain", TOPICS, ("web01.eu.example.com", "web02.eu.example.com"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}.{h}.eu.example.com-000000.{t:%Y-%m-%d_%H}.log.gz" for p in TOPICS for h in HOSTS)


@writer("nsq_to_file, one topic, hosts of two domains", ("shop.events",), ("web01.a.com", "db.internal.b.net"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"shop.events.{h}-000000.{t:%Y-%m-%d_%H}.log.gz" for h in ("web01.a.com", "db.internal.b.net"))


@writer("nsq_to_file, hosts that are containers", ("events",), ("3f9ab2c4d5e6", "0a1b2c3d4e5f"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"events.{h}-000000.{t:%Y-%m-%d_%H}.log.gz" for h in ("3f9ab2c4d5e6", "0a1b2c3d4e5f"))


@writer("nsq_to_file, versions of a topic", ("orders.v1", "orders.v2"), HOSTS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"orders.{v}.{h}.{t:%Y-%m-%d_%H}.log" for v in ("v1", "v2") for h in HOSTS)


@writer(
    "nsq_to_file, versions, hosts of two domains", ("orders.v1", "pay"), ("web1.eu.example.com", "web2.us.example.com")
)
def _(t: datetime, i: int) -> Iterator[str]:
    for host in ("web1.eu.example.com", "web2.us.example.com"):
        yield from (f"{p}.{host}-000000.{t:%Y-%m-%d_%H}.log.gz" for p in ("orders.v1", "pay"))


@writer("topics with dots, no host", ("orders.v1", "orders.v2", "pay.2"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}.{t:%Y-%m-%d_%H}.gz" for p in ("orders.v1", "orders.v2", "pay.2"))


@writer("nsq-to-s3")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"path/{t.year}/{t:%B}/{t.day}/{t.hour}/4.json.gz"


@writer("sibling topics", ("events", "events-dlq", "events.old"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}/{t:%Y-%m-%d_%H}.log.gz" for p in ("events", "events-dlq", "events.old"))


# Kafka and friends
@writer("Secor", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"prefix/{p}/dt={t:%Y-%m-%d}/hr={t:%H}/1_0_{i * 42:020}.gz" for p in TOPICS)


@writer("Kafka Connect", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    for p in TOPICS:
        yield f"topics/{p}/year={t:%Y}/month={t:%m}/day={t:%d}/hour={t:%H}/{p}+0+{i * 42:010}.json.gz"


@writer("Kafka Connect, by date")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"topics/T/dt={t:%Y-%m-%d}/hour={t:%H}/T+{n}+{i:010}.json.gz" for n in (0, 1))


@writer("Secor, versions of a topic", ("orders-v1", "orders-v2"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"orders-{v}/dt={t:%Y-%m-%d}/hour={t:%H}/1_0_{i * 42:020}.gz" for v in ("v1", "v2"))


@writer("Kafka Connect of Aiven", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}/{n}/{t:%Y/%m/%d/%H}/{p}-{n}-{i * 10:010}.gz" for p in TOPICS for n in (0, 1, 2))


@writer("Camus, Gobblin", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"data/{p}/hourly/{t:%Y/%m/%d/%H}/{p}.3.0.{i}.{i * 977}.{epoch(t, 1000)}.gz" for p in TOPICS)


@writer("Flink")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"out/{t:%Y-%m-%d--%H}/part-{n}-{i}" for n in (0, 1))


@writer("Flume")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"flume/FlumeData.{epoch(t, 1000) + 60_000}.gz"


@writer("Redpanda, nanoseconds")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"out/{i}-{epoch(t, 10**9) + 123}.tar.gz"


@writer("microseconds")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"out/{epoch(t, 10**6) + 59_000_000}-{some_id(t)}.json.gz"


# Log shippers
@writer("Vector")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"date={t:%Y-%m-%d}/{epoch(t) + 434}-{some_id(t)}.log.gz"


@writer("Fluent Bit")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"app/{t:%Y/%m/%d/%H}_30_17.gz-{some_id(t)[:8]}"


@writer("Fluent Bit, with its tag", ("kube.web", "kube.api"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"fluent-bit-logs/{p}/{t:%Y/%m/%d/%H}/{i % 60:02}/09" for p in ("kube.web", "kube.api"))


@writer("fluentd")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"logs/{t:%Y%m%d-%H}_{n}.gz" for n in (0, 1))


@writer("fluentd, default")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"logs/{t:%Y%m%d%H}_{n}.gz" for n in (0, 1, 2))


@writer("Logstash")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"ls.s3.{some_id(t, m)}.{t:%Y-%m-%dT%H}.{m}.part{m // 30}.txt.gz" for m in (10, 40))


dated("cronolog", "access/%Y/%m/%d/%H.log")
dated("logrotate dateext", "app.log-%Y%m%d%H.gz")


@writer("rotatelogs")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"access_log.{epoch(t)}"


# AWS and other clouds
@writer("Firehose")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"{t:%Y/%m/%d/%H}/mystream-1-{t:%Y-%m-%d-%H}-20-05-{some_id(t)}.gz"


@writer("CloudTrail")
def _(t: datetime, i: int) -> Iterator[str]:
    for region in ("us-east-1", "ap-southeast-2"):
        for m in (5, 50):
            name = f"{ACCOUNT}_CloudTrail_{region}_{t:%Y%m%dT%H}{m:02}Z_{some_id(t, m)[-12:]}.json.gz"
            yield f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/{t:%Y/%m/%d}/{name}"


@writer("ALB")
def _(t: datetime, i: int) -> Iterator[str]:
    for ip in ("10.0.3.17", "10.0.112.4"):
        name = (
            f"{ACCOUNT}_elasticloadbalancing_us-east-1_app.my-lb.f3a1_{t:%Y%m%dT%H}05Z_{ip}_{some_id(t, ip)[:8]}.log.gz"
        )
        yield f"AWSLogs/{ACCOUNT}/elasticloadbalancing/us-east-1/{t:%Y/%m/%d}/{name}"


@writer("WAF")
def _(t: datetime, i: int) -> Iterator[str]:
    for m in (0, 55):
        name = f"{ACCOUNT}_waflogs_us-east-1_acl_{t:%Y%m%dT%H}{m:02}Z_{some_id(t, m)[:8]}.log.gz"
        yield f"AWSLogs/{ACCOUNT}/WAFLogs/us-east-1/acl/{t:%Y/%m/%d/%H}/{m:02}/{name}"


@writer("CloudFront")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{d}.{t:%Y-%m-%d-%H}.{some_id(t, d)[:8]}.gz" for d in ("E123", "E2K7QSAMPLE9"))


@writer("S3 access logs")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"logs/{t:%Y-%m-%d-%H}-{m:02}-33-{some_id(t, m)[:16].upper()}" for m in (1, 44))


@writer("Cloudflare Logpush")
def _(t: datetime, i: int) -> Iterator[str]:
    for m in (0, 5, 55):
        end = t + timedelta(minutes=m + 5)
        yield f"{t:%Y%m%d}/{t:%Y%m%dT%H}{m:02}00Z_{end:%Y%m%dT%H%M}00Z_{some_id(t, m)[:8]}.log.gz"


@writer("Azure insights")
def _(t: datetime, i: int) -> Iterator[str]:
    place = "resourceId=/SUBSCRIPTIONS/4F2A/RESOURCEGROUPS/RG1/PROVIDERS/X"
    yield f"{place}/y={t:%Y}/m={t:%m}/d={t:%d}/h={t:%H}/m=00/PT1H.json"


@writer("Google Cloud Logging")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"syslog/{t:%Y/%m/%d/%H}:00:00_{t:%H}:59:59_S0.json"


@writer("Datadog")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"dd/dt={t:%Y%m%d}/hour={t:%H}/archive_{t:%H}3012.{i * 37}.{some_id(t)}.json.gz"


@writer("Segment")
def _(t: datetime, i: int) -> Iterator[str]:
    day = epoch(t.replace(hour=0), 1000)
    yield f"segment-logs/aB3dE/{day}/{epoch(t, 1000) + 45_123}.{some_id(t)[-12:]}.1.2.3.gz"


@writer("Snowplow")
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"enriched/run={t:%Y-%m-%d-%H}-00-00/part-{n:05}.gz" for n in (0, 1))


@writer("Fastly")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"cdn/{t:%Y-%m-%dT%H}:00:00.000-{some_id(t)[-20:]}.log.gz"


@writer("GH Archive")
def _(t: datetime, i: int) -> Iterator[str]:
    yield f"{t:%Y-%m-%d-}{t.hour}.json.gz"


dated("Wikimedia page views", "pageviews/%Y/%Y-%m/pageviews-%Y%m%d-%H0000.gz")
dated("NOAA, day of the year", "GOES/ABI-L1b/%Y/%j/%H/data.nc")


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


@writer("the topic behind the hour", TOPICS)
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{t:%Y/%m/%d/%H}/{p}.json.gz" for p in TOPICS)


@writer("the hour behind the host", (), HOSTS)
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


dated("a folder for the day", "%Y%m%d/%H.log.gz")
dated("dots", "e.%Y.%m.%d.%H.gz")
dated("blanks", "my logs/ev %Y-%m-%d %H.log.gz")
dated("a T", "e-%Y%m%dT%H.gz")
dated("day, month, year", "%d.%m.%Y/%H.log.gz")
dated("month, day, year", "ev_%m-%d-%Y_%H.log.gz")
dated("the month's short name", "e/%d-%b-%Y/%H.gz")
dated("two digits of the year", "e%y%m%d%H.gz")
dated("a year of two digits, six digits of a date", "app-%y%m%d-%H.log.gz")
dated("day, month, year of two digits", "%d%m%y_%H.log")
dated("Apache's time", "[%d%b%Y:%H].log.gz")
dated("asctime", "ev %a %b %d %H:%M:%S %Y.log")
dated("a weekday", "%a-%Y-%m-%d-%H.gz")
dated("a folder for the weekday", "logs/%A/%Y%m%d%H.json")
dated("a weekday behind the day", "%Y/%m/%d-%a/%H.gz")


@writer("topics by their number", ("events_1", "events_2"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{p}/{t:%Y/%m/%d/%H}.gz" for p in ("events_1", "events_2"))


@writer("topics and hosts by their number", ("orders1", "orders2"), ("web01", "db"))
def _(t: datetime, i: int) -> Iterator[str]:
    yield from (f"{h}/{p}/{t:%Y/%m/%d/%H}.gz" for p in ("orders1", "orders2") for h in ("web01", "db"))


dated("units", "logs/%Yy/%mm/%dd/%Hh.gz")
dated("escaped colons", "logs/%Y-%m-%dT%H%%3A00%%3A00Z.json")
dated("zstd", "events/%Y-%m-%d/%H.jsonl.zst")
