"""Actions and default keys of the Sessions screen and the timeline."""

from __future__ import annotations

from goals_tui.tui.app.actions import Action

FILTERS, CYCLES = "Filters", "Cycles"
ACTIONS: tuple[Action, ...] = (
    Action("sessions.open", "enter", "Timeline", "The cycle step by step", CYCLES),
    Action("sessions.insights", "escape", "Back to Insights", "To the number whose cycles these are", CYCLES,
           palette=False),
    Action("sessions.filters", "f,slash", "Filter", "Choose span, goals, endpoints, locales, snapshots", FILTERS),
    Action("sessions.completed", "c", "✔ Completed", "Only completed cycles", FILTERS, do="outcome('completed')"),
    Action("sessions.partial", "p", "◐ Partial", "Only partially completed cycles", FILTERS, do="outcome('partial')"),
    Action("sessions.incomplete", "i", "✕ Incomplete", "Only incomplete cycles", FILTERS, do="outcome('incomplete')"),
    Action("sessions.orphans", "o", "? Orphans", "Cycles without an initial step, whatever the filters are", FILTERS,
           footer=False, do="outcome('orphan')"),
    Action("sessions.all", "a", "All outcomes", "Every cycle that the filters let through", FILTERS),
    Action("sessions.shorter", "left_square_bracket", "Shorter span", "The next shorter of the named spans", FILTERS,
           footer=False),
    Action("sessions.longer", "right_square_bracket", "Longer span", "The next longer of the named spans", FILTERS,
           footer=False),
    Action("sessions.reset-filters", "backspace", "Reset filters", "All goals, last 7 days, nothing left out", FILTERS,
           footer=False),
    Action("sessions.test", "I", "Test cycles", "List cycles of the Interaction Panel and of playbooks, or do not",
           FILTERS, footer=False),
    Action("sessions.load-filters", "L", "Load filters", "Use filters that were saved under a name", FILTERS,
           footer=False),
    Action("sessions.save-filters", "S", "Save filters", "Keep the present filters under a name", FILTERS,
           footer=False),
    Action("sessions.delete-filters", "", "Delete saved filters", "Forget filters that were saved under a name",
           FILTERS, footer=False),
    Action("sessions.copy-command", "x", "Copy command", "Copy the command line that lists these cycles", FILTERS,
           footer=False),
    Action("sessions.session", "s", "Same session", "Every cycle of the chosen cycle's session", CYCLES, footer=False),
    Action("sessions.find", "F,ctrl+f", "Find by id", "A cycle or a session by its id", CYCLES),
    Action("sessions.copy-id", "y", "Copy cycle id", "Copy the id of the chosen cycle", CYCLES, footer=False),
    Action("sessions.copy-session", "Y", "Copy session id", "Copy the id of the chosen cycle's session", CYCLES,
           footer=False),
    Action("sessions.goal", "g", "Go to goal", "The goal of the chosen cycle", CYCLES, footer=False),
    Action("sessions.timeline.back", "escape", "Back", "Back to the list", CYCLES, palette=False),
    Action("sessions.timeline.newer", "k,left", "Newer", "The cycle above in the list", CYCLES, palette=False),
    Action("sessions.timeline.older", "j,right", "Older", "The cycle below in the list", CYCLES, palette=False),
    Action("sessions.timeline.copy-id", "y", "Copy cycle id", "Copy the id of this cycle", CYCLES, palette=False),
    Action("sessions.timeline.copy-session", "Y", "Copy session id", "Copy the id of its session", CYCLES,
           palette=False),
    Action("sessions.timeline.goal", "g", "Go to goal", "The goal of this cycle", CYCLES, palette=False),
)  # fmt: skip
