"""What a name of the config, an address or an nsqlookupd stands for."""

from __future__ import annotations

import pytest

from tests.support.scripted_lookupd import scripted_lookupd
from tui.config import NsqSpec
from tui.errors import SendError
from tui.nsq.lookup import Nsqd, find_nsqds, named_spec, nsqds_with_topic

PROD = NsqSpec(("a:4150", "b:4150"), tls=True)


def test_a_name_stands_for_all_of_its_addresses() -> None:
    assert named_spec({"prod": PROD}, ("prod",)) == PROD
    assert named_spec({"prod": PROD}, ("other:1",), ("other:2",)) == NsqSpec(("other:1",), ("other:2",))
    for more in (("prod", "c:1"), ("c:1", "prod")):
        with pytest.raises(SendError, match="cannot be combined with others"):
            named_spec({"prod": PROD}, more)
    for https, lookupds in ((("c:1",), ()), ((), ("c:1",))):
        with pytest.raises(SendError, match="cannot be combined with others"):
            named_spec({"prod": PROD}, ("prod",), https, lookupds)


@pytest.mark.parametrize("host", [5, None, ["h"]])
def test_an_nsqd_that_is_named_wrongly_spoils_no_other(host: object) -> None:
    with scripted_lookupd([(host, 4150), ("h", 4160)]) as lookupd:
        wrong, right = nsqds_with_topic(lookupd, "t")
        assert right.tcp_address == "h:4160"
        assert isinstance(right, Nsqd)
        assert '"tcp_port"' in wrong.tcp_address
        with pytest.raises(SendError, match=r"names an nsqd that cannot be reached: .* is not an address"):
            find_nsqds([lookupd], "t")
