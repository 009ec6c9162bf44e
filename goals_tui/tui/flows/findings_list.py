"""The list of wiring findings: those of the flow in front first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from goals_tui.domain.wiring import Finding, Severity
from goals_tui.tui.flows.fixes import FIX_TITLES, counts, of_flow_first
from goals_tui.tui.flows.flow_chart_paint import BADGES

COLORS: dict[Severity, str] = {"error": "$error", "warning": "$warning", "info": "$quiet"}
WORDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}

MOST = 300
"""Nobody reads more findings at once; the worst come first."""


class FindingsList(Vertical):
    """Posts `Shown` for the finding under the cursor, and `Chosen` when enter asks for its fix."""

    DEFAULT_CSS = """
    FindingsList { height: 1fr; }
    FindingsList #findings-title { height: 1; margin-bottom: 1; width: 1fr; }
    FindingsList OptionList { height: 1fr; scrollbar-size-vertical: 1; }
    FindingsList OptionList > .option-list--option { padding-right: 1; }
    FindingsList OptionList > .option-list--option-highlighted {
        background: $foreground 8%; color: $foreground; text-style: none;
    }
    FindingsList OptionList:focus > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    """

    @dataclass
    class Shown(Message):
        """The cursor is on a finding."""

        finding: Finding

    @dataclass
    class Chosen(Message):
        """A finding is to be fixed."""

        finding: Finding

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._findings: list[Finding] = []
        self._flow_id: str | None = None

    def compose(self) -> ComposeResult:
        """Title and list."""
        yield Static("", id="findings-title", markup=False)
        yield OptionList(id="findings")

    def show(self, findings: Sequence[Finding], flow_id: str | None) -> None:
        """List these findings; the cursor stays where it was."""
        ordered = of_flow_first(findings, flow_id)
        if ordered == self._findings and flow_id == self._flow_id and self.query_one(OptionList).option_count:
            return
        self._findings, self._flow_id = ordered, flow_id
        rows = self.query_one(OptionList)
        place = rows.highlighted or 0
        rows.clear_options()
        rows.add_options([Option(self._row(finding)) for finding in ordered[:MOST]])
        if len(ordered) > MOST:
            rows.add_option(Option(f"… and {len(ordered) - MOST:,} more, after these are fixed.", disabled=True))
        if ordered:
            rows.highlighted = min(place, len(ordered) - 1, MOST - 1)
        else:
            rows.add_option(Option("✔ Nothing is wrong with the wiring of the goals.", disabled=True))
        self.query_one("#findings-title", Static).update(_title(ordered))

    def focus_list(self) -> None:
        """Give the list the keys, and show what its cursor is on."""
        rows = self.query_one(OptionList)
        rows.focus()
        if self._findings and rows.highlighted is not None:
            self.post_message(self.Shown(self._findings[rows.highlighted]))

    def _row(self, finding: Finding) -> Content:
        color = COLORS[finding.severity]
        where = finding.node or finding.goal or ""
        if finding.flow and finding.flow_id != self._flow_id:
            where = f"{finding.flow} › {where}"
        head = Content.assemble((f"{BADGES[finding.severity]} ", f"bold {color}"), Content.styled(where, "bold"))
        lines = [head, Content(finding.message)]
        if finding.fix:
            lines.append(Content.styled(f"enter: {FIX_TITLES[finding.fix].lower()}", "$quiet"))
        return Content("\n").join([*lines, Content("")])

    @on(OptionList.OptionHighlighted, "#findings")
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._findings and self.query_one(OptionList).has_focus:
            self.post_message(self.Shown(self._findings[event.option_index]))

    @on(OptionList.OptionSelected, "#findings")
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._findings:
            self.post_message(self.Chosen(self._findings[event.option_index]))


def _title(findings: Sequence[Finding]) -> Content:
    if not findings:
        return Content.styled("Findings", "bold $primary")
    found = counts(findings)
    parts = [
        Content.styled(f"{BADGES[severity]} {found[severity]} {WORDS[severity]}{'s' * (found[severity] > 1)}", color)
        for severity, color in COLORS.items()
        if severity in found
    ]
    return Content.assemble(Content.styled("Findings  ", "bold $primary"), Content("  ").join(parts))
