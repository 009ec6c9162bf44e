"""The rows of the list of goals: what is found, in which order, and the cells of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from textual.content import Content

from goals_tui.domain.goal import GLYPHS, StepKind
from goals_tui.domain.words import fold
from goals_tui.services.goals import GoalSummary
from goals_tui.tui.goals.findings import SEVERITIES
from goals_tui.tui.goals.rates import SPARK_DAYS, Rate, sparkline
from goals_tui.tui.widgets.columns import Cell, Column

if TYPE_CHECKING:
    from goals_tui.domain.wiring import Severity

Order = Literal["name", "changed", "completion"]
ORDERS: tuple[Order, ...] = ("name", "changed", "completion")
ORDER_TITLES: dict[Order, str] = {"name": "by name", "changed": "last changed first", "completion": "by completion"}
ORDER_COLUMNS: dict[Order, int | None] = {"name": 0, "changed": None, "completion": 4}
"""Which column shows what orders the list."""

MOST_GLYPHS = 10

WIDEST = 40
"""No name gets more room than this before the journey has its own."""


class GoalRows:
    """All goals of the list and those that some words find. `goals` come by name.

    Made for 10,000 goals and a key that is pressed: texts are folded once, an order is sorted once, and words that only
    grew look at nothing but what the shorter ones found.
    """

    def __init__(self, goals: Sequence[GoalSummary] = ()) -> None:
        self.all = goals
        self.found = goals
        self.order: Order = "name"
        self._texts = [(_text(row), row) for row in goals]
        self._ordered = self._texts
        self._words = ""
        self._kept = self._texts

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns, no wider than these goals need."""
        name = max((cell_len(row.name) for row in self.all), default=0)
        flows = max((cell_len(_flows(row.flows)) for row in self.all), default=0)
        steps = max((row.steps for row in self.all), default=0)
        return (
            Column("Name", 16, share=3, most=max(16, min(name, WIDEST))),
            Column("", 1),
            Column("Steps", max(5, min(steps, MOST_GLYPHS)), drop=2),
            Column("Tracked in", 10, share=2, most=max(10, min(flows, WIDEST)), drop=4),
            Column("30 days", len("30 days ↓"), align="right", drop=1),
            Column(f"{SPARK_DAYS} days", SPARK_DAYS, drop=3),
        )

    def sort(self, order: Order, rates: Mapping[str, Rate]) -> None:
        """Bring the goals into an order; what was found stays found."""
        self.order = order
        self._ordered = self._texts
        if order == "changed":
            self._ordered = sorted(self._texts, key=lambda known: known[1].changed_at, reverse=True)
        elif order == "completion":
            self._ordered = sorted(self._texts, key=lambda known: _rate(rates.get(known[1].id)), reverse=True)
        words, self._words, self._kept = self._words, "", self._ordered
        self.find(words)

    def find(self, words: str) -> None:
        """Keep the goals that hold all the words in name, description or flow."""
        folded = fold(words)
        kept = self._kept if folded.startswith(self._words) else self._ordered
        for word in folded.split():
            kept = [known for known in kept if word in known[0]]
        self._words, self._kept = folded, kept
        self.found = [row for _, row in kept]

    def place_of(self, goal_id: str) -> int | None:
        """Where a goal stands among those that were found."""
        return next((place for place, row in enumerate(self.found) if row.id == goal_id), None)


STEP_STYLES: dict[StepKind, str] = {"initial": "$primary", "step": "$quiet", "completion": "$completed"}


def cells(row: GoalSummary, rates: Mapping[str, Rate] | None, severity: Severity | None = None) -> list[Cell]:
    """A goal in the list; `rates` None while they are read, `severity` that of its worst finding."""
    rate = (rates or {}).get(row.id)
    flows: Cell = Content(_flows(row.flows)) if row.flows else Content.styled("no flow", "$quiet")
    if len(row.flows) > 1:
        flows = (Content(_flows(row.flows)), Content(f"{len(row.flows)} flows"))
    return [
        Content(row.name),
        Content.styled(*SEVERITIES[severity]) if severity in ("error", "warning") else Content(""),
        glyphs(row.step_kinds),
        flows,
        Content(rate.text) if rate else Content.styled("…" if rates is None else "—", "$quiet"),
        _course(rate),
    ]


def _course(rate: Rate | None) -> Content:
    """What was completed on the last days; today, which is not over, is not of the same colour."""
    bars = sparkline(rate.days) if rate else ""
    return Content.assemble((bars[:-1], "$completed"), (bars[-1:], "$quiet"))


def glyphs(kinds: Sequence[StepKind]) -> Content:
    """The steps as their glyphs; many of them as some and a number."""
    shown = kinds if len(kinds) <= MOST_GLYPHS else kinds[: MOST_GLYPHS - 4]
    content = Content.assemble(*[(GLYPHS[kind], STEP_STYLES[kind]) for kind in shown])
    more = len(kinds) - len(shown)
    return Content.assemble(content, (f" +{more}", "$quiet")) if more else content


def _flows(names: Sequence[str]) -> str:
    return ", ".join(names)


def _rate(rate: Rate | None) -> float:
    value = rate.figures.completion_rate if rate else None
    return -1.0 if value is None else value


def _text(row: GoalSummary) -> str:
    return fold(f"{row.name}\n{row.description}\n{' '.join(row.flows)}")
