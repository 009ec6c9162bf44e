"""The further steps of a goal as a table whose rows can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from textual import events
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message

from goals_tui.domain.goal import Step
from goals_tui.domain.value import format_amount, format_duration
from goals_tui.tui.goals.journey import STEP_STYLES
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList


class StepTable(VirtualList):
    """The steps after the initial one, in order."""

    DEFAULT_CSS = """
    StepTable { height: auto; min-height: 2; max-height: 1fr; }
    """

    @dataclass
    class Dragged(Message):
        """The step is held with the mouse over this place among the further steps."""

        step_id: str
        place: int

    def __init__(self, currency: Currency, *, id: str) -> None:
        columns = (
            Column("", 1),
            Column("Name", 12, share=1),
            Column(f"Cost {currency.sign}", 11, align="right", drop=2),
            Column(f"Revenue {currency.sign}", 11, align="right", drop=3),
            Column("Time", 8, align="right", drop=1),
        )
        super().__init__(columns, id=id)
        self.currency = currency
        self.steps: Sequence[Step] = ()
        self._held: str | None = None

    def show_steps(self, steps: Sequence[Step], wrong: Callable[[str], bool], chosen: str | None = None) -> None:
        """Show these; a step for which `wrong(id)` holds is marked. The cursor goes to `chosen`, or stays."""
        self.steps = steps
        ids = [step.id for step in steps]
        cursor = ids.index(chosen) if chosen in ids else None
        self.styles.height = max(2, len(steps) + 1)
        self.show(len(steps), lambda index: self._row(steps[index], wrong(steps[index].id)), cursor=cursor)

    @property
    def chosen(self) -> Step | None:
        """The step that the cursor is on."""
        return self.steps[self.cursor] if self.cursor < len(self.steps) else None

    def _row(self, step: Step, wrong: bool) -> list[Content]:
        metrics, digits = step.metrics, self.currency.digits

        def amount(value: Decimal) -> Content:
            if value:
                return Content(format_amount(value, digits))
            return Content.styled("unpriced", "$warning") if metrics.unpriced else Content.styled("—", "$quiet")

        time = metrics.time_saved_seconds
        return [
            Content.styled("!", "bold $error") if wrong else Content.styled(step.glyph, STEP_STYLES[step.kind]),
            Content(step.name or "(no name)"),
            amount(metrics.cost_savings),
            amount(metrics.revenue),
            Content(format_duration(time)) if time else Content.styled("—", "$quiet"),
        ]

    def scroll_to_row(self, index: int) -> None:
        """Bring a row into view, in the form too, where that scrolls and the table does not."""
        super().scroll_to_row(index)
        self.call_after_refresh(self._show_row, index)

    def _show_row(self, index: int) -> None:
        if not self.has_focus:
            return
        y = self.region.y + self.header + index - self.scroll_offset.y
        for form in self.ancestors:
            if isinstance(form, VerticalScroll):
                inside = y - form.content_region.y + form.scroll_offset.y
                form.scroll_to_region(Region(0, inside, 1, 1), animate=False)

    # -- dragging

    def on_mouse_down(self, event: events.MouseDown) -> None:
        index = self._row_at(event)
        if index >= 0:
            self.cursor = index
            self._held = self.steps[index].id
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None:
            super().on_mouse_move(event)
            return
        place = max(0, min(event.y - self.header + self.scroll_offset.y, len(self.steps) - 1))
        if self.steps[place].id != self._held:
            self.post_message(self.Dragged(self._held, place))

    def on_mouse_up(self) -> None:
        self._held = None
        self.release_mouse()
