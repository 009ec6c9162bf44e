"""Dialogs about whole flows: choose one, create, rename and delete one, and find a node in one.

Await the functions in a worker.
"""

from __future__ import annotations

from collections.abc import Callable

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Flow, Question, title
from goals_tui.domain.flow_text import search_text, summary
from goals_tui.domain.names import free_name
from goals_tui.domain.outline import read_nodes
from goals_tui.domain.wiring_graph import references
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask, AskText
from goals_tui.tui.flows.edits import insert
from goals_tui.tui.flows.flow_list import ChooseFlow
from goals_tui.tui.flows.kinds import KIND_GLYPHS
from goals_tui.tui.flows.node_actions import NodeActions
from goals_tui.tui.widgets.lines_dialog import AskLines


async def choose_flow(screen: NodeActions, title: str) -> Flow | None:
    """Ask for a flow and return it."""
    flows = screen.services.flows
    dialog = ChooseFlow(title, flows.summaries(), screen.wiring.counts, screen.flow.id if screen.flow else None)
    chosen = await screen.app.push_screen_wait(dialog)
    return screen.attempt(lambda: flows.get(chosen)) if chosen else None


async def find_node(screen: NodeActions, flow: Flow) -> str | None:
    """Ask for a node of a flow, which is found by any of its texts, and return its id."""
    goals, flows = screen.names.goals, screen.names.flows
    options = [
        Option(
            node.id,
            f"{KIND_GLYPHS[node.kind]} {title(node)}",
            summary(node, goals, flows),
            search_text(node, goals, flows),
        )
        for node in flow.walk()
    ]
    return await screen.app.push_screen_wait(Choose("Find a node", options, chosen=screen.chart.selected))


async def create(screen: NodeActions) -> Flow | None:
    """Ask for a name, create a flow and return it."""
    name = await screen.app.push_screen_wait(AskText("New flow", save="Create", check=_check_name(screen, "")))
    if name is None:
        return None
    return await screen.attempt_change("Creating the flow", lambda: screen.services.flows.create(name))


async def from_lines(screen: NodeActions, text: str) -> Flow | None:
    """Ask for lines that the agent says or asks, and insert nodes for them at the selection, or in a new flow.

    Return the new flow; None if there is none.
    """
    ids = screen.services.ids

    def read(lines: str) -> str:
        nodes = read_nodes(lines, ids)
        asked = sum(isinstance(node, Question) for node in nodes)
        return f"{plural(len(nodes), 'node')}, {asked} of them " + ("a Question." if asked == 1 else "Questions.")

    hint = (
        "A line for each thing that the agent says. One that ends with a question mark, or begins with Ask:, becomes a "
        "Question, and [names] [in brackets] at its end its buttons."
    )
    name_hint = "Name of a new flow; empty: after the selected node" if screen.flow else "Name of the new flow"
    save = "Add" if screen.flow else "Create"
    dialog = AskLines("Nodes from lines", hint, read, save=save, text=text, name_hint=name_hint)
    lines = await screen.app.push_screen_wait(dialog)
    if lines is None:
        return None
    nodes, flow, name = read_nodes(lines, ids), screen.flow, dialog.name_typed
    if flow is not None and not name:
        await screen.commit(screen.attempt(lambda: insert(flow, screen.here, nodes)))
        return None
    free = free_name(name or "New flow", [other.name for other in screen.services.flows.summaries()])
    return await screen.attempt_change("Creating the flow", lambda: screen.services.flows.create(free, nodes=nodes))


async def rename(screen: NodeActions, flow: Flow) -> Flow | None:
    """Ask for a new name, rename a flow and return it."""
    dialog = AskText("Rename flow", value=flow.name, save="Rename", check=_check_name(screen, flow.id))
    name = await screen.app.push_screen_wait(dialog)
    if name is None or name == flow.name:
        return None
    return await screen.attempt_change("Renaming the flow", lambda: screen.services.flows.rename(flow.id, name))


async def delete(screen: NodeActions, flow: Flow) -> bool:
    """Delete a flow, after asking if other flows lead to it; return whether it is deleted. Undo brings it back."""
    users = [other.name for other in screen.services.flows.all() if flow.id in references(other)]
    users = [name for name in users if name != flow.name]
    if users:
        back = screen.named_key("app.undo")
        text = f"Nodes in {', '.join(map(repr, users))} lead to it, and will lead nowhere. {back} brings it back."
        answers = [Answer("keep", "Keep it", nothing=True), Answer("delete", "Delete", danger=True)]
        dialog = Ask(f"Delete {flow.name}?", text, answers, danger=True)
        if await screen.app.push_screen_wait(dialog) != "delete":
            return False
    return await screen.attempt_change("Deleting the flow", lambda: screen.services.flows.delete(flow.id)) is not None


def _check_name(screen: NodeActions, flow_id: str) -> Callable[[str], object]:
    taken = {fold(flow.name) for flow in screen.services.flows.summaries() if flow.id != flow_id}

    def check(name: str) -> None:
        if fold(name) in taken:
            raise RefusedError(f"There is a flow {name!r} already. Choose another name.")

    return check
