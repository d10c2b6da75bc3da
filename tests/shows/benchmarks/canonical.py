"""Convert a command's output to one number, its answer, to compare the answers of different programs.

A ValueError names the problem with an output.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

_QUANTILES = ("p50", "p90", "p95", "p99")
_NEAR = 0.01


def number(text: str) -> int:
    """Parse an output that is only a number."""
    return int(text)


def rows(text: str) -> int:
    """Return the checksum of counted rows in any order: from `count --json`, or a database's list of lists."""
    printed = json.loads(text)
    if isinstance(printed, dict):
        counted = [[*([row["time"]] if row["time"] else []), *row["values"], row["count"]] for row in printed["rows"]]
    else:
        counted = printed
    return zlib.crc32(json.dumps(sorted([str(cell) for cell in row] for row in counted)).encode())


def unread_rows(text: str) -> int:
    """Return the same for a `count` that must not read a chunk."""
    if read := json.loads(text)["read"]["chunks"]:
        raise ValueError(f"{read} chunks were read")
    return rows(text)


def stats(exact: Path, text: str) -> int:
    """Return the number of values, if the statistics match `exact`: a row of count, minimum, maximum, quantiles.

    Our quantiles must be within 1 % of the exact ones. Other programs do not promise that, so only their first three
    figures are checked.
    """
    count, least, most, quantiles = json.loads(exact.read_text())[0]
    printed = json.loads(text)
    if isinstance(printed, dict):
        ours = printed["rows"][0]["stats"]
        _check_quantiles([ours[name] for name in _QUANTILES], quantiles)
        figures = [ours["count"], ours["min"], ours["max"]]
    else:
        figures = printed[0][:3]
    if figures != [count, least, most]:
        raise ValueError(f"count, minimum and maximum are {figures}, not {[count, least, most]}")
    return int(count)


def _check_quantiles(measured: list[float], exact: list[float]) -> None:
    if any(abs(one - other) > _NEAR * abs(other) for one, other in zip(measured, exact, strict=True)):
        raise ValueError(f"the quantiles {measured} are not within {_NEAR:.0%} of {exact}")


def matches_within(most: int, text: str) -> int:
    """Return the matches of a `scan --count --json` that may read at most `most` bytes of chunks."""
    summary: dict[str, Any] = json.loads(text.splitlines()[-1])
    if (read := summary["bytes_compressed"]) > most:
        raise ValueError(f"{read:,} bytes of chunks were read, more than {most:,}")
    return int(summary["matches"])


def indexed(text: str) -> int:
    """Return the number of chunks that `index --json` has indexed."""
    return int(json.loads(text)["indexed"])
