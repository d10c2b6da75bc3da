"""TLS and AUTH against a real nsqd: one clear sentence for each thing that is wrong, before anything is sent."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.send.certificates import Authority, authority, nsqd_options
from tests.send.helpers import arrived, finish, lines, write_lines
from tests.send.scripted_nsqd import Client, ScriptedNsqd
from tests.support.auth import auth_server
from tests.support.build import NsqPrograms
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.errors import SendError
from tui.send import NsqTarget, SendOptions, Tls, check_destination, send_to_nsq

pytestmark = pytest.mark.nsq
RECORDS = lines(300)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls") / "ca")


def _refused_everywhere(to: NsqTarget, nsqd: Nsqd, sentence: str, tmp_path: Path) -> None:
    """Check the refusal by the check before a send, by the send, and by a send whose check saw nothing."""
    source = write_lines(tmp_path / "out", RECORDS)
    for act in (lambda: check_destination(to), lambda: finish(send_to_nsq(source, to)), lambda: _straight(to)):
        with pytest.raises(SendError, match=sentence) as caught:
            act()
        assert "\n" not in str(caught.value)
    assert arrived(nsqd, to.topic) == 0


def _straight(to: NsqTarget) -> None:
    """Only pynsq's connection."""
    import asyncio

    from tui.send.nsq import NsqSink

    asyncio.run(_connect_and_put(NsqSink(to)))


async def _connect_and_put(sink) -> None:  # type: ignore[no-untyped-def]
    import asyncio

    from tui.send.sink import LinkLost

    trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def failed(error: Exception) -> None:
        if not trouble.done() and not isinstance(error, LinkLost):
            trouble.set_exception(error)

    link = await sink.connect(lambda number: trouble.set_result(None), failed)
    link.put(0, [b"a"])
    await asyncio.wait_for(trouble, 5)


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ({"days": -1}, "has a certificate that has expired; renew it"),
        ({"host": "DNS:nsqd.example.com"}, r"has a certificate that is not for 127\.0\.0\.1; use the host name"),
    ],
)
def test_a_wrong_certificate(
    certificate: dict[str, object], sentence: str, ours: Authority, nsq_programs: NsqPrograms, tmp_path: Path
) -> None:
    pair = ours.issue("server", **certificate)  # type: ignore[arg-type]
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", nsqd_options(pair)) as nsqd:
        to = NsqTarget("t", (nsqd.tcp_address,), (nsqd.http_address,), Tls(ours.ca))
        _refused_everywhere(to, nsqd, sentence, tmp_path)


def test_the_right_ca_the_wrong_one_none_and_no_tls(ours: Authority, nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    other = authority(tmp_path / "other")
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", nsqd_options(ours.issue("server"))) as nsqd:

        def to(tls: Tls | None) -> NsqTarget:
            return NsqTarget("t", (nsqd.tcp_address,), (nsqd.http_address,), tls)

        _refused_everywhere(to(Tls(other.ca)), nsqd, "its certificate is from another CA; name that CA", tmp_path)
        _refused_everywhere(to(Tls()), nsqd, "its certificate is from another CA", tmp_path)  # the system's CAs
        _refused_everywhere(to(None), nsqd, "if it requires TLS, add --tls-root-ca-file", tmp_path)
        assert check_destination(to(Tls(ours.ca))).limits.asked
        assert finish(send_to_nsq(write_lines(tmp_path / "out", RECORDS), to(Tls(ours.ca)))).confirmed == 300
        assert read_messages(nsqd, "t", 300, tls=Tls(ours.ca).context()) == RECORDS

        secure = NsqTarget("t", (nsqd.tcp_address,), (f"https://{nsqd.https_address}",), Tls(ours.ca))
        checked = check_destination(secure)
        assert (checked.http, checked.message_count, checked.warnings) == (True, 300, ())
        receipt = finish(
            send_to_nsq(write_lines(tmp_path / "out", RECORDS), secure, options=SendOptions(max_depth=900))
        )
        assert (receipt.message_count_before, receipt.message_count_after) == (300, 600)
        wrong = check_destination(replace(secure, tls=Tls(ours.ca), nsqd_http_addresses=("https://localhost:1",)))
        assert "nsqd's HTTP at https://localhost:1 cannot be reached (Connection refused)" in wrong.warnings[0]


def test_a_client_certificate_that_is_required(ours: Authority, nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    strangers = authority(tmp_path / "strangers")
    more = {"tls-client-auth-policy": "require-verify", "tls-root-ca-file": str(ours.ca)}
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", nsqd_options(ours.issue("server"), **more)) as nsqd:

        def to(*pair: Path) -> NsqTarget:
            return NsqTarget("t", (nsqd.tcp_address,), (nsqd.http_address,), Tls(ours.ca, *pair))

        _refused_everywhere(to(), nsqd, "requires a client certificate; add --tls-cert and --tls-key", tmp_path)
        _refused_everywhere(to(*strangers.issue("me")), nsqd, "certificate", tmp_path)
        assert finish(send_to_nsq(write_lines(tmp_path / "out", RECORDS), to(*ours.issue("client")))).confirmed == 300


def test_tls_that_nsqd_does_not_offer_is_not_done_without(
    nsqd: Nsqd, topic: str, ours: Authority, tmp_path: Path
) -> None:
    to = NsqTarget(topic, (nsqd.tcp_address,), (nsqd.http_address,), Tls(ours.ca), "s3cret")
    _refused_everywhere(to, nsqd, "does not offer TLS; leave out --tls", tmp_path)


def test_the_secret_is_not_given_to_one_who_drops_tls(ours: Authority) -> None:
    heard: list[bytes] = []

    def script(client: Client, turn: int) -> None:
        heard.append(client.command())

    with ScriptedNsqd(script, auth_required=True) as nsqd, pytest.raises(SendError, match="does not offer TLS"):
        _straight(NsqTarget("t", (nsqd.tcp_address,), tls=Tls(ours.ca), auth_secret="s3cret"))
    assert heard == []


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        (Tls(Path("/nowhere.pem")), r"the CA file /nowhere\.pem cannot be used: No such file or directory"),
        (Tls(Path(__file__)), "the CA file .* cannot be used: no certificate or crl found"),
        (Tls(None, Path("/nowhere.pem")), r"the certificate /nowhere\.pem cannot be used: No such file"),
    ],
)
def test_files_that_cannot_be_used(tls: Tls, sentence: str) -> None:
    with pytest.raises(SendError, match=sentence):
        NsqTarget("t", ("127.0.0.1:1",), tls=tls).check()


def test_an_encrypted_key_is_not_asked_for_on_the_terminal(ours: Authority, tmp_path: Path) -> None:
    import subprocess

    certificate, key = ours.issue("locked")
    words = ["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", str(key), "-out", str(tmp_path / "locked")]
    subprocess.run(words, check=True, capture_output=True)
    with pytest.raises(SendError, match="the key is encrypted, which is not supported"):
        Tls(ours.ca, certificate, tmp_path / "locked").context()


# AUTH


def test_auth(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "out", RECORDS)
    with (
        auth_server() as auth,
        Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"auth-http-address": auth}) as nsqd,
    ):

        def to(secret: str | None) -> NsqTarget:
            return NsqTarget("t", (nsqd.tcp_address,), (nsqd.http_address,), auth_secret=secret)

        assert check_destination(to("good")).warnings[-1].startswith("the secret goes to nsqd at")
        _refused_everywhere(to(None), nsqd, "requires a secret; set HOURSCOPE_NSQ_AUTH_SECRET", tmp_path)
        _refused_everywhere(to("wr0ng"), nsqd, "does not accept the secret of HOURSCOPE_NSQ_AUTH_SECRET", tmp_path)
        with pytest.raises(SendError, match="does not allow this secret to publish to the topic"):
            finish(send_to_nsq(source, to("reader")))
        assert arrived(nsqd, "t") == 0

        words = ["send", tmp_path / "out", "--nsqd-tcp-address", nsqd.tcp_address, "--topic", "t", "--json", "--yes"]
        words += ["--nsqd-http-address", nsqd.http_address]
        ran = hourscope(*words, env={"HOURSCOPE_NSQ_AUTH_SECRET": "wr0ng"})
        assert (ran.code, ran.out) == (2, b"")
        assert "does not accept the secret" in ran.sentence
        ran = hourscope(*words, env={"HOURSCOPE_NSQ_AUTH_SECRET": "good"})
        assert ran.code == 0, ran.err
        assert json.loads(ran.lines[-1])["confirmed"] == 300
        output = ran.out + ran.err.encode() + b"".join(p.read_bytes() for p in _state().rglob("*.jsonl"))
        assert b"good" not in output
        assert "good" not in repr(to("good"))
        assert arrived(nsqd, "t") == 300


def _state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"])
