"""Log shippers, and the services of clouds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.support.writer import ACCOUNT, dated, epoch, some_id, writer


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
