"""The small map beside the chart at wide sizes."""

from __future__ import annotations

from goals_tui.services.context import Services
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.chart_paint import FlowMap
from tests.builders import flow, say
from tests.tui.harness import press, running


async def test_the_map_is_there_when_something_is_out_of_view_and_leads_there(services: Services) -> None:
    services.flows.save(flow("Long", *(say(f"say {number}") for number in range(60))))
    services.flows.save(flow("Short", say("hi")))
    async with running(services, (200, 60), area="flows") as pilot:
        chart, small = pilot.app.screen.query_one(FlowChart), pilot.app.screen.query_one(FlowMap)
        assert small.display
        before = small.view
        await pilot.click(FlowMap, offset=(3, small.size.height - 2))
        await press(pilot)
        assert chart.scroll_y > 100
        assert small.view != before
        assert any("█" in small.render_line(y).text or "▀" in small.render_line(y).text for y in range(5))
        await press(pilot, "o", "S", "h", "o", "enter")
        assert not small.display
