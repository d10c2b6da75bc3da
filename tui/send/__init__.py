"""Sending selected records to a file or an NSQ topic, in order, counted, and with a receipt.

`send_to_nsq` and `send_to_file` are generators of `Sending` events that end with one `Sent`. Importing this package
imports neither pynsq nor tornado.
"""

from tui.nsq.destination import ChannelState, Destination, check_destination
from tui.nsq.limits import Limits
from tui.nsq.lookup import configured_target, find_nsqds
from tui.nsq.target import NsqTarget, Tls
from tui.send.blocks import DamagedChunk, RecordPlace, SourceBlock, Unfit
from tui.send.earlier import Earlier, earlier_sends, unreadable_journals
from tui.send.engine.control import Control
from tui.send.engine.rate import Rate, TokenBucket, parse_rate
from tui.send.events import SendEvent, Sending, Sent
from tui.send.file import send_to_file
from tui.send.journal import Journal, RepeatError
from tui.send.messages import detect_order, lines_source, outgoing, unwrapped
from tui.send.nsqds import check_destinations
from tui.send.options import CANARY, SendOptions
from tui.send.outputs import Split, parse_split
from tui.send.receipt import Receipt
from tui.send.replay import InterruptedSend, refuse_what_cannot_go, send_to, send_to_nsq
from tui.send.shapes import RecordShape
from tui.send.sink import Broker
from tui.send.source import Plan, Source, archive_source, file_source
from tui.send.survey import Survey, nothing_to_send, survey, surveying

__all__ = [
    "CANARY",
    "Broker",
    "ChannelState",
    "Control",
    "DamagedChunk",
    "Destination",
    "Earlier",
    "InterruptedSend",
    "Journal",
    "Limits",
    "NsqTarget",
    "Plan",
    "Rate",
    "Receipt",
    "RecordPlace",
    "RecordShape",
    "RepeatError",
    "SendEvent",
    "SendOptions",
    "Sending",
    "Sent",
    "Source",
    "SourceBlock",
    "Split",
    "Survey",
    "Tls",
    "TokenBucket",
    "Unfit",
    "archive_source",
    "check_destination",
    "check_destinations",
    "configured_target",
    "detect_order",
    "earlier_sends",
    "file_source",
    "find_nsqds",
    "lines_source",
    "nothing_to_send",
    "outgoing",
    "parse_rate",
    "parse_split",
    "refuse_what_cannot_go",
    "send_to",
    "send_to_file",
    "send_to_nsq",
    "survey",
    "surveying",
    "unreadable_journals",
    "unwrapped",
]
