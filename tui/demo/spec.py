"""The specification of the sample archive: its chunks, their numbers of records, and its oddities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tui.errors import ConfigError

HOUR = timedelta(hours=1)
MIN_HOURS = 24
MIN_RECORDS = 4
"""The minimum of records in a chunk: the torn one needs whole lines before its tear and a lost one after it."""

# Hours from the start of a 336-hour archive, scaled for other lengths. They are at least 14 hours apart, and the
# incident ends well before the end, so that they stay distinct down to MIN_HOURS.
_SPAN_HOURS = 336
_FIRST_GAP = 52
_EMPTY_MEMBER = 84
_TORN = 117
_ODD = 155
_SECOND_GAP = 171
_RESTART = 187
_INCIDENT = 205
_INCIDENT_HOURS = 6

_ODD_FACTOR = 4
_RESTART_SECOND = 27 * 60 + 14

_NIGHT_AND_MORNING = (0.46, 0.34, 0.26, 0.22, 0.21, 0.25, 0.42, 0.66, 0.80, 0.84, 0.88, 0.96)
_AFTERNOON_AND_EVENING = (1.10, 1.08, 1.02, 1.04, 1.16, 1.36, 1.62, 1.92, 2.14, 2.08, 1.66, 1.52)
_RHYTHM = (*_NIGHT_AND_MORNING, *_AFTERNOON_AND_EVENING)
_WEEKDAY, _WEEKEND = 0.9, 1.25


@dataclass(frozen=True)
class SampleSpec:
    """The sample to make: start, hours, records per hour (mean over time, sum over hosts), hosts, and seed."""

    hours: int = 336
    records_per_hour: int = 1000
    seed: int = 7
    start: datetime = datetime(2015, 1, 12, tzinfo=UTC)
    hosts: tuple[str, ...] = ("web01", "web02")

    def __post_init__(self) -> None:
        if self.hours < MIN_HOURS:
            raise ConfigError(f"a sample archive needs at least {MIN_HOURS} hours, not {self.hours}")
        if self.records_per_hour < 1:
            raise ConfigError(f"a sample archive needs at least one record per hour, not {self.records_per_hour}")
        if not self.hosts or not all(host.isalnum() for host in self.hosts):
            raise ConfigError("a sample archive needs hosts, named with letters and digits only")
        if self.start.tzinfo is None or self.start.timestamp() % 3600:
            raise ConfigError(f"a sample archive starts on a whole hour of a time zone, not at {self.start}")


@dataclass(frozen=True)
class Incident:
    """What the sample investigation should find: the failing players, the error, and the hours `first` to `last`."""

    first: datetime
    last: datetime
    version: str
    cdn: str
    code: int

    @property
    def stop(self) -> datetime:
        """The end of the half-open range [first, stop), for `--to`."""
        return self.last + HOUR

    def covers(self, hour: datetime) -> bool:
        """Return whether `hour` is in the incident."""
        return self.first <= hour <= self.last


@dataclass(frozen=True)
class ChunkPlan:
    """A chunk to make: its host, number of records, and the seconds of the hour that it spans."""

    hour: datetime
    host: str
    revision: int
    records: int
    begin: int = 0
    end: int = 3600
    torn: bool = False
    empty_member: bool = False

    @property
    def key(self) -> str:
        """The name that nsq_to_file would give it."""
        return _key(self.hour, self.host, self.revision)


def incident_of(spec: SampleSpec) -> Incident:
    """Return the incident in the archive: version 4.13.0 fails on one CDN for six hours."""
    first = _anchor(spec, _INCIDENT)
    return Incident(first, first + (_INCIDENT_HOURS - 1) * HOUR, version="4.13.0", cdn="fastlane", code=5003)


def gaps_of(spec: SampleSpec) -> tuple[datetime, datetime]:
    """Return the two hours without a chunk of any host."""
    return _anchor(spec, _FIRST_GAP), _anchor(spec, _SECOND_GAP)


def torn_chunk_of(spec: SampleSpec) -> str:
    """Return the key of the chunk whose last gzip member is torn."""
    return _key(_anchor(spec, _TORN), spec.hosts[0], 0)


def empty_member_chunk_of(spec: SampleSpec) -> str:
    """Return the key of the chunk with an empty gzip member between two others."""
    return _key(_anchor(spec, _EMPTY_MEMBER), spec.hosts[-1], 0)


def odd_hour_of(spec: SampleSpec) -> datetime:
    """Return the hour that is four times its usual size."""
    return _anchor(spec, _ODD)


def restart_hour_of(spec: SampleSpec) -> datetime:
    """Return the hour in which the last host restarted and left two chunks (revisions 000000 and 000001)."""
    return _anchor(spec, _RESTART)


def plan_sample(spec: SampleSpec) -> Iterator[ChunkPlan]:
    """Yield every chunk of the archive, by hour and host."""
    gaps, odd, restart = gaps_of(spec), odd_hour_of(spec), restart_hour_of(spec)
    torn, empty = torn_chunk_of(spec), empty_member_chunk_of(spec)
    for hour in (spec.start.astimezone(UTC) + i * HOUR for i in range(spec.hours)):
        if hour in gaps:
            continue
        factor = _ODD_FACTOR if hour == odd else 1
        for host in spec.hosts:
            records = factor * _records(spec, hour, host)
            if hour == restart and host == spec.hosts[-1]:
                yield from _restarted(hour, host, records)
                continue
            key = _key(hour, host, 0)
            yield ChunkPlan(hour, host, 0, records, torn=key == torn, empty_member=key == empty)


def _restarted(hour: datetime, host: str, records: int) -> Iterator[ChunkPlan]:
    # As in nsq_to_file, the revision counts the files of one hour, and the next hour starts at 000000 again.
    before = max(MIN_RECORDS, records * _RESTART_SECOND // 3600)
    yield ChunkPlan(hour, host, 0, before, end=_RESTART_SECOND)
    yield ChunkPlan(hour, host, 1, max(MIN_RECORDS, records - before), begin=_RESTART_SECOND + 9)


def _anchor(spec: SampleSpec, hour: int) -> datetime:
    return spec.start.astimezone(UTC) + (hour * spec.hours // _SPAN_HOURS) * HOUR


def _key(hour: datetime, host: str, revision: int) -> str:
    return f"events.{host}-{revision:06d}.{hour:%Y-%m-%d_%H}.log.gz"


def _records(spec: SampleSpec, hour: datetime, host: str) -> int:
    noise = 0.95 + 0.1 * Random(f"{spec.seed}/{hour:%Y-%m-%dT%H}/{host}/records").random()
    week = _WEEKEND if hour.weekday() >= 5 else _WEEKDAY
    mean = spec.records_per_hour * _RHYTHM[hour.hour] * week / len(spec.hosts)
    return max(MIN_RECORDS, round(mean * noise))
