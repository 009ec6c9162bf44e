"""The table that says which step of another goal takes the place of which, in the nodes that track a goal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Button, Static
from textual.widgets.option_list import Option as Row

from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.words import counted, fold
from goals_tui.services.goal_uses import NodeUse
from goals_tui.tui.actions import bindings
from goals_tui.tui.choose import Choose, Option
from goals_tui.tui.dialogs import Form
from goals_tui.tui.widgets.options import Options

NOBODY = "nobody"


class StepRows(Options):
    """The steps that nodes track, each with the one that takes its place."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("goals.replace")]


class ReplaceSteps(Form[Mapping[str, str]]):
    """Asks which step of `new` takes the place of each step of `old` that `uses` track.

    Returns the ids of the new steps by those of the old ones. Steps of the same name are filled in, and nothing else:
    what stays open is named, for its nodes have findings afterwards.
    """

    DEFAULT_CSS = """
    ReplaceSteps > #dialog { width: 90; }
    ReplaceSteps StepRows { height: auto; max-height: 20; margin-top: 1; background: $surface; }
    ReplaceSteps #open { margin-top: 1; height: auto; }
    """

    def __init__(self, old: Goal, new: Goal, uses: Sequence[NodeUse]) -> None:
        super().__init__(f"Track {new.name} instead")
        self.new = new
        self.uses = uses
        self.nodes = Counter(step_id for use in uses for step_id in dict.fromkeys(use.step_ids))
        self.rows = [step for step in old.steps if step.id in self.nodes]
        by_name = {fold(step.name): step.id for step in new.steps}
        self.chosen = {step.id: by_name[fold(step.name)] for step in self.rows if fold(step.name) in by_name}

    def compose_dialog(self) -> ComposeResult:
        yield Static(
            "Each step and what its nodes track instead. Steps of the same name are filled in; choose the others. "
            "You can undo this.",
            classes="dialog-text quiet",
            markup=False,
        )
        yield StepRows(id="rows")
        yield Static("", id="open", classes="dialog-text", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Replace", id="replace", variant="primary")

    def on_mount(self) -> None:
        """The cursor stands on the first step that nothing takes the place of."""
        self._show()
        still_open = (place for place, step in enumerate(self.rows) if step.id not in self.chosen)
        rows = self.query_one(StepRows)
        rows.highlighted = next(still_open, 0) if self.rows else None
        rows.focus()

    def _show(self) -> None:
        rows = self.query_one(StepRows)
        highlighted = rows.highlighted
        rows.clear_options()
        rows.add_options([Row(self._row(step), id=step.id) for step in self.rows])
        rows.highlighted = highlighted
        self.query_one("#open", Static).update(self._still_open())

    def _row(self, step: Step) -> Content:
        found = self.chosen.get(step.id)
        new = _shown(self.new.step(found)) if found else Content.styled("nothing yet: choose", "$warning")
        count = Content.styled(f"  {counted(self.nodes[step.id], 'node')}  → ", "$quiet")
        return Content.assemble(_shown(step), count, new)

    def _still_open(self) -> Content:
        open_nodes = sum(any(step_id not in self.chosen for step_id in use.step_ids) for use in self.uses)
        if not open_nodes:
            return Content("")
        named = [step.name for step in self.rows if step.id not in self.chosen]
        steps = f" ({', '.join(named)})" if named else ""
        has = "has a finding" if open_nodes == 1 else "have findings"
        return Content.styled(
            f"▲ {counted(open_nodes, 'node')} {has} afterwards: steps without a place{steps}.", "$warning"
        )

    @on(Options.OptionSelected, "#rows")
    @work(group="waits")
    async def _choose(self, event: Options.OptionSelected) -> None:
        event.stop()
        step = next((step for step in self.rows if step.id == event.option_id), None)
        if step is None:
            return
        options = [Option(new.id, f"{new.glyph} {new.name}") for new in self.new.steps]
        options.append(Option(NOBODY, "Nothing: its nodes have a finding"))
        now = self.chosen.get(step.id, NOBODY)
        found = await self.app.push_screen_wait(Choose(f"Instead of {step.name}", options, chosen=now))
        if found is None:
            return
        self.chosen.pop(step.id, None)
        if found != NOBODY:
            self.chosen[step.id] = found
        self._show()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#replace")
    def _replace(self) -> None:
        self.dismiss(dict(self.chosen))


def _shown(step: Step) -> Content:
    return Content.assemble((f"{step.glyph} ", "$accent" if step.kind == "completion" else ""), Content(step.name))
