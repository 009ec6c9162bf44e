"""Actions and default keys of the Tasks screen and of the package review."""

from __future__ import annotations

from goals_tui.tui.app.actions import Action

ACTIONS: tuple[Action, ...] = (
    Action("tasks.cancel", "c", "Cancel", "Stop the chosen task and roll it back, or all marked ones", "Task"),
    Action("tasks.retry", "r", "Retry", "Start the chosen task again, or all marked ones", "Task"),
    Action("tasks.clear", "delete,x", "Clear", "Take the chosen task, or all marked ones, off the list; what they did "
           "stays", "Task", footer=False, title="Clear tasks"),
    Action("tasks.mark", "space", "Mark", "Mark the chosen task and go to the next, to change several together", "Task",
           footer=False, title="Mark task"),
    Action("tasks.mark-down", "shift+down", "Mark down", "Mark the chosen task and the next one", "Task", palette=False,
           footer=False),
    Action("tasks.mark-up", "shift+up", "Mark up", "Mark the chosen task and the one before", "Task", palette=False,
           footer=False),
    Action("tasks.unmark", "escape", "Unmark", "Take all marks away", "Task", palette=False),
    Action("tasks.copy-path", "y", "Copy path", "Copy the path of the file that the chosen task made", "Task"),
    Action("tasks.import-log", "l", "Import log", "Import a table or a log of any agent, as a goal or as activities",
           "Data"),
    Action("tasks.import-events", "o", "Import events", "Import goals and events that the original system exported",
           "Data"),
    Action("tasks.batches", "b", "Batches", "What imports and simulations added; take one back", "Data"),
    Action("tasks.seal", "s", "Seal events", "Turn the appended events into Parquet, which is smaller and faster",
           "Data", footer=False),
    Action("tasks.import-package", "i", "Import package", "Import goals and flows of another project", "Packages"),
    Action("tasks.export-package", "e", "Export", "Pack goals and flows for another project", "Packages",
           title="Export package"),
    Action("tasks.columns.change", "enter", "Change", "Change what the cursor is on", "Import log", palette=False),
    Action("tasks.columns.accept", "ctrl+s,f2", "Next", "Go on to the steps", "Import log", palette=False),
    Action("tasks.steps.completion", "space,c", "Completion", "Make it a completion step, or no longer one",
           "Import log", palette=False),
    Action("tasks.steps.initial", "i", "Initial", "Make it the initial step", "Import log", palette=False),
    Action("tasks.steps.accept", "ctrl+s,f2", "Import", "Import in the background", "Import log", palette=False),
    Action("tasks.batches.remove", "delete,x", "Take back", "Delete what the chosen batch added; asks first", "Batch",
           palette=False),
    Action("tasks.batches.back", "escape", "Back", "Back to the tasks", "Batch", palette=False),
    Action("tasks.package.change", "space", "Change answer", "Skip, replace or duplicate what already exists here",
           "Package", palette=False),
    Action("tasks.package.all", "a", "Same for all", "Give this answer to every conflict", "Package", palette=False),
    Action("tasks.package.import", "ctrl+s,f2", "Import", "Import the package with these answers", "Package",
           palette=False),
    Action("tasks.package.cancel", "escape", "Cancel", "Import nothing", "Package", palette=False),
)  # fmt: skip
