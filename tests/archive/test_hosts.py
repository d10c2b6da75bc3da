"""Topics and hosts are told apart by what they look like and by what varies; where either is possible, it is said."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.archive.test_topics import Capture, chunks, folder_of, listed
from tui.archive import open_archive
from tui.archive.hosts import are_hosts, is_host, may_be_hosts, topics_and_hosts, topics_before_hosts
from tui.cli import run
from tui.cli.checkup import check_archive


@pytest.mark.parametrize(
    "name",
    ["web01", "eu-web-1a", "node-a", "srv1", "ip-10-0-0-1", "h2024", "localhost", "db.internal", "a.eu.example.com"],
)
def test_a_role_with_a_number_and_a_name_in_a_domain_are_hosts(name: str) -> None:
    assert is_host(name)


@pytest.mark.parametrize(
    "name", ["orders", "orders-v1", "api-v2", "ordersV1", "orders1", "apps", "node-metrics", "orders.v1", "pay.dev"]
)
def test_versions_and_other_words_are_not_hosts(name: str) -> None:
    assert not is_host(name)


@pytest.mark.parametrize(
    ("names", "hosts", "unclear"),
    [
        ({"web01", "web02", "db"}, True, False),
        ({"web01", "orders"}, False, False),
        ({"orders1", "orders2"}, False, True),
        ({"events_1", "events_2"}, False, False),
        ({"orders-v1", "orders-v2"}, False, False),
        ({f"zebra{number}" for number in range(9)}, True, True),
        ({f"{letter}1" for letter in "acdfgjkmo"}, False, True),
    ],
)
def test_what_all_names_say_together(names: set[str], hosts: bool, unclear: bool) -> None:
    assert (are_hosts(names), may_be_hosts(names)) == (hosts, unclear)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ("a.b.c a.b.d", ""),
        ("orders.v1 orders.v2", ""),
        ("orders.v1.host-a orders.v2.host-a", "{topic}.{host}"),
        ("orders.v1.web1.eu.x.com pay.web1.eu.x.com pay.db.us.x.com", "{topic}.{host=*.*.x.com}"),
        ("orders.v1.web1.eu.x.com orders.v2.web2.internal", "{topic}.{host=web*}"),
        ("a.b.web1.eu.x.com a.b.db.internal", "{topic=a.b}.{host=**}"),
        ("events.web1.eu.example.com", "{topic}.{host=*.eu.example.com}"),
    ],
)
def test_dots_are_cut_where_a_host_begins(names: str, pattern: str) -> None:
    assert topics_and_hosts(names.split(), needed=False) == pattern


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ("orders-web01 orders-web02 clicks-web01 clicks-web02", "{topic}-{host=web*}"),
        ("orders-web01 orders-db1 clicks-web01 clicks-db1 views-web01 views-db1", "{topic}-{host=db*|web*}"),
        ("app-events_ip-10-0-0-1 app-events_web-2 orders_ip-10-0-0-1 orders_web-2", "{topic}_{host=ip*|web*}"),
        ("orders-web01 orders-web02", ""),  # one topic, or a part of the host's name
        ("orders-web01 clicks-web02 views-web03", ""),  # the name of a service on its hosts
        ("prod-web01 prod-web02 staging-web01 staging-web02", ""),
        ("fra-web01 fra-web02 ams-web01 ams-web02", ""),
        ("orders-web01 orders-web02 clicks-web01 clicks-web02 other", ""),
    ],
)
def test_a_word_before_a_host_is_a_topic_if_its_hosts_have_others(names: str, pattern: str) -> None:
    assert topics_before_hosts(names.split()) == pattern


def test_a_topic_before_a_host_must_be_chosen_to_send(tmp_path: Path, capsys: Capture) -> None:
    names = [f"{topic}-{host}" for topic in ("orders", "clicks") for host in ("web01", "web02")]
    place = folder_of(
        tmp_path / "a", [f"{n}-2015-01-{d:02}-{h:02}.gz" for n in names for d in (5, 6) for h in range(9)]
    )
    assert run(["send", place, "-o", str(tmp_path / "out")]) == 2
    one, _, all_ = (
        capsys.readouterr().err.partition("to read only one, add ")[2].partition("; if those are hosts, add ")
    )
    assert {chunk["topic"] for chunk in chunks(listed(capsys, place, *shlex.split(one)))} == {"clicks"}
    assert {chunk["host"] for chunk in chunks(listed(capsys, place, *shlex.split(all_)))} == set(names)


def test_a_host_that_must_be_there_is_the_last_word_at_least() -> None:
    assert topics_and_hosts(["orders.v1", "orders.v2"]) == "{topic}.{host}"


@pytest.mark.parametrize("topics", [("orders1", "orders2"), ("alpha7", "beta3")])
def test_names_that_may_be_either_are_topics_and_can_be_taken_for_hosts(
    tmp_path: Path, capsys: Capture, topics: tuple[str, str]
) -> None:
    place = folder_of(
        tmp_path / "a", [f"{t}/2015/01/{d:02}/{h:02}.log" for t in topics for d in (5, 6) for h in range(9)]
    )
    assert {chunk["topic"] for chunk in chunks(listed(capsys, place))} == set(topics)
    assert run(["send", place, "-o", str(tmp_path / "out")]) == 2
    words = capsys.readouterr().err.partition("if those are hosts, add ")[2]
    assert [check.state for check in check_archive(open_archive(place)) if check.name == "topics"] == ["warning"]
    by_topic = chunks(listed(capsys, place, *shlex.split(words)))
    assert {(chunk["topic"], chunk["host"]) for chunk in by_topic} == {("", topic) for topic in topics}
    assert run(["send", place, "-o", str(tmp_path / "out"), *shlex.split(words)]) == 0


def test_versions_of_a_topic_are_never_offered_as_hosts(tmp_path: Path, capsys: Capture) -> None:
    folder_of(tmp_path, [f"clicks-{v}/2015/01/05/{hour:02}.log" for v in ("v1", "v2") for hour in range(24)])
    assert run(["ls", str(tmp_path)]) == 0
    error = capsys.readouterr().err
    assert "2 topics (clicks-v1, clicks-v2) are read together" in error and "hosts" not in error
