"""boto3's clients in this process: they share what boto3 reads of S3, so that one costs 20 ms and not 160."""

import sys
from functools import cache

import botocore.session


def share_loader() -> None:
    """Each session has a loader of its own otherwise, which parses S3's model again."""
    botocore.session.create_loader = cache(botocore.session.create_loader)


def forget_clients() -> None:
    """boto3 may have looked for credentials in another environment."""
    if (s3 := sys.modules.get("tui.archive.s3")) is not None:
        s3.client.cache_clear()
