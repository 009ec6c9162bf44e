"""Periods that are not over are marked: in the bar of filters, in titles and labels, in tables, on the tiles."""

from __future__ import annotations

from textual.content import Content

from goals_tui.domain.filters import Filters
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart, fitted
from goals_tui.tui.insights.model import axis_of
from goals_tui.tui.insights.tiles import Tile
from tests.tui.harness import press, running, screen_text
from tests.tui.insights.conftest import Scenario


async def test_days_that_are_not_over(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (160, 40), area="insights") as pilot:
        assert "Last 7 days (14 Nov – 20 Nov, until 13:00)" in screen_text(pilot.app)
        await press(pilot, "r")
        assert "Completion rate by day · 20 Nov not over" in screen_text(pilot.app)
        chart = pilot.app.screen.query_one(Chart)
        assert fitted(chart.spec, Place(chart.spec.size - 1), 60)[0].words == "20 Nov, not over"
        await press(pilot, "v")
        assert "Fri 20 Nov 2026, until 13:00" in screen_text(pilot.app)
        tile = pilot.app.screen.query(Tile).first()
        assert tile.facts.running
        drawn = tile.render()
        assert isinstance(drawn, Content)
        assert drawn.spans[-1].style == "$quiet", "the last of the sparkline is pale"


def test_no_hour_that_is_still_to_come(scenarios: dict[str, Scenario]) -> None:
    insights, today = scenarios["data"]().insights, Filters(span="today")
    axis = axis_of(insights.report(today), 100, insights.series(today, "hour"))
    assert axis is not None
    assert (axis.label(0), axis.label(len(axis.buckets) - 1)) == ("00:00", "13:00")


async def test_what_is_over_has_no_mark(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        pilot.app.screen.use_filters(Filters(span="custom", since="2026-11-02", until="2026-11-08"))
        await press(pilot, "r")
        text = screen_text(pilot.app)
        assert "Completion rate by day" in text and "not over" not in text and "until" not in text
