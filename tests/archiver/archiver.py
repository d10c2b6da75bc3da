"""An archiver with a clock of its own: `python -m tests.archiver.archiver ARCHIVE TOPIC TCP SPOOL HOUR [PROCESSES]`.

HOUR is how many seconds of the clock on the wall make an hour of the archiver's (3600: the real clock). SIGTERM stops
it; every event is a line on stderr.
"""

import signal
import sys
import threading
from pathlib import Path

from tests.archiver.clock import ShortHours
from tui.archiver import ArchiverOptions, Status, TopicSource, archive_topic, destination


def main(archive: str, topic: str, tcp: str, spool: str, hour: str, processes: str = "1") -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = ArchiverOptions(
        destination(archive),
        TopicSource(topic, "archive", tuple(tcp.split(","))),
        Path(spool),
        "host",
        processes=int(processes),
        sync_interval=0.5,
        now=ShortHours(float(hour)),
    )
    for event in archive_topic(options, stop):
        if not isinstance(event, Status):
            print(event, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
