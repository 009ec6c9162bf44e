"""Screens as they look: each view as text in a golden file, and some of them drawn.

    async with running(services, size) as pilot:
        async for name in walk(pilot, VIEWS):
            await pictures.take(pilot, name, drawn=DRAWN.get(name, ()))
    pictures.compare()

`__snapshots__/TEST_MODULE.ambr` holds the texts of a module, to be reviewed as a diff; the drawings (SVG) lie in the
folder beside it. The main view of a screen is drawn at each size, a dialog at one. `--snapshot-update` accepts what is
shown now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from difflib import unified_diff
from html import escape
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.strip import Strip

from tests.tui.harness import SIZES, changed_since_drawn, draw_everything, draw_later, lines_text, press, settle

Keys = tuple[str, ...]

GALLERY = (SIZES[1],)
"""The size at which dialogs are drawn."""

each_size = pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)


class Pictures:
    """The texts and drawings of one test, each under a name. Drawings that differ are written to `folder`."""

    def __init__(self, snapshot: SnapshotAssertion, folder: Path) -> None:
        self._texts = snapshot
        self._drawings = snapshot.use_extension(SVGImageExtension)
        self._folder = folder
        self._taken = 0
        self._differences: list[str] = []
        self._different: dict[str, tuple[str, str]] = {}

    async def take(self, pilot: Pilot[Any], name: str, *, drawn: Collection[tuple[int, int]] = ()) -> None:
        """Compare the text of the screen; at the sizes in `drawn`, draw it in both our themes too.

        A drawing is called by the class of its screen, the name and the theme: `GoalsScreen-list-dark`.
        """
        shown = lines_text(await _draw_whole(pilot))
        self._taken += 1
        if self._texts(name=name) != shown:
            accepted, now = _accepted(self._texts), str(self._texts.extension.serialize(shown))
            difference = unified_diff(accepted.splitlines(), now.splitlines(), name, "now", n=1, lineterm="")
            self._differences.append("\n".join(difference))
        if tuple(pilot.app.size) in drawn:
            before = pilot.app.theme
            for theme in ("dark", "light"):
                pilot.app.theme = f"goals-{theme}"
                await settle(pilot)
                await self.draw(pilot, f"{name}-{theme}")
            pilot.app.theme = before
            await settle(pilot)

    async def draw(self, pilot: Pilot[Any], name: str) -> None:
        """Compare a drawing of what the app shows."""
        await _draw_whole(pilot)
        name = f"{type(pilot.app.screen).__name__}-{name}"
        drawing = pilot.app.export_screenshot(title=pilot.app.title, simplify=True)
        self._taken += 1
        if self._drawings(name=name) != drawing:
            self._different[name] = (_accepted(self._drawings), drawing)

    def compare(self) -> None:
        """Fail where something differs from what was accepted: all of it at once, by name."""
        assert self._taken, "no picture was taken"
        said = self._differences
        if self._different:
            names = ", ".join(self._different)
            said = [*said, f"{len(self._different)} drawings differ: {names}\nSee {self._page()}"]
        if said:
            pytest.fail("\n\n".join(said), pytrace=False)

    def _page(self) -> Path:
        """Old and new side by side, for a browser."""
        rows = []
        for name, drawings in self._different.items():
            rows.append(f"<h2>{escape(name)}</h2>")
            for kind, drawing in zip(("accepted", "now"), drawings, strict=True):
                path = self._folder / f"{name}.{kind}.svg"
                path.write_text(drawing, encoding="utf-8")
                rows.append(f"<img src='{escape(path.name)}' width='49%'>")
        page = self._folder / "pictures.html"
        page.write_text("<meta charset='utf-8'><h1>Accepted, and drawn now</h1>" + "\n".join(rows), encoding="utf-8")
        return page


async def walk(pilot: Pilot[Any], views: Mapping[str, tuple[Keys, Keys]]) -> AsyncIterator[str]:
    """Goes from view to view, and names it. A view is the keys that lead there, and those that lead back."""
    for name, (there, back) in views.items():
        await press(pilot, *there)
        yield name
        await press(pilot, *back)


async def _draw_whole(pilot: Pilot[Any]) -> list[Strip]:
    """Draw all that is seen, also behind a dialog; again where a widget knows how long it is when it was drawn."""
    drawn = draw_everything(pilot.app)
    await pilot.pause()
    return draw_everything(pilot.app) if changed_since_drawn(pilot.app) else drawn


def _accepted(snapshot: SnapshotAssertion) -> str:
    """The accepted picture under the name that was compared last."""
    return str(snapshot.executions[snapshot.num_executions - 1].recalled_data or "")


@pytest.fixture
def pictures(snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pictures:
    """Compares with what was accepted for this test. What nobody sees between two pictures is not drawn."""
    draw_later(monkeypatch, by_settle=False)
    return Pictures(snapshot, tmp_path)
