"""Two parts of a dimension, two spans or two saved filters side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.decisions import Comparison
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, OUTCOME_GLYPHS, OUTCOME_TITLES, Figures, Outcome
from goals_tui.format import DASH, difference_words, hours, percent, short_interval, span_range
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.filters.screen import copy_command
from goals_tui.tui.filters.texts import Formats

if TYPE_CHECKING:
    from goals_tui.domain.buckets import TimeBucket
    from goals_tui.services.context import Services
    from goals_tui.tui.app.screen import ScreenFrame


@dataclass(frozen=True)
class Pair:
    """Two things to compare: the arguments of the command, its filters, and how the comparison is read."""

    words: tuple[str, str, str]
    """The dimension, and both parts."""

    filters: Filters
    read: Callable[[Services], Comparison]

    def scope(self, services: Services) -> str:
        """Return which cycles are compared, in one line; empty where both sides say it themselves."""
        return "" if self.words[0] in ("span", "filter") else services.insights.scope(self.filters, span_range)


def pair_of(a: DrillDown, b: DrillDown, filters: Filters, goal_names: dict[str, str]) -> Pair:
    """Return the comparison of two rows. Raises RefusedError where they aren't two parts of one dimension."""
    if a.bucket is not None and b.bucket is not None and a.goal_id == b.goal_id:
        return _spans(a.bucket, b.bucket, _with_goal(filters, a.goal_id))
    if a.goal_id and b.goal_id and a.goal_id != b.goal_id and not (a.step_id or b.step_id):
        names = goal_names.get(a.goal_id, a.goal_id), goal_names.get(b.goal_id, b.goal_id)
        return _parts("goal", *names, filters)
    differing = [(one, other) for one, other in zip(a.parts, b.parts, strict=False) if one != other]
    same = [one for one, other in zip(a.parts, b.parts, strict=False) if one == other]
    if len(a.parts) != len(b.parts) or len(differing) != 1 or differing[0][0][0] != differing[0][1][0]:
        raise RefusedError("Mark two rows that differ in one thing only: two goals, two endpoints, two days.")
    for dimension, value in same:
        if dimension not in ("endpoint", "locale", "snapshot") or value is None:
            raise RefusedError(f"Rows of one {dimension} can't be compared: no filter selects it.")
        filters = filters.model_copy(update={f"{dimension}s": Choice(values=(value,))})
    (dimension, one), (_, other) = differing[0]
    if dimension == "version":
        return _parts(dimension, a.part_title or one or "", b.part_title or other or "", filters)
    return _parts(dimension, one or "", other or "", _with_goal(filters, a.goal_id))


def _with_goal(filters: Filters, goal_id: str | None) -> Filters:
    return filters.model_copy(update={"goals": Choice(values=(goal_id,))}) if goal_id else filters


def _parts(dimension: str, a: str, b: str, filters: Filters) -> Pair:
    known = next(each for each in BREAKDOWN_DIMENSIONS if each == dimension)
    return Pair((dimension, a, b), filters, lambda services: services.insights.compare(known, a, b, filters))


def _spans(a: TimeBucket, b: TimeBucket, filters: Filters) -> Pair:
    one, other = (_of_time(bucket, filters) for bucket in (a, b))
    return Pair(
        ("span", one[0], other[0]),
        filters,
        lambda services: services.insights.compare_filters(one, other, dimension="span"),
    )


def _of_time(bucket: TimeBucket, filters: Filters) -> tuple[str, Filters]:
    """Return a bucket as `compare span` reads it, and the filters of its cycles."""
    if bucket.unit == "hour":
        since, until = bucket.start.isoformat(), bucket.end.isoformat()
    else:
        since, until = bucket.first.isoformat(), bucket.last.isoformat()
    name = since if since == until else f"{since}..{until}"
    return name, filters.model_copy(update={"span": "custom", "since": since, "until": until})


def saved_pair(services: Services, a: str, b: str) -> Pair:
    """Return the comparison of two saved filters."""
    one, other = ((name, services.filters.get(name)) for name in (a, b))
    return Pair(("filter", a, b), Filters(), lambda known: known.insights.compare_filters(one, other))


async def choose_saved(screen: ScreenFrame[Any]) -> Pair | None:
    """Ask for two saved filters; says how to mark rows where there are no two."""
    names = [one.name for one in screen.services.filters.all()]
    if len(names) < 2:
        mark, save = screen.named_key("insights.row.mark"), screen.named_key("insights.save-filters")
        table = screen.named_key("insights.table")
        text = f"Mark two rows of a table ({table}) with {mark}, or save two filters ({save}), to compare them."
        screen.notify(text)
        return None
    chosen: list[str] = []
    for title in ("Compare filters …", "… with"):
        options = [Option(name, name) for name in names if name not in chosen]
        name = await screen.app.push_screen_wait(Choose(title, options))
        if name is None:
            return None
        chosen.append(name)
    return saved_pair(screen.services, *chosen)


class Compare(Reading[None]):
    """Two sets of figures side by side, with the difference of their rates."""

    CONTEXT = "insights.compare"
    BINDINGS = bindings("insights.compare")
    HELP = """
Differences are the second minus the first. The brackets hold the 95 % interval; a difference is **clear** if its
interval leaves out 0, and only then it has a colour.
"""
    DEFAULT_CSS = "Compare > #dialog { width: 92; }"

    def __init__(self, pair: Pair) -> None:
        super().__init__("Compare")
        self.pair = pair
        self.found: Comparison | None = None

    def compose_dialog(self) -> ComposeResult:
        yield Static("Looking …", id="compared", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one("#close").focus()
        services, pair = self.services, self.pair
        self.load("compare", lambda: (pair.read(services), pair.scope(services)), self._show)

    def _show(self, answer: tuple[Comparison, str]) -> None:
        self.found, scope = answer
        line = self.query_one("#compared", Static)
        words, width = Formats(self.services.project.get().currency), max(40, line.size.width)
        line.update(compared(self.found, scope, words, width))

    def action_copy_command(self) -> None:
        """Copy the command that gives this comparison."""
        filters = self.pair.filters
        if self.pair.words[0] in ("span", "filter"):
            # These name their spans themselves.
            filters = filters.model_copy(update={"span": "custom", "since": None, "until": None})
        copy_command(self, ["compare", *self.pair.words], filters)

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)


_OUTCOMES: tuple[Outcome, ...] = ("completed", "partial", "incomplete")


def compared(found: Comparison, scope: str, words: Formats, width: int) -> Content:
    """Return a comparison in lines of at most `width` cells; `scope` says of which cycles it is."""
    sides = (found.a, found.b)
    names = [f"no {found.dimension}" if side.part is None else side.part for side in sides]
    words = words.aligned(amount for side in sides for amount in (side.figures.cost_savings, side.figures.revenue))
    rows: list[tuple[str, str, list[str]]] = [("", "bold", names)]
    counts = [_counts(side.figures) for side in sides]
    titles = [("Started", ""), *((f"{OUTCOME_GLYPHS[each]} {OUTCOME_TITLES[each]}", f"${each}") for each in _OUTCOMES)]
    rows += [(title, look, list(both)) for (title, look), *both in zip(titles, *counts, strict=True)]
    between = [_between(side.figures) for side in sides]
    if any(between):
        rows.insert(3, ("  95 % interval", "", [each or DASH for each in between]))
    rows.append(("Time saved", "", [hours(side.figures.time_saved_seconds) for side in sides]))
    rows.append(("Cost savings", "", [words.money(side.figures.cost_savings) for side in sides]))
    rows.append(("Revenue", "", [words.money(side.figures.revenue) for side in sides]))
    rows.append(("Value per cycle", "", [_per_cycle(side.figures, words) for side in sides]))
    first = max(cell_len(title) for title, _, _ in rows) + 2
    room = max(12, (width - first) // 2)
    lines = []
    for title, look, texts in rows:
        line = [Content.styled(title, look).pad_right(first - cell_len(title))]
        for text in texts:
            cell = Content.styled(text, "bold" if look == "bold" else "").truncate(room - 2, ellipsis=True)
            line.append(cell.pad_left(room - cell.cell_length))
        lines.append(Content("").join(line))
    lines.append(Content(""))
    change = found.change
    for title, difference in (
        ("Completion rate", change.completion_rate),
        ("Partially completed", change.partial_rate),
    ):
        clear, rises = difference.clear and title == "Completion rate", (difference.difference or 0) > 0
        look = ("bold $completed" if rises else "bold $error") if clear else ""
        lines += Content.assemble(f"{title}: ", (f"{difference_words(difference)}.", look)).wrap(width)
    value = change.shown_value_per_cycle(currency_digits(words.currency))
    if value is not None:
        lines.append(Content(f"Value per cycle: {'+' if value > 0 else ''}{words.money(value)}, without an interval."))
    minus = f"Differences are {names[1]} minus {names[0]}."
    lines += Content.styled(f"{minus} {scope}." if scope else minus, "$quiet").wrap(width)
    for name, side in zip(names, sides, strict=True):
        if side.span is not None:
            not_over = "" if side.span.over else " (not over)"
            lines += Content.styled(f"{name}: {span_range(side.span)}{not_over}.", "$quiet").wrap(width)
    return Content("\n").join(lines)


def _counts(figures: Figures) -> list[str]:
    """Return how many cycles were started and had each outcome, the latter with their rates in a column."""
    if not figures.started:
        return ["0", *(DASH for _ in _OUTCOMES)]
    few = f" of {figures.started}" if figures.few else ""
    counts = [getattr(figures, outcome) for outcome in _OUTCOMES]
    rates = [f"{percent(count / figures.started)}{few}" for count in counts]
    wide = max(map(len, rates))
    return [f"{figures.started:,}", *(f"{count:,}  {rate:>{wide}}" for count, rate in zip(counts, rates, strict=True))]


def _between(figures: Figures) -> str:
    """Return the interval of the completion rate; empty where too few cycles make it mean little."""
    interval = None if figures.few else figures.completed_share.interval
    return short_interval(interval) if interval else ""


def _per_cycle(figures: Figures, words: Formats) -> str:
    value = figures.shown_value_per_cycle(currency_digits(words.currency))
    return DASH if value is None else words.money(value)
