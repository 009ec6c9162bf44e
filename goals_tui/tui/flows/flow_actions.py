"""Actions on whole flows: open, create, rename, duplicate, delete, export, import, try and simulate."""

from __future__ import annotations

from collections.abc import Callable

from textual import work

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Flow, title
from goals_tui.domain.flow_text import summary, words
from goals_tui.domain.wiring_graph import references
from goals_tui.domain.words import fold
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask, AskText
from goals_tui.tui.flows.flow_list import ChooseFlow
from goals_tui.tui.flows.kinds import KIND_GLYPHS, Names
from goals_tui.tui.flows.node_actions import NodeActions

_LONG = 10
"""Seconds that the notification of a deletion stays, as the key may have been pressed by mistake."""


class FlowActions(NodeActions):
    """Actions of the Flows screen on whole flows."""

    names = Names()
    """The goals and flows to which nodes refer."""

    _debug: bool | None = None
    """Whether the Interaction Panel was last in debug mode; None until the user has chosen."""

    async def choose_flow(self, title: str) -> bool:
        """Ask for a flow and show it; return whether one was chosen."""
        summaries = self.services.flows.summaries()
        dialog = ChooseFlow(title, summaries, self.wiring.counts, self.flow.id if self.flow else None)
        chosen = await self.app.push_screen_wait(dialog)
        flow = self.attempt(lambda: self.services.flows.get(chosen)) if chosen else None
        if flow is not None:
            self.show_flow(flow)
            self.chart.focus()
        return flow is not None

    @work(group="waits")
    async def action_choose(self) -> None:
        """Choose another flow."""
        await self.choose_flow("Open a flow")

    @work(group="waits")
    async def action_find(self) -> None:
        """Find a node of the flow by any text."""
        flow = self.flow
        if flow is None:
            return
        names = self.names
        options = [
            Option(
                node.id,
                f"{KIND_GLYPHS[node.kind]} {title(node)}",
                summary(node, names.goals, names.flows),
                words(node, names.goals, names.flows),
            )
            for node in flow.walk()
        ]
        chosen = await self.app.push_screen_wait(Choose("Find a node", options, chosen=self.chart.selected))
        if chosen is not None:
            self.chart.select(chosen)
            self.chart.focus()

    @work(group="waits")
    async def action_new(self) -> None:
        """Create a flow."""
        name = await self.app.push_screen_wait(AskText("New flow", save="Create", check=self._check_name("")))
        if name is not None:
            self._after(await self.attempt_change("Creating the flow", lambda: self.services.flows.create(name)))

    @work(group="waits")
    async def action_rename_flow(self) -> None:
        """Rename the flow that is shown."""
        flow = self.flow
        if flow is None:
            return
        dialog = AskText("Rename flow", value=flow.name, save="Rename", check=self._check_name(flow.id))
        name = await self.app.push_screen_wait(dialog)
        if name is not None and name != flow.name:
            renamed = await self.attempt_change("Renaming the flow", lambda: self.services.flows.rename(flow.id, name))
            self._after(renamed)

    @work(group="waits")
    async def action_duplicate_flow(self) -> None:
        """Copy the flow that is shown."""
        flow = self.flow
        if flow is not None:
            self._after(await self.attempt_change("Copying the flow", lambda: self.services.flows.duplicate(flow.id)))

    @work(group="waits")
    async def action_delete_flow(self) -> None:
        """Delete the flow that is shown, after asking if other flows lead to it; undo brings it back."""
        flow = self.flow
        if flow is None or not await self._may_delete(flow):
            return
        if await self.attempt_change("Deleting the flow", lambda: self.services.flows.delete(flow.id)) is not None:
            self._flow_editor.show(None)
            back = self.named_key("app.undo")
            self.notify(f"{flow.name!r} is deleted.", title=f"{back} brings it back", timeout=_LONG)
            self.goals_app.changed()
            self.chart.focus()

    async def _may_delete(self, flow: Flow) -> bool:
        users = [other.name for other in self.services.flows.all() if flow.id in references(other)]
        users = [name for name in users if name != flow.name]
        if not users:
            return True
        back = self.named_key("app.undo")
        text = f"Nodes in {', '.join(map(repr, users))} lead to it, and will lead nowhere. {back} brings it back."
        answers = [Answer("keep", "Keep it"), Answer("delete", "Delete", danger=True)]
        dialog = Ask(f"Delete {flow.name}?", text, answers, danger=True)
        return await self.app.push_screen_wait(dialog) == "delete"

    @work(group="waits")
    async def action_export(self) -> None:
        """Write the flow that is shown to a file."""
        from goals_tui.tui.flows.files import export_flow

        if self.flow is not None:
            await export_flow(self.goals_app, self.flow)

    @work(group="waits")
    async def action_import(self) -> None:
        """Import flows from a file or folder."""
        from goals_tui.tui.flows.files import import_flow

        self._after(await import_flow(self.goals_app))

    def action_compact(self) -> None:
        """Switch between narrow and wide boxes."""
        self.chart.compact = not self.chart.is_compact

    def action_talk(self) -> None:
        """Open the Interaction Panel for the flow that is shown."""
        from goals_tui.tui.flows.panel import PanelScreen

        if self.flow is not None:
            self.app.push_screen(PanelScreen(self.flow, self._debug, self._remember_debug))

    def _remember_debug(self, debug: bool) -> None:
        self._debug = debug

    @work(group="waits")
    async def action_simulate(self) -> None:
        """Run many conversations through the flow."""
        from goals_tui.tui.flows.simulate import SimulateDialog

        if self.flow is None:
            return
        task = await self.app.push_screen_wait(SimulateDialog(self.flow))
        if task is not None:
            self.notify(f"The simulation runs in the background. Press {self.named_key('app.tasks')} to follow it.")
            self.goals_app.changed()

    def action_tests(self) -> None:
        """Run every conversation test of the workspace and show the results."""
        from goals_tui.tui.flows.conversation_tests import run_all

        run_all(self)

    def _check_name(self, flow_id: str) -> Callable[[str], object]:
        taken = {fold(flow.name) for flow in self.services.flows.summaries() if flow.id != flow_id}

        def check(name: str) -> None:
            if fold(name) in taken:
                raise RefusedError(f"There is a flow {name!r} already. Choose another name.")

        return check

    def _after(self, flow: Flow | None) -> None:
        """Show a flow that was created or changed; None does nothing."""
        if flow is not None:
            self.goals_app.changed()
            self.show_data()
            self.show_flow(flow)
            self.chart.focus()
