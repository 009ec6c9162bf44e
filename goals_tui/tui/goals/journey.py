"""The journey of a goal: its steps along a line with their values, the nodes that track it, and its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.domain.goal import Goal, Step
from goals_tui.format import hours, percent, plural, value_words
from goals_tui.tui.app.themes import SEVERITIES, WORDS

if TYPE_CHECKING:
    from goals_tui.domain.decisions import DropOff, DropOffs
    from goals_tui.domain.wiring import Finding
    from goals_tui.services.goal_list import NodeUse

STEP_STYLES = {"initial": "bold $primary", "step": "$foreground", "completion": "bold $completed"}
NONE_STARTED = "No cycle in the last 30 days"
MOST_LINES = 10_000
"""More lines than a journey has."""


@dataclass(frozen=True)
class GoalView:
    """The contents of a journey; `findings` and `drop_offs` are None while they are read.

    Where cycles are `counted`, there is room for their numbers also before they come.
    """

    goal: Goal
    money: Callable[[Decimal], str]
    uses: Sequence[NodeUse] = ()
    findings: Sequence[Finding] | None = None
    rate: str = ""
    """The completion rate in words, or `NONE_STARTED`; empty while it is read."""
    target: str = ""
    """The state of the goal's target, in words; empty if it has none."""
    drop_offs: DropOffs | None = None
    """The steps that the cycles of the last 30 days reached."""
    counted: bool = False
    key: str = ""
    """The key that lists the findings, named where there is no room for them."""


def journey(view: GoalView, width: int, height: int = MOST_LINES) -> Content:
    """Return the journey of a goal in lines of at most `width` cells.

    Findings are only counted where they would push steps out of the `height` that is seen at once.
    """
    width = max(12, width)
    whole = list(_lines(view, width))
    return Content("\n").join(whole if len(whole) <= height else list(_lines(view, width, height // 4)))


def _lines(view: GoalView, width: int, room: int = MOST_LINES) -> Iterator[Content]:
    goal = view.goal
    yield from Content.styled(goal.name, "bold").wrap(width)
    if goal.description:
        yield from _wrapped(goal.description, width, "$quiet")
    if view.findings is None:
        return  # They stand above the steps, which they would push down.
    if view.rate or view.counted:
        look = "$quiet" if view.rate in ("", NONE_STARTED) else "$completed"
        yield Content.styled(view.rate or "…", look).truncate(width, ellipsis=True)
    if view.target:
        yield from Content(view.target).wrap(width)
    yield Content("")
    findings = list(_findings(view.findings, width))
    yield from findings if len(findings) <= room else _counted(view.findings, view.key, width)
    started = view.drop_offs.started if view.drop_offs else 0
    reached = {step.step_id: step for step in view.drop_offs.steps} if view.drop_offs and started else {}
    for place, step in enumerate(goal.steps):
        last = place == len(goal.steps) - 1
        yield from _step(step, view, width, reached.get(step.id), started, last=last)
    yield Content("")
    yield from _uses(goal, view.uses, width)


def _findings(findings: Sequence[Finding], width: int) -> Iterator[Content]:
    """Yield the findings of each flow below its name; a node is named where the message does not do it."""
    for flow in dict.fromkeys(finding.flow for finding in findings):
        if flow:
            yield from _hanging("→ ", "$quiet", flow, width)
        for finding in findings:
            if finding.flow == flow:
                mark, style = SEVERITIES[finding.severity]
                node = f"{finding.node}: " if finding.node and finding.node not in finding.message else ""
                yield from _hanging(f"{mark} ", style, f"{node}{finding.message}", width)
    if findings:
        yield Content("")


def _counted(findings: Sequence[Finding], key: str, width: int) -> Iterator[Content]:
    """Yield how many findings there are of each severity, and the key that lists them."""
    counts = Counter(finding.severity for finding in findings)
    lists = Content.assemble((key, "bold $primary"), (" lists them", "$quiet"))

    def line(*, in_words: bool) -> Content:
        parts = [
            Content.styled(f"{glyph} {plural(number, WORDS[severity]) if in_words else number}", style)
            for severity, (glyph, style) in SEVERITIES.items()
            if (number := counts[severity])
        ]
        return Content("  ").join([*parts, lists])

    yield from (whole,) if (whole := line(in_words=True)).cell_length <= width else line(in_words=False).wrap(width)
    yield Content("")


def _step(
    step: Step, view: GoalView, width: int, cycles: DropOff | None, started: int, *, last: bool
) -> Iterator[Content]:
    rail = "  " if last else "│ "
    style = STEP_STYLES[step.kind]
    name = Content.styled(step.name or "(no name)", style if step.kind != "step" else "")
    count = f"{cycles.reached:,} · {percent(cycles.reached / started)}" if cycles else ""
    lines = name.wrap(max(12, width - 2 - (cell_len(count) + 2 if count else 0)))
    for number, text in enumerate(lines):
        line = Content.assemble((f"{step.glyph} " if number == 0 else rail, style if number == 0 else "$quiet"), text)
        room = width - line.cell_length - cell_len(count)
        yield Content.assemble(line, " " * room, (count, "bold")) if number == 0 and count and room > 0 else line
    if view.counted:
        bar = "▔" * max(1 if cycles.reached else 0, round((width - 2) * cycles.reached / started)) if cycles else ""
        yield Content.assemble((rail, "$quiet"), (bar, "$completed" if step.kind == "completion" else "$primary"))
    for text in _wrapped(step.description, width - 2, "$quiet") if step.description else ():
        yield Content.assemble((rail, "$quiet"), text)
    for worth in _whole_parts(_worth(step, view.money), width - 2):
        yield Content.assemble((rail, "$quiet"), (worth, "$secondary"))
    if cycles and cycles.dropped:
        # On the line that parts two steps, so that nothing moves when it comes.
        for lost in _whole_parts(list(_lost(cycles, view.money)), width - 4):
            yield Content.assemble((rail, "$quiet"), (f"↘ {lost}", "$warning"))
    elif not last:
        yield Content.styled("│", "$quiet")


def _lost(cycles: DropOff, money: Callable[[Decimal], str]) -> Iterator[str]:
    """Yield how many cycles ended after a step, and what they would have been worth."""
    yield f"{cycles.dropped:,} dropped off"
    stake = cycles.stake
    amount = stake.cost_savings + stake.revenue if stake else Decimal(0)
    if amount:
        yield f"{money(amount)} at stake"
    elif stake and stake.time_saved_seconds:
        yield f"{hours(stake.time_saved_seconds)} at stake"


def _worth(step: Step, money: Callable[[Decimal], str]) -> list[str]:
    metrics = step.metrics
    worth = value_words(money, metrics.cost_savings, metrics.time_saved_seconds, metrics.revenue)
    return [*worth, "unpriced: its value did not come in"] if metrics.unpriced else worth


def _whole_parts(parts: Sequence[str], width: int) -> Iterator[str]:
    """Yield lines with dots between the parts, as few as possible; a part is never broken."""
    line = ""
    for part in parts:
        longer = f"{line} · {part}" if line else part
        if line and cell_len(longer) > width:
            yield line
            longer = part
        line = longer
    if line:
        yield line


def _uses(goal: Goal, uses: Sequence[NodeUse], width: int) -> Iterator[Content]:
    yield Content.styled("Tracked in", "bold $primary")
    if not uses:
        yield from _wrapped("No flow yet. Press t to track this goal in one.", width, "$quiet")
    steps = {step.id for step in goal.steps}
    for flow_id, flow in {use.flow_id: use.flow for use in uses}.items():
        tracked = steps.intersection(*[chain.from_iterable(use.step_ids for use in uses if use.flow_id == flow_id)])
        yield from _hanging("→ ", "$quiet", f"{flow}: {len(tracked)} of {plural(len(steps), 'step')}", width)


def node_in_words(use: NodeUse, goal: Goal) -> str:
    """Return the label of a node, or the steps that it tracks, as nodes without a label all have the same title."""
    return use.label or steps_in_words(use, goal)


def steps_in_words(use: NodeUse, goal: Goal) -> str:
    """Return the steps that a node tracks: `● Activation requested, ○ Identity confirmed`."""
    names = {step.id: f"{step.glyph} {step.name}" for step in goal.steps}
    return ", ".join(names.get(step_id, "a step that is gone") for step_id in use.step_ids) or "no steps"


def _wrapped(text: str, width: int, style: str) -> Iterator[Content]:
    for paragraph in text.split("\n"):
        yield from Content.styled(paragraph, style).wrap(width) if paragraph else [Content("")]


def _hanging(mark: str, style: str, text: str, width: int) -> Iterator[Content]:
    for number, part in enumerate(Content(text).wrap(width - len(mark))):
        yield Content.assemble((mark if number == 0 else " " * len(mark), style), part)


class Journey(VerticalScroll):
    """The panel to the right of the list, which shows the journey of the chosen goal."""

    DEFAULT_CSS = """
    Journey { scrollbar-size-vertical: 1; scrollbar-gutter: stable; background: transparent; padding: 0 0 0 2;
              border-left: vkey $border-blurred; }
    Journey:focus { border-left: outer $primary; }
    Journey > Static { width: 1fr; height: auto; padding-right: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: GoalView | None = None
        self._height = 0

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def show(self, view: GoalView | None) -> None:
        """Show a goal, or nothing."""
        before = self._view.goal.id if self._view else None
        self._view = view
        if view is None or view.goal.id != before:
            self.scroll_home(animate=False)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.scrollable_content_region.width - 1
        height = self.scrollable_content_region.height
        content = journey(self._view, width, height) if self._view and width > 0 else Content("")
        height = content.plain.count("\n")
        # Lay the screen out again only if the height changed, which it often does not from one goal to the next.
        self.query_one(Static).update(content, layout=height != self._height)
        self._height = height
