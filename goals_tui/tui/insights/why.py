"""The screen that explains a changed completion rate: each part's contribution, ranked, leading to its cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.decisions import DimensionEffects, Explanation
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.statistics import PartEffect, Share
from goals_tui.format import DASH, difference_words, percent, points, span_range
from goals_tui.services.insights.service import Cancellation, Cancelled
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.filters.screen import copy_command
from goals_tui.tui.insights.focus import Focus, previous_filters
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.services.context import Services


@dataclass(frozen=True)
class Row:
    """A dimension with the sum of its effects, or one of its parts if `part` is set."""

    effects: DimensionEffects
    part: PartEffect[str | None] | None = None


def rows_of(found: Explanation) -> list[Row]:
    """Return each dimension with several parts, followed by its parts, in the order of their contributions."""
    rows = []
    for each in found.dimensions:
        if len(each.parts) > 1:
            rows += [Row(each), *(Row(each, part) for part in each.parts)]
    return rows


class Why(Reading[DrillDown]):
    """The explanation of the change since the previous period. Returns the way to the cycles of a part, or None."""

    CONTEXT = "insights.why"
    BINDINGS = bindings("insights.why")
    HELP = """
The change of the completion rate since the previous period (on *Releases*, since the release before), split for each
dimension into what changed **within** its parts (by their rate) and what changed because a part had more or fewer of
all cycles (by their share). Each dimension explains the whole difference in its own way: the dimensions don't add up.
"""
    DEFAULT_CSS = """
    Why > #dialog { width: 112; height: 90%; }
    Why #dialog-body { height: 1fr; max-height: 1fr; }
    Why #parts { height: 1fr; margin-top: 1; }
    Why.-brief > #dialog, Why.-brief #dialog-body { height: auto; }
    Why #said { height: auto; width: 1fr; }
    """

    def __init__(self, focus: Focus) -> None:
        super().__init__(f"Why? {focus.title}")
        self.asked_for = focus
        self.found: Explanation | None = None
        self.rows: list[Row] = []
        self._cancellation = Cancellation()

    def compose_dialog(self) -> ComposeResult:
        columns = (
            Column("Part", 18, share=1, most=40),
            Column("Previous", 16, align="right", drop=2),
            Column("Now", 16, align="right", drop=1),
            Column("By its rate", 11, align="right"),
            Column("By its share", 12, align="right"),
            Column("Together", 9, align="right"),
        )
        yield Static("Looking …", id="said", markup=False)
        yield VirtualList(columns, id="parts")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one(VirtualList).focus()
        services, focus, cancellation = self.services, self.asked_for, self._cancellation
        self.load("why", lambda: _explain(services, focus, cancellation), self._show)

    def on_unmount(self) -> None:
        self._cancellation.cancel()

    def _show(self, found: Explanation | None) -> None:
        if found is None:
            return
        self.found, self.rows = found, rows_of(found)
        self.query_one("#said", Static).update(said(found, self.asked_for))
        self.set_class(not self.rows, "-brief")
        self.query_one(VirtualList).display = bool(self.rows)
        self.query_one(VirtualList).show(len(self.rows), self._cells, cursor=1 if self.rows else 0)
        self.refresh_bindings()

    def _cells(self, index: int) -> list[Content]:
        row = self.rows[index]
        part, effects = row.part, row.effects
        if part is None:
            total = effects.rate_effect + effects.mix_effect
            numbers = [points(each, "") for each in (effects.rate_effect, effects.mix_effect, total)]
            return [Content.styled(text, "bold") for text in (f"By {effects.dimension}", "", "", *numbers)]
        name = f"no {effects.dimension}" if part.part is None else part.part
        numbers = [points(each, "") for each in (part.rate_effect, part.mix_effect, part.contribution)]
        return [Content(f"  {name}"), _of(part.before), _of(part.after), *map(Content, numbers)]

    # -- the cycles of a part

    @on(VirtualList.Selected)
    def action_cycles(self) -> None:
        """Close the dialog and list the cycles of the chosen part."""
        row = self._chosen
        if row is not None and row.part is not None and self.found is not None:
            filters = self.asked_for.filters
            if not row.part.after.whole and self.found.before_span is not None:
                # The part had cycles only in the previous period, or in the release before.
                if self.found.releases is None:
                    filters = previous_filters(filters, self.found.before_span)
                else:
                    filters = filters.model_copy(update={"snapshots": Choice(values=self.found.releases[:1])})
            ids = {goal.name: goal.id for goal in self.services.goals.summaries()}
            self.dismiss(to_part(row, filters, ids))

    @property
    def _chosen(self) -> Row | None:
        cursor = self.query_one(VirtualList).cursor
        return self.rows[cursor] if cursor < len(self.rows) else None

    @on(VirtualList.Highlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the way to cycles where the cursor is on no part."""
        if action == "cycles" and self.is_mounted:
            row = self._chosen
            return row is not None and row.part is not None
        return True

    def action_copy_command(self) -> None:
        """Copy the command that gives this explanation or, for a release, its comparison with the one before."""
        filters, releases = self.asked_for.filters, self.asked_for.releases
        if releases is None:
            copy_command(self, ["explain"], filters)
        else:
            filters = filters.model_copy(update={"snapshots": Choice()})
            copy_command(self, ["compare", "snapshot", *releases], filters)

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)


def _explain(services: Services, focus: Focus, cancellation: Cancellation) -> Explanation | None:
    try:
        if focus.releases is None:
            return services.insights.explain(focus.filters, cancellation=cancellation)
        against, release = focus.releases
        return services.insights.explain_release(release, against, focus.filters, cancellation=cancellation)
    except Cancelled:
        return None


def to_part(row: Row, filters: Filters, goal_ids: Mapping[str, str]) -> DrillDown:
    """Return the way to the cycles of the part in a row; `goal_ids` are the ids of goals by name."""
    assert row.part is not None
    dimension, part = row.effects.dimension, row.part.part
    if dimension == "goal":
        return DrillDown(goal_id=goal_ids.get(part or "", part), filters=filters)
    return DrillDown(parts=((dimension, part),), filters=filters)


def _of(share: Share) -> Content:
    if share.rate is None:
        return Content.styled(DASH, "$quiet")
    text = f"{percent(share.rate)} of {share.whole:,}"
    return Content.styled(text, "$quiet") if share.whole < 20 else Content(text)


def said(found: Explanation, focus: Focus) -> Content:
    """Return the change in sentences, and the part that contributes most."""
    if found.before is None or found.before_span is None:
        return Content("All time has nothing before it to compare with. Choose a shorter span.")
    when = f"{span_range(found.span)}{'' if found.span.over else ' (not over)'}"
    if found.releases is None:
        lines = [Content.styled(f"{when} against {span_range(found.before_span)}", "$quiet")]
    else:
        against, release = found.releases
        lines = [Content.styled(f"{release} against {against}, the release before it; {when}", "$quiet")]
    lines += [Content.styled(note, "$quiet") for note in focus.notes]
    change = found.change
    if change.difference is None:
        return Content("\n").join([*lines, Content("Nothing was started in one of them: there is no difference.")])
    look = "" if not change.clear else "bold $completed" if change.difference > 0 else "bold $error"
    before, after = found.before, found.after
    rates = (
        f"Completion rate {percent(after.completion_rate)} ({after.completed:,} of {after.started:,}), "
        f"before {percent(before.completion_rate)} ({before.completed:,} of {before.started:,}): "
    )
    lines.append(Content.assemble(rates, (f"{difference_words(change)}.", look)))
    if not change.clear:
        lines.append(Content.styled("Chance alone could do this: take the parts as hints.", "$quiet"))
    rows = rows_of(found)
    if rows and rows[1].part is not None:
        effects, part = rows[1].effects, rows[1].part
        name = f"no {effects.dimension}" if part.part is None else part.part
        lines.append(
            Content.assemble(
                "Largest part: ",
                (f"{effects.dimension} {name}", "bold"),
                f", {points(part.contribution)} "
                f"({points(part.rate_effect, '')} by its rate, {points(part.mix_effect, '')} by its share).",
            )
        )
    alone = [each.dimension for each in found.dimensions if len(each.parts) == 1]
    if alone:
        lines.append(Content.styled(f"One part only, so nothing to explain: {', '.join(alone)}.", "$quiet"))
    return Content("\n").join(lines)
