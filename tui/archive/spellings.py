"""How a time is spelled in a key: its quantities, their order, and the texts between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tui.archive.holes import escape
from tui.archive.time_codes import epoch_seconds, month_number, weekday_number, year_of

# If two orders fit equally well, the simpler one is chosen.
_SIMPLICITY = {"YmdH": 1.0, "YjH": 0.9, "dmYH": 0.8, "mdYH": 0.8, "GVuH": 0.8, "s": 0.9}
WIDTH = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "G": 4, "V": 2, "u": 1, "H": 2, "M": 2, "S": 2}
SHORT_YEARS = ("ymdH", "dmyH", "mdyH")  # equally simple: if the values fit several, `detect` decides
_SHORT_YEAR = 0.5
EPOCH = r"(\d{10}|\d{13}|\d{16}|\d{19})"
_EPOCHS = (datetime(2000, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_WEEKDAY = r"(?<![A-Za-z])((?:mon|tue|wed|thu|fri|sat|sun)|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?![A-Za-z])"
WEEKDAYS = re.compile(_WEEKDAY, re.IGNORECASE | re.ASCII)
_A_MONDAY = datetime(2001, 1, 1)
_ALIKE = {"B": "m", "I": "H", "a": "", "A": "", "w": ""}
_NAMED = frozenset("BaA")
DAYS = frozenset("dju")  # quantities that complete a date


@dataclass(frozen=True, slots=True)
class Spelling:
    """A time's quantities and the literal texts between them, in turn: `("Y", "-", "m", "-", "d", "_", "H")`.

    "" between two quantities means that their digits are adjacent. `B` is the name of a month, `a` and `A` of a
    weekday, `I` and `p` a 12-hour clock, `f` the digits of a fraction, `s` an epoch, `w` a quarter or a week (`Q1`,
    `W05`, `week=05`). `G`, `V` and `u` are a date by its week (ISO 8601): `2015-W05-5`.
    """

    parts: tuple[str, ...]

    @property
    def simplicity(self) -> float:
        """How common the order is. If two spellings fit equally well, the one with the larger value is chosen."""
        if self.order.startswith(SHORT_YEARS):
            return _SHORT_YEAR
        return next((value for name, value in _SIMPLICITY.items() if self.order.startswith(name)), 1.0)

    @property
    def is_weekday(self) -> bool:
        """True if it is only the name of a weekday."""
        return self.parts in (("a",), ("A",))

    @property
    def order(self) -> str:
        """The order of the quantities, whether numbers or names: `YmdH`."""
        return "".join(_ALIKE.get(part, part) for part in self.parts[::2])

    def is_reordered(self, other: Spelling) -> bool:
        """True if both differ only in the order of year, month and day."""
        alike = self.parts[1::2] == other.parts[1::2] and sorted(self.parts[::2]) == sorted(other.parts[::2])
        return alike and [part in _NAMED for part in self.parts] == [part in _NAMED for part in other.parts]

    def regex(self) -> re.Pattern[str]:
        """Return a regex that finds it in a key, with a group for each quantity."""
        if self.is_weekday:
            return WEEKDAYS
        parts = []
        for at, part in enumerate(self.parts):
            if at % 2:
                parts.append(re.escape(part))
            elif part in WIDTH:
                width = WIDTH[part]
                parts.append(rf"(\d{{1,{width}}})" if self.is_alone(at) and part in "mdH" else rf"(\d{{{width}}})")
            else:
                parts.append(
                    {
                        "B": "([A-Za-z]{3,9})",
                        "a": "([A-Za-z]{3})",
                        "A": "([A-Za-z]{6,9})",
                        "I": r"(\d\d?)",
                        "p": "([AaPp][Mm])",
                        "w": r"([Qq][1-4]|(?:[Ww]|[Ww]k|[Ww]eek)[=_-]?\d\d)",
                        "s": EPOCH,
                    }.get(part, r"(\d+)")
                )
        return re.compile(r"(?:(?<!\d)|(?<=%\d\d))" + "".join(parts) + r"(?!\d)", re.ASCII)

    def is_alone(self, at: int) -> bool:
        """True if no other digits touch the quantity, so it may lack leading zeros."""
        before, after = self.parts[:at][-1:], self.parts[at + 1 : at + 3]
        return before != ("",) and (after[:1] != ("",) or after[1:] == ("p",))  # letters follow: AM or PM

    def pattern(self, texts: list[tuple[str, ...]]) -> str:
        """Return the layout's pattern for it. `texts` (the quantities' texts in each key) show which are padded."""
        columns = list(zip(*texts, strict=True))
        may = [at for at in range(0, len(self.parts), 2) if self.parts[at] in "mdHI" and self.is_alone(at)]
        short = [at for at in may if any(len(text) < WIDTH.get(self.parts[at], 2) for text in columns[at // 2])]
        bare = {at for at in may if short and (at in short or not any(text[0] == "0" for text in columns[at // 2]))}
        spelled = []
        for at, part in enumerate(self.parts):
            if at % 2:
                spelled.append(escape(part))
            elif part == "B":
                short_names = all(len(text) == 3 for text in columns[at // 2])
                only_may = all(text.lower() == "may" for text in columns[at // 2])  # full name or abbreviation
                spelled.append("%b" if short_names and not only_may else "%B")
            else:
                spelled.append("*" if part in "fw" else f"%-{part}" if at in bare else f"%{part}")
        return "".join(spelled)

    def time(self, texts: tuple[str, ...]) -> datetime | None:
        """Return the time that texts of the quantities give: the first hour of a date, the first day of a year."""
        values = dict(zip(self.parts[::2], texts, strict=True))
        if self.is_weekday:
            return _A_MONDAY + timedelta(days=weekday_number(texts[0]))
        try:
            if "s" in values:
                seconds = epoch_seconds(values["s"])
                inside = _EPOCHS[0] <= seconds < _EPOCHS[1]
                return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if inside else None
            if "V" in values:
                day = datetime.fromisocalendar(int(values["G"]), int(values["V"]), int(values.get("u", 1)))
                return day.replace(hour=int(values.get("H", 0)))
            year = int(values["Y"]) if "Y" in values else year_of(int(values["y"]))
            month = month_number(values["B"]) if "B" in values else int(values.get("m", 1))
            hour = int(values.get("H", 0))
            if "I" in values:
                hour = int(values["I"]) % 12 + 12 * (values["p"][0] in "Pp")
            minute, second = int(values.get("M", 0)), int(values.get("S", 0))
            if "j" in values:
                time = datetime(year, 1, 1, hour, minute, second) + timedelta(days=int(values["j"]) - 1)
            else:
                time = datetime(year, month, int(values.get("d", 1)), hour, minute, second)
            weekday = values.get("a") or values.get("A")
            agrees = int(values.get("m", time.month)) == time.month
            agrees = agrees and (not weekday or weekday_number(weekday) == time.weekday())
            return time if time.year == year and agrees else None
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time in a key: its position [start, stop), its spelling, and the texts of its quantities."""

    start: int
    stop: int
    spelling: Spelling
    texts: tuple[str, ...]
    time: datetime
