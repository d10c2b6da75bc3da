"""Asking nsqlookupd which nsqds have a topic."""

from __future__ import annotations

from urllib.parse import quote

from tui.errors import SendError
from tui.send.target import join_address
from tui.send.web import get_json


def producers(address: str, topic: str, *, timeout: float = 5.0) -> dict[str, str]:
    """The nsqds by TCP address, each with its HTTP address; none where the topic is not known. Raises SendError."""
    answer = get_json("nsqlookupd", address, f"/lookup?topic={quote(topic)}", timeout) or {}
    try:
        found = [(str(each["broadcast_address"]), each) for each in answer.get("producers") or ()]
        return {join_address(h, int(each["tcp_port"])): join_address(h, int(each["http_port"])) for h, each in found}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SendError(f"http://{address} does not answer as nsqlookupd does") from error
