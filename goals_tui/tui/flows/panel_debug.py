"""What debug mode of the Interaction Panel shows: events as they fired, cycles, what was earned."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from textual.content import Content

from goals_tui.domain.goal import Step
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Outcome, Timeline
from goals_tui.domain.value import SuccessMetrics, format_duration
from goals_tui.services.currencies import format_money
from goals_tui.tui.flows.talk import Fire, Talk

COLORS: dict[Outcome, str] = {
    "completed": "$completed",
    "partial": "$partial",
    "incomplete": "$incomplete",
    "orphan": "$quiet",
}


_NAME = 16
"""Cells for the name of a goal beside the outcome of its open cycle."""


class DebugParts(NamedTuple):
    """What debug mode shows, from top to bottom; `state` stays in view, the rest scrolls."""

    state: Content
    earlier: Content
    newest: Content
    """The goal events that fired last, alone, so that they can be brought into view."""

    cycles: Content


def debug_parts(talk: Talk, currency: str) -> DebugParts:
    """All of it, as it is now."""
    cycles, still_open = talk.cycles(), talk.open_cycles()
    earlier = [_heading("Goal events"), *(line for fire in talk.fires[:-1] for line in _fire(fire, currency))]
    newest = _fire(talk.fires[-1], currency) if talk.fires else [_quiet("None has fired yet.")]
    rest = [Content(""), _heading("Cycles")]
    rest += [line for cycle in cycles for line in _cycle(talk, cycle, still_open)] or [
        _quiet("The initial step of a goal opens one.")
    ]
    rest += [Content(""), _heading("Earned"), *_earned(cycles, currency)]
    rest += [Content(""), _quiet(f"Session {talk.session_id}"), _quiet("Reports leave it out unless asked.")]
    state = [_state(cycles, currency)]
    if len(cycles) > 1:
        state += [_open_cycle(cycle) for cycle in cycles if cycle.cycle.cycle_id in still_open]
    return DebugParts(_lines(state), _lines(earlier), _lines(newest), _lines(rest))


def _state(cycles: list[Timeline], currency: str) -> Content:
    """`✔ Completed · €8.20 · 00:09:30`: savings and revenue as one sum; of several cycles how many ended how."""
    if not cycles:
        return _quiet("No cycle yet")
    parts = []
    for outcome, color in COLORS.items():
        count = sum(timeline.cycle.outcome == outcome for timeline in cycles)
        if count:
            words = OUTCOME_TITLES[outcome] if len(cycles) == 1 else f"{count} {OUTCOME_TITLES[outcome].lower()}"
            parts.append(Content.styled(f"{OUTCOME_GLYPHS[outcome]} {words}", f"bold {color}"))
    total = _sum_of(cycles)
    parts.append(Content(format_money(total.cost_savings + total.revenue, currency)))
    parts.append(Content(format_duration(total.time_saved_seconds)))
    return Content.styled(" · ", "$quiet").join(parts)


def _open_cycle(timeline: Timeline) -> Content:
    """`◐ Partially completed, open  Book a Flight`, in one line."""
    name = Content(timeline.cycle.goal).truncate(_NAME, ellipsis=True)
    return Content.assemble(_outcome(timeline, "open"), "  ", name)


def worth(metrics: SuccessMetrics, currency: str) -> str:
    """What a step is worth, in short; empty for nothing."""
    parts = []
    if metrics.cost_savings:
        parts.append(f"{format_money(metrics.cost_savings, currency)} saved")
    if metrics.revenue:
        parts.append(f"{format_money(metrics.revenue, currency)} revenue")
    if metrics.time_saved_seconds:
        parts.append(format_duration(metrics.time_saved_seconds))
    if metrics.unpriced:
        parts.append("unpriced")
    return ", ".join(parts)


def _fire(fire: Fire, currency: str) -> list[Content]:
    lines = [_quiet(fire.goal)]
    lines += [_step(step, currency) for step in fire.tracked]
    lines += [Content.styled(f"  ✖ {step.name} is not tracked", "$warning") for step in fire.missed]
    if fire.why:
        lines.append(Content.styled(f"    {fire.why}" if fire.missed else f"  ✖ {fire.why}", "$warning"))
    return lines


def _step(step: Step, currency: str) -> Content:
    look = "$completed" if step.kind == "completion" else "$primary"
    earned = worth(step.metrics, currency)
    return Content.assemble(
        (f"  {step.glyph} ", f"bold {look}"),
        Content(step.name),
        Content.styled(f"\n    {earned}" if earned else "", look),
    )


def _outcome(timeline: Timeline, state: str) -> Content:
    outcome = timeline.cycle.outcome
    words = Content.styled(f"{OUTCOME_GLYPHS[outcome]} {OUTCOME_TITLES[outcome]}", COLORS[outcome])
    return Content.assemble(words, Content.styled(f", {state}", "$quiet"))


def _cycle(talk: Talk, timeline: Timeline, still_open: set[str]) -> list[Content]:
    cycle = timeline.cycle
    color = COLORS[cycle.outcome]
    glyphs = [
        Content.styled(f"{step.glyph} ", color if reached else "$foreground 30%")
        for step, reached in talk.glyphs(cycle.goal_id, cycle.reached)
    ]
    state = "open" if cycle.cycle_id in still_open else "closed"
    return [
        Content.assemble("  ", *glyphs, Content.styled(cycle.goal, "bold")),
        Content.assemble("  ", _outcome(timeline, state)),
    ]


def _sum_of(cycles: list[Timeline]) -> SuccessMetrics:
    return SuccessMetrics(
        cost_savings=sum((timeline.cycle.cost_savings for timeline in cycles), Decimal(0)),
        revenue=sum((timeline.cycle.revenue for timeline in cycles), Decimal(0)),
        time_saved_seconds=sum(timeline.cycle.time_saved_seconds for timeline in cycles),
    )


def _earned(cycles: list[Timeline], currency: str) -> list[Content]:
    total = _sum_of(cycles)
    rows = (
        ("Cost savings", format_money(total.cost_savings, currency)),
        ("Revenue", format_money(total.revenue, currency)),
        ("Time saved", format_duration(total.time_saved_seconds)),
    )
    return [
        Content.assemble(Content.styled(f"  {name:<14}", "$quiet"), Content.styled(value, "bold"))
        for name, value in rows
    ]


def _lines(lines: list[Content]) -> Content:
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $primary")


def _quiet(text: str) -> Content:
    return Content.styled(text, "$quiet")
