"""The fields of all hours, from the index where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import Opened, assert_shown, preview, until_shown
from tests.index.indexed import build, planned, write
from tui.app.filters.indexed import is_indexed, measure_indexed
from tui.app.filters.sample import Facet, Measured
from tui.filter.fields import ANY
from tui.index import open_index

_HOURS = [
    [
        {
            "app": "shop",
            "v": {"odd key": ("a", "b", "a")[n % 3]},
            "tags": [{"x": n % 2}],
            "ms": 9_000 if n == 7 else 20 + n,
            "text": f"user {n * 7919} of group {n} logged in",
            "id": f"{hour}-{n * 104729:08x}",
        }
        for n in range(60)
    ]
    for hour in range(3)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "archive", _HOURS)
    return tmp_path / "archive"


def measured(folder: Path) -> Measured:
    plan = planned(folder)
    return [part for part in measure_indexed(plan.archive, plan.chunks) if part is not None][-1]


def test_the_fields_of_all_chunks_add_up(folder: Path) -> None:
    plan = planned(folder)
    assert not is_indexed(plan.archive, plan.chunks)
    with open_index(plan.archive) as index:
        build(index, plan)
    assert is_indexed(plan.archive, plan.chunks)
    whole = measured(folder)
    fields: dict[object, Facet] = {facet.path: facet for facet in whole.fields}
    assert whole.records == 180 and whole.source == "index: all chunks"
    assert list(fields) == [("app",), ("v", "odd key"), ("tags", ANY, "x"), ("text",), ("ms",), ("id",)]
    assert fields[("app",)].values == (("shop", 180),) and fields[("app",)].rank == 0
    assert fields[("v", "odd key")].values == (("a", 120), ("b", 60))
    assert fields[("text",)].values == (("user <n> of group <n> logged in", 180),)
    assert fields[("id",)].ids
    ms = fields[("ms",)].field
    assert (ms.low, ms.high) == (20, 9_000) and ms.median == pytest.approx(50, rel=0.05)
    assert sum(step > 0 for step in ms.bins) > 8  # what is far out does not press all else into one step


def test_lines_that_are_not_json_lack_no_field(folder: Path) -> None:
    write(folder, [[b"text", {"app": "shop"}]])
    plan = planned(folder)
    with open_index(plan.archive) as index:
        build(index, plan)
    whole = measured(folder)
    assert whole.records == 121
    assert {facet.path: facet.field.coverage for facet in whole.fields}[("app",)] == 1


def test_it_is_known_how_much_of_the_archive_the_index_has(folder: Path) -> None:
    plan = planned(folder)
    with open_index(plan.archive) as index:
        build(index, plan)
    write(folder, [[{"other": 1}]])  # the first chunk is another one now
    some = measured(folder)
    assert some.source == "index: 2 of 3" and some.records == 120
    assert ("other",) not in {facet.path for facet in some.fields}


async def test_the_key_of_the_fields_goes_from_the_hour_to_the_index_and_back(opened: Opened, folder: Path) -> None:
    plan = planned(folder)
    with open_index(plan.archive) as index:
        build(index, plan)
    async with opened(str(folder)) as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "6 fields of 60 records")
        await pilot.press("f")
        await until_shown(pilot, "6 fields of 180 records  index: all chunks")
        await page.at_field(pilot, "v", "odd key")
        await pilot.press("l", "j", "j", "j", "equals_sign")
        assert page.terms == ["v.\"odd key\" == 'b'"]
        await until_shown(pilot, "20 of 60 previewed")
        await assert_shown(pilot, "index: all chunks")  # that is of all records, whatever the filter
        await pilot.press("f")
        assert page.nodes.display and not page.panel.display
