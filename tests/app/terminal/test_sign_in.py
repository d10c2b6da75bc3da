"""The code of an MFA device is asked for in the plain terminal: before the explorer, or with its screen aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.emulator import Terminal
from tests.support.scripted_s3 import Answer, ScriptedS3
from tui.config import config_dir

AWS = """
[profile p]
role_arn = arn:aws:iam::1:role/reader
source_profile = q
mfa_serial = arn:aws:iam::1:mfa/me
region = us-east-1
[profile q]
aws_access_key_id = k
aws_secret_access_key = s
"""
ASKED = "Enter MFA code for arn:aws:iam::1:mfa/me"


def role_keys() -> Answer:
    """What STS gives for a code."""
    until = datetime.now(UTC) + timedelta(hours=1)
    keys = "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    keys += f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
    user = "<AssumedRoleId>x:y</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/reader/y</Arn>"
    result = f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{keys}</Credentials>"
    space = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return Answer(
        200, f"<AssumeRoleResponse {space}><AssumeRoleResult>{result}</AssumeRoleResult></AssumeRoleResponse>".encode()
    )


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """An archive `m` in S3 whose profile needs a code."""
    aws = Path(os.environ["HOME"], ".aws", "config")
    aws.parent.mkdir(exist_ok=True)
    aws.write_text(AWS)
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text('[archives.m]\nurl = "s3://b"\nprofile = "p"\n')
    with ScriptedS3({"e.2015-01-20_13.log": b'{"event": "play"}\n'}) as s3:
        s3.sts = lambda form: role_keys()
        yield {"AWS_ENDPOINT_URL": s3.endpoint_url, "AWS_ENDPOINT_URL_STS": s3.endpoint_url}


def test_a_named_archive_asks_before_the_screen_is_drawn(environment: dict[str, str]) -> None:
    with Terminal("m", 100, 24, environment) as terminal:
        terminal.wait_for(ASKED)
        assert b"\x1b[?1049h" not in terminal.raw
        terminal.press("123456\r")
        terminal.wait_for("January 2015")
        assert "123456" not in terminal.text and terminal.finish("q") == 0


def test_one_that_is_chosen_in_the_explorer_asks_with_the_screen_aside(environment: dict[str, str]) -> None:
    with Terminal("", 100, 24, environment, script="from tui.cli import main; main([])") as terminal:
        terminal.wait_for("Archives")
        terminal.press("j")
        terminal.press("k")
        terminal.press("\r")
        terminal.wait_for(ASKED)
        assert terminal.raw.rindex(b"\x1b[?1049l") < terminal.raw.rindex(b"Enter MFA code")
        terminal.press("123456\r")
        terminal.wait_for("January 2015")
        assert "123456" not in terminal.text and terminal.finish("\x11") == 0
