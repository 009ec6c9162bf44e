"""Actions of the Goals screen and its editor."""

from __future__ import annotations

from goals_tui.tui.app.actions import Action

_LIST = "Goals"
_FORM = "Goal"
_STEPS = "Steps"

ACTIONS: tuple[Action, ...] = (
    Action("goals.new", "n,insert", "New", "Define a new goal", _LIST, title="New goal"),
    Action("goals.edit", "enter,o", "Edit", "Open the chosen goal in the editor", _LIST, title="Edit goal"),
    Action("goals.filter", "slash", "Filter", "Show only goals with these words in name, description or flow", _LIST,
           title="Filter goals"),
    Action("goals.sort", "s", "Sort", "By name, by last change, by completion rate", _LIST, title="Sort goals"),
    Action("goals.where-used", "w", "Where used", "The nodes that track this goal; choose one to go there", _LIST),
    Action("goals.track", "t", "Track", "Track this goal in a flow: choose the flow and go there", _LIST,
           title="Track goal"),
    Action("goals.derive", "d", "Derive", "Read this goal out of activities; shows what would change first", _LIST,
           title="Derive goal"),
    Action("goals.duplicate", "D", "Duplicate", "Make a copy of the chosen goal", _LIST, title="Duplicate goal"),
    Action("goals.export", "e", "Export", "Pack the chosen goal, with flows and analytics if you like", _LIST,
           title="Export goal"),
    Action("goals.delete", "delete,x", "Delete", "Delete the chosen goal with its analytics; asks for its name", _LIST,
           title="Delete goal"),
    Action("goals.clear-filter", "escape", "All goals", "Show all goals again", _LIST),
    Action("goals.editor.edit-step", "enter,o", "Edit", "Edit the chosen step", _STEPS, title="Edit step"),
    Action("goals.editor.step-up", "K,shift+up", "Up", "Move the chosen step up; the mouse drags it too", _STEPS,
           title="Move step up"),
    Action("goals.editor.step-down", "J,shift+down", "Down", "Move the chosen step down; the mouse drags it too",
           _STEPS, title="Move step down"),
    Action("goals.editor.delete-step", "delete,x", "Delete", "Delete the chosen step when the goal is saved", _STEPS,
           title="Delete step"),
    Action("goals.editor.add-step", "ctrl+n,insert,a", "Add step", "Add a step after the others", _STEPS),
    Action("goals.editor.what-if", "f4,w", "What if", "Show as a table, or in brief, what the edit would change", _FORM,
           title="What if: table or brief"),
    Action("goals.editor.what-if-filters", "f6,f", "Filter", "Choose the cycles that What-if reads", _FORM,
           footer=False, title="What if: filters"),
    Action("goals.editor.save", "ctrl+s,f2", "Save", "Save the goal as a new version", _FORM),
    Action("goals.editor.back", "escape", "Back", "Back to the list; asks if changes are not saved", _FORM),
    Action("goals.editor.triggers", "f3,t", "Triggers",
           "Which activities fire the chosen step; outside the table, the initial step", _FORM, title="Edit triggers"),
    Action("goals.editor.undo", "u,ctrl+z", "Undo", "Undo the last change of this form", _FORM, footer=False),
    Action("goals.editor.redo", "U,ctrl+r", "Redo", "Redo the last undone change", _FORM, footer=False),
    Action("goals.step.save", "ctrl+s,f2", "Save", "Keep the step as entered", "Step", palette=False),
    Action("goals.step.triggers", "f3", "Triggers", "Which activities fire the step", "Step", palette=False),
    Action("goals.triggers.edit", "enter", "Edit", "Edit the chosen trigger", "Triggers", palette=False),
    Action("goals.triggers.add", "a,insert", "Add", "Add a trigger", "Triggers", palette=False),
    Action("goals.triggers.delete", "delete,x", "Delete", "Delete the chosen trigger", "Triggers", palette=False),
    Action("goals.replace.choose", "space", "Choose", "Choose which step takes its place", "Goals", palette=False,
           do="select"),
    Action("goals.step.cancel", "escape", "Cancel", "Leave the step as it was", "Step", palette=False),
)  # fmt: skip
