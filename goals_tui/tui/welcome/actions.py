"""Actions and default keys of the welcome screen and of the tour."""

from __future__ import annotations

from goals_tui.tui.app.actions import Action

ACTIONS: tuple[Action, ...] = (
    Action("welcome.new", "n", "New project", "Begin with an empty project", "Welcome", palette=False),
    Action("welcome.demo", "d", "Demo", "Create the demo and look around", "Welcome", palette=False),
    Action("welcome.import", "i", "Import", "Begin with a package, or with exported event data", "Welcome",
           palette=False, do="import_file"),
    Action("welcome.quit", "q,escape,ctrl+q", "Quit", "Close goals-tui; nothing is created", "Welcome", palette=False),
    Action("welcome.tour.next", "enter,right,space", "Next", "Go on with the tour", "Tour", palette=False),
    Action("welcome.tour.last.done", "enter,right,space", "Done", "End the tour", "Tour", palette=False, do="next"),
    Action("welcome.tour.back", "left,p", "Back", "One step back", "Tour", palette=False),
    Action("welcome.tour.cancel", "escape,q", "End the tour", "Leave the tour; it is not shown again", "Tour",
           palette=False),
)  # fmt: skip
"""None of them is in the palette: the welcome is a separate app, and the tour is modal."""
