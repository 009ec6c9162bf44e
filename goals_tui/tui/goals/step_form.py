"""The form of a step: name, description, completion step or not, and Success Metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.goal import Step
from goals_tui.domain.model import MAX_NAME, MAX_TEXT
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.domain.value import SuccessMetrics, format_amount, format_duration, parse_amount, parse_duration
from goals_tui.domain.words import fold
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog, ask_to_leave
from goals_tui.tui.goals.what_if import Shown, WhatIfPanel
from goals_tui.tui.widgets.fields import Field, ProblemLine, Toggle, text_area

TIME_HINT = "hh:mm:ss"

METRICS = ("cost", "revenue", "time")
"""The fields of Success Metrics."""


@dataclass(frozen=True)
class Currency:
    """The form of amounts in fields: the sign that is shown, and the number of decimals."""

    sign: str
    digits: int


class StepForm(Dialog[Step]):
    """A dialog that edits a step; returns the edited step, or None if it was cancelled.

    `taken` holds the folded names of the goal's other steps.
    """

    CONTEXT = "goals.step"
    BINDINGS = bindings("goals.step")
    HELP = """
A step is worth its **Success Metrics** once per cycle, however often it is reached. **Cost savings** is money that was
not spent, **revenue** money that was earned, **time saved** what a person would have needed: `02:45:00`, `2:45`
(hours:minutes), `2h 45m`, `2.75h` and `165m` are all 2 hours 45 minutes.
"""
    DEFAULT_CSS = """
    StepForm > #dialog { width: 80; padding: 1 2 0 2; }
    StepForm .metrics, StepForm #beyond-initial { height: auto; }
    StepForm TextArea { height: auto; min-height: 2; max-height: 8; }
    StepForm .metrics Field { margin-bottom: 0; }
    StepForm .metrics Field { width: 1fr; margin-right: 2; }
    StepForm .metrics Field.-last { margin-right: 0; }
    """

    def __init__(
        self,
        step: Step,
        currency: Currency,
        taken: frozenset[str],
        *,
        only: bool = False,
        what_if: Callable[[Step], Shown | None] = lambda step: None,
    ) -> None:
        """Create the form; `what_if` returns the figures under the goal with the step as it is entered."""
        super().__init__(f"Step {step.name}")
        self.step = step
        self.currency = currency
        self.taken = taken
        self.only = only
        self.what_if = what_if
        self.triggers = step.triggers
        self.marked = False
        """True if the user set or removed the mark of a completion step."""

    def compose_dialog(self) -> ComposeResult:
        step, digits = self.step, self.currency.digits
        yield Field("Name", Input(step.name, max_length=MAX_NAME), id="step-name")
        yield Field("Description", text_area(step.description), id="step-description", hint="optional")
        hint = "the only step must be one" if self.only else ""
        with Vertical(id="beyond-initial"):
            yield Toggle("Mark this step as a completion step", step.kind == "completion", id="completion", hint=hint)
            yield Label("Success Metrics", classes="heading")
            yield from self._metrics(digits)

    def _metrics(self, digits: int) -> ComposeResult:
        step = self.step
        with Horizontal(classes="metrics"):
            for id_, title in (("cost", "Cost Savings"), ("revenue", "Revenue")):
                unknown = "unpriced" if step.metrics.unpriced else f"{0:.{digits}f}"
                entry = Input(self._shown(id_), placeholder=unknown, max_length=18, select_on_focus=True)
                yield Field(title, entry, id=id_, hint=self.currency.sign)
            seconds = step.metrics.time_saved_seconds
            entry = Input(format_duration(seconds) if seconds else "", placeholder="00:00:00", select_on_focus=True)
            yield Field("Time Saved", entry, id="time", hint=TIME_HINT).add_class("-last")
        yield ProblemLine(id="metric-problem")
        yield WhatIfPanel(id="what-if")

    def compose_buttons(self) -> ComposeResult:
        yield Button(self._triggers_title(), id="triggers")
        yield Button("Cancel", id="cancel")
        yield Button("Save step", id="save", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#beyond-initial").display = self.step.kind != "initial"
        self.query_one("#step-name Input", Input).focus()
        self._before = self._entered()
        self._show_what_if()
        self.watch(self.query_one("#completion", Toggle), "value", self._show_what_if, init=False)

    def _show_what_if(self) -> None:
        """Show the figures under the step as it is entered; they stay while an amount or a time is wrong."""
        step, problems = self.filled()
        if not problems.keys() & set(METRICS):
            shown, panel = self.what_if(step), self.query_one(WhatIfPanel)
            panel.display = shown is not None
            panel.show(shown, whole=self.app.size.height >= 34)

    # -- what is wrong

    def filled(self) -> tuple[Step, dict[str, str]]:
        """Return the step as entered, and the message for each field that is wrong, by field id."""
        problems: dict[str, str] = {}
        name = clean_line(self._value("step-name"))
        if not name:
            problems["step-name"] = "A step needs a name."
        elif fold(name) in self.taken:
            problems["step-name"] = f"The goal has a step {name!r} already. Choose another name."
        description = clean_text(self._value("step-description")).strip()
        if len(description) > MAX_TEXT:
            problems["step-description"] = f"Longer than {MAX_TEXT:,} characters. Shorten it."
        amounts = {"cost": Decimal(0), "revenue": Decimal(0)}
        for id_ in amounts:
            try:
                amounts[id_] = self._amount(id_)
            except RefusedError as error:
                problems[id_] = str(error)
        seconds = 0
        try:
            seconds = parse_duration(self._value("time") or "0")
        except RefusedError as error:
            problems["time"] = str(error)
        kind = "completion" if self.query_one("#completion", Toggle).value else "step"
        if self.step.kind == "initial":
            kind = "initial"
        worth = SuccessMetrics(
            cost_savings=amounts["cost"],
            revenue=amounts["revenue"],
            time_saved_seconds=seconds,
            # A step stays unpriced until an amount is entered, even if it is 0.
            unpriced=self.step.metrics.unpriced and all(self._value(id_) == self._shown(id_) for id_ in amounts),
        )
        changes = {"name": name, "description": description, "kind": kind, "metrics": worth, "triggers": self.triggers}
        return self.step.model_copy(update=changes), problems

    def _stored(self, id_: str) -> Decimal:
        return {"cost": self.step.metrics.cost_savings, "revenue": self.step.metrics.revenue}[id_]

    def _shown(self, id_: str) -> str:
        stored = self._stored(id_)
        return format_amount(stored, self.currency.digits) if stored else ""

    def _amount(self, id_: str) -> Decimal:
        text = self._value(id_).strip()
        # A stored amount may have more decimals than the currency has now.
        if text and text == self._shown(id_):
            return self._stored(id_)
        return parse_amount(text or "0", self.currency.digits)

    def _value(self, id_: str) -> str:
        return self.query_one(f"#{id_}", Field).value

    def _say(self, problems: dict[str, str]) -> None:
        for field in self.query(Field):
            problem = problems.get(field.id or "", "")
            field.say("" if field.id in METRICS else problem)
            field.set_class(bool(problem), "-wrong")
        # A metric's own column is too narrow for a sentence.
        wrong = {self.query_one(f"#{id_}", Field).label: problems[id_] for id_ in METRICS if id_ in problems}
        lines = [f"{label}: {problem}" for label, problem in wrong.items()] if len(wrong) > 1 else wrong.values()
        self.query_one("#metric-problem", ProblemLine).say("\n".join(lines))

    @on(Field.Edited)
    def _edited(self, event: Field.Edited) -> None:
        step, problems = self.filled()
        shown = {id_ for id_ in problems if id_ != "step-name" or event.field.id == "step-name"}
        self._say({id_: problems[id_] for id_ in shown})
        self._show_what_if()
        if event.field.id == "time":
            self._say_time(None if "time" in problems else step.metrics.time_saved_seconds)

    def _say_time(self, seconds: int | None) -> None:
        """Show how a time that is not written as hh:mm:ss was understood."""
        field = self.query_one("#time", Field)
        understood = format_duration(seconds) if seconds else ""
        field.set_hint(f"= {understood}" if understood and understood != field.value.strip() else TIME_HINT)

    # -- triggers

    def _triggers_title(self) -> str:
        return f"Triggers: {len(self.triggers)}…" if self.triggers else "Triggers…"

    @on(Button.Pressed, "#triggers")
    @work
    async def action_triggers(self) -> None:
        """Edit which activities fire the step."""
        from goals_tui.tui.goals.triggers import TriggerEditor

        name = clean_line(self._value("step-name"))
        step = self.step.model_copy(update={"name": name, "triggers": self.triggers})
        triggers = await self.app.push_screen_wait(TriggerEditor(step))
        if triggers is not None:
            self.triggers = triggers
            button = self.query_one("#triggers", Button)
            button.label = self._triggers_title()
            button.refresh(layout=True)

    # -- answers

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        """Return the step, or show what is wrong with it."""
        step, problems = self.filled()
        self._say(problems)
        if problems:
            self.query_one(f"#{next(iter(problems))}", Field).entry.focus()
        else:
            self.marked = self.query_one("#completion", Toggle).touched
            self.dismiss(step)

    def on_input_submitted(self) -> None:
        self.action_save()

    def _entered(self) -> list[object]:
        return [
            *(field.value for field in self.query(Field)),
            self.query_one("#completion", Toggle).value,
            self.triggers,
        ]

    @on(Button.Pressed, "#cancel")
    @work
    async def action_cancel(self) -> None:  # type: ignore[override]  # a worker, because it may ask
        """Leave the step as it was, after asking if something was entered."""
        answer: str | None = "discard"
        if self._entered() != self._before:
            name = clean_line(self._value("step-name")) or "The new step"
            answer = await self.app.push_screen_wait(ask_to_leave(name))
        if answer == "save":
            self.action_save()
        elif answer == "discard":
            self.dismiss(None)
