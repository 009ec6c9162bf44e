"""A cycle as a line of the list."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from textual.content import Content

from goals_tui.domain.goal import GLYPHS, Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Amount, Cycle, Outcome
from goals_tui.domain.value import format_duration
from goals_tui.tui.insights.words import DASH, Words, minute
from goals_tui.tui.widgets.columns import Column

COLUMNS = (
    Column("Started", 16),
    Column("Goal", 14, share=3, most=40),
    Column("Outcome", 12, most=22),
    Column("Steps", 6, share=1, most=12, drop=1),
    Column("Time saved", 11, align="right", drop=5),
    Column("Cost savings", 12, align="right", drop=2),
    Column("Revenue", 10, align="right", drop=3),
    Column("Endpoint", 12, share=2, most=30, drop=4),
    Column("Locale", 8, share=1, most=14, drop=6),
    Column("Snapshot", 10, share=1, most=24, drop=7),
)

SHORT_OUTCOMES: dict[Outcome, str] = {**OUTCOME_TITLES, "partial": "Partial"}
OUTCOME_COLORS: dict[Outcome, str] = {
    "completed": "$completed",
    "partial": "$partial",
    "incomplete": "$incomplete",
    "orphan": "$quiet",
}


def outcome_words(outcome: Outcome) -> Content:
    """✔ Completed, in its colour."""
    return Content.styled(f"{OUTCOME_GLYPHS[outcome]} {SHORT_OUTCOMES[outcome]}", OUTCOME_COLORS[outcome])


def path(cycle: Cycle, goal: Goal | None) -> Content:
    """The steps of the goal as glyphs: those reached bright, the others a dot; steps that it lacks come last.

    `goal` is the goal as it was when the cycle started, and a step reached is what it was when it was reached.
    """
    reached = dict(zip(cycle.reached, cycle.kinds, strict=True))
    parts = []
    for step in goal.steps if goal else ():
        kind = reached.pop(step.name, None)
        look = OUTCOME_COLORS[cycle.outcome] if kind else "$quiet 60%"
        parts.append(Content.styled(GLYPHS[kind] if kind else "·", look))
    parts += [Content.styled(GLYPHS[kind], "$quiet") for kind in reached.values()]
    return Content("").join(parts)


def cells(cycle: Cycle, goal: Goal | None, words: Words, zone: ZoneInfo) -> Sequence[Content]:
    """One line under `COLUMNS`."""

    def quiet(text: str | None) -> Content:
        return Content.styled(text or DASH, "$quiet")

    def sum_(amount: Amount, worded: str) -> Content:
        known = cycle.known(amount)
        if known is None and cycle.unpriced_steps:
            return Content.styled("unpriced", "$warning")
        shown = Content(worded) if known else quiet(DASH)
        return Content.assemble(shown, (" +?", "$warning")) if cycle.unpriced_steps else shown

    return (
        Content(minute(cycle.started_at, zone)) if cycle.started_at else quiet("no start"),
        Content(cycle.goal),
        outcome_words(cycle.outcome),
        path(cycle, goal),
        sum_(cycle.time_saved_seconds, format_duration(cycle.time_saved_seconds)),
        sum_(cycle.cost_savings, words.money(cycle.cost_savings)),
        sum_(cycle.revenue, words.money(cycle.revenue)),
        quiet(cycle.endpoint),
        quiet(cycle.locale),
        quiet(cycle.snapshot),
    )
