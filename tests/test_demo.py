"""The sample archive: the same for the same seed, believable, and odd in exactly the places that it names."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tui.demo import (
    SampleChunk,
    SampleSpec,
    empty_member_chunk_of,
    gaps_of,
    incident_of,
    odd_hour_of,
    plan_sample,
    restart_hour_of,
    torn_chunk_of,
    write_sample,
)
from tui.demo.members import member
from tui.errors import ConfigError, OutputError

KEY = re.compile(r"events\.(web0[12])-(00000[01])\.(\d{4}-\d\d-\d\d_\d\d)\.log\.gz")
EVENTS = {"session_start", "play", "pause", "seek", "heartbeat", "buffering", "error", "session_end"}
SMALL = SampleSpec(hours=24, records_per_hour=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def chunks(folder: Path) -> list[SampleChunk]:
    return list(write_sample(folder, SampleSpec()))


@pytest.fixture(scope="module")
def records(chunks: list[SampleChunk]) -> dict[datetime, list[dict[str, Any]]]:
    """Every fourth day of the archive, the incident's among them, by hour."""
    by_hour: dict[datetime, list[dict[str, Any]]] = defaultdict(list)
    for chunk in chunks:
        if (chunk.hour - SampleSpec().start).days % 4 == 0:
            by_hour[chunk.hour] += [msgspec.json.decode(line) for line in lines(chunk.path)]
    return by_hour


def members(path: Path) -> Iterator[tuple[bytes, bool]]:
    """(what is decoded, whether it was whole) for every gzip member, as zlib sees it."""
    rest = path.read_bytes()
    while rest:
        inflate = zlib.decompressobj(wbits=31)
        data = inflate.decompress(rest)
        yield data, inflate.eof
        rest = inflate.unused_data


def lines(path: Path) -> list[bytes]:
    return b"".join(data for data, _ in members(path)).splitlines()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    first = list(write_sample(tmp_path / "a", SMALL))
    second = list(write_sample(tmp_path / "b", SMALL, jobs=2))
    assert [chunk.key for chunk in first] == [chunk.key for chunk in second]
    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert one.keys() == other.keys()
    differing = [key for key in one if one[key] != other[key]]
    assert [key for key in differing if lines(tmp_path / "a" / key) != lines(tmp_path / "b" / key)] == []
    assert {key: (one[key].hex(), other[key].hex()) for key in differing} == {}  # the same lines, compressed otherwise
    times = [{path.stat().st_mtime for path in (tmp_path / name).iterdir()} for name in "ab"]
    assert times[0] == times[1]


def test_other_seed_other_bytes(tmp_path: Path) -> None:
    list(write_sample(tmp_path / "a", SMALL))
    list(write_sample(tmp_path / "b", SampleSpec(hours=24, records_per_hour=40, seed=8)))
    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_names_and_counts(folder: Path, chunks: list[SampleChunk]) -> None:
    spec = SampleSpec()
    assert sorted(files(folder)) == sorted(chunk.key for chunk in chunks)
    assert [chunk.key for chunk in chunks] == [plan.key for plan in plan_sample(spec)]
    for chunk in chunks:
        match = KEY.fullmatch(chunk.key)
        assert match and match[3] == f"{chunk.hour:%Y-%m-%d_%H}"
        assert chunk.path == folder / chunk.key
        assert chunk.path.stat().st_size == chunk.bytes_compressed
    assert 30_000_000 > sum(chunk.bytes_compressed for chunk in chunks) > 10_000_000
    assert sum(chunk.records for chunk in chunks) / spec.hours == pytest.approx(1000, rel=0.05)
    assert 350 <= sum(chunk.bytes for chunk in chunks) / sum(chunk.records for chunk in chunks) <= 500


@pytest.mark.parametrize("hours", [*range(24, 60), 168, 336, 840])
def test_gaps_are_the_only_hours_without_a_chunk(hours: int) -> None:
    spec = SampleSpec(hours=hours)
    per_hour = Counter(plan.hour for plan in plan_sample(spec))
    span = [spec.start + timedelta(hours=i) for i in range(hours)]
    assert tuple(hour for hour in span if hour not in per_hour) == gaps_of(spec)
    assert {hour: n for hour, n in per_hour.items() if n != 2} == {restart_hour_of(spec): 3}
    oddities = [*gaps_of(spec), odd_hour_of(spec), restart_hour_of(spec)]
    assert len(set(oddities)) == 4
    assert not any(incident_of(spec).covers(hour) for hour in oddities)
    assert incident_of(spec).stop <= spec.start + timedelta(hours=hours)
    assert sum(plan.torn for plan in plan_sample(spec)) == sum(p.empty_member for p in plan_sample(spec)) == 1


@pytest.mark.usefixtures("chunks")
def test_a_restart_leaves_two_revisions_one_after_the_other(folder: Path) -> None:
    name = f"{restart_hour_of(SampleSpec()):%Y-%m-%d_%H}"
    before = lines(folder / f"events.web02-000000.{name}.log.gz")
    after = lines(folder / f"events.web02-000001.{name}.log.gz")
    assert msgspec.json.decode(before[-1])["epoch_ms"] < msgspec.json.decode(after[0])["epoch_ms"]


@pytest.mark.parametrize("size", [1, 40, 1000, 40_000])
def test_torn_chunk_ends_on_a_line(tmp_path: Path, size: int) -> None:
    spec = SampleSpec(hours=24, records_per_hour=size)
    plan = next(plan for plan in plan_sample(spec) if plan.torn)
    chunk = write_one(tmp_path, spec, torn_chunk_of(spec))
    assert chunk.records < plan.records
    parts = list(members(chunk.path))
    assert [whole for _, whole in parts] == [True] * (len(parts) - 1) + [False]
    decoded = b"".join(data for data, _ in parts)
    assert parts[-1][0].endswith(b"}\n")
    assert decoded.count(b"\n") == chunk.records and len(decoded) == chunk.bytes
    zcat = shutil.which("zcat")
    if zcat is None:
        pytest.skip("zcat is not installed")
    done = subprocess.run([zcat, chunk.path], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"unexpected end of file" in done.stderr
    assert done.stdout == decoded


def write_one(folder: Path, spec: SampleSpec, key: str) -> SampleChunk:
    return next(chunk for chunk in write_sample(folder, spec) if chunk.key == key)


def test_other_chunks_are_whole_and_have_several_members(folder: Path, chunks: list[SampleChunk]) -> None:
    empty = []
    for chunk in chunks:
        if chunk.key == torn_chunk_of(SampleSpec()):
            continue
        parts = list(members(chunk.path))
        assert all(whole for _, whole in parts)
        assert sum(len(data) for data, _ in parts) == chunk.bytes
        assert sum(data.count(b"\n") for data, _ in parts) == chunk.records
        assert len(parts) >= 4
        empty += [chunk.key for data, _ in parts if not data]
    assert empty == [empty_member_chunk_of(SampleSpec())]
    assert len(member(b"")) == 20 and gzip.decompress(member(b"")) == b""


def test_odd_hour_is_about_four_times_as_large(chunks: list[SampleChunk]) -> None:
    odd, sizes = odd_hour_of(SampleSpec()), Counter[datetime]()
    for chunk in chunks:
        sizes[chunk.hour] += chunk.records
    assert 3.5 <= sizes[odd] / sizes[odd - timedelta(days=1)] <= 4.5
    assert sizes[odd] == max(sizes.values())


def test_daily_rhythm(chunks: list[SampleChunk]) -> None:
    sizes = Counter[datetime]()
    for chunk in chunks:
        sizes[chunk.hour] += chunk.records
    assert sizes[datetime(2015, 1, 14, 20, tzinfo=UTC)] > 5 * sizes[datetime(2015, 1, 14, 3, tzinfo=UTC)]
    assert sizes[datetime(2015, 1, 24, 20, tzinfo=UTC)] > 1.2 * sizes[datetime(2015, 1, 21, 20, tzinfo=UTC)]


def test_records_are_in_order_of_time_and_in_their_hour(chunks: list[SampleChunk]) -> None:
    for chunk in chunks[::50]:
        parsed = [msgspec.json.decode(line) for line in lines(chunk.path)]
        times = [record["epoch_ms"] for record in parsed]
        assert times == sorted(times)
        for record in parsed:
            moment = datetime.fromisoformat(record["ts"])
            assert moment.timestamp() * 1000 == pytest.approx(record["epoch_ms"], abs=0.5)
            assert moment.replace(minute=0, second=0, microsecond=0) == chunk.hour


def test_every_kind_of_record_is_valid_json(records: dict[datetime, list[dict[str, Any]]]) -> None:
    everything = [record for hour in records.values() for record in hour]
    assert {record["event"] for record in everything} == EVENTS
    for record in everything:
        assert {"id", "device"} <= record["visitor"].keys()
        assert {"version", "cdn", "position"} <= record["player"].keys()
        assert {"id", "title", "duration"} <= record["video"].keys()
        assert 0 <= record["player"]["position"] <= record["video"]["duration"]
        assert ("error" in record) == (record["event"] == "error")
        if "error" in record:
            assert isinstance(record["error"]["code"], int) and isinstance(record["error"]["fatal"], bool)
    debug = [msgspec.json.decode(record["debug"]) for record in everything if "debug" in record]
    assert 0 < len(debug) < len(everything) / 50 and {note["k"] for note in debug} == {1, 2, 3}
    for part, field in (
        ("visitor", "city"),
        ("player", "buffer_ms"),
        ("player", "bitrate"),
        ("video", "tags"),
    ):
        assert 0 < sum(field not in record[part] for record in everything) < len(everything) / 4
    for part, field in (("visitor", "city"), ("visitor", "device"), ("player", "bitrate")):
        assert any(record[part].get(field, "") is None for record in everything)


def test_unicode_and_hostile_titles(records: dict[datetime, list[dict[str, Any]]], folder: Path) -> None:
    everything = [record for hour in records.values() for record in hour]
    assert {"São Paulo", "Zürich", "東京", "Kraków"} <= {record["visitor"].get("city") for record in everything}
    titles = {record["video"]["title"] for record in everything}
    assert {"Cooking with 🔥", '"Quoted" for Truth', "Café Society"} <= titles
    assert any("\x1b[31m" in title for title in titles) and any("\u202e" in title for title in titles)
    raw = b"".join(lines(folder / empty_member_chunk_of(SampleSpec())))
    assert min(raw) >= 0x20, "JSON spells control bytes as escapes"


def test_a_session_is_a_story(records: dict[datetime, list[dict[str, Any]]]) -> None:
    hour = next(iter(records.values()))
    stories: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for record in hour:
        stories[record["session"]].append((record["seq"], record["event"]))
    assert len(stories) > 10
    for story in stories.values():
        assert [seq for seq, _ in story] == list(range(story[0][0], story[0][0] + len(story)))
        assert all((event == "session_start") == (seq == 0) for seq, event in story)
        assert "session_end" not in [event for _, event in story[:-1]]


def rates(some: Iterator[dict[str, Any]]) -> dict[tuple[str, str], float]:
    """The share of errors for each (version, cdn)."""
    seen, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for record in some:
        pair = record["player"]["version"], record["player"]["cdn"]
        seen[pair] += 1
        failed[pair] += record["event"] == "error"
    return {pair: failed[pair] / seen[pair] for pair in seen}


def test_the_incident_is_found(records: dict[datetime, list[dict[str, Any]]]) -> None:
    incident = incident_of(SampleSpec())
    culprit = incident.version, incident.cdn
    inside = rates(r for hour, in_hour in records.items() if incident.covers(hour) for r in in_hour)
    outside = rates(r for hour, in_hour in records.items() if not incident.covers(hour) for r in in_hour)
    assert len(inside) == len(outside) == 9
    assert inside.pop(culprit) > 0.5
    assert max(inside.values()) < 0.015
    assert all(0.001 < rate < 0.006 for rate in outside.values())
    for hour, in_hour in records.items():
        codes = Counter(record["error"]["code"] for record in in_hour if "error" in record)
        assert (codes[incident.code] > 15) if incident.covers(hour) else incident.code not in codes
    hit = [r for in_hour in records.values() for r in in_hour if r.get("error", {}).get("code") == incident.code]
    assert {(record["player"]["version"], record["player"]["cdn"]) for record in hit} == {culprit}


@pytest.mark.parametrize(
    "change",
    [
        {"hours": 23},
        {"records_per_hour": 0},
        {"hosts": ()},
        {"hosts": ("../x",)},
        {"hosts": ("",)},
        {"start": datetime(2015, 1, 1)},
        {"start": datetime(2015, 1, 1, 0, 30, tzinfo=UTC)},
    ],
)
def test_a_spec_that_makes_no_sense(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a sample archive"):
        SampleSpec(**change)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make the folder"):
        next(write_sample(tmp_path / "file" / "folder", SMALL))


def test_a_chunk_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    first = next(plan_sample(SMALL))
    (tmp_path / first.key).mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        next(write_sample(tmp_path, SMALL))
    assert [path.name for path in tmp_path.iterdir()] == [first.key]
