"""The dialogs that change or delete several goals together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.goal import Goal, Step, format_target
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import SuccessMetrics, parse_amount, parse_duration
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Dialog, Form
from goals_tui.tui.goals.draft import read_target
from goals_tui.tui.goals.step_form import TIME_HINT
from goals_tui.tui.widgets.fields import Field, ProblemLine, Toggle

if TYPE_CHECKING:
    from goals_tui.services.goal_list import GoalSummary
    from goals_tui.services.goals import Consequences
    from goals_tui.tui.app.background import BackgroundScreen


def _named(goals: Sequence[GoalSummary]) -> str:
    names = [goal.name for goal in goals[:4]]
    return ", ".join(names) + (f" and {len(goals) - 4:,} more" if len(goals) > 4 else "")


class SetValues(Form[int]):
    """A dialog for values that are set in all given goals; returns the number of goals that changed.

    A field that is left empty changes nothing.
    """

    CONTEXT = "goals.set"
    BINDINGS = bindings("goals.set")
    HELP = """
The values you enter are set in each of the goals, as one change that undo takes back; empty fields change nothing.
**Success Metrics** are set in the completion steps, or in every step after the initial one. Events that were
recorded keep the values of their own version. A **target** is a completion rate, such as `60` or `0.6`, or `none`.
"""
    DEFAULT_CSS = """
    SetValues > #dialog { width: 80; }
    SetValues .metrics { height: auto; margin-top: 1; }
    SetValues .metrics Field { width: 1fr; margin-right: 2; }
    SetValues .metrics Field.-last { margin-right: 0; }
    """

    def __init__(self, goals: Sequence[GoalSummary]) -> None:
        super().__init__(f"Set values of {goals[0].name if len(goals) == 1 else plural(len(goals), 'goal')}")
        self.goals = goals

    def compose_dialog(self) -> ComposeResult:
        from goals_tui.services.currencies import symbol

        currency = self.services.project.get().currency
        self.digits = currency_digits(currency)
        yield Static(_named(self.goals), classes="dialog-text quiet", markup=False)
        with Horizontal(classes="metrics"):
            for id_, title in (("cost", "Cost Savings"), ("revenue", "Revenue")):
                yield Field(title, Input(placeholder="as it is", max_length=18), id=id_, hint=symbol(currency))
            yield Field("Time Saved", Input(placeholder="as it is"), id="time", hint=TIME_HINT).add_class("-last")
        yield Toggle("In every step after the initial one, not only in completion steps", False, id="every")
        yield Field(
            "Target completion rate", Input(placeholder="as it is", max_length=12), id="target", hint="%, or none"
        )
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Set", id="set", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#cost Input", Input).focus()

    def _text(self, id_: str) -> str:
        return self.query_one(f"#{id_}", Field).value.strip()

    def _read(self) -> tuple[dict[str, Decimal | int], dict[str, Decimal | None]]:
        """Return what is set in steps, and in goals. Raises RefusedError."""
        metrics: dict[str, Decimal | int] = {}
        for id_, name in (("cost", "cost_savings"), ("revenue", "revenue")):
            if self._text(id_):
                metrics[name] = parse_amount(self._text(id_), self.digits)
        if self._text("time"):
            metrics["time_saved_seconds"] = parse_duration(self._text("time"))
        target = self._text("target")
        if not target:
            return metrics, {}
        return metrics, {"target": None if target.casefold() == "none" else read_target(target)}

    @on(Field.Edited)
    def _edited(self) -> None:
        said = ""
        try:
            _, apart = self._read()
            if apart.get("target"):
                said = f"Target {format_target(apart['target'] or Decimal(0))}"
        except GoalsError as error:
            said = str(error)
        self._say(said, wrong=not said.startswith("Target "))

    def _say(self, text: str, *, wrong: bool = True) -> None:
        self.query_one(ProblemLine).say(text, "error" if wrong else None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#set")
    @work
    async def action_accept(self) -> None:  # type: ignore[override]  # a worker, because it saves
        """Save the goals with what is filled in."""
        try:
            metrics, apart = self._read()
            every, ids = self.query_one("#every", Toggle).value, [goal.id for goal in self.goals]

            def with_values(step: Step) -> Step:
                if step.kind == "initial" or not (every or step.kind == "completion") or not metrics:
                    return step
                kept = {name: getattr(step.metrics, name) for name in SuccessMetrics.model_fields}
                unpriced = step.metrics.unpriced and not metrics.keys() & {"cost_savings", "revenue"}
                return step.model_copy(update={"metrics": SuccessMetrics(**{**kept, **metrics, "unpriced": unpriced})})

            def change(goal: Goal) -> Goal:
                return goal.model_copy(update={**apart, "steps": tuple(map(with_values, goal.steps))})

            changed = await self.change("Saving the goals", lambda: self.services.goals.change_all(ids, change))
        except GoalsError as error:
            self._say(str(error))
        else:
            self.dismiss(len(changed))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


async def set_trigger(screen: BackgroundScreen[Any], rows: Sequence[GoalSummary]) -> int | None:
    """Ask for a trigger and for steps, and give it to these steps of all given goals, as one edit.

    Return the number of goals that changed; None if the user cancelled. Await it in a worker.
    """
    from goals_tui.tui.goals.triggers import TriggerForm

    services, ids = screen.services, [row.id for row in rows]
    goals = screen.attempt(lambda: [services.goals.get(id_) for id_ in ids])
    if not goals:
        return None
    of = goals[0].name if len(goals) == 1 else plural(len(goals), "goal")
    form = TriggerForm(None, title=f"Set a trigger of {of}", save="Next")
    trigger = await screen.app.push_screen_wait(form)
    if trigger is None:
        return None
    chosen = await screen.app.push_screen_wait(Choose("Which steps does it fire?", _steps_of(goals)))
    if chosen is None:
        return None
    kind, _, name = chosen.partition(" ")

    def fires(step: Step) -> bool:
        if kind == "named":
            return fold(step.name) == name
        return step.kind != "initial" if kind == "further" else step.kind == kind

    def with_it(step: Step) -> Step:
        return step.model_copy(update={"triggers": tuple(dict.fromkeys((*step.triggers, trigger)))})

    def with_trigger(goal: Goal) -> Goal:
        return goal.model_copy(update={"steps": tuple(with_it(step) if fires(step) else step for step in goal.steps)})

    changed = await screen.attempt_change("Saving the goals", lambda: services.goals.change_all(ids, with_trigger))
    return None if changed is None else len(changed)


def _steps_of(goals: Sequence[Goal]) -> list[Option]:
    """Return the choices of steps: by their kind, then by each name that several goals have, most frequent first."""
    kinds = (
        ("initial", "The initial step", [goal.initial for goal in goals]),
        ("completion", "Completion steps", [s for goal in goals for s in goal.steps if s.kind == "completion"]),
        ("further", "Every step after the initial one", [step for goal in goals for step in goal.further]),
    )
    names = [(fold(step.name), step.name) for goal in goals for step in goal.steps]
    counted = Counter(folded for folded, _ in names)
    first = dict(reversed(names))
    named = [(folded, count) for folded, count in counted.most_common() if count > 1 or len(goals) == 1]
    return [
        *(Option(kind, title, plural(len(steps), "step")) for kind, title, steps in kinds),
        *(Option(f"named {folded}", first[folded], f"in {plural(count, 'goal')}") for folded, count in named),
    ]


class DeleteGoals(Dialog[int]):
    """A dialog that deletes several goals with their analytics; returns their number after the deletion."""

    def __init__(self, goals: Sequence[GoalSummary]) -> None:
        super().__init__(f"Delete {plural(len(goals), 'goal')}", danger=True)
        self.goals = goals

    def compose_dialog(self) -> ComposeResult:
        yield Static(_named(self.goals), classes="dialog-text", markup=False)
        yield Static("Counting what will be deleted with them…", id="taken", classes="dialog-text quiet", markup=False)
        text = f"To delete them, type {self._wanted!r}. This can't be undone."
        yield Label(text, id="ask", classes="dialog-text", markup=False)
        yield Input(placeholder=self._wanted, id="confirm", select_on_focus=False)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Delete", id="delete", variant="error")

    @property
    def _wanted(self) -> str:
        return plural(len(self.goals), "goal")

    def on_mount(self) -> None:
        self.query_one("#delete", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        goals = self.services.goals
        self.load("count", lambda: [goals.consequences(goal.id) for goal in self.goals], self._counted)

    def _counted(self, taken: Sequence[Consequences]) -> None:
        events, nodes = sum(one.events for one in taken), sum(len(one.uses) for one in taken)
        why_kept = next((one.why_kept for one in taken), "")
        if why_kept:
            self.query_one("#taken", Static).update(f"The goals can't be deleted now. {why_kept}")
            for part in ("#ask", "#confirm"):
                self.query_one(part).display = False
            self.query_one("#cancel", Button).focus()
            return
        self.query_one("#taken", Static).update(
            f"{plural(events, 'event')} go with them, and {plural(nodes, 'Track Goal Process node')} stop working."
        )

    @on(Input.Changed, "#confirm")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#delete", Button).disabled = event.value.strip() != self._wanted

    @on(Input.Submitted, "#confirm")
    @on(Button.Pressed, "#delete")
    def _delete(self) -> None:
        if self.query_one("#delete", Button).disabled:
            return
        goals, ids = self.services.goals, [goal.id for goal in self.goals]
        self.write("Deleting goals", lambda: goals.delete_all(ids), self._deleted, refused=self._refused)

    def _deleted(self, count: int) -> None:
        self.dismiss(count)

    def _refused(self, error: BaseException) -> None:
        if not isinstance(error, GoalsError):
            raise error
        self.query_one(ProblemLine).say(str(error))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
