"""The rows of the list of goals: filter, order, cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rich.cells import cell_len
from textual.content import Content

from goals_tui.domain.goal import GLYPHS, StepKind
from goals_tui.services.goals import GoalSummary
from goals_tui.tui.goals.rates import SPARK_DAYS, Rate, sparkline
from goals_tui.tui.widgets.columns import Cell, Column

Order = Literal["name", "changed", "completion"]
ORDERS: tuple[Order, ...] = ("name", "changed", "completion")
ORDER_TITLES: dict[Order, str] = {"name": "by name", "changed": "last changed first", "completion": "by completion"}
ORDER_COLUMNS: dict[Order, int | None] = {"name": 0, "changed": None, "completion": 3}
"""Which column shows what orders the list."""

MOST_GLYPHS = 10

WIDEST = 40
"""No name gets more room than this before the journey has its own."""


def columns(rows: Sequence[GoalSummary]) -> tuple[Column, ...]:
    """The columns, no wider than these goals need."""
    name = max((cell_len(row.name) for row in rows), default=0)
    flows = max((cell_len(_flows(row.flows)) for row in rows), default=0)
    steps = max((row.steps for row in rows), default=0)
    return (
        Column("Name", 16, share=3, most=max(16, min(name, WIDEST))),
        Column("Steps", max(5, min(steps, MOST_GLYPHS)), drop=2),
        Column("Tracked in", 10, share=2, most=max(10, min(flows, WIDEST)), drop=4),
        Column("30 days", len("30 days ↓"), align="right", drop=1),
        Column(f"{SPARK_DAYS} days", SPARK_DAYS, drop=3),
    )


STEP_STYLES: dict[StepKind, str] = {"initial": "$primary", "step": "$quiet", "completion": "$completed"}


def arrange(rows: Sequence[GoalSummary], words: str, order: Order, rates: Mapping[str, Rate]) -> list[GoalSummary]:
    """The rows that hold all the words in name, description or flow, in this order. `rows` come by name."""
    wanted = words.casefold().split()
    found = [row for row in rows if not wanted or all(word in _text(row) for word in wanted)]
    if order == "changed":
        found.sort(key=lambda row: row.changed_at, reverse=True)
    elif order == "completion":
        found.sort(key=lambda row: _rate(rates.get(row.id)), reverse=True)
    return found


def cells(row: GoalSummary, rates: Mapping[str, Rate] | None) -> list[Cell]:
    """A goal in the list; `rates` None while they are read."""
    rate = (rates or {}).get(row.id)
    flows: Cell = Content(_flows(row.flows)) if row.flows else Content.styled("no flow", "$quiet")
    if len(row.flows) > 1:
        flows = (Content(_flows(row.flows)), Content(f"{len(row.flows)} flows"))
    return [
        Content(row.name),
        glyphs(row.step_kinds),
        flows,
        Content(rate.text) if rate else Content.styled("…" if rates is None else "—", "$quiet"),
        Content.styled(sparkline(rate.days) if rate else "", "$completed"),
    ]


def glyphs(kinds: Sequence[StepKind]) -> Content:
    """The steps as their glyphs; many of them as some and a number."""
    shown = kinds if len(kinds) <= MOST_GLYPHS else kinds[: MOST_GLYPHS - 4]
    content = Content.assemble(*[(GLYPHS[kind], STEP_STYLES[kind]) for kind in shown])
    more = len(kinds) - len(shown)
    return Content.assemble(content, (f" +{more}", "$quiet")) if more else content


def _flows(names: Sequence[str]) -> str:
    return ", ".join(names)


def _text(row: GoalSummary) -> str:
    return f"{row.name}\n{row.description}\n{' '.join(row.flows)}".casefold()


def _rate(rate: Rate | None) -> float:
    value = rate.figures.completion_rate if rate else None
    return -1.0 if value is None else value
