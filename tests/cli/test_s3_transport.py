"""Bodies without their length, servers that do not speak HTTP or TLS, and endpoints that are none."""

from __future__ import annotations

import gzip
import socket
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.cli.s3_answers import SCAN, run
from tests.support.command import hourscope
from tests.support.scripted_s3 import Answer, Request, ScriptedS3


def test_a_server_that_ignores_a_range_is_not_read_twice(s3: ScriptedS3) -> None:
    """The first answer breaks off in the middle; the second begins again at the first byte."""
    body = b"".join(b'{"n":%d}\n' % n for n in range(1000))
    s3.objects = {"e.2015-01-20_13.log": body}

    def answer(request: Request) -> Answer | None:
        if not request.key:
            return None
        usual = s3.usual(Request("GET", request.key, {}, {}))
        if "range" not in request.headers:
            s3.released.set()  # what stalls ends at once
            return Answer(200, usual.body, usual.headers, stall=3000)
        return usual

    s3.answer = answer
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert ran.code == 2
    assert int(ran.out) < 1000
    assert "sends the object from its first byte, not from byte 3,000" in ran.err


BODIES = {  # each cut where it looks whole: between two lines, between two gzip members
    "plain": (b"".join(b'{"n":%d}\n' % n for n in range(10, 100)), 90),
    "gzip": (gzip.compress(b'{"n":1}\n', mtime=0) + gzip.compress(b'{"n":2}\n', mtime=0), 28),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_without_its_length_that_breaks_off_is_read_on(s3: ScriptedS3, kind: str) -> None:
    """Such a body ends with the connection, which looks like the end of the object."""
    body, cut = BODIES[kind]
    s3.objects = {"e.2015-01-20_13.log": body}
    s3.answer = lambda request: replace(s3.usual(request), cut=cut) if request.method == "GET" and request.key else None
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert (ran.code, int(ran.out), ran.err) == (0, body.count(b"\n") if kind == "plain" else 2, "")
    assert len(s3.requests) > 3


def test_a_body_without_its_length_that_never_ends_is_named(s3: ScriptedS3) -> None:
    s3.objects = {"e.2015-01-20_13.log": BODIES["plain"][0]}

    def answer(request: Request) -> Answer | None:
        if request.method != "GET" or not request.key:
            return None
        return replace(s3.usual(request), cut=0 if "range" in request.headers else 90)

    s3.answer = answer
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert ran.code == 2
    assert "broke off 5 times at byte 90" in ran.err


def test_a_whole_body_without_its_length_is_read(s3: ScriptedS3) -> None:
    s3.answer = lambda request: replace(s3.usual(request), cut=1 << 20) if request.key else None
    ran = run(s3, *SCAN)
    assert (ran.code, ran.out, ran.err) == (0, b"3\n", "")


RAW = {
    b"E_INVALID bad protocol\x1b[2J\n": "does not speak HTTP",
    b"SSH-2.0-OpenSSH_9.6\r\n": "does not speak HTTP",
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n": "does not speak HTTP",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": "does not speak HTTP",
    b"": "closes the connection without an answer",
}


@pytest.mark.parametrize("answer", RAW)
def test_an_endpoint_that_does_not_speak_http(s3: ScriptedS3, answer: bytes) -> None:
    """Such as nsqd's TCP port, or ssh's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    client.recv(10_000)
                    client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://user:secret@127.0.0.1:{listener.getsockname()[1]}"
        ran = hourscope("ls", "s3://b/", "--endpoint-url", url, env=s3.env)
        assert ran.code == 2
        assert (
            f"s3://b cannot be listed: {url.replace('user:secret@', '')} {RAW[answer]}; check the port" in ran.sentence
        )


def test_tls_to_a_server_without_tls(s3: ScriptedS3) -> None:
    url = s3.endpoint_url.replace("http", "https")
    ran = hourscope("ls", "s3://b/", "--endpoint-url", url, env=s3.env)
    assert f"s3://b cannot be listed: {url} does not speak TLS; check the port" in ran.sentence


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9", "localhost", "ftp://x", "http://", "http://a b", "http://127.0.0.1:99999", "http://[::1:1"]
)
def test_what_is_not_an_endpoint(s3: ScriptedS3, url: str) -> None:
    for words, env in ((("--endpoint-url", url), {}), ((), {"AWS_ENDPOINT_URL": url})):
        ran = hourscope("ls", "s3://b/", *words, env={**s3.env, **env})
        assert ran.code == 2
        assert ran.sentence.endswith(f"'{url}' is not an endpoint; write --endpoint-url as http://HOST:PORT")


@pytest.mark.parametrize("name", ["b%20c", "b?x", "ü", "b:c", "arn:aws:s3:::b"])
def test_what_is_not_a_buckets_name(s3: ScriptedS3, name: str) -> None:
    sentence = run(s3, "ls", f"s3://{name}/").sentence
    assert f"s3://{name} cannot be listed: invalid bucket name; use 3 to 63 lowercase letters" in sentence
