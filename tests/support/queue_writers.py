"""What nsq_to_file, and what writes from Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.support.writer import HOSTS, TOPICS, dated, epoch, some_id, writer

# NSQ
dated("one prefix", "prefix.%Y-%m-%d_%H.log.gz")


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
