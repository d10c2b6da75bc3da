"""Records on disk and what is worked out about them: judgements, lines around matches, marks, columns, clipboards."""

from __future__ import annotations

import base64
import gzip
import json
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import Opened, add_term, preview, shown, until, until_shown
from tui.app.preview.marks import Marks
from tui.app.preview.panes import read_columns
from tui.app.preview.rows import Around
from tui.app.records.columns import cells
from tui.app.records.lines import RecordLines
from tui.app.records.matching import match_records
from tui.app.records.store import FewRecords, HourRecords, Places, RecordsGone
from tui.app.records.table import choose, chosen, shared
from tui.app.terminal.clipboard import gathered, osc52, passed_on
from tui.app.widgets.theme import DARK, PALETTES
from tui.archive import Block, Chunk
from tui.errors import FilterError, OutputError
from tui.filter import parse_filter

_HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)
LINES = st.lists(
    st.sampled_from([b"", b"a", b'{"n": 1}', b"needle", b"a needle b", b"x" * 300]), min_size=1, max_size=30
)


def chunk(key: str) -> Chunk:
    return Chunk(key, _HOUR, 1, "e", _HOUR)


def filled(*chunks: list[bytes], last_newline: bool = True) -> HourRecords:
    """Each chunk's lines, in blocks of two."""
    records = HourRecords()
    for at, lines in enumerate(chunks):
        records.begin(chunk(f"c{at}"))
        for start in range(0, len(lines), 2):
            data = b"\n".join(lines[start : start + 2]) + (b"\n" if last_newline or start + 2 < len(lines) else b"")
            if data:
                records.append(Block(bytearray(data), len(data), 0))
    return records


@given(LINES, LINES)
def test_records_come_back_as_they_were_put(one: list[bytes], two: list[bytes]) -> None:
    records = filled(one, [], two)
    assert list(records) == one + two and records[-1] == two[-1] and records[1:3] == (one + two)[1:3]
    assert [records.head(at, 3) for at in range(len(one))] == [line[:3] for line in one]
    assert records.parts() == [(chunk("c0"), range(len(one))), (chunk("c2"), range(len(one), len(one) + len(two)))]
    assert records.place(len(one)) == 0
    assert records.place(len(records) - 1) == sum(len(line) + 1 for line in two[:-1])


def test_a_last_line_without_newline_is_a_record_like_others() -> None:
    assert list(filled([b"a", b"b", b"c"], last_newline=False)) == [b"a", b"b", b"c"]


def test_records_that_were_thrown_away_are_not_read_as_something_else() -> None:
    records = filled([b"a", b"b"])
    records.discard()
    with pytest.raises(RecordsGone):
        records[0]
    assert records.size == 4


def test_where_the_cache_cannot_be_used_they_are_with_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    bad = tmp_path / "file" / "preview"
    assert len(HourRecords(bad)) == 0
    monkeypatch.setattr("tempfile.tempdir", str(bad))
    with pytest.raises(OutputError, match="previews cannot be kept: Not a directory"):
        HourRecords(bad)


@given(LINES, st.booleans(), st.integers(0, 30))
def test_a_judge_finds_what_the_filter_keeps(lines: list[bytes], invert: bool, start: int) -> None:
    filter_, records = parse_filter(grep=["needle"], invert=invert), filled(lines)
    start = min(start, len(lines) - 1)
    parts = [part for part in match_records(filter_, records, start) if part is not None]
    expected = [at for at in range(start, len(lines)) if filter_.matches(lines[at])]
    assert [number for part in parts for number in part.hits] == expected
    assert parts[0].start == start and parts[-1].end == len(lines) and parts[-1].last


def test_records_that_come_while_others_are_matched_are_matched_as_well() -> None:
    large = b"a" * (1 << 18)  # one fills a slice
    records = filled([large, large])
    matching = match_records(parse_filter(grep=["a"]), records)
    next(matching)
    records.append(Block(bytearray(b"a\nb\na\n"), 6, 0))
    assert [number for part in matching if part for number in part.hits][-1] == 4


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.sets(st.integers(0, 59), max_size=20),
    st.sampled_from([1, 3, 10]),
    st.integers(1, 7),
)
def test_lines_around_are_each_shown_once_and_stay_in_their_chunk(
    sizes: list[int], matches: set[int], lines: int, step: int
) -> None:
    """Records and matches that arrive bit by bit give the same as a naive computation over all of them."""
    chunks: list[range] = []
    for size in sizes:
        start = chunks[-1].stop if chunks else 0
        chunks.append(range(start, start + size))
    total, known = sum(sizes), 0
    hits = sorted(number for number in matches if number < total)

    def bounds(number: int) -> range:
        whole = next(chunk for chunk in chunks if number in chunk)
        return range(whole.start, min(whole.stop, known))

    around = Around(lines, bounds)
    while known < total:
        known = min(known + step, total)
        around.extend([hit for hit in hits if hit < known], 2)
    while around.used < len(hits):
        around.extend(hits, 2)
    near = {n for hit in hits for n in range(hit - lines, hit + lines + 1) if n in bounds(hit)}
    assert list(around.rows) == sorted(near)


@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 40))), max_size=8))
def test_marks_are_a_set(steps: list[tuple[bool, set[int]]]) -> None:
    marks, expected = Marks(), set[int]()
    for together, numbers in steps:
        if together:
            marks.add(bytearray(number in numbers for number in range(41)))
            expected |= numbers
        else:
            _ = marks.rows  # from here on it is kept up to date
            for number in numbers:
                marks.toggle(number)
            expected ^= numbers
        assert list(marks.rows) == sorted(expected) and len(marks) == len(expected)
        assert all((number in marks) is (number in expected) for number in range(50))
    marks.clear()
    assert not marks and not marks.rows


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ("", ()),
        ("a", ("a",)),
        (" a , b.c,a ", ("a", "b.c")),
        ('length(tags), sum([a, b]), "x,y"', ("length(tags)", "sum([a, b])", '"x,y"')),
        ("tags[?@ == 'a,b'] | [0], `[1,2]`", ("tags[?@ == 'a,b'] | [0]", "`[1,2]`")),
    ],
)
def test_columns_are_separated_by_commas_outside_brackets_and_quotes(texts: str, names: tuple[str, ...]) -> None:
    assert read_columns(texts) == names


def test_an_invalid_column_is_an_error() -> None:
    with pytest.raises(FilterError):
        read_columns("a, b[")


def test_a_column_has_the_plain_names_of_its_path_in_as_many_cells_as_they_need() -> None:
    records = [
        b'{"\xe6\x99\x82\xe5\x88\xbb": %d, "odd key": {"city": "%s"}, "\xf0\x9f\x94\x91": "%s"}'
        % (n, b"x" * n, "山田".encode() * n)
        for n in range(1, 7)
    ]
    titles = {column.text: (column.title.strip(), column.width) for column in choose(records, 120)}
    assert titles == {'"時刻"': ("時刻", 4), '"odd key".city': ("city", 5), '"🔑"': ("🔑", 20)}


def test_chosen_columns_take_any_jmespath_and_keep_their_order() -> None:
    records = [
        b'{"ts": "2015-01-20T13:00:0%d.25Z", "tags": ["a", "b"], "n": %d, "v": {"x": null}, "s": "text"}' % (n, n * 10)
        for n in range(3)
    ]
    columns = chosen(("n", "length(tags)", "tags[1]", "v.x", "v.none", "ts", "s"), records, 90)
    assert cells(records[1], columns) is not None
    texts = [text.strip() for text, _ in cells(records[1], columns) or ()]
    assert texts == ["10", "2", "b", "–", "", "13:00:01.25", "text"]
    assert columns[0].number and columns[0].title == "    n" and columns[-1].width > 15  # the last takes what is left
    assert cells(b'{"n": "five", "tags": 5}', columns) is not None  # of another shape: no error


def test_columns_by_themselves_use_the_room_there_is() -> None:
    records = [b'{"a": %d, "text": "%s"}' % (n, b"word " * 12) for n in range(3)]
    records += [b'{"a": 7, "text": "other"}']
    assert [column.width for column in choose(records, 200)] == [4, 60]
    assert [column.width for column in choose(records, 40)] == [4, 32]


def test_what_reaches_a_clipboard_through_tmux_and_screen() -> None:
    plain = osc52("tëxt")
    assert plain == "\x1b]52;c;" + base64.b64encode("tëxt".encode()).decode() + "\a"
    assert passed_on("tëxt", {}) == ""
    assert passed_on("tëxt", {"TMUX": "/tmp/x"}) == "\x1bPtmux;\x1b" + plain + "\x1b\\"
    pieces = passed_on("y" * 2_000, {"STY": "1.x"}).split("\x1b\\")[:-1]
    assert all(piece.startswith("\x1bP") and len(piece) <= 514 for piece in pieces)
    assert "".join(piece.removeprefix("\x1bP") for piece in pieces) == osc52("y" * 2_000)


def test_no_more_is_gathered_than_a_clipboard_takes() -> None:
    assert gathered([b"a", b"\xff"]) == "a\n\ufffd\n"
    endless = (b"x" * 1_000 for _ in iter(int, 1))
    assert gathered(endless) is None


def sample(count: int, **fields: Callable[[int], object]) -> list[bytes]:
    return [json.dumps({name: value(n) for name, value in fields.items()}).encode() for n in range(count)]


@pytest.mark.parametrize("count", [20, 200])
def test_the_most_informative_columns_come_first_and_unique_ids_last(count: int) -> None:
    records = sample(
        count,
        id=lambda n: f"{n * 7919:032x}",
        ts=lambda n: f"2015-01-20T13:00:{n % 60:02}Z",
        session=lambda n: f"s-{n // 2 * 104729:012x}",
        event=lambda n: "error",
        offset=lambda n: 1000 + n,
        latency=lambda n: n * 7919 % 1009,
        text=lambda n: f"request {n} timed out",
        error=lambda n: {"code": (5003, 1001)[n % 2], "message": ("expired", "no route", "reset")[n % 3]},
    )
    texts = [column.text for column in choose(records, 200)]
    assert texts == ["ts", "error.code", "error.message", "latency", "text", "offset", "id", "session"]
    assert [column.text for column in choose(records, 45)] == ["ts", "error.code", "error.message", "latency"]


def test_what_repeats_and_what_is_rare_is_known_of_each_column() -> None:
    records = sample(100, code=lambda n: 5003 if n != 40 else 1001, kind=lambda n: "ab"[n % 2], n=lambda n: n * 7 % 101)
    columns = choose(records, 80)
    assert [column.text for column in columns] == ["code", "kind", "n"]
    assert [tone for _, tone in cells(records[0], columns) or ()] == ["common", "plain", "plain"]
    assert [tone for _, tone in cells(records[40], columns) or ()] == ["rare", "plain", "plain"]
    assert [tone for _, tone in cells(b'{"code": 7, "kind": "c"}', columns) or ()] == ["rare", "rare", "plain"]


def test_what_all_records_share_is_shown_once_and_exactly() -> None:
    records = sample(9, event=lambda n: "play", n=lambda n: n, v=lambda n: {"x": 1}, one=lambda n: 1 if n else True)
    assert shared(records) == (("event", "play"), ("v.x", "1"))
    assert shared([*records, b"not json"]) == () and shared([b'{"x": 1}']) == () and shared([]) == ()
    assert shared([*records, b'{"event": "play"}']) == (("event", "play"),)


async def test_columns_are_those_of_the_records_in_sight(opened: Opened, tmp_path: Path) -> None:
    """A field that few records have is a column once the filter leaves only these."""
    errors = {n: {"error": {"code": 5000 + n % 3}} for n in range(0, 300, 20)}
    lines = [{"event": "error" if n in errors else "play", "n": n} | errors.get(n, {}) for n in range(300)]
    path = tmp_path / "events.2015-01-20_13.log.gz"
    path.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        assert page.titles(pilot) == ["event", "n"]
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "all 15  event error")
        assert page.titles(pilot) == ["code", "n"]
        await pilot.press("1")
        await until_shown(pilot, "300 previewed")
        await until(pilot, lambda: page.titles(pilot) == ["event", "n"] and "all 15" not in shown(pilot))


def test_the_fields_of_the_filter_are_the_first_columns() -> None:
    records = sample(
        60, kind=lambda n: "ab"[n % 2], deep=lambda n: {"a": {"b": {"n": n * 7 % 31}}}, id=lambda n: f"{n:09}x"
    )
    assert [column.text for column in choose(records, 200)] == ["kind", "deep.a.b.n", "id"]
    filter_ = parse_filter(match=["starts_with(id, '0') && deep.a.b.n > `3`"], grep=["kind"])
    assert [column.text for column in choose(records, 200, filter_)] == ["deep.a.b.n", "id", "kind"]
    assert [column.text for column in choose(records, 6, filter_)] == ["deep.a.b.n"]


def test_numbers_far_from_all_others_are_findings_but_counters_are_not() -> None:
    records = sample(
        100, ms=lambda n: 4000.5 if n == 40 else 30 + n * 7 % 23, seq=lambda n: n * n, same=lambda n: n == 40
    )
    columns = choose(records, 80)
    far = {column.text: tone for column, (_, tone) in zip(columns, cells(records[40], columns) or (), strict=True)}
    assert far == {"same": "rare", "ms": "rare", "seq": "plain"}
    assert [tone for _, tone in cells(records[41], columns) or ()] == ["common", "plain", "plain"]


def test_levels_are_intensities_and_other_words_are_not() -> None:
    names = ("DEBUG", "info", "Warning", "error", "FATAL")
    records = sample(50, severity=lambda n: names[n % 5], event=lambda n: ("error", "play")[n % 2])
    columns = choose(records, 80)
    tones = [dict(zip(("event", "severity"), cells(record, columns) or (), strict=True)) for record in records[:5]]
    assert [tone["severity"][1] for tone in tones] == ["common", "plain", "warning", "error", "fatal"]
    assert tones[0]["event"] == ("error", "plain")  # an event, and no level


async def test_errors_have_a_sign_where_records_have_levels(opened: Opened, tmp_path: Path) -> None:
    lines = [{"level": ("info", "error", "fatal")[n % 3], "n": n} for n in range(9)]
    path = tmp_path / "events.2015-01-20_13.log.gz"
    path.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        assert page.signs(pilot)[:5] == ["▸", "E", "F", " ", "E"]
        await pilot.press("j", "space", "K")
        assert page.signs(pilot)[:5] == [" ", "*", "F", " ", "E"]


@given(st.lists(st.lists(st.integers(0, 3 << 32), max_size=5), max_size=6))
def test_places_of_more_than_4_gib_are_kept_in_half_the_room(steps: list[list[int]]) -> None:
    places, known = Places(), [0]
    for lengths in steps:
        more = [known[-1] + sum(lengths[: number + 1]) for number in range(len(lengths))]
        places.extend(more)
        known += more
    assert list(places) == places[:] == known
    assert places[-1] == known[-1]
    for place in known:
        assert bisect_left(places, place) == bisect_left(known, place)


def test_large_records_are_in_columns_as_well() -> None:
    def large(number: int) -> bytes:
        value = {"n": number, "where": {"host": f"web{number % 2}", "dump": "x" * 200_000}, "items": [number] * 50_000}
        return json.dumps(value).encode()

    records = [large(number) if number % 2 else json.dumps({"n": number}).encode() for number in range(4)]
    columns = chosen(("n", "where.host", "items"), records, 120)
    assert [[text.strip() for text, _ in cells(record, columns) or []] for record in records] == [
        ["0", "", ""],
        ["1", "web1", "[…] 150 kB"],
        ["2", "", ""],
        ["3", "web1", "[…] 150 kB"],
    ]
    assert cells(b'{"n": 1, "dump": "%s"}' % (b"x" * (2 << 20)), columns) is None  # too large to parse while drawing


def test_columns_are_chosen_from_as_many_large_records_as_are_read_quickly() -> None:
    records = FewRecords(json.dumps({"n": number, "dump": "x" * 900_000, "kind": "a"}).encode() for number in range(40))
    lines = RecordLines(records)
    lines.fit(100, range(len(records)))
    assert {column.text for column in lines.columns} == {"n"}
    shared_words = "".join(text for text, _ in lines.shared_pieces(len(records), PALETTES[DARK][1], 100))
    assert shared_words.startswith(" first 10  ") and "kind a" in shared_words
