"""Sending: what was selected goes to a file or into an NSQ topic, in order, counted, and with a receipt.

`send_to_nsq` and `send_to_file` are generators of `Sending` events that end with one `Sent`. Importing this package
imports neither pynsq nor tornado.
"""

from tui.send.control import Control
from tui.send.events import SendEvent, Sending, Sent
from tui.send.file import send_to_file
from tui.send.guard import ChannelState, Destination, check_destination
from tui.send.journal import Earlier, Journal, earlier_sends
from tui.send.options import SendOptions
from tui.send.receipt import Receipt
from tui.send.replay import send_to_nsq
from tui.send.sink import Limits
from tui.send.source import (
    DamagedChunk,
    Source,
    SourceBlock,
    archive_source,
    file_source,
    mapped_source,
    records_source,
)
from tui.send.survey import Place, Survey, survey, surveying
from tui.send.target import NsqTarget, Tls, valid_topic
from tui.send.throttle import Rate, TokenBucket, parse_rate

__all__ = [
    "ChannelState",
    "Control",
    "DamagedChunk",
    "Destination",
    "Earlier",
    "Journal",
    "Limits",
    "NsqTarget",
    "Place",
    "Rate",
    "Receipt",
    "SendEvent",
    "SendOptions",
    "Sending",
    "Sent",
    "Source",
    "SourceBlock",
    "Survey",
    "Tls",
    "TokenBucket",
    "archive_source",
    "check_destination",
    "earlier_sends",
    "file_source",
    "mapped_source",
    "parse_rate",
    "records_source",
    "send_to_file",
    "send_to_nsq",
    "survey",
    "surveying",
    "valid_topic",
]
