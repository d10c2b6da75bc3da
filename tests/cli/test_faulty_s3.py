"""A bucket behind a slow line that answers every fifth request with 503: the same answers, and no failure."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.faulty_s3 import FaultyS3
from tests.support.seaweed import Seaweed
from tui.demo import SampleSpec, write_sample

pytestmark = pytest.mark.s3


class SlowS3(FaultyS3):
    """40 ms on the way, and a fifth of the requests refused."""

    FAULTS = {"503": 0.2}  # noqa: RUF012

    def fault(self, has_body: bool) -> str:
        time.sleep(0.04)
        return super().fault(has_body)


@pytest.fixture(scope="module")
def sample_twice(seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same archive in a folder and in a bucket."""
    folder = tmp_path_factory.mktemp("twice")
    for _ in write_sample(folder, SampleSpec(hours=24, records_per_hour=100, seed=3)):
        pass
    bucket = seaweed.create_bucket(f"twice-{uuid.uuid4().hex[:12]}")
    seaweed.upload_folder(folder, bucket)
    return folder, f"s3://{bucket}/"


@pytest.fixture(scope="module")
def slow(seaweed: Seaweed) -> Iterator[SlowS3]:
    with SlowS3(seaweed.port) as s3:
        yield s3


def without_times(value: object) -> object:
    """What does not depend on where the archive is and when it was asked."""
    if isinstance(value, dict):
        own = ("seconds", "archive", "etag", "uploaded")
        return {name: without_times(item) for name, item in value.items() if name not in own}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def keys_of(value: object) -> object:
    if isinstance(value, dict):
        return {name: keys_of(item) for name, item in value.items()}
    return [keys_of(item) for item in value[:1]] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize(
    "words",
    [
        ("ls", "{}", "--json"),
        ("scan", "{}", "-m", "event == 'error'", "--count", "--json"),
        ("verify", "{}", "--json"),
    ],
    ids=["ls", "scan", "verify"],
)
def test_it_answers_as_a_folder_does(
    sample_twice: tuple[Path, str], seaweed: Seaweed, slow: SlowS3, words: tuple[str, ...]
) -> None:
    folder, url = sample_twice
    here = hourscope(*(word.format(folder) for word in words))
    env = seaweed.env | {"AWS_ENDPOINT_URL": slow.endpoint_url}
    there = hourscope(*(word.format(url) for word in words), env=env)
    assert there.code == here.code
    ours, theirs = (json.loads(ran.out.splitlines()[-1]) for ran in (here, there))
    assert keys_of(ours) == keys_of(theirs)
    assert without_times(ours) == without_times(theirs)
    assert slow.struck["503"] > 0 or words[0] == "ls"  # which is one request
