"""Which view belongs to a tab."""

from __future__ import annotations

from goals_tui.tui.insights.buckets import Axis
from goals_tui.tui.insights.gather import Gathered
from goals_tui.tui.insights.views import Rank, View, metric_over_time, performance, rates
from goals_tui.tui.insights.views_steps import breakdown, funnel
from goals_tui.tui.insights.words import Words


def view_of(found: Gathered, axis: Axis | None, words: Words, rank: Rank) -> View:
    """What was gathered for a tab as its chart and table; `rank` is which goals the performance view shows."""
    tab = found.wanted.tab
    if tab == "performance":
        return performance(found.report, words, rank)
    if tab == "rate":
        return rates(axis, words)
    if tab == "funnel":
        return funnel(found.funnel)
    if tab == "breakdown":
        return breakdown(list(found.parts or ()), found.wanted.dimension, words)
    return metric_over_time(axis, tab, words)
