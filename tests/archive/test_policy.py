"""`doctor --policy`: what is allowed, and where."""

from __future__ import annotations

import json

import pytest

from tui.archive.location import Location
from tui.cli.policy import policy_text
from tui.errors import ConfigError

READ = {"s3:GetObject"}
ARCHIVE = READ | {"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}


@pytest.mark.parametrize(
    ("url", "layout", "prefix"),
    [
        ("s3://b", None, ""),
        ("s3://b/logs/", None, "logs/"),
        ("s3://b/logs/events.%Y-%m-%d_%H.gz", None, "logs/events."),
        ("s3://b/{topic}/%Y/%m/%d/%H.gz", None, ""),
        ("s3://b/{topic=a}/%Y/%m/%d/%H.gz", None, "a/"),
        ("s3://b/logs", "%Y/%m/%d/%H.gz", "logs/"),
    ],
)
@pytest.mark.parametrize(
    ("purpose", "actions"),
    [("read", READ), ("extract", READ | {"s3:PutObject", "s3:DeleteObject"}), ("archive", ARCHIVE)],
)
def test_it_allows_what_hourscope_needs_below_the_prefix(
    url: str, layout: str | None, prefix: str, purpose: str, actions: set[str]
) -> None:
    policy = json.loads(policy_text(Location(url, layout=layout), purpose))
    listing, objects = policy["Statement"]
    assert policy["Version"] == "2012-10-17"
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::b")
    assert listing.get("Condition") == ({"StringLike": {"s3:prefix": f"{prefix}*"}} if prefix else None)
    assert (set(objects["Action"]), objects["Resource"]) == (actions, f"arn:aws:s3:::b/{prefix}*")


def test_a_folder_has_none() -> None:
    with pytest.raises(ConfigError, match="is not in a bucket"):
        policy_text(Location("/var/archive"), "read")
