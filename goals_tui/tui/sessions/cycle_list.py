"""The list of cycles, which reads its rows page by page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.binding import BindingType
from textual.content import Content

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.filters import Filters, Span
from goals_tui.domain.goal import GLYPHS, Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Amount, Cycle, Outcome
from goals_tui.domain.value import format_amount
from goals_tui.format import DASH, day_of_year, hours
from goals_tui.services.context import Services
from goals_tui.services.insights.cycles import CycleList
from goals_tui.services.insights.service import Cancellation, Cancelled
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.screen import GoalPlace, ScreenFrame
from goals_tui.tui.filters.texts import Formats, day_label, minute
from goals_tui.tui.widgets.columns import GAP, Column
from goals_tui.tui.widgets.virtual_list import AROUND, Marks, VirtualList

PAGE = 200
"""The number of cycles in a page."""


class CyclePages:
    """The pages of a `CycleList`, which are kept once they were fetched.

    Pages may be fetched in another thread. After `close`, no further page is fetched.
    """

    def __init__(self, cycles: CycleList) -> None:
        self._cycles = cycles
        self._lock = threading.Lock()
        self._pages: dict[int, list[Cycle]] = {}
        self._closed = False
        self.count = len(cycles)
        self.finest = Decimal(0)
        """The fetched amount of money with the most decimals."""

    def at(self, index: int) -> Cycle | None:
        """Return the cycle at an index, or None if its page was not fetched yet."""
        page = self._pages.get(index // PAGE)
        return page[index % PAGE] if page is not None and index % PAGE < len(page) else None

    def fetch(self, first: int, last: int) -> bool:
        """Fetch the missing pages with the cycles from index `first` to `last`, inclusive.

        Return whether any page was missing; False as well if the list was closed.
        """
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
        """Close the `CycleList`. Closing twice has no effect."""
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
    """Return the cycles and the index for the cursor, or None if the query was cancelled.

    The cursor stays on the `chosen` cycle, which was at index `around` in a list of `before` cycles. New cycles are
    added at the top, so the cycle is looked for that much further down; if it is not found, the cursor keeps its index.
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
    Column("Started", 17),
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
BRIEF_COLUMNS = (
    Column("Started", 12),
    Column("Goal", 12, share=3, most=40),
    Column("Outcome", 8, share=1, most=14),
    Column("Time saved", 11, align="right", drop=3),
    Column("Savings", 9, align="right", drop=1),
    Column("Revenue", 9, align="right", drop=2),
    Column("Endpoint", 12, share=2, most=30, drop=4),
)
"""The columns where `COLUMNS` would leave out an amount."""
BRIEF_WITH_YEAR = (Column("Started", 17), *BRIEF_COLUMNS[1:])
"""The same where days of different years must be told apart."""
_BRIEF_BELOW = AROUND + sum(column.width + GAP for column in COLUMNS if column.drop <= 5)
"""The width of the list below which `COLUMNS` would leave out an amount."""
_DISTINCT_DAYS = 365
"""The longest span in days in which a day and its month are enough to tell when something was."""
SHORT_OUTCOMES: dict[Outcome, str] = {**OUTCOME_TITLES, "partial": "Partial"}
OUTCOME_COLORS: dict[Outcome, str] = {
    "completed": "$completed",
    "partial": "$partial",
    "incomplete": "$incomplete",
    "orphan": "$quiet",
}


def outcome_words(outcome: Outcome) -> Content:
    """Return the glyph and the name of an outcome in its colour, such as "✔ Completed"."""
    return Content.styled(f"{OUTCOME_GLYPHS[outcome]} {SHORT_OUTCOMES[outcome]}", OUTCOME_COLORS[outcome])


def path(cycle: Cycle, goal: Goal | None) -> Content:
    """Return the steps of a cycle as glyphs: bright if reached, else a dot.

    `goal` is the version of the goal that the cycle recorded; reached steps that it does not have come last, dimmed.
    The glyph of a reached step shows the kind that the step had when it was reached.
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
    """Return the cells of a cycle in the order of `COLUMNS`."""

    def quiet(text: str | None) -> Content:
        return Content.styled(text or DASH, "$quiet")

    def sum_(amount: Amount, worded: str) -> Content:
        known = cycle.known(amount)
        if known is None and cycle.unpriced_steps:
            return Content.styled("unpriced", "$warning")
        shown = Content(worded) if known else quiet(DASH)
        return Content.assemble(shown, (" +?", "$warning")) if cycle.unpriced_steps else shown

    return (
        Content(f"{minute(cycle.started_at, zone):>17}") if cycle.started_at else quiet("no start"),
        Content(cycle.goal),
        outcome_words(cycle.outcome),
        path(cycle, goal),
        sum_(cycle.time_saved_seconds, hours(cycle.time_saved_seconds)),
        sum_(cycle.cost_savings, words.money(cycle.cost_savings)),
        sum_(cycle.revenue, words.money(cycle.revenue)),
        quiet(cycle.endpoint),
        quiet(cycle.locale),
        quiet(cycle.snapshot),
    )


class CycleRows(VirtualList):
    """A list that shows `CyclePages`, and closes them when it shows others or none. Its rows can be marked.

    Where the room is short, a day is said once: at its first row, at the first one in view, and at the cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sessions.list")]

    def __init__(self, *, id: str) -> None:
        super().__init__(COLUMNS, id=id)
        self.pages: CyclePages | None = None
        self._span: Span | None = None
        self.marks: Marks[Cycle] = Marks(self, self.at, lambda cycle: (cycle.goal_id, cycle.cycle_id))

    def show_pages(
        self,
        pages: CyclePages,
        cursor: int,
        goal_of: Callable[[Cycle], Goal | None],
        words: Formats,
        zone: ZoneInfo,
        span: Span | None,
    ) -> None:
        """Show other cycles, those of a span, with the cursor on the one at index `cursor`.

        `goal_of` returns the goal whose steps are drawn for a cycle, or None if it is unknown.
        """
        self.close()
        self.pages = pages
        self._span = span

        def row(index: int) -> Sequence[Content] | None:
            cycle = pages.at(index)
            if cycle is None:
                return None
            full = cells(cycle, goal_of(cycle), words.aligned([pages.finest]), zone)
            return self._brief_cells(index, cycle, full, zone) if self._is_brief else full

        self._arrange()
        self.show(pages.count, row, cursor=cursor)

    @property
    def _is_brief(self) -> bool:
        return self.columns in (BRIEF_COLUMNS, BRIEF_WITH_YEAR)

    def on_resize(self) -> None:
        """Show the columns that fit the new width."""
        self._arrange()

    def _arrange(self) -> None:
        days = self._span.days if self._span is not None else None
        brief = BRIEF_COLUMNS if days is not None and days <= _DISTINCT_DAYS else BRIEF_WITH_YEAR
        self.set_columns(brief if self.size.width < _BRIEF_BELOW else COLUMNS)

    def _brief_cells(self, index: int, cycle: Cycle, full: Sequence[Content], zone: ZoneInfo) -> Sequence[Content]:
        started, goal, _, steps, *others = full
        glyph = Content.styled(OUTCOME_GLYPHS[cycle.outcome], OUTCOME_COLORS[cycle.outcome])
        if cycle.started_at is not None:
            before = self.at(index - 1) if index and index not in (self.cursor, self.scroll_offset.y) else None
            at = cycle.started_at.astimezone(zone)
            is_new = (
                before is None or before.started_at is None or before.started_at.astimezone(zone).date() != at.date()
            )
            day = day_of_year(at) if self.columns is BRIEF_WITH_YEAR else day_label(at.date())
            started = Content(f"{day if is_new else '':>{self.columns[0].width - 6}} {at:%H:%M}")
        return started, goal, Content.assemble(glyph, " ", steps), *others[:4]

    def close(self) -> None:
        """Close the pages that are shown, which releases the event log."""
        if self.pages is not None:
            self.pages.close()
            self.pages = None

    @property
    def chosen(self) -> Cycle | None:
        """The cycle with the cursor, or None while it is being fetched."""
        return self.at(self.cursor)

    def at(self, index: int) -> Cycle | None:
        """Return the cycle in a row, or None while it is being fetched."""
        return None if self.pages is None else self.pages.at(index)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow taking marks away only where there are any."""
        return bool(self.marks) if action == "unmark" else super().check_action(action, parameters)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.marks.put(())

    def reaches(self, rows: int) -> bool:
        """Return whether there is a row this many rows below the cursor, or above it if negative."""
        return self.pages is not None and 0 <= self.cursor + rows < self.pages.count


class CycleActions(ScreenFrame[None]):
    """A screen with one chosen cycle, and the actions on it."""

    @property
    def chosen(self) -> Cycle | None:
        """The chosen cycle, or None if there is none or it was not read yet."""
        raise NotImplementedError

    @property
    def affected(self) -> list[Cycle]:
        """The cycles whose ids are copied: the chosen one, or several that were marked."""
        return [self.chosen] if self.chosen else []

    def action_copy_id(self) -> None:
        """Copy the cycle ids of the affected cycles to the clipboard, one a line."""
        self._copy([cycle.cycle_id for cycle in self.affected], "Cycle id")

    def action_copy_session(self) -> None:
        """Copy the session ids of the affected cycles to the clipboard, one a line."""
        self._copy([cycle.session_id for cycle in self.affected], "Session id")

    def _copy(self, ids: list[str], what: str) -> None:
        ids = list(dict.fromkeys(ids))
        if ids:
            self.app.copy_to_clipboard("\n".join(ids))
            several = len(ids) > 1
            text = f"{ids[0]} and {len(ids) - 1:,} more" if several else ids[0]
            self.app.notify(text, title=f"{what}{'s' if several else ''} copied")

    def action_goal(self) -> None:
        """Go to the goal of the chosen cycle."""
        if self.chosen is not None:
            self.goals_app.go(GoalPlace(self.chosen.goal_id))
