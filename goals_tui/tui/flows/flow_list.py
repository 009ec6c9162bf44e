"""The list of flows, and the path to the selected node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from goals_tui.domain.wiring import Severity
from goals_tui.services.flows import FlowSummary
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.choose import Option as Row
from goals_tui.tui.flows.chart_paint import BADGES
from goals_tui.tui.flows.findings_list import COLORS
from goals_tui.tui.widgets.fields import Options


class FlowList(Options):
    """A list of all flows; moving through it shows each flow."""

    DEFAULT_CSS = """
    FlowList { width: 28; height: 1fr; margin-right: 2; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Moved(Message):
        """Posted when another flow is to be shown."""

        flow_id: str

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._rows: list[tuple[FlowSummary, Mapping[Severity, int]]] = []

    def show(
        self, flows: Sequence[FlowSummary], findings: Mapping[str, Mapping[Severity, int]], shown: str | None
    ) -> None:
        """List flows with their counts of findings; `shown` is the id of the flow on the chart."""
        rows = [(flow, findings.get(flow.id, {})) for flow in flows]
        ids = [flow.id for flow in flows]
        if rows != self._rows:
            self._rows = rows
            with self.prevent(Options.OptionHighlighted):
                self.clear_options()
                self.add_options([Option(_row(flow, found)) for flow, found in rows])
        if shown in ids and self.highlighted != ids.index(shown):
            with self.prevent(Options.OptionHighlighted):
                self.highlighted = ids.index(shown)

    @on(Options.OptionHighlighted)
    def _move(self, event: Options.OptionHighlighted) -> None:
        event.stop()
        if self.is_there(event):
            self.post_message(self.Moved(self._rows[event.option_index][0].id))


def in_short(flow: FlowSummary) -> str:
    """Return the size of a flow in words: `7 nodes, 1 goal`."""
    nodes = f"{flow.nodes} node{'s' * (flow.nodes != 1)}"
    goals = f"{len(flow.goals)} goal{'s' * (len(flow.goals) != 1)}" if flow.goals else "no goals"
    return f"{nodes}, {goals}"


class ChooseFlow(Choose):
    """A dialog to choose a flow, which shows counts of findings and searches by name."""

    def __init__(
        self,
        title: str,
        flows: Sequence[FlowSummary],
        findings: Mapping[str, Mapping[Severity, int]],
        chosen: str | None,
    ) -> None:
        super().__init__(title, [Row(flow.id, flow.name) for flow in flows], chosen=chosen)
        self._sizes = {flow.id: in_short(flow) for flow in flows}
        self._findings = findings

    def _text(self, option: Row) -> Content:
        row = super()._text(replace(option, note=self._sizes[option.value]))
        found = badges(self._findings.get(option.value, {}))
        return Content.assemble(row, "  ", found) if found else row


def badges(found: Mapping[Severity, int]) -> Content:
    """Return counts of errors and warnings with their glyphs: `✖2 ▲1`."""
    parts = [
        Content.styled(f"{BADGES[severity]}{found[severity]}", COLORS[severity])
        for severity in ("error", "warning")
        if found.get(severity)
    ]
    return Content(" ").join(parts)


def _row(flow: FlowSummary, found: Mapping[Severity, int]) -> Content:
    name = Content(flow.name)
    if name.cell_length > 60:
        name = name.truncate(60, ellipsis=True)
    below = Content.assemble(Content.styled(in_short(flow), "$quiet"), "  ", badges(found))
    return Content("\n").join([name, below, Content("")])
