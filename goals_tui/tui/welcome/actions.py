"""What can be done on the welcome screen."""

from __future__ import annotations

from goals_tui.tui.actions import Action

ACTIONS: tuple[Action, ...] = (
    Action("welcome.new", "n", "New project", "Begin with an empty project", "Welcome"),
    Action("welcome.demo", "d", "Demo", "Make the demo and look around", "Welcome"),
    Action("welcome.import", "i", "Import", "Begin with a package, or with exported event data", "Welcome",
           do="import_file"),
    Action("welcome.quit", "q,escape,ctrl+q", "Quit", "Close goals-tui; nothing is made", "Welcome"),
    Action("welcome.tour.next", "enter,right,space,n", "Next", "Go on with the tour", "Tour"),
    Action("welcome.tour.back", "left,p", "Back", "One step back", "Tour"),
    Action("welcome.tour.cancel", "escape,q", "End the tour", "Leave the tour; it does not come again", "Tour"),
)  # fmt: skip
