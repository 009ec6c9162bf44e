"""The table of a goal's steps, and the field over a cell that is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from textual import events
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from goals_tui.domain.goal import Step
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
_ENTRY = 7
"""The least width of a cell in which an amount is typed: 1500.00."""
_UNPRICED = "unpriced"


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


def _digits(currency: Currency, steps: Sequence[Step]) -> int:
    """Return the decimals of the amounts: as many as the one with most has."""
    amounts = [amount for step in steps for amount in (step.metrics.cost_savings, step.metrics.revenue)]
    return max((len(format_amount(each, currency.digits).partition(".")[2]) for each in amounts), default=0)


def _columns(currency: Currency, steps: Sequence[Step]) -> tuple[Column, ...]:
    """Return the columns, those of amounts as wide as these and an entry need: the rest is for names."""
    digits = _digits(currency, steps)

    unpriced = len(_UNPRICED) if any(step.metrics.unpriced for step in steps) else 0

    def amounts(title: str, values: Iterable[Decimal], drop: int) -> Column:
        title = f"{title} {currency.sign}"
        width = max(len(title), _ENTRY, unpriced, *(len(format_amount(each, digits)) for each in values))
        return Column(title, width, align="right", drop=drop)

    return (
        Column("", 1),
        Column("Name", 12, share=1),
        amounts("Cost", (step.metrics.cost_savings for step in steps), 2),
        amounts("Revenue", (step.metrics.revenue for step in steps), 3),
        Column("Time", 8, align="right", drop=1),
        Column("Completes", 9),
    )


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
        super().__init__(_columns(currency, ()), id=id)
        self.currency = currency
        self.steps: Sequence[Step] = ()
        self._wrong: Mapping[str, str] = {}
        self._held: str | None = None

    def show_steps(self, steps: Sequence[Step], wrong: Mapping[str, str], chosen: str | None = None) -> None:
        """Show steps, and what is wrong with them by id; the cursor goes to `chosen`, or stays."""
        self.steps, self._wrong = steps, wrong
        self.columns = _columns(self.currency, steps)
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
        digits = _digits(self.currency, self.steps)
        nothing = Content.styled("—", "$quiet")

        def amount(value: Decimal) -> Content:
            if value:
                return Content(format_amount(value, digits))
            return Content.styled(_UNPRICED, "$warning") if metrics.unpriced else nothing

        time = metrics.time_saved_seconds
        cells = [
            Content.styled("✖", "bold $error") if wrong else Content.styled(step.glyph, STEP_STYLES[step.kind]),
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
        if not isinstance(self.parent, Widget) or not self.parent.has_focus_within:
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
