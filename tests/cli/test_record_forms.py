"""However the records of a chunk are told apart, every command reads the same ones, and nothing of what is between."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.answers import RECORDS, ask, assert_read, count, lines, put
from tests.support.command import hourscope

BOM = b"\xef\xbb\xbf"
PLAIN = [b'{"i":%d,"pad":"%d"}' % (i, i * 7919) for i in range(300)]  # without brackets in strings
ARRAYS = [b'[%d,"][",{"a":[]}]' % i for i in range(300)]


def by_turns(records: Sequence[bytes], *ends: bytes) -> bytes:
    """Records that end in different ways."""
    return b"".join(record + ends[number % len(ends)] for number, record in enumerate(records))


def in_members(text: bytes, size: int) -> bytes:
    """A text cut anywhere into gzip members."""
    return b"".join(gzip.compress(text[at : at + size]) for at in range(0, len(text), size))


def document(records: Sequence[bytes], begin: bytes = b'{"Records":[', end: bytes = b"]}") -> bytes:
    return begin + b",".join(records) + end


LINES = {
    "LF": lines(RECORDS),
    "no last newline": lines(RECORDS)[:-1],
    "CRLF": by_turns(RECORDS, b"\r\n"),
    "CRLF only in the middle": lines(RECORDS[:100]) + by_turns(RECORDS[100:200], b"\r\n") + lines(RECORDS[200:]),
    "CRLF and LF by turns": by_turns(RECORDS, b"\r\n", b"\n"),
    "CRLF without the last LF": by_turns(RECORDS, b"\r\n")[:-1],
    "a BOM": BOM + lines(RECORDS),
    "a BOM and CRLF": BOM + by_turns(RECORDS, b"\r\n"),
    "a BOM in the middle, as joined files have it": lines(RECORDS[:9]) + BOM + lines(RECORDS[9:]),
    "broken UTF-8 in strings": lines([*RECORDS, b'{"i":1,"s":"\xff}{\xfe"}']),
    "NULs in a string": lines([*RECORDS, b'{"i":1,"s":"a\\u0000b"}']),
    "a lone surrogate": lines([*RECORDS, b'{"i":1,"s":"\\ud800"}']),
}


@pytest.mark.parametrize("form", LINES)
def test_lines(form: str, tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(LINES[form]))
    records = LINES[form].replace(b"\r", b"").replace(BOM, b"").removesuffix(b"\n").split(b"\n")
    answers = ask(tmp_path / "a")
    assert answers.records == records
    assert answers.codes == (0, 0, 0, 0)
    assert count(tmp_path / "a") == (len(records), 0, "")


SEQUENCES = {
    "one per line": b"".join(b"\x1e%s\n" % record for record in RECORDS),
    "without newlines": b"".join(b"\x1e%s" % record for record in RECORDS),
    "with CRLF and spaces": b"".join(b"\x1e %s\r\n" % record for record in RECORDS),
    "over several lines": b"".join(b"\x1e%s\n" % record.replace(b"{", b"{\n", 1) for record in RECORDS),
}


@pytest.mark.parametrize(
    ("form", "suffix"), zip(SEQUENCES, ("log", "log.gz", "log", "log.gz"), strict=True), ids=list(SEQUENCES)
)
def test_a_json_text_sequence(form: str, suffix: str, tmp_path: Path) -> None:
    """RFC 7464: each record behind a mark, 0x1E."""
    put(tmp_path / "a", gzip.compress(SEQUENCES[form]) if suffix == "log.gz" else SEQUENCES[form], suffix)
    answers = ask(tmp_path / "a")
    assert [record.strip() for record in answers.records] == RECORDS
    assert answers.codes == (0, 0, 0, 0)
    assert count(tmp_path / "a") == (len(RECORDS), 0, "")


def test_a_bom_in_every_gzip_member(tmp_path: Path) -> None:
    put(tmp_path / "a", b"".join(gzip.compress(BOM + lines(RECORDS[at : at + 100])) for at in (0, 100, 200)))
    assert_read(tmp_path / "a", RECORDS)


def test_gzip_members_that_lack_their_last_newline(tmp_path: Path) -> None:
    put(tmp_path / "a", b"".join(gzip.compress(lines(RECORDS[at : at + 10])[:-1]) for at in range(0, 300, 10)))
    answers = ask(tmp_path / "a")
    assert answers.records == RECORDS
    assert answers.codes == (0, 0, 0, 0)
    assert answers.warnings == ["29 records shared a line with another record; the lines were split"]


BLANK = {
    "empty lines": (by_turns(RECORDS, b"\n\n\n"), 600),
    "empty lines with CRLF": (by_turns(RECORDS, b"\r\n\r\n"), 300),
    "lines of spaces and tabs": (by_turns(RECORDS, b"\n  \n", b"\n\t\n", b"\n \t \r\n"), 300),
    "the first lines": (b"\n\r\n \n" + lines(RECORDS), 3),
    "the last line, without a newline": (lines(RECORDS) + b"\t ", 1),
    "one in the middle": (lines(RECORDS[:150]) + b"\n" + lines(RECORDS[150:]), 1),
}


@pytest.mark.parametrize("kind", BLANK)
def test_blank_lines_are_counted_separately(kind: str, tmp_path: Path) -> None:
    text, blank = BLANK[kind]
    put(tmp_path / "a", gzip.compress(text))
    answers = assert_read(tmp_path / "a", RECORDS)
    assert answers.summary["blank"] == answers.report["blank"] == blank
    assert answers.summary["not_json"] == 0


def test_a_chunk_of_blank_lines_has_no_records(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(b"\n \n\r\n"))
    answers = ask(tmp_path / "a")
    assert answers.records == []
    assert answers.codes == (1, 1, 0, 1)
    assert answers.summary["blank"] == 3


BY_TURNS = [value for pair in zip(ARRAYS, RECORDS, strict=True) for value in pair]
SURROGATES = [b'{"i":%d,"s":"\\ud800}{"}' % i for i in range(300)]
LONG = b'{"i":1,"s":"%s}{"}' % (b"y" * 300_000)
CONCATENATED = {
    "nothing between": (by_turns(RECORDS, b""), RECORDS),
    "spaces, tabs and newlines between": (by_turns(PLAIN, b"\t", b"\n", b" ", b"", b"\r\n", b"\n\n"), PLAIN),
    "tabs between": (by_turns(RECORDS, b"\t"), RECORDS),
    "only CR between": (by_turns(RECORDS, b"\r"), RECORDS),
    "arrays": (b"".join(ARRAYS), ARRAYS),
    "arrays and objects by turns": (b"".join(BY_TURNS), BY_TURNS),
    "lone surrogates": (b"".join(SURROGATES), SURROGATES),
    "a first value of 300 kB": (b"".join([LONG, *RECORDS]), [LONG, *RECORDS]),
    "more than one block": (b"".join(RECORDS) * 40, RECORDS * 40),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONCATENATED)
def test_concatenated_values(kind: str, tmp_path: Path) -> None:
    text, records = CONCATENATED[kind]
    put(tmp_path / "a", gzip.compress(text), "gz")
    answers = ask(tmp_path / "a")
    assert answers.records == records
    assert answers.summary["damaged"] == answers.report["damaged"] == []
    assert answers.summary["not_json"] == answers.report["not_json"] == 0
    assert set(answers.codes) <= {0, 1}  # verify: the same record again
    objects = sum(record.startswith(b"{") for record in records)
    assert count(tmp_path / "a")[0] == objects


def test_one_gzip_member_per_concatenated_value(tmp_path: Path) -> None:
    put(tmp_path / "a", b"".join(map(gzip.compress, RECORDS)), "gz")
    assert_read(tmp_path / "a", RECORDS)


def test_concatenated_values_cut_anywhere_into_gzip_members(tmp_path: Path) -> None:
    put(tmp_path / "a", in_members(b"".join(RECORDS), 977), "gz")
    assert_read(tmp_path / "a", RECORDS)


@pytest.mark.parametrize("between", [b"", b" ", b"\t"])
def test_a_line_of_several_values_is_split(between: bytes, tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(by_turns(PLAIN, b"\n", between, b"\n")))
    answers = ask(tmp_path / "a")
    assert answers.records == PLAIN
    assert answers.codes == (0, 0, 0, 0)
    assert answers.warnings == ["100 records shared a line with another record; the lines were split"]


def test_a_form_that_changes_within_a_chunk_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(lines(PLAIN[:200]) + b"".join(PLAIN[200:])))
    answers = ask(tmp_path / "a")
    assert answers.records == PLAIN
    assert "99 records shared a line" in answers.warnings[0]


def test_values_with_a_space_between_are_split_wherever_they_begin(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(lines(PLAIN) * 60 + b" ".join(PLAIN)))
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (300 * 61, 0)
    assert "300 records shared a line with another record" in err or "records shared a line" in err


def test_chunks_of_different_forms_are_reported(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(lines(PLAIN)))
    (tmp_path / "e.2015-01-30_01.log.gz").write_bytes(gzip.compress(b"".join(PLAIN)))
    total, code, err = count(tmp_path)
    assert (total, code) == (600, 0)
    assert "the chunks differ in how their records are separated" in err


BIG = [b'{"i":%d,"p":"%s"}' % (i, b"}{x" * 300) for i in range(3000)]
DOCUMENTS = {
    "Records": (document(RECORDS), RECORDS),
    "Records after other keys": (document(RECORDS, b'{"owner":"x","n":{"a":[1]},"Records":['), RECORDS),
    "Records before other keys": (document(RECORDS, end=b'],"next":null,"l":[{"a":1}]}'), RECORDS),
    "Records after 300 kB": (document(BIG, b'{"h":"%s","Records":[' % (b"y" * 300_000)), BIG),
    "records in lower case": (document(RECORDS, b'{"records":['), RECORDS),
    "logEvents": (document(RECORDS, b'{"messageType":"DATA","filters":["f"],"logEvents":['), RECORDS),
    "the only list of a document": (document(RECORDS, b'{"anything":['), RECORDS),
    "a top-level array": (document(RECORDS, b"[", b"]"), RECORDS),
    "an array of lines": (b"[\n" + b",\n".join(RECORDS) + b"\n]\n", RECORDS),
    "an array of lines without its brackets": (b",\n".join([*RECORDS, b""]), RECORDS),
    "an array behind a BOM": (BOM + document(RECORDS, b"[", b"]"), RECORDS),
    "one line of 300 kB": (document(BIG[:300]), BIG[:300]),
    "one line of 2.7 MB": (document(BIG), BIG),
    "two documents without a newline": (document(RECORDS[:150]) + document(RECORDS[150:]), RECORDS),
    "two documents of 1 MB": (document(BIG[:1500]) + document(BIG[1500:]), BIG),
    "one element": (document(RECORDS[:1]), RECORDS[:1]),
}  # fmt: skip


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_elements_of_a_document_are_the_records(kind: str, tmp_path: Path) -> None:
    text, records = DOCUMENTS[kind]
    put(tmp_path / "a", gzip.compress(text), "json.gz")
    assert_read(tmp_path / "a", records)


def test_the_document_of_a_gzip_member_each(tmp_path: Path) -> None:
    """Such as CloudTrail's files, joined."""
    parts = [gzip.compress(document(RECORDS[at : at + 100])) for at in (0, 100, 200)]
    put(tmp_path / "a", b"".join(parts), "json.gz")
    assert_read(tmp_path / "a", RECORDS)


PRETTY = {
    "Records": {"Records": list(map(json.loads, RECORDS))},
    "a top-level array": list(map(json.loads, RECORDS)),
    "9 MB": {"version": 1, "Records": list(map(json.loads, BIG)) * 3},
}


@pytest.mark.parametrize("kind", PRETTY)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_pretty_printed_documents(kind: str, newline: bytes, tmp_path: Path) -> None:
    """A record is its slice of the document without the line ends between tokens."""
    text = json.dumps(PRETTY[kind], indent=2).encode()
    put(tmp_path / "a", gzip.compress(text.replace(b"\n", newline), 1), "json.gz")
    records = PRETTY[kind]
    answers = ask(tmp_path / "a")
    assert list(map(json.loads, answers.records)) == (records["Records"] if isinstance(records, dict) else records)
    assert answers.summary["damaged"] == answers.warnings == []
    assert not any(b"\r" in record for record in answers.records)


def test_pretty_printed_values(tmp_path: Path) -> None:
    text = b"\n".join(json.dumps(json.loads(record), indent="\t").encode() for record in RECORDS)
    put(tmp_path / "a", gzip.compress(text), "json.gz")
    answers = ask(tmp_path / "a")
    assert list(map(json.loads, answers.records)) == list(map(json.loads, RECORDS))
    assert answers.codes == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "text", [b'{"Records":[]}', b"[]", b"[\n]\n", b'{"v":1,"Records":[ ]}', b'{\n "Records": [\n ]\n}']
)
def test_an_empty_list_holds_no_record(text: bytes, tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(text), "json.gz")
    answers = ask(tmp_path / "a")
    assert answers.records == []
    assert answers.codes == (1, 1, 0, 1)
    assert count(tmp_path / "a") == (0, 1, "")


def test_a_document_per_line_is_a_record_unless_records_says_otherwise(tmp_path: Path) -> None:
    documents = [document(RECORDS[at : at + 3]) for at in range(0, 300, 3)]
    put(tmp_path / "a", gzip.compress(lines(documents)), "json.gz")
    assert ask(tmp_path / "a").records == documents
    assert_read(tmp_path / "a", RECORDS, "--records", "Records")


def test_records_of_a_nested_path(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(document(RECORDS, b'{"b":[{}],"a":{"x":[],"b":[', b'],"c":[{}]}}')), "json.gz")
    assert_read(tmp_path / "a", RECORDS, "--records", "a.b")
    assert_read(tmp_path / "a", RECORDS, "--records", "a.b[*]")


def test_records_dot_is_the_document_itself(tmp_path: Path) -> None:
    whole = document(RECORDS, b'{"i":1,"Records":[')
    put(tmp_path / "a", gzip.compress(whole), "json.gz")
    assert_read(tmp_path / "a", [whole], "--records", ".")


def test_a_path_without_a_list_is_reported(tmp_path: Path) -> None:
    whole = document(RECORDS)
    put(tmp_path / "a", gzip.compress(whole), "json.gz")
    answers = ask(tmp_path / "a", "--records", "Recrods")
    assert answers.records == [whole]
    assert answers.codes == (2, 2, 2, 2)
    assert "1 document without a list at Recrods[*]" in answers.summary["damaged"][0]["reason"]


def test_a_long_record_before_lines_is_one_record(tmp_path: Path) -> None:
    long = b'{"i":-1,"s":"%s","l":[{"a":1},{"a":2}]}' % (b"y" * 300_000)
    put(tmp_path / "a", gzip.compress(lines([long, *RECORDS])))
    answers = ask(tmp_path / "a")
    assert answers.records == [long, *RECORDS]
    assert answers.codes == (0, 0, 0, 0)


def test_text_is_reported_as_not_json_where_a_term_needs_json(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(b"1 error\n\tat main\n2 ok\n"))
    answers = ask(tmp_path / "a")
    assert answers.records == [b"1 error", b"\tat main", b"2 ok"]
    assert answers.codes == (0, 0, 2, 0)
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (0, 2)
    assert "3 records are not JSON (text)" in err


def test_some_text_between_json_is_a_warning_where_others_match(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(lines(RECORDS[:9]) + b"plain text\n{broken\n" + lines(RECORDS[9:])))
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (300, 0)
    assert "2 records are not JSON (text, 1 broken JSON)" in err
    assert hourscope("scan", tmp_path / "a", "-m", "i == `-1`").code == 2
    assert hourscope("scan", tmp_path / "a", "-g", "no such text").code == 1  # all was understood, as text


@pytest.mark.parametrize("line", [b"{'i': %d, 's': 'error'}", b'{i: %d, s: "error"}', b'{"i": %d, "s": NaN}'])
@pytest.mark.parametrize("expression", ["i == `5`", "s == 'error'", "nosuch == 'x'", "s == 'error' || i > `3`"])
def test_objects_in_another_notation_are_reported_whatever_is_looked_for(
    line: bytes, expression: str, tmp_path: Path
) -> None:
    put(tmp_path / "a", gzip.compress(lines([line % number for number in range(30)])))
    ran = hourscope("scan", tmp_path / "a", "-m", expression, "--count")
    assert (ran.code, ran.out) == (2, b"0\n")
    assert "30 records are not JSON (broken JSON)" in ran.err


@pytest.mark.parametrize("record", [b"[NaN]", b'{"i": NaN}', b'{"i": [1, -Infinity]}', b'{"i": 1e5}', b'"\\ud800"'])
@pytest.mark.parametrize("form", [lines, b" ".join], ids=["lines", "concatenated"])
def test_verify_takes_for_json_what_a_filter_does(
    record: bytes, form: Callable[[Sequence[bytes]], bytes], tmp_path: Path
) -> None:
    put(tmp_path / "a", gzip.compress(form([*RECORDS[:9], record, *RECORDS[9:]])))
    verified = json.loads(hourscope("verify", tmp_path / "a", "--json").out)
    searched = json.loads(
        hourscope("scan", tmp_path / "a", "-m", "type(@) == 'x'", "--count", "--json").out.splitlines()[-1]
    )
    assert verified["not_json"] == searched["not_json"] == (b"NaN" in record or b"Inf" in record)
    assert verified["records"] == searched["records"]
