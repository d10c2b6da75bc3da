"""Several topics of one layout, several layouts in one place, and one archive under several names."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from tui.archive import open_archive
from tui.archive.ranges import Range
from tui.archive.sample import other_layouts
from tui.archive.times import HOUR
from tui.cli import run

Capture = pytest.CaptureFixture[str]


def folder_of(folder: Path, keys: Iterable[str]) -> str:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"n":1}\n')
    return str(folder)


def listed(capsys: Capture, *words: str) -> dict[str, Any]:
    assert run(["ls", *words, "--json"]) == 0
    listing: dict[str, Any] = json.loads(capsys.readouterr().out)
    return listing


def chunks(listing: dict[str, Any]) -> list[dict[str, Any]]:
    return [chunk for hour in listing["hours"] for chunk in hour["chunks"]]


@pytest.fixture
def siblings(tmp_path: Path) -> str:
    """`events` has all hours from 0 to 5, `events-dlq` lacks 2 and 3."""
    keys = [f"events/2015-01-30_{hour:02}.log" for hour in range(6)]
    return folder_of(tmp_path / "a", [*keys, *(f"events-dlq/2015-01-30_{hour:02}.log" for hour in (0, 1, 4, 5))])


def test_ls_groups_by_topic_each_with_its_own_gaps(siblings: str, capsys: Capture) -> None:
    assert run(["ls", siblings]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["events", "events-dlq"]
    assert [line.split()[0] for line in lines if "gap, 2 hours" in line] == ["2015-01-30T02"]
    assert "2 topics (events, events-dlq) are read together" in err
    listing = listed(capsys, siblings)
    assert listing["gaps"] == []
    assert [(topic["topic"], topic["chunks"], topic["gaps"]) for topic in listing["topics"]] == [
        ("events", 6, []),
        ("events-dlq", 4, [{"from": "2015-01-30T02", "to": "2015-01-30T04"}]),
    ]
    assert len(listing["warnings"]) == 1


def test_every_command_reports_that_topics_are_combined(siblings: str, capsys: Capture) -> None:
    for words in (["scan", siblings, "--count"], ["verify", siblings], ["cat", siblings, "--hour", "2015-01-30T01"]):
        run(words)
        assert "2 topics (events, events-dlq) are read together" in capsys.readouterr().err


def test_a_send_accepts_one_topic_and_explains_how(siblings: str, tmp_path: Path, capsys: Capture) -> None:
    out = str(tmp_path / "out.jsonl")
    assert run(["send", siblings, "-o", out]) == 2
    err = capsys.readouterr().err
    assert "holds 2 topics (events, events-dlq)" in err
    advised = shlex.split(err.partition("add ")[2])
    assert run(["send", siblings, "-o", out, *advised]) == 0
    assert Path(out).read_bytes() == b'{"n":1}\n' * 6


DOTTED = [
    (("web01", "web02"), ("events", "events.dlq")),
    (("alpha", "beta"), ("events", "events.old", "clicks")),
    (("web01.eu", "web02.eu"), ("events", "events.dlq")),
    (("web01.eu.example.com", "web02"), ("events", "events.dlq.old")),
    (("ip-10-0-0-1", "ip-10-0-0-2"), ("shop.orders", "shop.orders.dlq")),
]


@pytest.mark.parametrize(("hosts", "topics"), DOTTED, ids=range(5))
def test_the_layout_of_one_topic_excludes_a_topic_with_the_same_name_up_to_a_dot(
    hosts: tuple[str, ...], topics: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    names = [f"{t}.{h}-000000.2015-01-30_{hour:02}.log" for t in topics for h in hosts for hour in range(4)]
    place = folder_of(tmp_path, names)
    run(["scan", place, "--count"])
    layout = shlex.split(capsys.readouterr().err.partition("add --layout ")[2])[0]
    for topic in topics:
        one = re.sub("topic=[^}]*", f"topic={topic}", layout)
        keys = [chunk["key"] for chunk in chunks(listed(capsys, place, "--layout", one))]
        assert sorted(keys) == sorted(name for name in names if any(name.startswith(f"{topic}.{h}") for h in hosts))


def test_hosts_with_dots_that_a_given_layout_of_one_topic_leaves_out_are_named(tmp_path: Path, capsys: Capture) -> None:
    hosts, layout = ("db.x.example.com", "web02"), "{topic=events}.{host}{rev}.%Y-%m-%d_%H.log"
    place = folder_of(tmp_path, [f"events.{h}.2015-01-30_{hour:02}.log" for h in hosts for hour in range(4)])
    assert run(["scan", place, "--count", "--layout", layout]) == 0
    out, err = capsys.readouterr()
    assert (out, "left out 4 keys whose hosts contain dots, such as events.db.x.example.com" in err) == ("4\n", True)
    advised = shlex.split(err.partition("add ")[2])
    assert run(["scan", place, "--count", *advised]) == 0
    assert capsys.readouterr() == ("8\n", "")
    assert run(["ls", folder_of(tmp_path / "b", ["events.web.eu.2015-01-30_13.log"]), "--layout", layout]) == 2
    assert "such as '{topic=events}.{host=**}{rev}.%Y-%m-%d_%H.log', whose hosts" in capsys.readouterr().err


def test_topics_in_front_of_an_id_of_which_one_begins_as_the_other(tmp_path: Path, capsys: Capture) -> None:
    ids = (f"{uuid5(NAMESPACE_URL, str(number))}.json" for number in count())
    keys = [f"2015/01/30/{hour:02}/{topic}-{next(ids)}" for hour in range(9) for topic in ("events", "events-dlq")]
    place = folder_of(tmp_path, keys)
    for words in (["scan", place, "--count"], ["send", place, "-o", str(tmp_path / "out"), "--dry-run"]):
        assert run(words) == 0
        err = capsys.readouterr().err
        assert "names begin with 'events-dlq', 'events', and are read together; if those are topics" in err
    advised = shlex.split(err.partition("add ")[2])
    assert len(chunks(listed(capsys, place, *advised))) == 9


@pytest.mark.parametrize(
    ("topics", "hosts"),
    [
        (("events", "shop.orders"), ("web01", "db01.eu.example.com")),
        (("events",), ("aa01.x.example.com", "web01", "web02", "web03.y")),
        (("orders", "orders.dlq", "media.play"), ("web01", "web-01.eu", "10-0-0-1", "ip-10-0-0-1.ec2.internal")),
        (("pay", "pay.eu.dlq"), ("node1.lan", "10.0.0.1", "10.0.0.12")),
    ],
)
def test_hosts_of_several_depths_are_one_layout_in_a_large_folder_too(
    topics: tuple[str, ...], hosts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has more pages than one is found by a sample."""
    monkeypatch.setattr("tui.archive.folder._PAGE", 100)
    monkeypatch.setattr("tui.archive.listing._MAX_PREFIXES", 50)
    hours = [f"2015-{n // 240 + 1:02}-{n // 24 % 10 + 1:02}_{n % 24:02}" for n in range(480)]
    names = [f"{topic}.{host}-000000.{hour}.log" for topic in topics for host in hosts for hour in hours]
    archive = open_archive(folder_of(tmp_path, names))
    named = {(chunk.topic, chunk.host) for chunk in archive.catalog().chunks}
    assert named == {(topic, host) for topic in topics for host in hosts}
    assert len(archive.catalog().chunks) == len(names)
    one = archive.topic_option(topics[0], archive.catalog().chunks)
    of_topic = open_archive(str(tmp_path), layout=one).catalog().chunks
    assert [chunk.topic for chunk in of_topic] == [topics[0]] * (len(names) // len(topics))
    start = datetime(2015, 2, 1, tzinfo=UTC)
    assert not other_layouts(archive, archive.walk(), Range(start, start + HOUR), archive.catalog().unmatched)


def test_two_layouts_are_refused_and_either_can_be_chosen(tmp_path: Path, capsys: Capture) -> None:
    keys = [f"e.2015-01-30_{hour:02}.log" for hour in range(10)]
    place = folder_of(tmp_path, [*keys, *(f"old/2014/12/0{day}/13/x.json" for day in range(1, 8))])
    for words in (["ls"], ["scan", "--count"], ["verify"]):
        assert run([words[0], place, *words[1:]]) == 2
        err = capsys.readouterr().err
        layouts = re.findall("'([^']*)'", err)
        assert layouts == ["e.%Y-%m-%d_%H.log", "old/%Y/%m/%d/%H/x.json"] and place in err
    assert [len(chunks(listed(capsys, place, "--layout", layout))) for layout in layouts] == [10, 7]


@pytest.mark.parametrize("hosts", [("web01", "web02"), ("web01.eu.example.com", "db.eu.example.com")])
@pytest.mark.parametrize("topics", [("events", "clicks"), ("shop.orders.paid", "shop.orders.created")])
def test_dots_are_cut_by_what_varies_with_a_given_layout_too(
    tmp_path: Path, topics: tuple[str, ...], hosts: tuple[str, ...], capsys: Capture
) -> None:
    place = folder_of(tmp_path, [f"{t}.{h}-000000.2015-01-30_13.log.gz" for t in topics for h in hosts])
    for words in ([place], [f"{place}/{{topic}}.{{host}}{{rev}}.%Y-%m-%d_%H.log.gz"]):
        by_topic = chunks(listed(capsys, *words))
        assert {(chunk["topic"], chunk["host"]) for chunk in by_topic} == {(t, h) for t in topics for h in hosts}


def test_keys_do_not_depend_on_how_the_archive_was_named(tmp_path: Path, capsys: Capture) -> None:
    folder_of(tmp_path, ["README.md", *(f"logs/v2/2015/01/30/{hour:02}/a.json" for hour in range(24))])
    names = [
        [str(tmp_path)],
        [f"{tmp_path}/logs"],
        [f"{tmp_path}/logs/v2/%Y/%m/%d/%H/*"],
        [str(tmp_path), "--layout", "logs/v2/%Y/%m/%d/%H/*.json"],
    ]
    listings = [listed(capsys, *words) for words in names]
    assert {tuple(chunk["key"] for chunk in chunks(listing)) for listing in listings} == {
        tuple(f"2015/01/30/{hour:02}/a.json" for hour in range(24))
    }
    assert listings[0]["unmatched"] == ["README.md"]


def test_braces_stars_and_percent_signs_of_a_folder(tmp_path: Path, capsys: Capture) -> None:
    folder_of(tmp_path / "%{type}*", [f"2015-01-30_{hour:02}.log" for hour in range(24)])
    assert len(chunks(listed(capsys, f"{tmp_path}/%%{{{{type}}}}{{*}}/%Y-%m-%d_%H.log"))) == 24
    assert len(chunks(listed(capsys, str(tmp_path)))) == 24


def test_a_second_layout_of_very_many_keys_is_found_though_the_range_has_one_of_them(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    hours = [start + number * HOUR for number in range(5000)]
    archive = open_archive(folder_of(tmp_path, [f"events.web1.eu.x.com.{hour:%Y-%m-%d_%H}.log" for hour in hours[:50]]))
    unmatched = [f"events.web2.internal.{hour:%Y-%m-%d_%H}.log" for hour in hours]
    for hour in hours[1000:1008]:
        layouts = other_layouts(archive, archive.walk(), Range.of(hour, hour + HOUR), unmatched)
        assert [layout.parse(unmatched[0]) is not None for layout in layouts] == [True]


def test_names_in_the_hour_of_a_name_that_may_be_topics_are_reported(tmp_path: Path, capsys: Capture) -> None:
    names = [
        f"2015-01-30_{hour:02}.{topic}.{host}.log"
        for topic in ("orders", "media.play")
        for host in ("web01", "10-0-0-1")
        for hour in range(24)
    ]
    (warning,) = listed(capsys, folder_of(tmp_path, names))["warnings"]
    assert "names begin with 'media.play', 'orders', and are read together" in warning
    layout = shlex.split(warning.partition("--layout ")[2])[0]
    assert len(chunks(listed(capsys, str(tmp_path), "--layout", layout))) == 48


# names behind the hour; words that may be topics
BEHIND: dict[str, tuple[list[str], list[str]]] = {
    "a random id": (["orders-{id}.gz", "page-views-{id}.gz"], ["orders", "page-views"]),
    "Firehose's streams": (["clicks-1-{id}", "orders-2-{id}"], ["clicks", "orders"]),
    "one stream": (["orders-1-{id}.gz", "orders-2-{id}.gz"], []),
    "machines": (["web-{id}.gz", "db-{id}.gz"], []),
    "ids alone": (["{id}.gz"], []),
}


@pytest.mark.parametrize("kind", BEHIND)
def test_words_in_front_of_an_id_that_may_be_topics_are_reported(kind: str, tmp_path: Path, capsys: Capture) -> None:
    names, words = BEHIND[kind]
    ids = (f"{uuid5(NAMESPACE_URL, f'{number}')}" for number in count())
    keys = [
        f"2024/05/0{day}/{hour:02}/{name.format(id=next(ids))}"
        for day in (1, 2)
        for hour in range(24)
        for name in names
    ]
    place = folder_of(tmp_path, keys)
    warnings = listed(capsys, place)["warnings"]
    assert bool(warnings) == bool(words)
    for warning in warnings:
        assert ", ".join(f"'{word}'" for word in words) in warning
        layout = shlex.split(warning.partition("--layout ")[2])[0]
        own = [key for key in keys if key.rpartition("/")[2].startswith(words[0])]
        assert sorted(chunk["key"] for chunk in chunks(listed(capsys, place, "--layout", layout))) == own
