"""Work in threads whose results are posted as messages."""

from __future__ import annotations

from collections.abc import Iterable

from textual.dom import DOMNode
from textual.message import Message
from textual.worker import get_current_worker

from tui.app.requests import Failed
from tui.errors import HourscopeError


def stream(node: DOMNode, messages: Iterable[Message | None], group: str) -> None:
    """Post messages to `node` from a thread, until another stream of this group starts.

    A None is a point at which to cancel. A HourscopeError is posted as Failed.
    """

    def job() -> None:
        worker = get_current_worker()
        try:
            for message in messages:
                if worker.is_cancelled:
                    return
                if message is not None:
                    node.post_message(message)
        except HourscopeError as error:
            if not worker.is_cancelled:
                node.post_message(Failed(str(error)))

    node.run_worker(job, thread=True, exit_on_error=False, group=group, exclusive=True)
