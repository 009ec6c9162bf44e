"""The list of cycles: its rows, read page by page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from textual.content import Content

from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import GLYPHS, Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Amount, Cycle, Outcome
from goals_tui.domain.value import format_amount, format_duration
from goals_tui.services.context import Services
from goals_tui.services.insights.service import Cancellation, Cancelled, CycleList, DrillDown
from goals_tui.tui.filters.texts import DASH, Formats, minute
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

PAGE = 200
"""How many cycles are fetched at once."""


class CyclePages:
    """Pages of a `CycleList`, kept once they were fetched. After `close` it gives nothing more."""

    def __init__(self, cycles: CycleList) -> None:
        self._cycles = cycles
        self._lock = threading.Lock()
        self._pages: dict[int, list[Cycle]] = {}
        self._closed = False
        self.count = len(cycles)
        self.finest = Decimal(0)
        """The amount with most decimals of those that were fetched."""

    def at(self, index: int) -> Cycle | None:
        """The cycle at a place, None while its page was not fetched."""
        page = self._pages.get(index // PAGE)
        return page[index % PAGE] if page is not None and index % PAGE < len(page) else None

    def fetch(self, first: int, last: int) -> bool:
        """Fetch the pages with these places, `last` included; False when there was nothing new to fetch."""
        wanted = [number for number in range(first // PAGE, last // PAGE + 1) if number not in self._pages]
        for number in wanted:
            with self._lock:
                if self._closed:
                    return False
                page = self._cycles.page(number * PAGE, PAGE)
            amounts = (amount for cycle in page for amount in (cycle.cost_savings, cycle.revenue))
            self.finest = max(self.finest, *amounts, key=_own_decimals)
            self._pages[number] = page
        return bool(wanted)

    def close(self) -> None:
        """Let go of the list."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._cycles.close()


def _own_decimals(amount: Decimal) -> int:
    return len(format_amount(amount, 0).partition(".")[2])


def find(
    services: Services,
    filters: Filters,
    drill_down: DrillDown,
    cancellation: Cancellation,
    around: int,
    chosen: Cycle | None,
    before: int,
) -> tuple[CyclePages, int] | None:
    """The cycles, and where the `chosen` one is now; None when it was cancelled.

    It was at `around` of `before`: new cycles come in above it.
    """
    try:
        pages = CyclePages(services.insights.cycle_list(filters, drill_down, cancellation=cancellation))
    except Cancelled:
        return None
    if not pages.count:
        return pages, 0
    guess = around + pages.count - before if chosen else 0
    guess = max(0, min(guess, pages.count - 1))
    try:
        pages.fetch(max(0, guess - PAGE // 2), min(pages.count - 1, guess + PAGE // 2))
    except Cancelled:
        pages.close()
        return None
    places = range(max(0, guess - PAGE), min(pages.count, guess + PAGE))
    if chosen is None:
        return pages, guess
    wanted = chosen.goal_id, chosen.cycle_id
    same = (place for place in places if (c := pages.at(place)) is not None and (c.goal_id, c.cycle_id) == wanted)
    return pages, next(same, min(around, pages.count - 1))


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


def cells(cycle: Cycle, goal: Goal | None, words: Formats, zone: ZoneInfo) -> Sequence[Content]:
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


class CycleRows(VirtualList):
    """Shows `CyclePages` and lets go of them when it shows others, or none."""

    def __init__(self, *, id: str) -> None:
        super().__init__(COLUMNS, id=id)
        self.pages: CyclePages | None = None

    def show_pages(
        self, pages: CyclePages, cursor: int, goal_of: Callable[[Cycle], Goal | None], words: Formats, zone: ZoneInfo
    ) -> None:
        """Show other cycles with the cursor on one of them; `goal_of` gives the goal that a cycle is drawn by."""
        self.close()
        self.pages = pages

        def row(index: int) -> Sequence[Content] | None:
            cycle = pages.at(index)
            return None if cycle is None else cells(cycle, goal_of(cycle), words.aligned([pages.finest]), zone)

        self.show(pages.count, row, cursor=cursor)

    def close(self) -> None:
        """Let go of the log."""
        if self.pages is not None:
            self.pages.close()
            self.pages = None

    @property
    def chosen(self) -> Cycle | None:
        """The cycle that the cursor is on; None while it is fetched."""
        return None if self.pages is None else self.pages.at(self.cursor)

    def reaches(self, rows: int) -> bool:
        """Whether there is a row so far from the cursor."""
        return self.pages is not None and 0 <= self.cursor + rows < self.pages.count
