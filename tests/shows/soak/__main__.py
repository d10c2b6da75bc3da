"""`python -m tests.shows.soak [NAME…]`: run the shows, all or those named, and write docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.shows.soak import report
from tests.shows.soak.archive_kill import archive_kill
from tests.shows.soak.archive_rate import archive_rate
from tests.shows.soak.archive_trouble import archive_trouble
from tests.shows.soak.explorer_lag import explorer_lag
from tests.shows.soak.send_depth import send_depth
from tests.shows.soak.send_kill import send_kill
from tests.shows.soak.send_rate import send_rate
from tests.shows.soak.send_refused import send_refused
from tests.shows.soak.send_trouble import send_trouble
from tests.shows.soak.show import Show, Stage
from tests.support.build import NsqPrograms, ServerUnavailableError, find_or_build_nsq

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
SHOWS: dict[str, Show] = {
    "send-rate": send_rate,
    "send-kill": send_kill,
    "send-trouble": send_trouble,
    "explorer-lag": explorer_lag,
    "send-depth": send_depth,
    "send-refused": send_refused,
    "archive-kill": archive_kill,
    "archive-trouble": archive_trouble,
    "archive-rate": archive_rate,
}


def main() -> int:
    """Return 0 if all requirements are met, 1 if not, 2 if the servers are not available."""
    parser = argparse.ArgumentParser(prog="python -m tests.shows.soak", description=__doc__)
    parser.add_argument("shows", nargs="*", metavar="NAME", help=f"of {', '.join(SHOWS)}; all by default")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    options = parser.parse_args()
    chosen = options.shows or list(SHOWS)
    if unknown := [name for name in chosen if name not in SHOWS]:
        parser.error(f"no show is named {', '.join(unknown)}; there are {', '.join(SHOWS)}")
    try:
        programs = find_or_build_nsq()
    except ServerUnavailableError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    return max([_run(name, programs, options.out) for name in chosen])


def _run(name: str, programs: NsqPrograms, page: Path) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"soak-{name}-") as folder:
        stage = Stage(programs, Path(folder))
        stage.say(name)
        try:
            result = SHOWS[name](stage)
        except Exception as error:  # noqa: BLE001  (reported on the page and on stderr, and the other shows still run)
            traceback.print_exc()
            text, held = report.broken(name, error, time.monotonic() - began), False
        else:
            text, held = report.section(name, result, time.monotonic() - began), result.held
    report.write(page, list(SHOWS), {name: text})
    print(text, flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[3])
    sys.exit(main())
