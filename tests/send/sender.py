"""A sender to be killed: `python -m tests.send.sender FILE TOPIC TCP HTTP JOURNALS RATE`."""

import sys
from pathlib import Path

from tui.send import Journal, NsqTarget, Rate, SendOptions, earlier_sends, file_source, send_to_nsq


def main(path: str, topic: str, tcp: str, http: str, journals: str, rate: str) -> None:
    source, to = file_source(Path(path)), NsqTarget(topic, (tcp,), (http,))
    begin = Journal.resume if earlier_sends(Path(journals), source, topic) else Journal.start
    with begin(Path(journals), source, to) as journal:
        for _ in send_to_nsq(
            source, to, journal=journal, options=SendOptions(rate=Rate(float(rate)), check_first=False)
        ):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
