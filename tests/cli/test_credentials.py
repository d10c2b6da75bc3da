"""Credentials that cannot be had: which profile, which file or program, and how to log in. Never a traceback."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.scripted_s3 import Answer, Request, ScriptedS3, refused
from tests.support.terminal import start_in_terminal
from tui.archive import s3 as s3_module
from tui.archive.s3 import S3Store, mfa_device
from tui.config import S3Options
from tui.errors import HourscopeError

NOWHERE = "http://127.0.0.1:1"
ROLE = "role_arn = arn:aws:iam::1:role/reader"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    s3_module.client.cache_clear()
    yield
    s3_module.client.cache_clear()


def configure(text: str) -> Path:
    """Write ~/.aws/config."""
    path = Path(os.environ["HOME"], ".aws", "config")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def why(config: str, profile: str | None = "p") -> str:
    """Why a bucket cannot be listed with a profile of these config files."""
    configure(config)
    with pytest.raises(HourscopeError) as caught:
        list(S3Store("b", S3Options(profile=profile, region="us-east-1", endpoint_url=NOWHERE)).objects())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def program(tmp_path: Path, script: str) -> str:
    """An executable of a shell script."""
    path = tmp_path / "credentials"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def printing(tmp_path: Path, said: object) -> str:
    text = said if isinstance(said, str) else json.dumps(said)
    (tmp_path / "said").write_text(text)
    return f"[profile p]\ncredential_process = {program(tmp_path, f'cat {tmp_path}/said')}"


KEYS = {"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s"}


class TestCredentialProcess:
    def test_it_is_not_there(self) -> None:
        sentence = why("[profile p]\ncredential_process = /opt/nothere/credentials x")
        assert "profile 'p', /opt/nothere/credentials, cannot be run: No such file or directory" in sentence
        assert "~/.aws/config" in sentence

    def test_it_may_not_be_run(self, tmp_path: Path) -> None:
        path = Path(program(tmp_path, ""))
        path.chmod(0o644)
        assert "cannot be run: Permission denied" in why(f"[profile p]\ncredential_process = {path}")

    def test_it_is_not_a_program(self, tmp_path: Path) -> None:
        path = Path(program(tmp_path, ""))
        path.write_bytes(b"\x00\x01")
        assert f"{path}, cannot be run: Exec format error" in why(f"[profile p]\ncredential_process = {path}")

    @pytest.mark.parametrize("said", ["not-json", "", "{", '{"Version": 1'])
    def test_what_it_prints_is_not_json(self, tmp_path: Path, said: str) -> None:
        assert "printed something that is not JSON" in why(printing(tmp_path, said))

    @pytest.mark.parametrize("said", [[], "null", "3", {"Version": 1}, {"Version": 2}, KEYS | {"Expiration": "soon"}])
    def test_what_it_prints_is_of_another_shape(self, tmp_path: Path, said: object) -> None:
        sentence = why(printing(tmp_path, said))
        assert "the credential_process of AWS profile 'p'" in sentence

    @pytest.mark.parametrize("key", [7, None, "k k", "k\nx-amz-evil: 1", "schlüssel", ""])
    def test_a_key_that_cannot_be_one(self, tmp_path: Path, key: object) -> None:
        sentence = why(printing(tmp_path, KEYS | {"SecretAccessKey": key}))
        assert "profile 'p'" in sentence
        assert "evil" not in sentence, "a secret is not shown"

    def test_it_fails(self, tmp_path: Path) -> None:
        path = program(tmp_path, "echo 'vault is \033[31msealed' >&2; exit 3")
        assert f"profile 'p' ({path}) failed: vault is" in why(f"[profile p]\ncredential_process = {path}")

    def test_it_gives_what_has_expired(self, tmp_path: Path) -> None:
        sentence = why(printing(tmp_path, KEYS | {"Expiration": "2015-01-01T00:00:00Z"}))
        assert "printed credentials that have expired; run it by hand to see" in sentence

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("echo 'x", "has a quote that is not closed; fix its command line"),
            ("", "is empty; fix its command line"),
            (f"echo '{json.dumps(KEYS | {'Expiration': 'soon'})}'", "printed an invalid answer"),
        ],
    )  # fmt: skip
    def test_its_command_line_or_its_time_is_not_one(self, command: str, words: str) -> None:
        assert words in why(f"[profile p]\ncredential_process = {command}")

    def test_it_is_that_of_the_source_profile(self) -> None:
        sentence = why(f"[profile p]\n{ROLE}\nsource_profile = q\n[profile q]\ncredential_process = /opt/nothere/q")
        assert "profile 'q', /opt/nothere/q, cannot be run" in sentence


class TestProfiles:
    @pytest.mark.parametrize(
        ("config", "sentence"),
        [
            (f"[profile p]\n{ROLE}", "has a role_arn and no source_profile or credential_source; fix it"),
            ("[profile q]", "AWS profile 'p' does not exist (known: q); check --profile"),
            ("[profile p", "cannot be parsed; it must hold [profile NAME] sections of lines NAME = VALUE"),
            ("[profile p]\nregion = a\nregion = b", "each name once"),
            (f"[profile p]\n{ROLE}\ncredential_source = Moon", 'the credential source "Moon" referenced in'),
        ],
    )  # fmt: skip
    def test_one_that_cannot_work_is_named_once(self, config: str, sentence: str) -> None:
        assert sentence in why(config)
        assert "AWS profile 'p': the" not in why(config)

    def test_a_source_profile_that_is_missing(self) -> None:
        assert why(f"[profile p]\n{ROLE}\nsource_profile = missing") == (
            'the source_profile "missing" referenced in the profile "p" does not exist; fix it in ~/.aws/config'
        )

    def test_profiles_that_lead_to_each_other(self) -> None:
        config = f"[profile p]\n{ROLE}\nsource_profile = q\n[profile q]\n{ROLE}\nsource_profile = p"
        assert "the AWS profiles p, q lead to each other by source_profile" in why(config)

    def test_a_profile_without_a_source(self) -> None:
        assert "profile 'p'" in why(f"[profile p]\n{ROLE}")

    def test_half_a_key(self) -> None:
        sentence = why("[profile p]\naws_access_key_id = k")
        assert "has only half of its keys: aws_secret_access_key is missing" in sentence

    @pytest.mark.parametrize("text", ["[profile p\n", "nonsense", "[profile p]\nx", "[profile 'p]\na = 1"])
    def test_a_config_file_that_cannot_be_read(self, text: str) -> None:
        assert "AWS" in why(text)

    def test_a_config_file_that_is_a_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path))
        assert "AWS" in why("", None)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("AWS_MAX_ATTEMPTS", "x"), ("AWS_DEFAULTS_MODE", "x"), ("AWS_USE_FIPS_ENDPOINT", "x")],
    )
    def test_a_variable_that_makes_no_sense(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        """One sentence, whatever botocore raises."""
        monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        assert why("", None)


class TestTokens:
    def test_a_web_identity_token_file_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/nothere/token")
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/reader")
        sentence = why("", None)
        assert "the web identity token file /var/run/nothere/token cannot be read: No such file" in sentence

    def test_that_of_a_profile(self) -> None:
        assert "token file /nothere/t cannot be read" in why(
            f"[profile p]\n{ROLE}\nweb_identity_token_file = /nothere/t"
        )

    @pytest.mark.parametrize("extra", ["", "sso_session = corp\n"])
    def test_an_sso_login_that_is_missing(self, extra: str) -> None:
        start = "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
        own = f"[sso-session corp]\n{start}" if extra else ""
        config = f"[profile p]\n{extra or start}sso_account_id = 1\nsso_role_name = r\n{own}"
        assert why(config).endswith("log in with: aws sso login --profile p")

    def test_an_sso_login_that_has_expired(self) -> None:
        """As the AWS CLI leaves it on disk."""
        import hashlib

        config = (
            "[profile our team]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
            "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
        ).replace("profile our team", "profile 'our team'")
        cache = configure(config).parent / "sso" / "cache" / f"{hashlib.sha1(b'corp').hexdigest()}.json"
        cache.parent.mkdir(parents=True)
        cache.write_text(json.dumps({"accessToken": "t", "expiresAt": "2015-01-01T00:00:00Z"}))
        assert why(config, "our team").endswith("log in with: aws sso login --profile 'our team'")


def test_the_command_line_and_doctor_say_it_in_one_line(tmp_path: Path) -> None:
    configure("[profile p]\ncredential_process = /opt/nothere/credentials")
    words = ("s3://b", "--endpoint-url", NOWHERE, "--region", "us-east-1", "--profile", "p")
    ran = hourscope("ls", *words)
    assert (ran.code, ran.out) == (2, b"")
    assert "/opt/nothere/credentials, cannot be run" in ran.sentence
    doctor = hourscope("doctor", *words)
    assert (doctor.code, doctor.err) == (2, "")
    assert b"/opt/nothere/credentials, cannot be run" in doctor.lines[-1]


MFA = f"[profile p]\n{ROLE}\nsource_profile = q\nmfa_serial = arn:aws:iam::1:mfa/me\nregion = us-east-1\n" + (
    "[profile q]\naws_access_key_id = k\naws_secret_access_key = s\n"
)


def role_keys(form: Mapping[str, str]) -> Answer:
    """STS, for the code 123456."""
    if form.get("TokenCode") != "123456":
        message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
        return Answer(
            403,
            f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>".encode(),
        )
    until = datetime.now(UTC) + timedelta(hours=1)
    keys = "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    keys += f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
    user = "<AssumedRoleId>x:y</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/reader/y</Arn>"
    result = f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{keys}</Credentials>"
    space = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    xml = f"<AssumeRoleResponse {space}><AssumeRoleResult>{result}</AssumeRoleResult></AssumeRoleResponse>"
    return Answer(200, xml.encode())


class TestMfa:
    def test_it_is_known_before_anybody_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        configure(MFA + f"[profile r]\n{ROLE}\nsource_profile = p\n")
        assert mfa_device(S3Options(profile="p")) == "arn:aws:iam::1:mfa/me"
        assert mfa_device(S3Options(profile="r")) == "arn:aws:iam::1:mfa/me"
        assert mfa_device(S3Options(profile="q")) == ""
        assert mfa_device(S3Options(profile="p", no_sign_request=True)) == ""
        monkeypatch.setenv("AWS_PROFILE", "p")
        assert mfa_device(S3Options()) == "arn:aws:iam::1:mfa/me"
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
        assert mfa_device(S3Options()) == "", "keys in the environment count before a profile of the environment"

    def test_without_a_terminal_it_is_reported_in_one_sentence(self) -> None:
        configure(MFA)
        ran = subprocess.run(
            [sys.executable, "-m", "tui", "ls", "s3://b", "--endpoint-url", NOWHERE, "--profile", "p"],
            input=b"123456\n",
            capture_output=True,
            start_new_session=True,
            check=False,
        )
        assert ran.returncode == 2
        assert b"needs a code from the MFA device arn:aws:iam::1:mfa/me, but there is no terminal" in ran.stderr
        assert len(ran.stderr.splitlines()) == 1

    def test_the_code_is_asked_for_on_the_terminal_and_once(self) -> None:
        configure(MFA)
        with ScriptedS3({"e.2015-01-20_13.log": b"{}\n"}) as s3:
            s3.sts = role_keys
            s3.answer = lambda request: (
                None if "ASIAROLE" in request.headers["authorization"] else refused(403, "AccessDenied")
            )
            words = ("ls", "s3://b", "--profile", "p")
            env = {"AWS_ENDPOINT_URL": s3.endpoint_url, "AWS_ENDPOINT_URL_STS": s3.endpoint_url}
            wrong = at_terminal(words, env, b"000000\n")
            assert wrong[0] == 2
            assert "the MFA code for the role arn:aws:iam::1:role/reader was not accepted" in wrong[1]
            code, shown = at_terminal(words, env, b"123456\n")
            assert (code, "Enter MFA code for arn:aws:iam::1:mfa/me" in shown, "e.2015-01-20_13.log" in shown) == (
                0,
                True,
                True,
            )
            assert "123456" not in shown
            again = hourscope(*words, env=env)
            assert (again.code, again.err) == (0, ""), "what the role gave is kept, as by the AWS CLI"
        (kept,) = Path(os.environ["HOME"], ".aws", "cli", "cache").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    def test_nobody_answers(self) -> None:
        configure(MFA)
        code, shown = at_terminal(("ls", "s3://b", "--endpoint-url", NOWHERE, "--profile", "p"), {}, b"\x04")
        assert code == 2
        assert "no MFA code was entered" in shown


def at_terminal(words: tuple[str, ...], env: Mapping[str, str], typed: bytes) -> tuple[int, str]:
    """Run a command in a terminal and type at its prompt; return the exit code and the terminal's text."""
    process, terminal = start_in_terminal([sys.executable, "-m", "tui", *words], {**os.environ, **env})
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # its end
            break
        if b"code for" in shown and typed:
            while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < deadline:
                time.sleep(0.01)
            os.write(terminal, typed)
            typed = b""
    os.close(terminal)
    return process.wait(), shown.decode()


def test_credentials_that_end_in_mid_work(tmp_path: Path) -> None:
    """The program issues short-lived keys, and is then removed."""
    until = datetime.now(UTC) + timedelta(seconds=2)
    (tmp_path / "said").write_text(json.dumps(KEYS | {"Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}"}))
    path = program(tmp_path, f"cat {tmp_path}/said; mv $0 $0.gone")
    configure(f"[profile p]\ncredential_process = {path}")
    with ScriptedS3({f"e.2015-01-20_{hour:02}.log": b"{}\n" for hour in range(3)}) as s3:

        def answer(request: Request) -> None:
            time.sleep(1)

        s3.answer = answer
        words = ("scan", "s3://b/", "-g", "x", "--count", "--jobs", "1", "--profile", "p", "--region", "us-east-1")
        ran = hourscope(*words, env={"AWS_ENDPOINT_URL": s3.endpoint_url})
    assert ran.code == 2
    assert f"{path}, cannot be run: No such file or directory" in ran.err
    assert "Traceback" not in ran.err
