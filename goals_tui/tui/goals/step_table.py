"""The table of a goal's steps, whose cells are edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Button, Input, Label, Static
from textual.widgets.input import Selection

from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.text import clean_line
from goals_tui.domain.value import SuccessMetrics, format_amount, format_duration, parse_amount, parse_duration
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.goals.journey import STEP_STYLES
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.widgets.columns import GAP, Column, layout
from goals_tui.tui.widgets.virtual_list import MARGIN, VirtualList

Field = Literal["name", "cost", "revenue", "time", "completion"]
"""The content of a cell of the table."""

FIELDS: tuple[Field, ...] = get_args(Field)
_FIRST = 1
"""The column of the first field; the column before it shows the kind of step."""


def cell_text(step: Step, field: Field, digits: int) -> str:
    """Return the text of a cell as it is edited; empty for an amount or a time of 0."""
    metrics = step.metrics
    match field:
        case "name":
            return step.name
        case "time":
            return format_duration(metrics.time_saved_seconds) if metrics.time_saved_seconds else ""
        case _:
            amount = metrics.cost_savings if field == "cost" else metrics.revenue
            return format_amount(amount, digits) if amount else ""


def with_cell(step: Step, field: Field, text: str, digits: int) -> Step:
    """Return the step with what was typed into a cell. Raises RefusedError for a text that is no amount or time."""
    if field == "name":
        return step.model_copy(update={"name": clean_line(text)})
    # A stored amount may have more decimals than the currency has now.
    if text.strip() == cell_text(step, field, digits):
        return step
    worth = {name: getattr(step.metrics, name) for name in SuccessMetrics.model_fields}
    if field == "time":
        worth["time_saved_seconds"] = parse_duration(text.strip() or "0")
    else:
        # A step stays unpriced until an amount is entered, even if it is 0.
        worth["cost_savings" if field == "cost" else "revenue"] = parse_amount(text.strip() or "0", digits)
        worth["unpriced"] = step.metrics.unpriced and not text.strip()
    return step.model_copy(update={"metrics": SuccessMetrics(**worth)})


def pasted_rows(text: str) -> list[list[str]]:
    """Return the rows of a pasted text: a step a line, with its name, cost savings, revenue and time after tabs."""
    return [[cell.strip() for cell in line.split("\t")] for line in text.splitlines() if line.strip()]


class CellInput(Input):
    """The field over the cell that is edited."""

    BINDINGS = bindings("goals.cell")

    @dataclass
    class Moved(Message):
        """Posted when another cell is wanted: `by` cells further, or so many rows."""

        by: int
        rows: bool = False

    class Done(Message):
        """Posted when enter is pressed."""

    class Cancelled(Message):
        """Posted when escape is pressed."""

    @dataclass
    class Pasted(Message):
        """Posted when lines or cells are pasted."""

        text: str

    def action_next(self) -> None:
        """Edit the next cell."""
        self.post_message(self.Moved(1))

    def action_previous(self) -> None:
        """Edit the cell before."""
        self.post_message(self.Moved(-1))

    def action_above(self) -> None:
        """Edit the cell above."""
        self.post_message(self.Moved(-1, rows=True))

    def action_below(self) -> None:
        """Edit the cell below."""
        self.post_message(self.Moved(1, rows=True))

    def action_done(self) -> None:
        """Go on with the next step."""
        self.post_message(self.Done())

    def action_cancel(self) -> None:
        """Leave the cell as it was."""
        self.post_message(self.Cancelled())

    def _on_paste(self, event: events.Paste) -> None:
        if "\t" in event.text or "\n" in event.text.strip():
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(event.text))
        else:
            super()._on_paste(event)


class StepTable(VirtualList):
    """The steps in order, the initial one first; a cell of the chosen row is chosen, too."""

    DEFAULT_CSS = """
    StepTable { height: auto; min-height: 2; max-height: 1fr; }
    """

    field: reactive[int] = reactive(0, repaint=False)
    """The index in `FIELDS` of the chosen cell."""

    @dataclass
    class Dragged(Message):
        """Posted when a step is dragged with the mouse over a place among the further steps."""

        step_id: str
        place: int

    @dataclass
    class Pasted(Message):
        """Posted when text is pasted while no cell is edited."""

        text: str

    def __init__(self, currency: Currency, *, id: str) -> None:
        columns = (
            Column("", 1),
            Column("Name", 12, share=1),
            Column(f"Cost {currency.sign}", 10, align="right", drop=2),
            Column(f"Revenue {currency.sign}", 10, align="right", drop=3),
            Column("Time", 8, align="right", drop=1),
            Column("Completes", 9),
        )
        super().__init__(columns, id=id)
        self.currency = currency
        self.steps: Sequence[Step] = ()
        self._wrong: Mapping[str, str] = {}
        self._held: str | None = None

    def show_steps(self, steps: Sequence[Step], wrong: Mapping[str, str], chosen: str | None = None) -> None:
        """Show steps, and what is wrong with them by id; the cursor goes to `chosen`, or stays."""
        self.steps, self._wrong = steps, wrong
        ids = [step.id for step in steps]
        cursor = ids.index(chosen) if chosen in ids else None
        self.styles.height = max(2, len(steps) + 1)
        self.show(len(steps), self._row, cursor=cursor)

    @property
    def chosen(self) -> Step | None:
        """The step under the cursor; None if there are no steps."""
        return self.steps[self.cursor] if self.cursor < len(self.steps) else None

    @property
    def problem(self) -> str:
        """The problem of the chosen step; empty if there is none."""
        return self._wrong.get(self.chosen.id, "") if self.chosen else ""

    def whole_below(self, editing: Field | None = None) -> bool:
        """Return whether there is room below the chosen row for the whole of its problem: while it has the focus."""
        return editing == "name" or (editing is None and self.has_focus)

    @property
    def chosen_field(self) -> Field:
        """The field of the chosen cell."""
        return FIELDS[self.field]

    def fields_of(self, row: int) -> list[Field]:
        """Return the fields of a row that can be edited and are shown."""
        if self.steps[row].kind == "initial":
            return ["name"]
        return [field for place, field in enumerate(FIELDS) if self._widths()[place + _FIRST]]

    def cell_region(self, row: int, field: Field) -> Region:
        """Return where a cell is, from the upper left corner of the table."""
        widths = self._widths()
        column = FIELDS.index(field) + _FIRST
        x = MARGIN + sum(width + GAP for width in widths[:column] if width)
        return Region(x, row + self.header - self.scroll_offset.y, widths[column], 1)

    def _widths(self) -> tuple[int, ...]:
        return layout(self.columns, max(1, self.scrollable_content_region.width - MARGIN - 1))

    def validate_field(self, field: int) -> int:
        shown = [FIELDS.index(each) for each in self.fields_of(self.cursor)] if self.steps else [0]
        return min(shown, key=lambda each: (abs(each - field), each))

    def watch_field(self) -> None:
        self.refresh_rows()

    def watch_cursor(self, before: int, now: int) -> None:
        super().watch_cursor(before, now)
        self.field = self.field  # The initial step has fewer cells.

    def action_cell(self, by: int) -> None:
        """Choose a cell further to the right or left."""
        fields = self.fields_of(self.cursor) if self.steps else []
        if self.chosen_field in fields:
            place = fields.index(self.chosen_field) + by
            self.field = FIELDS.index(fields[max(0, min(place, len(fields) - 1))])

    def key_left(self, event: events.Key) -> None:
        event.stop()
        self.action_cell(-1)

    def key_right(self, event: events.Key) -> None:
        event.stop()
        self.action_cell(1)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.post_message(self.Pasted(event.text))

    def _row(self, row: int) -> list[Content]:
        step, wrong = self.steps[row], self._wrong.get(self.steps[row].id, "")
        metrics = step.metrics
        amounts = [worth for each in self.steps for worth in (each.metrics.cost_savings, each.metrics.revenue)]
        digits = max(len(format_amount(each, self.currency.digits).partition(".")[2]) for each in amounts)
        nothing = Content.styled("—", "$quiet")

        def amount(value: Decimal) -> Content:
            if value:
                return Content(format_amount(value, digits))
            return Content.styled("unpriced", "$warning") if metrics.unpriced else nothing

        time = metrics.time_saved_seconds
        cells = [
            Content.styled("!", "bold $error") if wrong else Content.styled(step.glyph, STEP_STYLES[step.kind]),
            self._name_cell(step, wrong if row != self.cursor or not self.whole_below() else ""),
        ]
        if step.kind == "initial":
            cells += [Content(""), Content(""), Content(""), Content.styled("opens", "$quiet")]
        else:
            cells += [
                amount(metrics.cost_savings),
                amount(metrics.revenue),
                Content(format_duration(time)) if time else nothing,
                Content.styled("☑", "$completed") if step.kind == "completion" else Content.styled("☐", "$quiet"),
            ]
        if row == self.cursor and self.has_focus:
            column = self.field + _FIRST
            cells[column] = cells[column].stylize("reverse")
        return cells

    @staticmethod
    def _name_cell(step: Step, wrong: str) -> Content:
        if not step.name:
            return Content.styled(*(("needs a name", "$error") if wrong else ("(no name)", "$quiet")))
        return Content.assemble(step.name, ("  " + wrong, "$error")) if wrong else Content(step.name)

    def scroll_to_row(self, index: int) -> None:
        """Bring a row into view, also in the form if that scrolls instead of the table."""
        super().scroll_to_row(index)
        self.call_after_refresh(self._show_row, index)

    def _show_row(self, index: int) -> None:
        if not isinstance(self.parent, Steps) or not self.parent.has_focus_within:
            return  # The editor may have been closed meanwhile, too.
        y = self.region.y + self.header + index - self.scroll_offset.y
        for form in self.ancestors:
            if isinstance(form, VerticalScroll):
                inside = y - form.content_region.y + form.scroll_offset.y
                form.scroll_to_region(Region(0, inside, 1, 1), animate=False)

    # -- mouse

    def on_click(self, event: events.Click) -> None:
        row = self._row_at(event)
        super().on_click(event)
        if row >= 0:
            inside = [f for f in self.fields_of(row) if self.cell_region(row, f).contains(event.x, event.y)]
            self.field = FIELDS.index(inside[0]) if inside else self.field

    def on_mouse_down(self, event: events.MouseDown) -> None:
        index = self._row_at(event)
        if index >= 0:
            self.cursor = index
            self._held = self.steps[index].id if index else None
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None:
            super().on_mouse_move(event)
            return
        place = max(1, min(event.y - self.header + self.scroll_offset.y, len(self.steps) - 1))
        if self.steps[place].id != self._held:
            self.post_message(self.Dragged(self._held, place - 1))

    def on_mouse_up(self) -> None:
        self._held = None
        self.release_mouse()


class Steps(Vertical):
    """The table of steps with the field over the cell that is edited, and messages about the steps."""

    DEFAULT_CSS = """
    Steps { layers: rows cell; height: auto; }
    Steps #steps-head { height: 1; }
    Steps #steps-count { color: $quiet; padding-left: 2; width: auto; }
    Steps #steps-count.-full { color: $warning; }
    Steps #steps-problem { color: $error; height: auto; }
    Steps #no-steps { height: auto; padding: 0 2; }
    Steps #no-steps Static { color: $quiet; height: auto; }
    Steps CellInput { layer: cell; position: absolute; display: none; height: 1; }
    Steps #cell-problem {
        layer: cell; position: absolute; display: none;
        width: auto; height: auto; padding: 0 1; color: $error; background: $panel;
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
        yield Static("", id="steps-problem", markup=False)
        yield StepTable(self.currency, id="steps")
        with Vertical(id="no-steps"):
            yield Static(f"{self.key} adds a step; enter does in the last row. Lines can be pasted.", markup=False)
            yield Button("Add step", id="add-step")
        yield CellInput(max_length=MAX_NAME, select_on_focus=False, compact=True)
        yield Static("", id="cell-problem", markup=False)

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
        self.query_one("#steps-problem", Static).update(problem)
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
        cell.styles.offset = found.offset
        cell.styles.width = found.width + 1  # Room for the cursor behind a name as long as the column.
        problem = self.query_one("#cell-problem", Static)
        width = len(self._said) + 2
        room = self.content_region.width
        problem.styles.max_width = room
        problem.styles.offset = (max(0, min(found.x, room - width)), found.y + 1)

    def _say_problem(self) -> None:
        """Say below the cell what is wrong with its text, or with its step; elsewhere the row itself says that."""
        table, self._said = self.table, self._problem
        if table.whole_below(editing=self._field if self.editing else None):
            self._said = table.problem
        line = self.query_one("#cell-problem", Static)
        line.update(self._said)
        line.display = bool(self._said)

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
