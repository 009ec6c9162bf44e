"""The list of any length: it asks for what is seen, and the cursor stays in view."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.content import Content

from goals_tui.tui.widgets.columns import GAP, Cell, Column, fitted, layout
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.harness import screen_text

COLUMNS = (Column("Name", 10, share=1), Column("Number", 6, align="right"), Column("More", 20, drop=1))


def line(columns: tuple[Column, ...], widths: tuple[int, ...], cells: list[Cell]) -> str:
    return (" " * GAP).join(cell.plain for cell in fitted(columns, widths, cells))


class ListApp(App[None]):
    """A list alone."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.said: list[tuple[str, Any]] = []
        self.there = True

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"quiet": "gray"}

    def compose(self) -> ComposeResult:
        yield VirtualList(COLUMNS, id="list")

    def cells(self, index: int) -> list[Content] | None:
        self.asked.append(index)
        return [Content(f"row {index}"), Content(str(index)), Content("")] if self.there else None

    @on(VirtualList.Selected)
    def selected(self, event: VirtualList.Selected) -> None:
        self.said.append(("selected", event.index))

    @on(VirtualList.Missing)
    def missing(self, event: VirtualList.Missing) -> None:
        self.said.append(("missing", (event.first, event.last)))


async def test_only_what_is_seen_is_asked_for() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        rows = app.query_one(VirtualList)
        rows.focus()
        rows.show(1_000_000, app.cells)
        await pilot.pause()
        assert len(set(app.asked)) <= 10
        await pilot.press("end")
        assert rows.cursor == 999_999
        assert "row 999999" in screen_text(app)
        assert "Name" in screen_text(app), "the header stays"
        await pilot.press("pageup", "up", "home", "down", "enter")
        assert ("selected", 1) in app.said
        assert len(set(app.asked)) <= 60


async def test_rows_that_are_not_there_yet_are_asked_for_again() -> None:
    app = ListApp()
    app.there = False
    async with app.run_test(size=(60, 10)) as pilot:
        rows = app.query_one(VirtualList)
        rows.show(100, app.cells)
        await pilot.pause()
        await pilot.pause()
        assert ("missing", (0, 9)) in app.said or ("missing", (0, 10)) in app.said
        assert "…" in screen_text(app)
        app.there = True
        rows.refresh_rows()
        await pilot.pause()
        assert "row 0" in screen_text(app)


async def test_a_double_click_opens_a_row() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.query_one(VirtualList).show(5, app.cells)
        await pilot.pause()
        await pilot.click("#list", offset=(4, 3))
        assert app.query_one(VirtualList).cursor == 2
        assert app.said == []
        await pilot.click("#list", offset=(4, 3), times=2)
        assert ("selected", 2) in app.said


async def test_a_shorter_list_keeps_the_cursor_inside() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        rows = app.query_one(VirtualList)
        rows.show(50, app.cells, cursor=40)
        rows.show(3, app.cells)
        await pilot.pause()
        assert rows.cursor == 2
        rows.show(0, app.cells)
        await pilot.pause()
        assert rows.cursor == 0


def test_columns_share_the_room_and_drop_out() -> None:
    assert layout(COLUMNS, 60) == (60 - 6 - 20 - 4, 6, 20)
    assert layout(COLUMNS, 30) == (22, 6, 0)
    assert line(COLUMNS, (5, 6, 0), [Content("予約を変更"), Content("7"), Content("")]) == "予約…       7"


def test_the_longest_wording_that_fits_is_drawn() -> None:
    wordings = (Content("Book a Flight, Change a Booking"), Content("2 flows"))
    column = (Column("Tracked in", 10),)
    assert line(column, (40,), [wordings]).rstrip() == "Book a Flight, Change a Booking"
    assert line(column, (10,), [wordings]).rstrip() == "2 flows"
    assert line(column, (5,), [wordings]) == "2 fl…"
