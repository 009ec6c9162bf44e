"""The list of findings: those of the flow that is shown, then all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.widgets.option_list import Option

from goals_tui.domain.wiring import Finding
from goals_tui.format import plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.themes import SEVERITIES, WORDS
from goals_tui.tui.flows.chart_paint import BADGES
from goals_tui.tui.flows.edits import FIX_TITLES, Wiring, counts
from goals_tui.tui.widgets.fields import Options

COLORS = {severity: color for severity, (_, color) in SEVERITIES.items()}

MOST = 300
"""The maximum number of findings to list, as nobody reads more at once; the worst come first."""


class FindingRows(Options):
    """Findings under the headings of their groups."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("flows.finding")]

    def scroll_to_highlight(self, top: bool = False) -> None:
        """Bring the cursor into view, and above the first finding also the headings."""
        super().scroll_to_highlight(top)
        if self.highlighted is not None and all(option.disabled for option in self.options[: self.highlighted]):
            self.scroll_home(animate=False, force=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable fixing if there is no finding."""
        return self.highlighted is not None if action == "select" else super().check_action(action, parameters)


class FindingsList(Vertical):
    """A list of findings in two groups: those of the flow that is shown, and all others.

    Posts `Shown` for the finding under the cursor, and `Chosen` when enter is pressed on it.
    """

    DEFAULT_CSS = """
    FindingsList { height: 1fr; }
    FindingsList #findings-title { height: 1; margin-bottom: 1; width: 1fr; text-style: bold; color: $primary; }
    FindingsList Options { height: 1fr; scrollbar-size-vertical: 1; }
    FindingsList Options > .option-list--option-disabled { color: $foreground; }
    """

    @dataclass
    class Shown(Message):
        """Posted when the cursor is on a finding."""

        finding: Finding

    @dataclass
    class Chosen(Message):
        """Posted when a finding is to be fixed."""

        finding: Finding

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._wiring = Wiring()
        self._rows: list[Finding | None] = []
        """The finding of each row; None for headings and notes."""

        self._flow_id: str | None = None

    def compose(self) -> ComposeResult:
        yield Static("Findings", id="findings-title", markup=False)
        yield FindingRows(id="findings")

    def show(self, wiring: Wiring, flow_id: str | None) -> None:
        """List findings; the cursor keeps its place in the same flow, otherwise it goes to the first finding."""
        if wiring is self._wiring and flow_id == self._flow_id and self.query_one(Options).option_count:
            return
        ordered = wiring.of_flow_first(flow_id)
        rows = self.query_one(Options)
        place = (rows.highlighted or 0) if flow_id == self._flow_id else 0
        self._wiring, self._flow_id = wiring, flow_id
        self._rows = []
        rows.clear_options()
        here = [finding for finding in ordered if finding.flow_id == flow_id]
        self._add_group("This flow", here, MOST)
        if len(here) < len(ordered):
            self._add_group("Elsewhere", ordered[len(here) :], MOST - len(here))
        there = [row for row, finding in enumerate(self._rows) if finding]
        rows.highlighted = next((row for row in there if row >= place), there[-1] if there else None)

    def _add_group(self, title: str, findings: Sequence[Finding], most: int) -> None:
        rows = self.query_one(Options)
        found = counts(findings)
        parts = [
            Content.styled(f"{BADGES[severity]} {plural(found[severity], WORDS[severity])}", color)
            for severity, color in COLORS.items()
            if severity in found
        ] or [Content.styled("✔ nothing is wrong", "$completed")]
        heading = Content.assemble(Content.styled(f"{title}  ", "bold"), Content("  ").join(parts), "\n")
        shown = findings[: max(0, most)]
        options = [Option(heading, disabled=True), *(Option(self._row(finding)) for finding in shown)]
        self._rows += [None, *shown]
        if len(shown) < len(findings):
            more = len(findings) - len(shown)
            options.append(Option(f"… and {more:,} more, after these are fixed.", disabled=True))
            self._rows.append(None)
        rows.add_options(options)

    def focus_list(self) -> None:
        """Focus the list, and post `Shown` for the finding under its cursor."""
        rows = self.query_one(Options)
        rows.focus()
        self._say(rows.highlighted)

    def _say(self, row: int | None) -> None:
        finding = None if row is None else self._rows[row]
        if finding is not None:
            self.post_message(self.Shown(finding))

    def _row(self, finding: Finding) -> Content:
        color = COLORS[finding.severity]
        where = finding.step or finding.node or finding.goal or ""
        if finding.flow and finding.flow_id != self._flow_id:
            where = f"{finding.flow} › {where}"
        head = Content.assemble((f"{BADGES[finding.severity]} ", f"bold {color}"), Content.styled(where, "bold"))
        lines = [head, Content(finding.message)]
        if finding.fix:
            lines.append(Content.styled(f"enter: {FIX_TITLES[finding.fix].lower()}", "$quiet"))
        return Content("\n").join([*lines, Content("")])

    @on(Options.OptionHighlighted, "#findings")
    def _show(self, event: Options.OptionHighlighted) -> None:
        event.stop()
        if event.option_list.has_focus and Options.is_there(event):
            self._say(event.option_index)

    @on(Options.OptionSelected, "#findings")
    def _choose(self, event: Options.OptionSelected) -> None:
        event.stop()
        finding = self._rows[event.option_index] if Options.is_there(event) else None
        if finding is not None:
            self.post_message(self.Chosen(finding))
