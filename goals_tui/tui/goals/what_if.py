"""What-if in the goal editor: the recorded figures of a goal, those under the edited goal, and their difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Outcome
from goals_tui.format import hours, percent, plural, shown_time, signed

if TYPE_CHECKING:
    from goals_tui.domain.decisions import WhatIf
    from goals_tui.domain.filters import Filters
    from goals_tui.domain.goal import Goal
    from goals_tui.services.context import Services
    from goals_tui.services.insights.decisions import GoalTallies
    from goals_tui.tui.filters.texts import Formats

_OUTCOMES: tuple[Outcome, ...] = ("completed", "partial", "incomplete")
_GAP = 2
NOTHING_STARTED = "No cycle of this goal was started."


@dataclass(frozen=True)
class Basis:
    """The recorded cycles that the edited goal is tried on; `span` and `filters` say in words which ones."""

    tallies: GoalTallies
    span: str
    filters: tuple[str, ...]
    formats: Formats

    def under(self, goal: Goal) -> Shown:
        """Return the figures under an edited goal, to be shown."""
        return Shown(self.tallies.under(goal), self.span, self.filters, self.formats)


def read_basis(services: Services, goal_id: str, filters: Filters) -> Basis:
    """Count the recorded cycles of a goal under filters, whose choice of goals is ignored. Call it in a thread."""
    from goals_tui.domain.filters import SPAN_TITLES, Choice
    from goals_tui.tui.filters.screen import filter_words
    from goals_tui.tui.filters.texts import Formats

    filters = filters.model_copy(update={"goals": Choice()})
    tallies = services.insights.tallies(goal_id, filters)
    words, *others = filter_words(filters, services.insights.span(filters), {})
    span = words if filters.span == "custom" else SPAN_TITLES[filters.span]
    return Basis(tallies, span, tuple(others), Formats(services.project.get().currency))


@dataclass(frozen=True)
class Row:
    """A figure in words: as recorded, under the edited goal, and the difference, which is empty where there is none."""

    title: str
    recorded: str
    edited: str
    difference: str
    style: str = ""


@dataclass(frozen=True)
class Shown:
    """The content of the panel."""

    result: WhatIf
    span: str
    filters: tuple[str, ...]
    formats: Formats

    @property
    def rows(self) -> list[Row]:
        """The figures, one in a row."""
        return list(self._rows())

    def _rows(self) -> Iterator[Row]:
        before, after = self.result.recorded, self.result.edited
        for outcome in _OUTCOMES:
            then, now = getattr(before, outcome), getattr(after, outcome)
            yield Row(
                f"{OUTCOME_GLYPHS[outcome]} {OUTCOME_TITLES[outcome]}",
                _of(then, before.started),
                _of(now, after.started),
                f"{now - then:+,}" if now != then else "",
                f"${outcome}",
            )
        then, now = before.time_saved_seconds, after.time_saved_seconds
        longer = shown_time(now) - shown_time(then)
        yield Row("Time saved", hours(then), hours(now), signed(hours(longer), longer) if longer else "")
        words = self.formats.aligned((before.cost_savings, after.cost_savings, before.revenue, after.revenue))
        for title, old, new in (
            ("Cost savings", before.cost_savings, after.cost_savings),
            ("Revenue", before.revenue, after.revenue),
        ):
            change = new - old
            yield Row(title, words.money(old), words.money(new), signed(words.money(change), change) if change else "")
        then, now = before.unpriced_steps, after.unpriced_steps
        if then or now:
            yield Row("Unpriced steps", f"{then:,}", f"{now:,}", f"{now - then:+,}" if now != then else "", "$warning")

    @property
    def moved(self) -> str:
        """The outcomes that change, in a sentence."""
        moves = [f"{plural(each.cycles, 'cycle')} from {each.before} to {each.after}" for each in self.result.moved]
        return f"{', '.join(moves)}." if moves else "No cycle has another outcome."

    @property
    def unedited(self) -> str:
        """What differs from the recorded figures without any edit, and why; empty where nothing does."""
        saved = replace(self, result=replace(self.result, edited=self.result.saved))
        differs = [f"{_short(row.title)} {row.difference}" for row in saved.rows if row.difference]
        return f"{', '.join(differs)}, as older versions were defined differently." if differs else ""

    @property
    def empty(self) -> bool:
        """True if no cycle was selected."""
        return not self.result.recorded.started


def _of(count: int, started: int) -> str:
    return f"{count:,}  {percent(count / started):>7}" if started else f"{count:,}"


def as_table(shown: Shown, width: int) -> Content:
    """Return the figures in a table of at most `width` cells."""
    words = " · ".join((shown.span, *shown.filters))
    title = Content.assemble(("What if", "bold $primary"), (f"  {words}", "$quiet")).truncate(width, ellipsis=True)
    if shown.empty:
        return Content.assemble(title, "\n", (NOTHING_STARTED, "$quiet"))
    started = plural(shown.result.recorded.started, "cycle")
    rows = [Row(started, "As recorded", "Under the edit", "Difference", "$quiet"), *shown.rows]
    columns = zip(*((row.title, row.recorded, row.edited, row.difference) for row in rows), strict=True)
    first, *others = (max(map(cell_len, column)) for column in columns)
    first = min(first, max(8, width - sum(others) - _GAP * len(others)))
    lines = [title]
    for place, row in enumerate(rows):
        line = [Content.styled(row.title, row.style).truncate(first, ellipsis=True).pad_right(0)]
        line.append(Content(" " * (first - line[0].cell_length)))
        looks = ("$quiet",) * 3 if place == 0 else ("", "", "bold $primary")
        for text, cells, look in zip((row.recorded, row.edited, row.difference), others, looks, strict=True):
            line.append(Content.styled(text.rjust(_GAP + cells - cell_len(text) + len(text)), look))
        lines.append(Content("").join(line).truncate(width, ellipsis=True))
    unedited = f"Without an edit: {shown.unedited}" if shown.unedited else ""
    for said in filter(None, (shown.moved, unedited)):
        lines += Content.styled(said, "$quiet").wrap(width)
    return Content("\n").join(lines)


def in_brief(shown: Shown, width: int) -> Content:
    """Return what differs in one sentence, wrapped at `width` cells."""
    unedited = shown.unedited and shown.result.edited == shown.result.saved
    when = f"{shown.span}, without an edit" if unedited else shown.span
    begin = Content.assemble(("What if", "bold $primary"), (f"  {when}: ", "$quiet"))
    if shown.empty:
        return Content("\n").join(Content.assemble(begin, (NOTHING_STARTED, "$quiet")).wrap(width))
    completed, *others = shown.rows
    before, after = shown.result.recorded, shown.result.edited
    parts = []
    if completed.difference:
        of = f"of {before.started:,}"
        parts.append(f"✔ {before.completed:,} → {after.completed:,} {of} ({completed.difference})")
    parts += [f"{_short(row.title)} {row.difference}" for row in others if row.difference]
    if unedited:
        parts = [shown.unedited]
    rate = percent(before.completion_rate)
    said = parts or [f"as recorded, ✔ {before.completed:,} of {before.started:,} ({rate})"]
    return Content("\n").join(Content.assemble(begin, " · ".join(said)).wrap(width))


def _short(title: str) -> str:
    """Return an outcome's glyph, or the title of another row in lower case."""
    return title[0] if title[0] in OUTCOME_GLYPHS.values() else title.lower()


class WhatIfPanel(Widget):
    """The panel beside or below what is edited: a table, or only what differs in a sentence."""

    DEFAULT_CSS = """
    WhatIfPanel { height: auto; width: 1fr; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: Shown | None = None
        self._whole = True
        self._height = 0

    @property
    def shown(self) -> Shown | None:
        """The figures that are shown; None while they are read."""
        return self._shown

    @property
    def whole(self) -> bool:
        """True if the table is shown, and not the sentence."""
        return self._whole

    def show(self, shown: Shown | None, *, whole: bool) -> None:
        """Show figures, as a table if `whole`; None while they are read."""
        self._shown, self._whole = shown, whole
        # The screen is laid out again only if the height changes, which it does not for most keys.
        self.refresh(layout=self._lines(self.size.width) != self._height)

    def render(self) -> RenderResult:
        return self._content(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines that the content needs."""
        self._height = self._lines(width)
        return self._height

    def _lines(self, width: int) -> int:
        return self._content(width).plain.count("\n") + 1

    def _content(self, width: int) -> Content:
        if self._shown is None:
            return Content.styled("What if: reading the recorded cycles …", "$quiet")
        return as_table(self._shown, max(20, width)) if self._whole else in_brief(self._shown, max(20, width))
