"""Lets all boto3 clients of this process share what boto3 reads of S3, so that one costs 20 ms and not 160."""

from functools import cache

import botocore.session


def share_loader() -> None:
    """Each session has a loader of its own otherwise, which parses S3's model again."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
