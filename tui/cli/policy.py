"""`hourscope doctor --policy`: the minimal IAM policy for reading, extracts or the archiver."""

from __future__ import annotations

import json
from typing import Any

from tui.archive.location import Location
from tui.archive.open import fixed_prefix
from tui.errors import ConfigError

# The permission that each request needs: docs.aws.amazon.com/service-authorization, "Actions defined by Amazon S3".
_OBJECT_ACTIONS = {
    "read": ("s3:GetObject",),
    "extract": ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    "archive": ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
}
POLICIES = tuple(_OBJECT_ACTIONS)


def policy_text(location: Location, purpose: str) -> str:
    """Return an IAM policy as JSON for reading an archive, writing extracts below a prefix, or archiving there.

    Raises ConfigError for a folder, which has no policy.
    """
    fixed = fixed_prefix(location.url, location.layout)
    if fixed is None:
        raise ConfigError(f"{location.title} is not in a bucket; --policy is for s3://BUCKET/PREFIX")
    return json.dumps(_policy(*fixed, purpose), indent=2)


def _policy(bucket: str, prefix: str, purpose: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn}
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}*"}}
    objects = {"Effect": "Allow", "Action": list(_OBJECT_ACTIONS[purpose]), "Resource": f"{arn}/{prefix}*"}
    return {"Version": "2012-10-17", "Statement": [listing, objects]}
