"""What can be done on the Flows screen, in its node editor and in the Interaction Panel."""

from __future__ import annotations

from goals_tui.tui.actions import Action

_NODES, _FLOWS, _TEST = "Nodes", "Flows", "Check and try"

ACTIONS: tuple[Action, ...] = (
    Action("flows.save", "ctrl+s,f2", "Save", "Save what was typed in the editor", _NODES, palette=False),
    Action("flows.done", "escape", "Back", "Leave the editor or the findings; what was typed is saved", _NODES,
           palette=False),
    Action("flows.add", "a,plus", "Add", "Add a node after the selected one", _NODES),
    Action("flows.add-in-branch", "b", "In branch", "Add a node at the top of a branch of the selected node", _NODES),
    Action("flows.edit", "enter,e", "Edit", "Edit the selected node", _NODES),
    Action("flows.rename", "r", "Rename", "Give the selected node a label", _NODES, footer=False),
    Action("flows.delete", "d,delete", "Delete", "Delete the selected node with its branches", _NODES),
    Action("flows.cut", "x", "Cut", "Cut the selected node with its branches", _NODES, footer=False),
    Action("flows.copy", "y,c", "Copy", "Copy the selected node with its branches", _NODES, footer=False),
    Action("flows.paste", "p", "Paste", "Paste after the selected node, in any flow", _NODES),
    Action("flows.move-up", "K,shift+up", "Move up", "Move the selected node before the one above", _NODES,
           footer=False),
    Action("flows.move-down", "J,shift+down", "Move down", "Move the selected node after the one below", _NODES,
           footer=False),
    Action("flows.follow", "g", "Go there", "Show the flow that the selected node leads to", _NODES),
    Action("flows.fix", "m", "Fix", "Fix what is wrong with the selected node", _TEST),
    Action("flows.findings", "f", "Findings", "List what is wrong with the wiring of goals", _TEST),
    Action("flows.talk", "i,t", "Talk", "Talk to the flow in the Interaction Panel", _TEST),
    Action("flows.simulate", "S", "Simulate", "Run many conversations through the flow", _TEST, footer=False),
    Action("flows.choose", "o", "Open", "Choose another flow", _FLOWS),
    Action("flows.new", "n", "New flow", "Create a flow", _FLOWS),
    Action("flows.rename-flow", "R", "Rename flow", "Rename the flow that is shown", _FLOWS, footer=False),
    Action("flows.duplicate-flow", "D", "Duplicate flow", "Copy the flow that is shown", _FLOWS, footer=False),
    Action("flows.delete-flow", "X", "Delete flow", "Delete the flow that is shown", _FLOWS, footer=False),
    Action("flows.export", "E", "Export flow", "Write the flow that is shown to a JSON file", _FLOWS, footer=False),
    Action("flows.import", "I", "Import flow", "Read a flow from a JSON file, ours or a chart.json", _FLOWS,
           footer=False),
    Action("flows.compact", "z", "Compact", "Draw narrow boxes, or wide ones", _FLOWS, footer=False),
    Action("flows.kinds.search", "slash", "Search", "Type a part of the kind's name", "Add a node", palette=False),
    Action("flows.kinds.cancel", "escape", "Cancel", "Add nothing", "Add a node", palette=False),
    Action("flows.panel.restart", "f5", "Restart", "Begin a new conversation", "Interaction Panel"),
    Action("flows.panel.debug", "f4,ctrl+g", "Debug", "Show goal events, cycles and what was earned",
           "Interaction Panel"),
    Action("flows.panel.close", "escape", "Back", "Back to the chart", "Interaction Panel", palette=False),
)  # fmt: skip
