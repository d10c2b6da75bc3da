"""The archiver: an NSQ topic into hourly gzip files of lines, in a folder or a bucket, without losing a message.

A message goes line → spool → archive, and is finished (FIN) once its line is on disk in the spool:

    consume   pynsq, reading in bulk            intake   when to sync, finish and pause
    line      a message as a line               spool    gzip members, fsync, one file per hour
    repair    a torn tail after a crash         upload   revisions, conditional puts, checksums, removal
    folder    names, lock, owner of the spool   part     one consuming process of several
    outages   servers that are away, and why    defects  unexpected errors
    status    events, health                    run      the archiver, as a generator of events
    check     everything that it needs          status_server  /healthz and /metrics

Importing this package imports neither pynsq nor boto3.
"""

from tui.archiver.counters import Counters
from tui.archiver.options import DEFAULT_LAYOUT, ArchiverOptions, TopicSource, destination
from tui.archiver.run import archive_topic
from tui.archiver.status import Event, LogNotice, Status, Stopped
from tui.archiver.upload import UploadState

__all__ = [
    "DEFAULT_LAYOUT",
    "ArchiverOptions",
    "Counters",
    "Event",
    "LogNotice",
    "Status",
    "Stopped",
    "TopicSource",
    "UploadState",
    "archive_topic",
    "destination",
]
