"""Many pictures in one run of the app: starting it takes longer than drawing it.

    async with running(services, size) as pilot:
        for key in "prt":
            await press(pilot, key)
            await pictures.take(pilot, key)
    pictures.compare()

Pictures that were looked at lie in `__snapshots__`; `--snapshot-update` accepts what is drawn now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from rich.console import RenderableType
from syrupy.assertion import SnapshotAssertion
from textual._compositor import Compositor
from textual.pilot import Pilot

from tests.tui.harness import SIZES, press, settle

Keys = tuple[str, ...]

each_size = pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)


class Pictures:
    """The pictures of one test, each under a name. What differs is written to `folder`, to be seen beside the old."""

    def __init__(self, accepted: SnapshotAssertion, folder: Path) -> None:
        self._accepted = accepted
        self._folder = folder
        self._taken = 0
        self._different: dict[str, tuple[str, str]] = {}

    async def take(self, pilot: Pilot[Any], name: str) -> None:
        """Draw what the app shows, as `snap_compare` does. What differs is kept for `compare`."""
        # Some widgets know how long they are, and whether they need a scrollbar, when they have been drawn.
        app = pilot.app
        app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        await pilot.pause()
        drawn = app.export_screenshot(title=app.title, simplify=True)
        self._taken += 1
        if self._accepted(name=name) != drawn:
            last = self._accepted.executions[self._accepted.num_executions - 1]
            self._different[name] = (str(last.recalled_data or ""), drawn)

    def compare(self) -> None:
        """Fail where pictures differ from those that were accepted: all of them at once, by name."""
        assert self._taken, "no picture was taken"
        if self._different:
            names = ", ".join(self._different)
            pytest.fail(f"{len(self._different)} of {self._taken} pictures differ: {names}\nSee {self._page()}", False)

    def _page(self) -> Path:
        """Old and new side by side, for a browser; beside it every new picture as a file."""
        rows = []
        for name, (before, now) in self._different.items():
            (self._folder / f"{name}.svg").write_text(now, encoding="utf-8")
            (self._folder / f"{name}.accepted.svg").write_text(before, encoding="utf-8")
            title = escape(name)
            rows.append(
                f"<h2>{title}</h2><img src='{title}.accepted.svg' width='49%'> <img src='{title}.svg' width='49%'>"
            )
        page = self._folder / "pictures.html"
        page.write_text("<meta charset='utf-8'><h1>Accepted, and drawn now</h1>" + "\n".join(rows), encoding="utf-8")
        return page


async def walk(pilot: Pilot[Any], views: Mapping[str, tuple[Keys, Keys]]) -> AsyncIterator[str]:
    """Goes from view to view, and names it. A view is the keys that lead there, and those that lead back."""
    for name, (there, back) in views.items():
        await press(pilot, *there)
        yield name
        await press(pilot, *back)


async def themes(pilot: Pilot[Any]) -> AsyncIterator[str]:
    """Shows what is on the screen in each of our themes, and names it."""
    for theme in ("dark", "light"):
        pilot.app.theme = f"goals-{theme}"
        await settle(pilot)
        yield theme


async def take_in_both_themes(pictures: Pictures, pilot: Pilot[Any], name: str) -> None:
    """Draw what the app shows in each of our themes: `name-dark` and `name-light`."""
    async for theme in themes(pilot):
        await pictures.take(pilot, f"{name}-{theme}")


async def take_everywhere(pictures: Pictures, pilot: Pilot[Any], name: str) -> None:
    """Draw what the app shows at each size in each of our themes: `name-80x24-dark` and so on.

    One app is resized, from the smallest size and back: that is far quicker than a run a size.
    """
    first = pilot.app.theme.removeprefix("goals-")
    second = "light" if first == "dark" else "dark"
    for theme, sizes in ((first, SIZES), (second, SIZES[::-1])):
        pilot.app.theme = f"goals-{theme}"
        for width, height in sizes:
            await pilot.resize_terminal(width, height)
            await settle(pilot)
            await pictures.take(pilot, f"{name}-{width}x{height}-{theme}")


@pytest.fixture
def pictures(snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pictures:
    """Compares with the accepted pictures of this test. What nobody sees between two pictures is not drawn."""
    draw = Compositor.render_update

    def render_update(compositor: Compositor, full: bool = False, **options: Any) -> RenderableType | None:
        return draw(compositor, full, **options) if full else None

    monkeypatch.setattr(Compositor, "render_update", render_update)
    return Pictures(snapshot.use_extension(SVGImageExtension), tmp_path)
