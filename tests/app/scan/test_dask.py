"""The explorer chooses a cluster: the same scan, done elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.app.conftest import Opened, answer, assert_shown, on, settled, until
from tests.app.scan.scans import expected
from tests.support.dask import Cluster
from tui.app.scan.screen import ScanPage
from tui.archive import ChunkReader, open_archive
from tui.shell import shell_word


async def test_a_scan_on_a_cluster_finds_what_one_here_finds(opened: Opened, tmp_path: Path) -> None:
    with Cluster(tmp_path) as cluster:
        async with opened() as pilot:
            await pilot.press("g", "v", "G", "v", "s")
            page = on(pilot, ScanPage)
            await answer(pilot, "slash", "-m \"event == 'error'\"")
            await answer(pilot, "w", f"{tmp_path}/errors/")
            await answer(pilot, "P", cluster.address)
            await assert_shown(pilot, f"the Dask cluster of {cluster.address}")
            await assert_shown(pilot, f"--dask {shell_word(cluster.address)}")
            await settled(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: page.over, 60.0)
            await assert_shown(pilot, "done: enter opens")
            assert page.state is not None and page.state.matches == len(expected())
    lines: list[bytes] = []
    extract = open_archive(f"{tmp_path}/errors/")
    for chunk in extract.catalog().chunks:
        with ChunkReader(extract.store, chunk.key) as reader:
            for block in reader.blocks():
                lines += block.records()
    assert lines == expected()
