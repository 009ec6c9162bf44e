"""The list of goals and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from goals_tui.domain.goal import GLYPHS, StepKind
from goals_tui.domain.words import fold
from goals_tui.format import RUNNING, sparkline
from goals_tui.services.goal_list import GoalSummary
from goals_tui.tui.app.actions import shown_key
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.app.themes import SEVERITIES
from goals_tui.tui.goals.figures import SPARK_DAYS, TARGET_STATES, Rate, worst
from goals_tui.tui.widgets.columns import Cell, Column, whole
from goals_tui.tui.widgets.virtual_list import AROUND, Marks, VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.wiring import Finding, Severity

Order = Literal["name", "changed", "completion"]
ORDERS: tuple[Order, ...] = ("name", "changed", "completion")
ORDER_TITLES: dict[Order, str] = {"name": "by name", "changed": "last changed first", "completion": "by completion"}
ORDER_COLUMNS: dict[Order, int | None] = {"name": 0, "changed": None, "completion": 4}
"""The index of the column by which each order sorts; None if no column shows it."""
MOST_GLYPHS = 10
WIDEST, WIDEST_FLOWS = 60, 30
"""The maximum width, in cells, of the columns for names and for flows, which leaves room for the journey."""


class GoalRows:
    """All goals of the list, and those that the filter finds; `goals` are sorted by name.

    To filter 10,000 goals at each key press, texts are folded once, an order is sorted once, and a longer filter
    searches only the goals that the shorter one found. Of so many, make them in a thread.
    """

    def __init__(self, goals: Sequence[GoalSummary] = ()) -> None:
        self.all = goals
        self.found = goals
        self.order: Order = "name"
        self._texts = [(_text(row), row) for row in goals]
        self._ordered = self._texts
        self._words = ""
        self._kept = self._texts
        self.targets = any(row.target is not None for row in goals)
        """True if any goal has a target, which a column shows then."""

        self.columns = self._columns()

    def _columns(self) -> tuple[Column, ...]:
        """Return the columns, no wider than these goals need."""
        name = max((cell_len(row.name) for row in self.all), default=0)
        flows = max((cell_len(_flows(row.flows)) for row in self.all), default=0)
        steps = max((row.steps for row in self.all), default=0)
        return (
            Column("Name", 16, share=9, most=max(16, min(name, WIDEST))),
            Column("", 1),
            Column("Steps", max(5, min(steps, 6)), share=1, most=max(5, min(steps, MOST_GLYPHS)), drop=3),
            Column("Tracked in", 10, share=1, most=max(10, min(flows, WIDEST_FLOWS)), drop=5),
            Column("30 days", len("30 days ↓"), align="right", drop=1),
            *(
                [Column("Target", len("Target"), share=1, most=len("too close to call"), drop=2)]
                if self.targets
                else []
            ),
            Column(f"{SPARK_DAYS} days", SPARK_DAYS, drop=4),
        )

    def sort(self, order: Order, rates: Mapping[str, Rate]) -> None:
        """Sort the goals; the filter stays as it is."""
        self.order = order
        self._ordered = self._texts
        if order == "changed":
            self._ordered = sorted(self._texts, key=lambda known: known[1].changed_at, reverse=True)
        elif order == "completion":
            self._ordered = sorted(self._texts, key=lambda known: _rate(rates.get(known[1].id)), reverse=True)
        words, self._words, self._kept = self._words, "", self._ordered
        self.find(words)

    def find(self, words: str) -> None:
        """Filter the goals for those with all words in name, description or flow."""
        folded = fold(words)
        kept = self._kept if folded.startswith(self._words) else self._ordered
        for word in folded.split():
            kept = [known for known in kept if word in known[0]]
        self._words, self._kept = folded, kept
        self.found = [row for _, row in kept]

    def place_of(self, goal_id: str) -> int | None:
        """Return the index of a goal among those that were found; None if it is not there."""
        return next((place for place, row in enumerate(self.found) if row.id == goal_id), None)


STEP_STYLES: dict[StepKind, str] = {"initial": "$primary", "step": "$quiet", "completion": "$completed"}


def cells(
    row: GoalSummary, rates: Mapping[str, Rate] | None, severity: Severity | None = None, *, targets: bool = False
) -> list[Cell]:
    """Return the row of a goal; `rates` is None while they are read, `severity` that of its worst finding.

    With `targets`, it says whether the goal meets its target.
    """
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
        *([_target(row.target, rate, read=rates is not None)] if targets else []),
        _sparkline_of(rate),
    ]


def _target(target: float | None, rate: Rate | None, *, read: bool) -> Cell:
    """Return whether a target is met, in words; `read` is whether the rates were read."""
    if target is None or not read:
        return Content.styled("—" if target is None else "…", "$quiet")
    text, look = TARGET_STATES[rate.state(target) if rate else "too little data"]
    words = text.split()
    shorter = (text, " ".join(words[:2]), words[min(1, len(words) - 1)])
    return tuple(Content.styled(wording, look) for wording in shorter)


def _sparkline_of(rate: Rate | None) -> Content:
    """Return the completed cycles of the last days as bars, and today as not over."""
    if rate is None or not any(rate.days):
        return Content("")
    bars = sparkline(rate.days[:-1], SPARK_DAYS, top=7)  # Bars of full height would touch those of the row above.
    return Content.assemble((bars, "$completed"), (RUNNING, "$quiet"))


def glyphs(kinds: Sequence[StepKind]) -> tuple[Content, ...]:
    """Return the glyphs of steps in several wordings: of many steps, the first ones and the number of the rest."""

    def first(shown: Sequence[StepKind]) -> Content:
        content = Content.assemble(*[(GLYPHS[kind], STEP_STYLES[kind]) for kind in shown])
        more = len(kinds) - len(shown)
        return Content.assemble(content, (f" +{more}", "$quiet")) if more else content

    briefer = (first(kinds[:most]) for most in (MOST_GLYPHS - 4, 3, 2) if most < len(kinds))
    return (*([first(kinds)] if len(kinds) <= MOST_GLYPHS else []), *briefer)


def _flows(names: Sequence[str]) -> str:
    return ", ".join(names)


def _rate(rate: Rate | None) -> float:
    value = rate.figures.completion_rate if rate else None
    return -1.0 if value is None else value


def _text(row: GoalSummary) -> str:
    return fold(f"{row.name}\n{row.description}\n{' '.join(row.flows)}")


class GoalList(Vertical):
    """A list of goals with a filter; its `VirtualList` posts `Highlighted` and `Selected`."""

    DEFAULT_CSS = """
    GoalList { width: 5fr; }
    GoalList #filter-line { display: none; height: auto; margin-bottom: 1; }
    GoalList.-filtering #filter-line { display: block; }
    GoalList #no-match { display: none; height: 1fr; color: $quiet; padding: 0 2; }
    GoalList.-no-match #no-match { display: block; }
    GoalList.-no-match #goals { display: none; }
    """

    class Narrowed(Message):
        """Posted when other goals are shown, or in another order; see `summary`."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = GoalRows()
        self.rates: dict[str, Rate] | None = None
        self.findings: Mapping[str, Sequence[Finding]] = {}
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        # In its own container, so that typing lays out this line again and not the whole list.
        with Horizontal(id="filter-line"):
            yield Input(placeholder="Filter by name, description or flow", id="filter")
        yield VirtualList(id="goals")
        yield Static("", id="no-match", markup=False)

    @cached_property
    def _marks(self) -> Marks[GoalSummary]:
        return Marks(self._list, self._row_at, attrgetter("id"))

    @property
    def chosen(self) -> GoalSummary | None:
        """The goal under the cursor; None if no goal is shown."""
        return self._row_at(self._list.cursor)

    @property
    def marked(self) -> list[GoalSummary]:
        """The marked goals that are shown, from top to bottom."""
        return [row for row in self.rows.found if row in self._marks] if self._marks else []

    def mark(self, *, on: bool | None = None, move: int = 1) -> None:
        """Mark the chosen goal, or take its mark away, and choose another row; `on` marks both."""
        self._marks.mark(on=on, move=move)

    def mark_all(self) -> None:
        """Mark all goals that are shown."""
        self._marks.put(self.rows.found)

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._marks.put(())

    @on(VirtualList.Marked)
    def _marks_changed(self) -> None:
        self.post_message(self.Narrowed())

    def _row_at(self, index: int) -> GoalSummary | None:
        return self.rows.found[index] if index < len(self.rows.found) else None

    @property
    def filtering(self) -> bool:
        """True if the filter is open."""
        return self.has_class("-filtering")

    @property
    def typing(self) -> bool:
        """True if the filter has the focus."""
        return self._filter.has_focus

    @property
    def summary(self) -> str:
        """The number and order of the goals that are shown, in words; empty if there are no goals."""
        every, found = len(self.rows.all), len(self.rows.found)
        many = f"{found:,} of {every:,}" if self._filter.value else f"{every:,}"
        goals = "goal" if every == 1 else "goals"
        marked = f", {len(self.marked):,} marked" if self.marked else ""
        return f"{many} {goals}, {ORDER_TITLES[self.rows.order]}{marked}" if every else ""

    @property
    def _list(self) -> VirtualList:
        return self.query_one("#goals", VirtualList)

    @property
    def _filter(self) -> Input:
        return self.query_one("#filter", Input)

    # -- data

    def show(self, rows: GoalRows) -> None:
        """Show goals with the current filter and order."""
        chosen, order = self.chosen, self.rows.order
        self.rows = rows
        if self._marks:
            self._marks.keep({row.id for row in rows.all})
        self.rows.sort(order, self.rates or {})
        self.rows.find(self._filter.value)
        # The journey gets the width that the list does not need.
        self.styles.max_width = whole(self.rows.columns) + AROUND
        self._show_columns()
        self._show_found(chosen)

    def show_rates(self, rates: dict[str, Rate]) -> None:
        """Show the completion rate of each goal."""
        self.rates = rates
        if self.rows.order == "completion":
            self._sort("completion")
        else:
            self._list.refresh_rows()

    def show_findings(self, findings: Mapping[str, Sequence[Finding]]) -> None:
        """Mark each goal with the severity of its worst finding."""
        self.findings = findings
        self._list.refresh_rows()

    def choose(self, goal_id: str, *, unfiltered: bool = False) -> None:
        """Put the cursor on a goal now, or as soon as it is shown; `unfiltered` empties the filter first."""
        if unfiltered:
            self._empty_filter()
        self._wanted = goal_id
        self._show_found(self.chosen)

    def _show_found(self, chosen: GoalSummary | None) -> None:
        wanted = self.rows.place_of(self._wanted) if self._wanted else None
        if wanted is not None:
            self._wanted = None
        elif chosen:
            wanted = self.rows.place_of(chosen.id)
        nothing = bool(self.rows.all) and not self.rows.found
        self.set_class(nothing, "-no-match")
        if nothing:
            key = shown_key(keymap(self.app), "goals.clear-filter")
            self.query_one("#no-match", Static).update(f"No goal matches. {key} shows all goals.")
        self._list.show(len(self.rows.found), self._cells, cursor=wanted)
        self.post_message(self.Narrowed())

    def _cells(self, index: int) -> list[Cell]:
        row = self.rows.found[index]
        return cells(row, self.rates, worst(self.findings.get(row.id, ())), targets=self.rows.targets)

    def _show_columns(self) -> None:
        order = self.rows.order
        self._list.set_columns(self.rows.columns, ORDER_COLUMNS[order], upwards=order == "name")

    # -- order and filter

    def next_order(self) -> None:
        """Sort by the next order: name, last change, completion rate, and name again."""
        self._sort(ORDERS[(ORDERS.index(self.rows.order) + 1) % len(ORDERS)])

    def _sort(self, order: Order) -> None:
        chosen = self.chosen
        self.rows.sort(order, self.rates or {})
        self._show_columns()
        self._show_found(chosen)

    def open_filter(self) -> None:
        """Open the filter and focus it."""
        self.add_class("-filtering")
        self._filter.focus()

    def close_filter(self) -> None:
        """Close the filter and show all goals again."""
        self.remove_class("-filtering")
        self._empty_filter()
        self._list.focus()

    def _empty_filter(self) -> None:
        # Without its message, which would draw the list a second time.
        with self._filter.prevent(Input.Changed):
            self._filter.value = ""
        self._look_for("")

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._look_for(event.value)

    def _look_for(self, words: str) -> None:
        chosen, before = self.chosen, self.rows.found
        self.rows.find(words)
        if self.rows.found == before:
            self.post_message(self.Narrowed())
        else:
            self._show_found(chosen)

    @on(Input.Submitted, "#filter")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.rows.found:
            self._list.focus()
