"""What some servers cannot do, listings that repeat or never end, and credentials that may only GET."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.s3_answers import always, run
from tests.support.scripted_s3 import Answer, Request, ScriptedS3, refused
from tui.archive import open_archive
from tui.archive import s3 as s3_module
from tui.archive.listing import Listing
from tui.archive.s3 import S3Store
from tui.archive.waits import report_waits
from tui.config import S3Options
from tui.errors import ArchiveError, KeyTakenError, OutputError


class TestFeatures:
    """What a server does not take is left out, and reported once."""

    @pytest.fixture
    def warnings(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        lines: list[str] = []
        report_waits(lines.append)
        s3_module.missing_features.cache_clear()
        s3_module.client.cache_clear()
        yield lines
        s3_module.missing_features.cache_clear()
        s3_module.client.cache_clear()

    @pytest.fixture
    def store(self, s3: ScriptedS3) -> S3Store:
        return S3Store("b", S3Options(endpoint_url=s3.endpoint_url))

    @pytest.mark.parametrize("code", ["NotImplemented", "InvalidArgument"])
    def test_restore_status_and_delimiters(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str], code: str
    ) -> None:
        def answer(request: Request) -> Answer | None:
            refuses = "x-amz-optional-object-attributes" in request.headers or "delimiter" in request.query
            return refused(501 if code == "NotImplemented" else 400, code) if refuses else None

        s3.answer = answer
        for _ in range(2):
            level = Listing(store).level("", "_")
            assert level is not None
            assert level.prefixes == ("e.2015-01-20_",)
        assert [line.partition(" does not support ")[2].partition(";")[0] for line in warnings] == [
            "RestoreStatus",
            "the delimiter '_'",
        ]
        assert len(s3.requests) == 5, "the second time nothing is tried that was refused"

    @pytest.mark.parametrize(
        "lacking", [("if-none-match",), ("x-amz-checksum-sha256",), ("if-none-match", "x-amz-checksum")]
    )
    def test_conditions_and_checksums_of_an_upload(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str], tmp_path: Path, lacking: tuple[str, ...]
    ) -> None:
        def answer(request: Request) -> Answer | None:
            sent = [name for name in request.headers if name.startswith(lacking)]
            return refused(501, "NotImplemented") if request.method == "PUT" and sent else None

        s3.answer = answer
        (tmp_path / "file").write_bytes(b"1")
        store.put("new", tmp_path / "file")
        assert s3.objects["new"] == b"1"
        assert len(warnings) == len(lacking)
        if "if-none-match" in lacking:
            with pytest.raises(KeyTakenError):
                store.put("new", tmp_path / "file")
            with pytest.raises(OutputError, match="exists"), store.create("new") as stream:
                stream.write(b"2")
        assert s3.objects["new"] == b"1"

    def test_a_refusal_about_something_else_is_reported_unchanged(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str]
    ) -> None:
        s3.answer = always(refused(400, "InvalidArgument", "the bucket is upside down"))
        with pytest.raises(ArchiveError, match="upside down"):
            list(store.objects())
        assert warnings == []

    def test_no_unrequested_checksum_is_sent(self, s3: ScriptedS3, store: S3Store) -> None:
        with store.create("new") as stream:
            stream.write(b"1")
        (put,) = [request for request in s3.requests if request.method == "PUT"]
        assert [name for name in put.headers if "checksum" in name or "trailer" in name] == []
        assert s3.objects["new"] == b"1"


def glacier(key: str, restore: str) -> bytes:
    return (
        f"<Contents><Key>{key}</Key><LastModified>2015-01-21T10:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag>"
        f"<Size>5</Size><StorageClass>GLACIER</StorageClass>{restore}</Contents>"
    ).encode()


def test_restored_objects_need_no_restore(s3: ScriptedS3) -> None:
    expires = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds").replace("+00:00", "Z")
    running = "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
    done = (
        "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
        f"<RestoreExpiryDate>{expires}</RestoreExpiryDate></RestoreStatus>"
    )
    rows = b"".join(glacier(f"e.2015-01-20_{hour:02}.log", restore) for hour, restore in enumerate(("", running, done)))
    s3.answer = always(
        Answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated>" + rows + b"</ListBucketResult>")
    )
    catalog = open_archive("s3://b/", s3=S3Options(endpoint_url=s3.endpoint_url)).catalog()
    assert [chunk.needs_restore for chunk in catalog.chunks] == [True, True, False]
    assert "x-amz-optional-object-attributes" in s3.requests[0].headers


def page(keys: list[str], token: str) -> Answer:
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2015-01-21T10:00:00.000Z</LastModified><ETag>1</ETag><Size>5</Size>"
        "</Contents>"
        for key in keys
    )
    more = (
        f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    )
    return Answer(200, f"<ListBucketResult>{more}{rows}</ListBucketResult>".encode())


def test_a_key_that_is_listed_twice_is_one(s3: ScriptedS3) -> None:
    pages = {"": page(["e.2015-01-20_00.log", "e.2015-01-20_01.log"], "a"), "a": page(["e.2015-01-20_01.log"], "")}
    s3.answer = lambda request: pages[request.query.get("continuation-token", "")]
    store = S3Store("b", S3Options(endpoint_url=s3.endpoint_url))
    assert [item.key for item in store.objects()] == ["e.2015-01-20_00.log", "e.2015-01-20_01.log"]


@pytest.mark.parametrize("moves", [False, True])
def test_a_listing_that_does_not_advance_ends(s3: ScriptedS3, moves: bool) -> None:
    tokens = itertools.count(1)
    s3.answer = lambda request: page(["e.2015-01-20_00.log"], f"t{next(tokens) if moves else 0}")
    with pytest.raises(ArchiveError, match="the same page again and again"):
        list(S3Store("b", S3Options(endpoint_url=s3.endpoint_url)).objects())
    assert len(s3.requests) < 200


class TestCredentialsThatMayOnlyGet:
    @pytest.fixture(autouse=True)
    def _no_listing(self, s3: ScriptedS3) -> None:
        """S3 says 403, and not 404, of a key that is not there to somebody who may not list."""

        def answer(request: Request) -> Answer | None:
            denied = not request.key or request.key not in s3.objects
            return refused(403, "AccessDenied", "Access Denied") if denied else None

        s3.answer = answer

    def test_they_read_the_key_that_a_layout_spells(self, s3: ScriptedS3) -> None:
        ran = run(s3, "cat", "s3://b/e.%Y-%m-%d_%H.log", "--hour", "2015-01-20T01")
        assert (ran.code, ran.out, ran.err) == (0, b'{"hour":1}\n', "")

    def test_a_range_reports_what_it_could_not_see(self, s3: ScriptedS3) -> None:
        words = ("--from", "2015-01-20", "--to", "2015-01-20T05", "-g", "hour", "--count")
        ran = run(s3, "scan", "s3://b/e.%Y-%m-%d_%H.log", *words)
        assert (ran.code, ran.out) == (0, b"3\n")
        assert "2 hours may have a chunk that these credentials may not read" in ran.sentence

    def test_no_key_at_all_is_a_missing_permission(self, s3: ScriptedS3) -> None:
        for layout, hour in (("e.%Y-%m-%d_%H.log", "2015-01-21T01"), ("{topic}.%Y-%m-%d_%H.log", "2015-01-20T01")):
            ran = run(s3, "cat", f"s3://b/{layout}", "--hour", hour)
            assert (ran.code, ran.out) == (2, b"")
            assert "permission denied (403)" in ran.sentence
