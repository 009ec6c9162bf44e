"""The pane that shows one view: its chart or table and, if there is room, a second chart below."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from goals_tui.domain.drill_down import ALL_CYCLES, DrillDown
from goals_tui.tui.app.actions import shown_key
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.charts.bars import comfortable_rows, least_rows
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.charts.spec import Bars, Nothing
from goals_tui.tui.insights.model import NOT_OVER
from goals_tui.tui.insights.table import TableView
from goals_tui.tui.insights.view import View
from goals_tui.tui.widgets.virtual_list import VirtualList

LEAST_ROWS = 10
"""The fewest rows in which a second chart is shown, with its title, unless all its bars fit into fewer."""


class ChartBelow(Vertical):
    """A second chart under its title; hidden while there is nothing to show."""

    DEFAULT_CSS = """
    ChartBelow { height: 1fr; display: none; }
    ChartBelow.-shown { display: block; }
    ChartBelow #course-title { height: 1; margin-top: 1; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: View | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="course-title", markup=False)
        yield Chart(id="course")

    def show(self, view: View | None) -> None:
        """Show another chart, or hide it if `view` is None."""
        self.shown = view
        if view is not None:
            self.query_one("#course-title", Static).update(view.title)
            self.query_one(Chart).show(view.spec)
        self.set_class(view is not None, "-shown")


_TITLE_AND_CAPTION = 2
"""The rows that the title and the caption of a chart take up."""
_TITLE_BELOW = 2
"""The rows that the title of the second chart takes up, with the one above it."""
_SAID_ROWS = 3
"""The fewest rows in which a second chart says that it has nothing to show."""


class ViewPane(Vertical):
    """The pane that shows a `View`, with the chart that belongs below it where there is room."""

    DEFAULT_CSS = """
    ViewPane #view-title { height: 1; margin-top: 1; }
    ViewPane #view { height: 1fr; }
    ViewPane #notes { height: auto; color: $warning; display: none; }
    ViewPane #notes.-shown { display: block; }
    ViewPane #caption { height: 1; color: $quiet; }
    """

    @dataclass
    class CyclesRequested(Message):
        """Posted when the user opens a number to see its cycles."""

        drill_down: DrillDown

    def __init__(self) -> None:
        super().__init__(id="views")
        self.view: View | None = None
        self._alone = False

    def compose(self) -> ComposeResult:
        yield Static("", id="view-title", markup=False)
        with ContentSwitcher(initial="chart", id="view"):
            yield Chart(id="chart")
            yield TableView(id="table")
        yield ChartBelow()
        yield Static("", id="notes", markup=False)
        yield Static("", id="caption", markup=False)

    def on_mount(self) -> None:
        # The caption keeps the colours of the theme under which it was rendered.
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._say())

    @property
    def chart(self) -> Chart:
        """The chart of the view, not the one below it."""
        return self.query_one("#chart", Chart)

    @property
    def table(self) -> TableView:
        """The table that can be shown in place of the chart, not the one below it."""
        return self.query_one("#table", TableView)

    @property
    def as_table(self) -> bool:
        """True if the table is shown in place of the chart."""
        return self.query_one("#view", ContentSwitcher).current == "table"

    def show(self, view: View) -> None:
        """Show a view."""
        self.view = view
        notes = self.query_one("#notes", Static)
        said = [Content.styled(view.summary, "$foreground")] if view.summary else []
        notes.update(Content("\n").join([*said, *map(Content, view.notes)]))
        notes.set_class(bool(view.summary or view.notes), "-shown")
        self.chart.show(view.spec)
        if self.as_table or self.table.marked:
            self.table.show_table(view.table)
        self.fill()

    def turn(self) -> None:
        """Switch between the chart and its table."""
        if self.view is not None and not self.as_table:
            self.table.show_table(self.view.table)
        self.query_one("#view", ContentSwitcher).current = "chart" if self.as_table else "table"
        self.fill()
        self.focus_upper()

    def focus_upper(self) -> None:
        """Focus the chart, or the table in its place."""
        (self.table if self.as_table else self.chart).focus()

    # -- the room below

    def set_alone(self, alone: bool) -> None:
        """Set whether the chart takes all the room, with nothing below it."""
        self._alone = alone
        self.fill()

    def fill(self) -> None:
        """Give the chart the height that it needs, and show the one that belongs below in the room that is left."""
        place, under = self.query_one("#view"), self.query_one(ChartBelow)
        found, height = None, 0
        view = self.view
        if view is not None and view.below is not None and not (self._alone or self.as_table):
            said = filter(None, (view.summary, *view.notes))
            notes = sum(-(-cell_len(note) // max(1, self.size.width)) for note in said)
            found = view.below(self.chart.place or Place(0))
            if found is not None:
                height = self._height_above(view, found, self.size.height - _TITLE_AND_CAPTION - notes)
        if not height:
            found = None
        place.styles.height = height or "1fr"
        if found is None and under.has_focus_within:
            self.chart.focus()
        under.show(found)
        self._say()

    def _height_above(self, view: View, below: View, whole: int) -> int:
        """Return the height of the chart above another one, both in `whole` rows; 0 where there is no room for two."""
        width, needed = self.query_one("#view").size.width, LEAST_ROWS
        if isinstance(below.spec, Bars):
            needed = min(needed, _TITLE_BELOW + least_rows(below.spec, width))
        elif isinstance(below.spec, Nothing):
            needed = _TITLE_BELOW + _SAID_ROWS
        most = least = whole // 2
        if isinstance(view.spec, Bars):
            most, least = comfortable_rows(view.spec, width), least_rows(view.spec, width)
        height = min(most, whole - needed)
        return height if height >= least else 0

    # -- words

    @on(DescendantFocus)
    @on(TableView.Turned)
    def _say(self) -> None:
        """Update the title and the caption, which describes the mark with the cursor or lists keys of the table."""
        view = self.view
        if view is None:
            return
        title = self.query_one("#view-title", Static)
        words = view.table_title or view.title if self.as_table else view.title
        only_chart = self.as_table and bool(view.table_title)
        first_hints = sum(len(key) + len(does) + 3 for key, does in view.hints[:2])
        if cell_len(words) + first_hints > self.size.width and not words.endswith(NOT_OVER):
            # The end of a title tells least, and a key that nobody sees is not pressed.
            words = words.rpartition(" · ")[0] or words
        name, hint = Content.styled(words, "bold"), Content("")
        for key, does in () if only_chart else view.hints:
            longer = Content.assemble(hint, "  " if hint else "", (key, "bold $primary"), (f" {does}", "$quiet"))
            if not hint or longer.cell_length + name.cell_length + 2 <= self.size.width:
                hint = longer
        room = self.size.width - hint.cell_length - 1
        name = name.truncate(max(1, room), ellipsis=True)
        title.update(Content.assemble(name, " " * max(1, room - name.cell_length + 1), hint))
        caption = self.query_one("#caption", Static)
        under = self.query_one(ChartBelow).query_one(Chart)
        if self.as_table:
            before, after = self.table.hidden
            turns = " · ".join([f"← {before} more"] * bool(before) + [f"→ {after} more"] * bool(after))
            actions = ("table", "row.mark", "compare", "copy-table", "save-table")
            pressed = (shown_key(keymap(self.app), f"insights.{action}") for action in actions)
            uses = ("shows the chart", "marks", "compares two", "copies it", "saves it")
            can = map("{} {}".format, pressed, uses)
            said = [*filter(None, [turns]), *can]
            while len(said) > 1 and cell_len(" · ".join(said)) > caption.size.width:
                said.pop()
            text = Content(" · ".join(said))
        else:
            text = (under if under.has_focus else self.chart).caption(caption.size.width)
        caption.update(text.truncate(max(1, caption.size.width), ellipsis=True))

    @on(Chart.Moved)
    def _follow(self, event: Chart.Moved) -> None:
        if event.chart is self.chart:
            self.fill()
        else:
            self._say()

    # -- the cycles behind a number

    @property
    def chosen(self) -> DrillDown | None:
        """The way to the cycles of the number with the cursor; None if there is no list of them."""
        view, under = self.view, self.query_one(ChartBelow)
        if view is None:
            return None
        if self.as_table:
            cursor = self.table.cursor
            return view.rows[cursor] if cursor < len(view.rows) else ALL_CYCLES
        below = under.shown if under.has_focus_within else None
        place = (under.query_one(Chart) if below else self.chart).place
        return ALL_CYCLES if place is None else (below or view).drill_down(place)

    @on(Chart.Opened)
    def _open_place(self, event: Chart.Opened) -> None:
        event.stop()
        view = self.view if event.chart is self.chart else self.query_one(ChartBelow).shown
        drill_down = view.drill_down(event.place) if view is not None else None
        if drill_down is not None:
            self.post_message(self.CyclesRequested(drill_down))

    @on(VirtualList.Selected)
    def _open_row(self, event: VirtualList.Selected) -> None:
        event.stop()
        if self.view is not None:
            rows = self.view.rows
            drill_down = rows[event.index] if event.index < len(rows) else ALL_CYCLES
            if drill_down is not None:
                self.post_message(self.CyclesRequested(drill_down))
