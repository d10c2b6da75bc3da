"""The moving picture of the README: the tour, taken by its own keys, as one SVG: `python -m tests.app.tour.picture`.

Each step is a frame. A cell that several frames share is in the file once, so that ten screens take little more than
one.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from unittest.mock import patch

from textual.pilot import Pilot

from tests.app.conftest import settled, shown, type_text, until
from tests.support.build import find_or_build_nsq
from tests.support.nsqd import Nsqd
from tui.app.app import Explorer
from tui.config import ArchiveSpec, Config, S3Options
from tui.demo import SampleSpec, write_sample
from tui.demo.tour import Step, load_steps
from tui.send.receipt import whoami

PICTURE = Path(__file__).parents[3] / "screenshots" / "tour.svg"
_SIZE = (110, 30)
_FRAME_SECONDS = 4
_FONT = "text{font:20px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}"
_TOPIC = "replay"
_NSQD = "127.0.0.1:4150"
_STYLE = re.compile(r"\.terminal-hourscope-(r\d+) \{ (.*?) \}")
_CELLS = re.compile(r"<(rect|text) [^>]*?(?:/>|>.*?</text>)")


@dataclass(frozen=True, slots=True)
class Part:
    """A background or a text at its place, in whichever frame."""

    kind: str
    svg: str


async def frames() -> AsyncIterator[str]:
    """Return the SVG of the screen at the beginning of each step and at the end."""
    with tempfile.TemporaryDirectory() as name, patch.dict(os.environ, _homes(name)):
        folder = Path(name) / "demo"
        for _ in write_sample(folder, SampleSpec(), jobs=os.cpu_count() or 1):
            pass
        nsqd = Nsqd(find_or_build_nsq().nsqd, Path(name) / "nsqd")
        nsqd.http_port = nsqd.tcp_port + 1  # as usual
        with nsqd:
            nsqd.create_channel(_TOPIC, "player-stats")
            config = Config(Path("/config.toml"), {"demo": ArchiveSpec(str(folder))})
            app = Explorer("demo", timezone=None, s3=S3Options(), config=config, tour=True)
            async with app.run_test(size=_SIZE) as pilot:
                for number, step in enumerate(load_steps(), 1):
                    await until(pilot, lambda number=number: f"{number} of 10" in shown(pilot), 120)
                    await settled(pilot)
                    await until(pilot, lambda: "reading …" not in shown(pilot), 120)
                    yield _svg(app, nsqd.tcp_address, name)
                    await _do(pilot, step, nsqd)
                await until(pilot, lambda: "The tour is done" in shown(pilot), 120)
                yield _svg(app, nsqd.tcp_address, name)


def _homes(folder: str) -> dict[str, str]:
    """Use no files or settings of the user who runs this."""
    return {f"XDG_{name}_HOME": f"{folder}/{name.lower()}" for name in ("CONFIG", "STATE", "CACHE")}


async def _do(pilot: Pilot[int], step: Step, nsqd: Nsqd) -> None:
    typed = {"=NSQD": nsqd.tcp_address, "=TOPIC": _TOPIC}
    for key in step.keys:
        if key.startswith("="):
            await pilot.press("ctrl+u")
            await type_text(pilot, typed.get(key, key[1:]))
        else:
            await pilot.press(key)
        await settled(pilot)


def _svg(app: Explorer, nsqd: str, folder: str) -> str:
    """Return the screen without anything specific to this machine."""
    svg = re.sub(r"terminal-\d+", "terminal-hourscope", app.export_screenshot(title="", simplify=True))
    usual = {
        nsqd: _NSQD,
        whoami(): "me@host",
        f"{folder}/state": "/home/you/.local/state",
        f"{folder}/demo": "/var/archive",
    }
    for here, there in usual.items():
        svg = svg.replace(here, there + "&#160;" * (len(here) - len(there)))
    return svg


def parts(svg: str) -> Iterable[Part]:
    """The cells of a frame, in the order in which they are drawn."""
    styles = {name: style.replace(": ", ":").replace("; ", ";") for name, style in _STYLE.findall(svg)}
    for match in _CELLS.finditer(svg.partition('clip-terminal)">')[2]):
        part = re.sub(r' clip-path="[^"]*"| shape-rendering="crispEdges"', "", match[0])
        part = re.sub(r'class="terminal-hourscope-(r\d+)"', lambda name: f'style="{styles[name[1]]}"', part)
        if "style" not in part or match[0].replace("&#160;", "").partition(">")[2] != "</text>":
            yield Part(match[1], part)


def moving(screens: Sequence[str]) -> str:
    """Return one SVG that shows the frames in turn, or only the first for users who prefer reduced motion."""
    shown_in: dict[Part, list[int]] = {}
    for number, svg in enumerate(screens):
        for part in dict.fromkeys(parts(svg)):
            shown_in.setdefault(part, []).append(number)
    styles = sorted({style for part in shown_in for style in re.findall(r'style="(.*?)"', part.svg)})
    groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for part, numbers in shown_in.items():
        short = re.sub(r'style="(.*?)"', lambda style: f'class="s{styles.index(style[1])}"', part.svg)
        groups.setdefault((part.kind, tuple(numbers)), []).append(short)
    sets = sorted({numbers for _, numbers in groups})
    rules = [f".s{number}{{{style}}}" for number, style in enumerate(styles)]
    rules += [
        _animation(f"g{at}", numbers, len(screens)) for at, numbers in enumerate(sets) if len(numbers) < len(screens)
    ]
    drawn = [
        f'<g class="g{sets.index(numbers)}">{"".join(cells)}</g>'
        for kind in ("rect", "text")
        for (kind_, numbers), cells in groups.items()
        if kind == kind_
    ]
    width, height = _SIZE[0] * 12.2, _SIZE[1] * 24.4
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg">\n'
        f"<desc>{description()}</desc>\n<style>\n{_FONT}\n"
        + "\n".join(rules)
        + '\n</style>\n<rect width="100%" height="100%" fill="#10141b"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def description() -> str:
    """Return the steps as text, for users who cannot see the picture."""
    return escape(" ".join(f"{number}. {step.text}." for number, step in enumerate(load_steps(), 1)))


def _animation(name: str, numbers: Sequence[int], count: int) -> str:
    """Make it visible in these frames only; without animation, in the first."""
    points = []
    for at in range(count):
        now = at in numbers
        if at == 0 or now != (at - 1 in numbers):
            points.append(f"{100 * at / count:.2f}%{{visibility:{'visible' if now else 'hidden'}}}")
    still = "visible" if 0 in numbers else "hidden"
    rule = f"animation:{name} {_FRAME_SECONDS * count}s step-end infinite"
    return (
        f"@keyframes {name}{{{''.join(points)}}}\n.{name}{{visibility:{still}}}"
        f"@media(prefers-reduced-motion:no-preference){{.{name}{{{rule}}}}}"
    )


async def main() -> None:
    screens = [svg async for svg in frames()]
    PICTURE.write_text(moving(screens), encoding="utf-8")
    for number, svg in enumerate(screens):
        if folder := os.environ.get("FRAMES"):
            (Path(folder) / f"{number}.svg").write_text(svg)
    print(PICTURE, PICTURE.stat().st_size)


if __name__ == "__main__":
    asyncio.run(main())
