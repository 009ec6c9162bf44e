"""The chart as a widget: what it draws, and how it follows keys and mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from goals_tui.domain.flow import Flow, Node, Say
from goals_tui.tui.app.themes import OURS
from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.kinds import Names
from tests.builders import book_a_flight, book_a_flight_flow, flow, goal, if_, lookup, node_id, say, track
from tests.tui.harness import HOSTILE, screen_text, wheel_down

GOAL = book_a_flight()


class ChartApp(App[None]):
    """Nothing but a chart."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        for theme in OURS:
            self.register_theme(theme)
        self.theme = OURS[0].name

    def compose(self) -> ComposeResult:
        yield FlowChart()

    def on_flow_chart_opened(self, event: FlowChart.Opened) -> None:
        self.opened.append(event.key)


@asynccontextmanager
async def charting(
    shown: Flow, size: tuple[int, int] = (80, 40), badges: Mapping[str, Any] | None = None, names: Names | None = None
) -> AsyncIterator[tuple[Pilot[Any], FlowChart]]:
    async with ChartApp().run_test(size=size) as pilot:
        chart = pilot.app.query_one(FlowChart)
        chart.show(shown, names or Names({GOAL.id: GOAL}, {}), badges or {})
        chart.focus()
        await pilot.pause()
        yield pilot, chart


async def test_the_selection_is_a_heavy_box_of_another_colour_and_follows_the_keys() -> None:
    async with charting(book_a_flight_flow(GOAL)) as (pilot, chart):
        assert "┃ ▶ Start ┃" in screen_text(pilot.app)
        await pilot.press("down", "down")
        assert chart.selected == node_id("Which flight do you choose?")
        lines = screen_text(pilot.app).splitlines()
        head = next(line for line in lines if "Question" in line)
        assert head.strip().startswith("┃ ? Question")
        assert "│ ▶ Start │" in screen_text(pilot.app)


async def test_without_the_focus_the_selection_is_still_seen() -> None:
    async with charting(book_a_flight_flow(GOAL)) as (pilot, _):
        pilot.app.set_focus(None)
        await pilot.pause()
        assert "┃ ▶ Start ┃" in screen_text(pilot.app)


async def test_the_view_follows_the_selection_down_and_to_the_side() -> None:
    wide = flow("Wide", lookup("by", {str(n): tuple(say(f"{n} {m}") for m in range(8)) for n in range(6)}))
    async with charting(wide, (60, 20)) as (pilot, chart):
        await pilot.press("down", "down", *["right"] * 3, *["down"] * 7)
        await pilot.pause()
        assert chart.selected == node_id("3 7")
        assert "┃ » Say" in screen_text(pilot.app)
        assert "3 7" in screen_text(pilot.app)
        await pilot.press("home")
        await pilot.pause()
        assert "▶ Start" in screen_text(pilot.app)
        await pilot.press("pagedown")
        assert chart.selected != START


async def test_another_flow_is_opened_with_its_start_in_the_middle() -> None:
    wide = flow("Wide", lookup("by", {str(n): (say(f"{n}"),) for n in range(6)}))
    async with charting(flow("Narrow", say("a")), (60, 20)) as (pilot, chart):
        chart.show(wide, Names(), {})
        await pilot.pause()
        assert chart.box is not None
        assert chart.selected == START
        assert chart.scroll_x == chart.box.spine - chart.size.width // 2 > 0


async def test_a_click_selects_and_a_double_click_opens() -> None:
    async with charting(book_a_flight_flow(GOAL)) as (pilot, chart):
        lines = screen_text(pilot.app).splitlines()
        y = next(place for place, line in enumerate(lines) if "Which flight" in line)
        x = lines[y].index("Which")
        await pilot.click(FlowChart, offset=(x, y))
        assert chart.selected == node_id("Which flight do you choose?")
        await pilot.click(FlowChart, offset=(0, y))
        assert chart.selected == node_id("Which flight do you choose?"), "beside a box nothing happens"
        await pilot.double_click(FlowChart, offset=(x, y))
        assert pilot.app.opened == [node_id("Which flight do you choose?")]  # type: ignore[attr-defined]


async def test_the_wheel_scrolls_and_leaves_the_selection() -> None:
    async with charting(book_a_flight_flow(GOAL), (80, 16)) as (pilot, chart):
        await wheel_down(pilot, chart, (10, 5))
        await pilot.pause()
        assert chart.scroll_y > 0
        assert chart.selected == START


async def test_boxes_are_as_wide_as_the_flow_leaves_room_for() -> None:
    two = flow("Two", if_("choice", (say("left"),), (say("right"),)))
    async with charting(two, (100, 40)) as (pilot, chart):
        box = chart.layout_of_flow.boxes  # type: ignore[union-attr]
        assert box[node_id("left")].width == 37
        await pilot.resize_terminal(64, 40)
        await pilot.pause()
        assert chart.layout_of_flow.boxes[node_id("left")].width == 29  # type: ignore[union-attr]
        chart.compact = True
        assert chart.is_compact
        assert chart.layout_of_flow.boxes[node_id("left")].width == 25  # type: ignore[union-attr]


async def test_findings_wear_a_glyph_beside_their_colour() -> None:
    node = track(GOAL, "Flight selected", name="t")
    badges = {node.id: "error", node_id("hi"): "warning"}
    async with charting(flow("Badges", say("hi"), node), badges=badges) as (pilot, _):
        lines = screen_text(pilot.app).splitlines()
        assert next(line for line in lines if "Track Goal" in line).rstrip().endswith("✖ │")
        assert next(line for line in lines if "» Say" in line).rstrip().endswith("▲ │")


async def test_when_the_selected_node_goes_its_neighbour_is_selected() -> None:
    revisions = iter(range(10))

    def revised(*nodes: Node) -> Flow:
        return flow("F", *nodes).model_copy(update={"revision": next(revisions)})

    async with charting(revised(say("a"), if_("if", (say("b"),)), say("c"))) as (_, chart):
        chart.select(node_id("a"))
        chart.show(revised(if_("if", (say("b"),)), say("c")), Names(), {})
        assert chart.selected == node_id("if")
        chart.select(node_id("b"))
        chart.show(revised(if_("if"), say("c")), Names(), {})
        assert chart.selected == slot_key(node_id("if"), 0)
        chart.show(revised(), Names(), {})
        assert chart.selected == START


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_shown_as_they_are_and_never_break_a_box(name: str) -> None:
    tracked = goal(name, name, "◎ done")
    shown = flow(
        "Hostile",
        Say(id=node_id("say"), label=name, text=name),
        track(tracked, tracked.steps[0].name, name="track"),
        lookup("by", {name: (Say(id=node_id("in"), text=name),)}),
    )
    for size in ((60, 60), (120, 60)):
        async with charting(shown, size, names=Names({tracked.id: tracked})) as (pilot, chart):
            for y in range(chart.size.height):
                assert chart.render_line(y).cell_length == chart.size.width
            text = screen_text(pilot.app)
            assert name[:6].strip() in text
            if len(name) > 100:
                assert "x…" in text


async def test_an_empty_widget_draws_nothing() -> None:
    async with ChartApp().run_test() as pilot:
        chart = pilot.app.query_one(FlowChart)
        chart.show(None, Names(), {})
        await pilot.press("down", "pagedown")
        assert chart.box is None
        assert screen_text(pilot.app).strip() == ""
