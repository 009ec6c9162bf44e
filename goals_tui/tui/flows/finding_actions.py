"""The list of findings beside the chart, and their fixes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work

from goals_tui.domain.decisions import DropOff
from goals_tui.domain.filters import EVERYTHING, Filters
from goals_tui.domain.flow import Flow, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.domain.placement import Placement, placements
from goals_tui.domain.project import currency_digits
from goals_tui.domain.wiring import Finding
from goals_tui.services.currencies import format_money
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask
from goals_tui.tui.filters.texts import span_words
from goals_tui.tui.flows.editor_actions import EditorActions
from goals_tui.tui.flows.edits import Edit, needs_form, track, track_first
from goals_tui.tui.flows.findings_list import FindingsList
from goals_tui.tui.flows.kinds import Line, Piece
from goals_tui.tui.flows.repairs import Repair, repairs

if TYPE_CHECKING:
    from goals_tui.services.context import Services

_ON_CHART = "chart"
"""The value of the option to choose a place on the chart."""


def numbers_of(flow: Flow, services: Services, filters: Filters) -> dict[str, tuple[Line, ...]]:
    """Return the lines with numbers for the Track Goal Process nodes of a flow. Counts events: call it in a thread."""
    nodes = [node for node in flow.walk() if isinstance(node, TrackGoal)]
    if not nodes or services.events.is_empty():
        return {}
    known = services.goals.by_id()
    every = filters.model_copy(update={"goals": EVERYTHING})
    goals = {node.goal_id for node in nodes} & known.keys()
    found = {
        (goal_id, step.step_id): step for goal_id in goals for step in services.insights.drop_offs(goal_id, every).steps
    }
    currency = services.project.get().currency
    numbers: dict[str, tuple[Line, ...]] = {}
    for node in nodes:
        steps = [found[node.goal_id, step_id] for step_id in node.step_ids if (node.goal_id, step_id) in found]
        lines = [line for step in steps for line in _number_lines(step, currency, named=len(steps) > 1)]
        if any(step.reached for step in steps):
            numbers[node.id] = tuple(lines)
    return numbers


def _number_lines(step: DropOff, currency: str, *, named: bool) -> Iterator[Line]:
    """Yield the numbers of a step, short enough for a narrow box."""
    if named:
        yield (("dim", f"{step.name}:"),)
    left: Piece = ("broken" if step.dropped else "dim", f"{step.dropped:,} left")
    yield (("target", f"{step.went_on:,} went on"), ("dim", ", "), left) if step.went_on else (left,)
    if step.completed:
        yield (("completion", f"{step.completed:,} completed"),)
    if step.stake is not None and step.dropped:
        money = round(step.stake.cost_savings + step.stake.revenue, currency_digits(currency))
        yield (("dim", f"{format_money(money, currency)} at stake"),)


class FindingActions(EditorActions):
    """Actions that list findings and fix them, propose places for steps, and show numbers on the chart."""

    _shows_numbers = False

    def action_findings(self) -> None:
        """Open the list of findings, or close it."""
        if self.side == "findings-list":
            self._close_side()
        else:
            self._open_side("findings-list")
            self.query_one(FindingsList).focus_list()

    @on(FindingsList.Shown)
    def _show_finding(self, event: FindingsList.Shown) -> None:
        if self.flow is not None and event.finding.flow_id == self.flow.id and event.finding.node_id:
            self.chart.select(event.finding.node_id)

    @on(FindingsList.Chosen)
    def _choose_finding(self, event: FindingsList.Chosen) -> None:
        self.fix_finding(event.finding)

    def fix_finding(self, finding: Finding) -> None:
        """Go to a finding, then ask how to fix it or open the form that fixes it."""
        if finding.flow_id:
            target = self.attempt(lambda: self.services.flows.get(finding.flow_id or ""))
            if target is None:
                return
            self.show_flow(target, finding.node_id)
        flow = self.flow
        if flow is None or finding.fix is None:
            # On narrow screens the findings cover the chart: close them, so that the node can be seen.
            self._close_side()
            return
        if needs_form(finding) and finding.node_id:
            self.open_editor(flow.node(finding.node_id))
        elif finding.node_id:
            names, ids, check = self.names, self.services.ids, self.services.flows.findings

            def ask(found: list[Repair]) -> None:
                self._ask_to_repair(finding, flow, found)

            self.load("fix", lambda: repairs(finding, flow, names, check, ids), ask)
        elif finding.goal_id:
            self.track_here(finding.goal_id, ask=True, step_id=finding.step_id)

    @work(group="waits")
    async def _ask_to_repair(self, finding: Finding, flow: Flow, found: list[Repair]) -> None:
        """Describe the fix of a finding, let the user choose among several, and apply it."""
        options = [Option(str(number), repair.edit.label, repair.note) for number, repair in enumerate(found)]
        if finding.fix == "track_goal":
            options.append(Option(_ON_CHART, "At a place that you choose on the chart"))
        if len(options) == 1:
            what = f"{finding.message}\n\n{options[0].title}{f': {options[0].note}' if options[0].note else ''}."
            chosen = await self.app.push_screen_wait(Ask("Fix", what, [Answer("0", "Do it"), Answer("", "Cancel")]))
        else:
            chosen = await self.app.push_screen_wait(Choose("Fix: choose what to do", options, text=finding.message))
        if chosen == _ON_CHART and finding.goal_id:
            self.track_here(finding.goal_id, ask=False, step_id=finding.step_id)
        elif chosen and self.flow is not None and self.flow.id == flow.id:
            edit = found[int(chosen)].edit
            await self.commit(edit, said=f"{edit.label}. Press {self.named_key('app.undo')} to take it back.")

    # -- placement

    @work(group="waits")
    async def action_propose(self) -> None:
        """Propose places for the steps of a goal; enter inserts one, and the list of the others follows."""
        goal = await self._goal_to_place()
        while goal is not None and self.flow is not None:
            flow, flows = self.flow, self.names.flows
            found = await asyncio.to_thread(placements, flow, goal, flows)
            if not found:
                self.notify(f"This flow tracks every step of {goal.name!r} for which a place can be told.")
                return
            options = [
                Option(str(number), f"{one.step.glyph} {one.step.name} {one.where}", one.reason)
                for number, one in enumerate(found)
            ]
            dialog = Choose(f"Where the steps of {goal.name} belong", options, text="enter inserts the step there.")
            chosen = await self.app.push_screen_wait(dialog)
            if chosen is None:
                return
            edit = self._place_step(flow, goal, found[int(chosen)])
            if await self.commit(edit) != "saved":
                return

    def _place_step(self, flow: Flow, goal: Goal, placement: Placement) -> Edit | None:
        at, step = placement.position, placement.step
        if step.kind == "initial":
            return self.attempt(lambda: track_first(flow, at, placement.where, goal, self.services.ids))
        edit = self.attempt(lambda: track(flow, at, goal, (step.id,), self.services.ids))
        return edit and replace(edit, label=f"Track {step.name!r} {placement.where}")

    async def _goal_to_place(self) -> Goal | None:
        """Return the goal of the selected node, or else ask for one; None if there is none."""
        goals, node = self.names.goals, self.node
        if isinstance(node, TrackGoal) and node.goal_id in goals:
            return goals[node.goal_id]
        rows = self.services.goals.summaries()
        if not rows:
            self.notify("There is no goal yet. Create one on the Goals screen.")
            return None
        options = [Option(row.id, row.name, ", ".join(row.flows)) for row in rows]
        chosen = rows[0].id if len(rows) == 1 else await self.app.push_screen_wait(Choose("Place which goal?", options))
        return goals.get(chosen) if chosen else None

    # -- numbers

    def action_numbers(self) -> None:
        """Show or hide how many cycles went on and left at each Track Goal Process node, and what is at stake."""
        self._shows_numbers = not self._shows_numbers
        if self._shows_numbers:
            self.read_numbers()
        else:
            self.chart.numbers = {}
            self.show_around()

    def read_numbers(self) -> None:
        """Read the numbers of the flow that is shown, for the span of Insights, if they are shown."""
        flow, filters, services = self.flow, self.goals_app.filters, self.services
        if self._shows_numbers and flow is not None:
            self.load("numbers", lambda: numbers_of(flow, services, filters), self._show_numbers)

    def _show_numbers(self, numbers: Mapping[str, tuple[Line, ...]]) -> None:
        if self._shows_numbers:
            self.chart.numbers = numbers
            self.show_around()

    @property
    def numbers_note(self) -> str:
        """The span of the numbers on the chart; empty while they are not shown."""
        if not self._shows_numbers:
            return ""
        words = span_words(self.goals_app.filters, None)
        return f"numbers: {words}" if self.chart.numbers else f"numbers: {words}, no cycles"
