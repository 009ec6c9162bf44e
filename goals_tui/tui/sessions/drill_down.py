"""Drill-down on the Sessions screen: restricting the list to the cycles of one number, and saying so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.drill_down import ALL_CYCLES, ORPHANS, DrillDown
from goals_tui.domain.filters import EVERYTHING
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES
from goals_tui.tui.app.actions import shown_key
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.charts.axis import between_times
from goals_tui.tui.filters.texts import day_title, empty_span_hint


def restriction_words(drill_down: DrillDown, goal_of: Callable[[str], Goal | None]) -> tuple[str, ...]:
    """Return a few words for each part of a drill-down; `goal_of` returns a goal by its id."""
    return tuple(_words(drill_down, goal_of))


def _words(drill_down: DrillDown, goal_of: Callable[[str], Goal | None]) -> Iterator[str]:
    goals = drill_down.filters.goals if drill_down.filters is not None else EVERYTHING
    if goals.negated or len(goals.values) > 1:
        yield "some goals"
    if drill_down.goal_id is not None:
        goal = goal_of(drill_down.goal_id)
        yield goal.name if goal else drill_down.goal_id
        names = {step.id: step.name for step in goal.steps} if goal else {}
        step = None if drill_down.step_id is None else names.get(drill_down.step_id, drill_down.step_id)
        if drill_down.took is not None:
            yield f"{between_times(*drill_down.took)} until {step or 'completed'}"
        elif step is not None:
            yield f"reached {step}{' in order' if drill_down.in_order else ''}"
        if drill_down.dropped_after is not None:
            yield f"dropped off after {names.get(drill_down.dropped_after, drill_down.dropped_after)}"
    if drill_down.bucket is not None:
        yield _bucket_words(drill_down.bucket)
    if drill_down.day is not None:
        yield day_title(drill_down.day)
    if drill_down.session_id is not None:
        yield f"session {drill_down.session_id}"
    elif drill_down.part_title:
        yield drill_down.part_title
    else:
        for dimension, value in drill_down.parts:
            yield f"{value}:00–{value}:59" if dimension == "hour" else value or f"no {dimension}"
    if drill_down.outcome is not None:
        yield f"{OUTCOME_GLYPHS[drill_down.outcome]} {OUTCOME_TITLES[drill_down.outcome]}"


def nothing_found(
    drill_down: DrillDown, key: Callable[[str], str], events_between: tuple[datetime, datetime] | None, left_out: int
) -> tuple[str, str]:
    """Return the title and the text that are shown instead of an empty list.

    `key` returns the key of an action. The others are as for `empty_span_hint`.
    """
    everything = key("all")
    if events_between is None:
        title, hint = "No goal was started in this span", empty_span_hint(events_between, left_out, key)
    elif drill_down == ORPHANS:
        title = "No orphans"
        hint = f"Every cycle has its initial step. Press {everything} for the cycles of the filters."
    elif drill_down != ALL_CYCLES:
        title, hint = "No such cycle in this span", f"Press {everything} for all cycles."
    else:
        title, hint = "No goal was started in this span", empty_span_hint(events_between, left_out, key)
    return title, hint


def _bucket_words(bucket: TimeBucket) -> str:
    if bucket.unit == "hour":
        return f"{day_title(bucket.first)} {bucket.start:%H:%M}–{bucket.end:%H:%M}"
    if bucket.first == bucket.last:
        return day_title(bucket.first)
    return f"{day_title(bucket.first)} – {day_title(bucket.last)}"


class DrillDownLine(Widget):
    """A line that says to which cycles the list is restricted; hidden if it is not restricted.

    If the line is too long, the hints about keys are shortened first, then the words are cut.
    """

    DEFAULT_CSS = """
    DrillDownLine { height: 1; width: 1fr; color: $primary; display: none; }
    DrillDownLine.-on { display: block; }
    """

    words: reactive[tuple[str, ...]] = reactive(())
    from_insights = reactive(False)

    def say(self, words: tuple[str, ...], *, from_insights: bool) -> None:
        """Show the words of a restriction. `from_insights` is whether esc leads back to Insights."""
        self.words, self.from_insights = words, from_insights
        self.set_class(bool(words), "-on")

    def render(self) -> Content:
        said = Content.assemble("└ only ", (" · ".join(self.words), "bold"))
        every, back = (shown_key(keymap(self.app), f"sessions.{name}") for name in ("all", "insights"))
        keys, brief = f"   {every} shows all", f"   {every}: all"
        if self.from_insights:
            keys, brief = f"{keys}, {back} goes back to Insights", f"{brief}, {back}: Insights"
        if said.cell_length + len(keys) > self.size.width:
            keys = brief
        said = said.truncate(max(1, self.size.width - len(keys)), ellipsis=True)
        return Content.assemble(said, (keys, "$quiet"))
