"""The steps of a goal in its form: their table, whose cells are edited in place, and messages about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static
from textual.widgets.input import Selection

from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.text import clean_line
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.goals.step_table import FIELDS, CellInput, Field, StepTable, cell_text, pasted_rows
from goals_tui.tui.widgets.fields import ProblemLine
from goals_tui.tui.widgets.virtual_list import VirtualList


class Steps(Vertical):
    """The table of steps with the field over the cell that is edited, and messages about the steps."""

    DEFAULT_CSS = """
    Steps { layers: rows cell; height: auto; }
    Steps #steps-head { height: 1; }
    Steps #steps-count { color: $quiet; padding-left: 2; width: auto; }
    Steps #steps-count.-full { color: $warning; }
    Steps #no-steps { height: auto; padding: 0 2; }
    Steps #no-steps Static { color: $quiet; height: auto; }
    Steps CellInput { layer: cell; position: absolute; display: none; height: 1; }
    Steps #cell-problem {
        layer: cell; position: absolute; display: none;
        width: auto; padding: 0 1; background: $panel;
    }
    """

    @dataclass
    class Typed(Message):
        """Posted when the text of a cell changed; `before` is the step as it was when the cell was entered."""

        before: Step
        field: Field
        text: str

    @dataclass
    class Left(Message):
        """Posted when a cell is no longer edited."""

        step_id: str

    @dataclass
    class Pasted(Message):
        """Posted when rows are pasted; the first fills the step `step_id`, if there is one, the others follow."""

        rows: list[list[str]]
        step_id: str | None

    def __init__(self, currency: Currency, key: str, add: Callable[[], None], *, id: str) -> None:
        """Create the table.

        `key` is the key that adds a step even while a field has the focus. `add` adds one and edits its name: a call,
        because a message would come after the next key.
        """
        super().__init__(id=id)
        self._add = add
        self.currency = currency
        self.key = key
        self._before: Step | None = None
        self._field: Field = "name"
        self._problem = ""
        """The problem with the text of the cell."""
        self._said = ""
        self._came_from_cell = False
        """True if the table gets the focus from a cell, and not from outside."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="steps-head"):
            yield Label("Steps", classes="heading")
            yield Label("", id="steps-count", markup=False)
        yield ProblemLine(id="steps-problem")
        yield StepTable(self.currency, id="steps")
        with Vertical(id="no-steps"):
            yield Static(f"{self.key} adds a step; lines can be pasted.", markup=False)
            yield Button("Add step", id="add-step")
        yield CellInput(max_length=MAX_NAME, select_on_focus=False, compact=True)
        yield ProblemLine(id="cell-problem")

    @property
    def table(self) -> StepTable:
        """The table itself."""
        return self.query_one(StepTable)

    @property
    def cell(self) -> CellInput:
        """The field over the cell that is edited."""
        return self.query_one(CellInput)

    @property
    def edited(self) -> str | None:
        """The id of the step of which a cell is edited; None if none is."""
        return self._before.id if self._before else None

    @property
    def editing(self) -> bool:
        """True if a cell is edited."""
        return self._before is not None

    def show(
        self, goal: Goal, wrong: Mapping[str, str], problem: str, most_steps: int, chosen: str | None = None
    ) -> None:
        """Show the steps of a goal, what is wrong with each by id, and a problem with all of them."""
        self.query_one("#steps-problem", ProblemLine).say(problem)
        self.query_one("#steps-problem").display = bool(problem)
        count = self.query_one("#steps-count", Label)
        count.update(f"{len(goal.steps)} of {most_steps}, the initial one included")
        count.set_class(len(goal.steps) >= most_steps, "-full")
        self.query_one("#no-steps").display = not goal.further
        self.table.show_steps(goal.steps, wrong, chosen)
        self._say_problem()
        self.call_after_refresh(self._place)

    # -- a cell

    def edit(self, field: Field) -> None:
        """Edit a cell of the chosen row; the completion column has no text, so that is only chosen."""
        table, step = self.table, self.table.chosen
        if step is None:
            return
        self._leave()
        fields = table.fields_of(table.cursor)
        field = field if field in fields else fields[0]
        table.field = FIELDS.index(field)
        if field == "completion":
            self._hide()
            self._focus_table()
            return
        cell = self.cell
        self._before, self._field = step, field
        self._problem = ""
        self._say_problem()
        text = cell_text(step, field, self.currency.digits)
        with cell.prevent(Input.Changed):
            cell.value = text
        # The first key replaces an amount, as in any table, but not a name.
        cell.selection = Selection(0 if field != "name" else len(text), len(text))
        self._place()
        cell.display = True
        cell.focus()

    def _place(self) -> None:
        if not self.is_attached:
            return  # The editor was closed meanwhile.
        table, cell = self.table, self.cell
        field = self._field if self.editing else "name"
        found = table.cell_region(table.cursor, field).translate(table.region.offset - self.content_region.offset)
        # An amount or time as people write it may be longer than its column; there is room to its left.
        longer = max(0, cell_len(cell.value) - found.width) if field != "name" else 0
        cell.styles.offset = (found.x - longer, found.y)
        cell.styles.width = found.width + longer + 1  # Room for the cursor behind text as long as the column.
        problem = self.query_one("#cell-problem", Static)
        width = len(self._said) + 4  # with its glyph and a blank at both sides
        room = self.content_region.width
        problem.styles.max_width = room
        lines = -(-width // max(1, room))
        end = min(self.content_region.bottom, self.parent.region.bottom if isinstance(self.parent, Widget) else 0)
        below = self.content_region.y + found.y + 1 + lines <= end
        problem.styles.offset = (max(0, min(found.x, room - width)), found.y + 1 if below else found.y - lines)

    def _say_problem(self) -> None:
        """Say below the cell what is wrong with its text, or with its step; elsewhere the row itself says that."""
        table, self._said = self.table, self._problem
        if table.whole_below(editing=self._field if self.editing else None):
            self._said = table.problem
        line = self.query_one("#cell-problem", ProblemLine)
        line.say(self._said)
        line.display = bool(self._said)
        self.query_one("#no-steps Static").visible = not self._said  # It would stand out below the message.

    def say(self, problem: str) -> None:
        """Show below the cell that its text is no amount or time; empty if it is one."""
        self._problem = problem
        self._say_problem()
        self._place()

    def _leave(self) -> None:
        before, self._before = self._before, None
        self._problem = ""
        self._say_problem()
        if before is not None:
            self.post_message(self.Left(before.id))

    def _hide(self) -> None:
        self._leave()
        self.cell.display = False

    def finish(self) -> None:
        """End editing; the table gets the focus."""
        if self.editing:
            self._hide()
            self._focus_table()

    def _focus_table(self) -> None:
        self._came_from_cell = True
        self.screen.set_focus(self.table)

    @property
    def _stuck(self) -> bool:
        """True if the text of the cell is no amount or time, so that the cell can't be left."""
        return bool(self._problem)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._before is not None:
            self.post_message(self.Typed(self._before, self._field, event.value))

    @on(events.DescendantBlur)
    def _blurred(self, event: events.DescendantBlur) -> None:
        if event.widget is self.cell and not self.cell.has_focus:
            self._hide()
        self._say_problem()

    @on(CellInput.Cancelled)
    def _cancelled(self) -> None:
        if self._before is not None:
            text = cell_text(self._before, self._field, self.currency.digits)
            self.post_message(self.Typed(self._before, self._field, text))
            self.finish()

    @on(CellInput.Moved)
    def _moved(self, event: CellInput.Moved) -> None:
        if self._stuck:
            self.app.bell()
            return
        table = self.table
        if event.rows:
            table.cursor += event.by
            self.edit(self._field)
            return
        cells = [(row, field) for row in range(len(table.steps)) for field in table.fields_of(row)]
        place = cells.index((table.cursor, self._field)) + event.by
        if 0 <= place < len(cells):
            table.cursor, field = cells[place]
            self.edit(field)
        else:
            self.finish()
            self.screen.focus_next() if event.by > 0 else self.screen.focus_previous()

    @on(CellInput.Done)
    def _done(self) -> None:
        if self._stuck:
            self.app.bell()
        elif not clean_line(self.cell.value) and self._field == "name" and self.table.cursor:
            self.finish()
        else:
            self._next_row()

    def _next_row(self) -> None:
        table = self.table
        if table.cursor < len(table.steps) - 1:
            table.cursor += 1
            self.edit(self._field)
        else:
            self._add()

    @on(VirtualList.Selected, "#steps")
    def _selected(self, event: VirtualList.Selected) -> None:
        event.stop()
        if self.table.chosen_field == "completion":
            self._next_row() if self.table.cursor == len(self.table.steps) - 1 else self._first_of_next()
        else:
            self.edit(self.table.chosen_field)

    def _first_of_next(self) -> None:
        self.table.cursor += 1
        self.edit("name")

    def key_tab(self, event: events.Key) -> None:
        # From the last cell of a row to the first of the next, as from any other cell.
        table = self.table
        if table.has_focus and table.chosen_field == "completion" and table.cursor < len(table.steps) - 1:
            event.stop()
            event.prevent_default()
            self._first_of_next()

    @on(VirtualList.Highlighted, "#steps")
    def _highlighted(self) -> None:
        self._say_problem()
        self._place()

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        self._highlighted()
        if event.widget is not self.table or not self.table.has_focus:
            return
        came_from_cell, self._came_from_cell = self._came_from_cell, False
        if not came_from_cell and self.table.steps and not self.table.steps[0].name:
            self.table.cursor = 0
            self.edit("name")

    @on(CellInput.Pasted)
    @on(StepTable.Pasted)
    def _pasted(self, event: CellInput.Pasted | StepTable.Pasted) -> None:
        event.stop()
        rows = pasted_rows(event.text)
        filled = self._before
        self._hide()
        fills = filled is not None and not self.cell.value.strip() and filled.kind != "initial"
        if rows:
            self.post_message(self.Pasted(rows, filled.id if filled and fills else None))
