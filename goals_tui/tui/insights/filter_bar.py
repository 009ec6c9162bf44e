"""One line that always says which filters are active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style

from goals_tui.domain.filters import Choice, Filters, Span
from goals_tui.tui.insights.words import span_words
from goals_tui.tui.widgets.bars import DO, Bar


def filter_words(filters: Filters, span: Span | None, goal_names: Mapping[str, str]) -> tuple[str, ...]:
    """The active filters, each in a few words, the span first."""
    return tuple(_words(filters, span, goal_names))


def _words(filters: Filters, span: Span | None, goal_names: Mapping[str, str]) -> Iterator[str]:
    yield span_words(filters, span)
    goals = filters.goals.model_copy(update={"values": tuple(goal_names.get(i, i) for i in filters.goals.values)})
    yield from _choice("goal", goals)
    yield from _choice("endpoint", filters.endpoints)
    yield from _choice("locale", filters.locales)
    if filters.no_snapshot and (filters.snapshots.negated or not filters.snapshots):
        yield "no snapshot"
    elif filters.snapshots:
        words = next(_choice("snapshot", filters.snapshots))
        yield f"{words}, or none" if filters.no_snapshot else words
    if filters.any_snapshot:
        yield "any snapshot"
    if filters.include_test:
        yield "with Interaction Panel"
    if filters.price_by == "current":
        yield "current values"
    if filters.time_zone:
        yield filters.time_zone


def _choice(what: str, choice: Choice) -> Iterator[str]:
    if not choice:
        return
    count = len(choice.values)
    names = choice.values[0] if count == 1 else f"{count} {what}s"
    yield f"not {names}" if choice.negated else names


class FilterBar(Bar):
    """The filters in words; a click opens them. `right` is a note at the end: health, or that numbers are loading."""

    DEFAULT_CSS = """
    FilterBar { height: 1; width: 1fr; color: $foreground; }
    """

    words: reactive[tuple[str, ...]] = reactive(())
    busy = reactive(False)
    odd = reactive(0)
    """How many kinds of oddities the data has."""

    def render(self) -> RenderResult:
        right = Content("")
        if self.busy:
            right = Content.styled("… loading", "$quiet")
        elif self.odd:
            right = Content.styled(f"⚠ data health: {self.odd}", "$warning").stylize(
                Style.from_meta({DO: "screen.health"})
            )
        room = self.size.width - right.cell_length - 2
        parts = [Content.styled(self.words[0], "bold")] if self.words else []
        parts += [Content.styled(word, "$primary") for word in self.words[1:]]
        left = Content.styled(" · ", "$quiet").join(parts) if parts else Content("")
        left = Content.assemble(("▾ ", "$quiet"), left).truncate(max(1, room), ellipsis=True)
        left = left.stylize(Style.from_meta({DO: "screen.filters"}))
        return Content.assemble(left, " " * max(0, self.size.width - left.cell_length - right.cell_length), right)
