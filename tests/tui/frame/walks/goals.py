"""The Goals screen, its editor and the form of a step."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.help import Help
from goals_tui.tui.filters.dialog import FilterDialog
from goals_tui.tui.goals.delete import DeleteGoal
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.several import SetValues
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.triggers import TriggerEditor, TriggerForm
from goals_tui.tui.goals.what_if import WhatIfPanel
from goals_tui.tui.packages.export import AskPath, AskTarget, ExportPackage
from goals_tui.tui.widgets.lines_dialog import AskLines
from tests.conftest import make_services
from tests.tui.frame.walking import Do, FromPalette, Proof, Walk, keys, off, on, says, words
from tests.tui.goals.conftest import make_flight
from tests.tui.harness import running


def begin(folder: Path) -> AbstractAsyncContextManager[Pilot[Any]]:
    """A goal that flows track."""
    services = make_services(folder / "workspace")
    make_flight(services)
    return running(services)


def goals(*names: str) -> Proof:
    """The workspace has these goals."""
    return lambda app: [row.name for row in app.services.goals.summaries()] == list(names)


def steps(*names: str) -> Proof:
    """The draft in the editor has these further steps."""
    return lambda app: (
        isinstance(app.screen, GoalEditor) and [step.name for step in app.screen.draft.goal.further] == list(names)
    )


def at_cell(row: int, field: str) -> Proof:
    """A cell of the steps is edited."""
    return lambda app: (
        app.screen.cells.editing and (app.screen.form.steps.cursor, app.screen.form.steps.chosen_field) == (row, field)
    )


PAID, ENTERED = "Payment completed", "Passenger entered"

GOALS = Walk(
    "goals",
    begin,
    (
        Do("s", "goals.sort", lambda app: app.screen.goal_list.rows.order != "name"),
        Do("slash", "goals.filter", lambda app: app.screen.goal_list.typing),
        words("flight"),
        Do("escape", "goals.clear-filter", lambda app: not app.screen.goal_list.filtering),
        Do("space", "goals.mark", lambda app: len(app.screen.goal_list.marked) == 1),
        Do("escape", "goals.clear-filter", lambda app: not app.screen.goal_list.marked),
        Do("shift+down", "goals.mark-down", lambda app: len(app.screen.goal_list.marked) == 1),
        keys("escape"),
        Do("shift+up", "goals.mark-up", lambda app: len(app.screen.goal_list.marked) == 1),
        keys("escape"),
        Do("ctrl+a", "goals.mark-all", lambda app: len(app.screen.goal_list.marked) == 1),
        keys("escape"),
        Do("v", "goals.set", on(SetValues)),
        Do("f1", "app.explained.help", on(Help)),
        keys("escape"),
        words("7"),
        Do("f2", "goals.set.accept", lambda app: app.services.goals.all()[0].steps[2].metrics.cost_savings == 7),
        keys("u"),
        Do("T", "goals.set-trigger", on(TriggerForm)),
        keys("escape"),
        Do("w", "goals.where-used", on(Choose)),
        keys("escape"),
        Do("t", "goals.track", on(Choose)),
        keys("escape"),
        Do("d", "goals.derive", says("has no trigger, so no cycle would open")),
        Do("e", "goals.export", on(ExportPackage)),
        keys("escape"),
        FromPalette("export goals as a file", "goals.export-file", on(AskTarget)),
        keys("escape"),
        FromPalette("apply a file", "goals.apply-file", on(AskPath)),
        keys("escape"),
        Do("x", "goals.delete", on(DeleteGoal)),
        keys("escape"),
        Do("D", "goals.duplicate", goals("Book a Flight", "Book a Flight (2)")),
        Do("f", "goals.findings", on(Choose)),
        keys("escape"),
        keys("home", "x", "tab", "enter", "enter"),
        Do("space", "goals.replace.choose", on(Choose)),
        keys("escape", "escape", "escape"),
        Do("L", "goals.lines", on(AskLines)),
        keys("escape"),
        Do("n", "goals.new", on(GoalEditor)),
        Do("escape", "goals.editor.back", off(GoalEditor)),
        Do("o", "goals.edit", on(GoalEditor)),
        Do("f3", "goals.editor.triggers", on(TriggerEditor)),
        Do("a", "goals.triggers.add", on(TriggerForm)),
        words("pay"),
        keys("enter"),
        Do("enter", "goals.triggers.edit", on(TriggerForm), by_widget=True),
        keys("escape"),
        Do("x", "goals.triggers.delete", lambda app: app.screen.triggers == []),
        keys("escape"),
        Do("insert", "goals.editor.add-step", steps(ENTERED, PAID, "")),
        Do("escape", "goals.cell.cancel", steps(ENTERED, PAID)),
        keys("o"),
        Do("f3", "goals.step.triggers", on(TriggerEditor)),
        keys("escape"),
        Do("escape", "goals.step.cancel", steps(ENTERED, PAID)),
        keys("a"),
        words("Z"),
        Do("up", "goals.cell.above", at_cell(2, "name")),
        Do("down", "goals.cell.below", at_cell(3, "name")),
        Do("tab", "goals.cell.next", at_cell(3, "cost")),
        Do("shift+tab", "goals.cell.previous", at_cell(3, "name")),
        Do("enter", "goals.cell.done", steps(ENTERED, PAID, "Z", "")),
        keys("enter", *["right"] * 4),
        Do("space", "goals.editor.switch-completion", lambda app: app.screen.draft.goal.further[2].kind != "step"),
        keys("o", "tab", "tab"),
        Do("space", "app.toggle.switch", lambda app: not app.focused.value),
        Do("f2", "goals.step.save", steps(ENTERED, PAID, "Z")),
        Do("K", "goals.editor.step-up", steps(ENTERED, "Z", PAID)),
        Do("J", "goals.editor.step-down", steps(ENTERED, PAID, "Z")),
        Do("w", "goals.editor.what-if", lambda app: not app.screen.query_one(WhatIfPanel).whole),
        Do("f6", "goals.editor.what-if-filters", on(FilterDialog)),
        keys("escape"),
        Do("o", "goals.editor.edit-step", on(StepForm)),
        keys("escape"),
        Do("x", "goals.editor.delete-step", steps(ENTERED, PAID)),
        Do("u", "goals.editor.undo", steps(ENTERED, PAID, "Z")),
        Do("U", "goals.editor.redo", steps(ENTERED, PAID)),
        keys("u"),
        Do("f2", "goals.editor.save", lambda app: any(len(goal.steps) == 4 for goal in app.services.goals.all())),
    ),
)
