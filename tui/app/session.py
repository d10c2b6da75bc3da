"""What the screens of one archive share: its catalog, what was learned of its hours, and the selected hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median

from tui.app.selection import Selection
from tui.archive import Archive, Catalog, Chunk
from tui.config import Config, S3Options
from tui.filter import Filter


@dataclass
class Session:
    """One open archive. Workers make the catalog; only the screens' own thread changes the rest."""

    archive: Archive
    catalog: Catalog
    config: Config
    s3: S3Options
    name: str = ""
    filter: Filter = field(default_factory=Filter)
    selection: Selection = field(default_factory=Selection)
    damage: dict[str, str] = field(default_factory=dict)  # key → reason
    matches: Mapping[datetime, int] = field(default_factory=dict)  # of the last scan, by hour

    @property
    def title(self) -> str:
        """The archive as the command line would name it."""
        return self.name or self.archive.url

    @cached_property
    def first(self) -> datetime:
        return self.catalog.first or datetime.now(self.archive.zone)

    @cached_property
    def last(self) -> datetime:
        return max(self.catalog.hours, default=self.first)

    @cached_property
    def gaps(self) -> frozenset[datetime]:
        return frozenset(self.catalog.gaps)

    @cached_property
    def hour_size(self) -> dict[datetime, int]:
        return {hour: sum(chunk.size for chunk in chunks) for hour, chunks in self.catalog.hours.items()}

    @cached_property
    def usual_size(self) -> dict[int, float]:
        """The median size of each hour of the day."""
        sizes: dict[int, list[int]] = {}
        for hour, size in self.hour_size.items():
            sizes.setdefault(hour.hour, []).append(size)
        return {hour: float(median(found)) for hour, found in sizes.items()}

    def chunks(self, hour: datetime) -> tuple[Chunk, ...]:
        return self.catalog.hours.get(hour, ())

    def damaged(self, hour: datetime) -> bool:
        return any(chunk.key in self.damage for chunk in self.chunks(hour))

    def ratio(self, hour: datetime) -> float | None:
        """How large the hour is compared with the median of its hour of the day."""
        usual = self.usual_size.get(hour.hour, 0)
        return self.hour_size[hour] / usual if usual and hour in self.hour_size else None

    def clamped(self, hour: datetime) -> datetime:
        """The nearest hour inside the archive's span."""
        return max(self.first, min(hour, self.catalog_last))

    @cached_property
    def catalog_last(self) -> datetime:
        """The last hour of the span that was listed."""
        stop = self.catalog.stop
        return self.last if stop is None else shifted(stop, -1)


def shifted(hour: datetime, hours: int) -> datetime:
    """The wall-clock hour so many hours on; one that a spring change leaves out is passed over by `next_hour`."""
    moved = hour.replace(tzinfo=None) + timedelta(hours=hours)
    return moved.replace(tzinfo=hour.tzinfo)
