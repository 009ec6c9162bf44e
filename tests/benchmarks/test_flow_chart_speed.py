"""The flow chart at 2,000 nodes: laid out, drawn and scrolled (60 lines a frame under 16 ms)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from rich.style import Style

from goals_tui.domain.flow import Flow, Node
from goals_tui.services.context import Services
from goals_tui.tui.flows.blocks import START, Blocks
from goals_tui.tui.flows.chart import FlowChart, step
from goals_tui.tui.flows.chart_paint import CLASSES, Paint
from goals_tui.tui.flows.kinds import Names, appearance_of
from goals_tui.tui.flows.layout import Layout
from goals_tui.tui.widgets.search_list import SearchList
from tests.builders import book_a_flight, flow, if_, lookup, question, say, track
from tests.tui.harness import press, running, settle

LINES, COLUMNS = 60, 200
MOST_SECONDS_A_FRAME = 0.016
MOST_SECONDS_A_LAYOUT = 0.1
MOST_SECONDS_A_KEY = 0.05
MOST_RATIO_TO_SMALL = 3.0
"""A frame of 2,000 nodes may cost so many times one of 50: what is not in view costs next to nothing."""

GOAL = book_a_flight()
NAMES = Names({GOAL.id: GOAL}, {})


def mixed(count: int) -> Flow:
    """Sequences of every look, a branching node in ten: `count` nodes."""
    nodes: list[Node] = []
    for number in range(count // 10):
        inside = tuple(say(f"branch {number} {place}") for place in range(3))
        nodes += [
            say(f"say {number}"),
            question(f"question {number}?", "yes", "no", save_as="answer"),
            track(GOAL, "Flight selected", "Payment completed", name=f"track {number}"),
            if_(f"if {number}", inside, tuple(say(f"other {number} {place}") for place in range(3))),
        ]
    return flow("Mixed", *nodes)


def wide(count: int) -> Flow:
    """Return the widest flow: one node with all the others beside each other."""
    return flow("Wide", lookup("by", {f"case {number}": (say(f"in {number}"),) for number in range(count - 1)}))


def laid_out(shown: Flow) -> Layout:
    return Layout(Blocks(shown, lambda node: appearance_of(node, NAMES)))


def frame(layout: Layout, paint: Paint, top: int, left: int) -> None:
    for y in range(top, top + LINES):
        paint.line(layout.visible(y, left, left + COLUMNS), left, COLUMNS, START, focused=True)


def painter() -> Paint:
    return Paint({name: Style(color="red", bold=True) for name in CLASSES}, Style(color="white", bgcolor="black"), {})


def median_seconds(work: Callable[[int], object], rounds: int = 15) -> float:
    times = []
    for number in range(rounds):
        begin = time.thread_time()
        work(number)
        times.append(time.thread_time() - begin)
    return statistics.median(times)


@pytest.mark.parametrize("make", [mixed, wide])
def test_a_frame_of_2000_nodes(make: Callable[[int], Flow]) -> None:
    """Every line painted anew, as after a jump: nothing comes from a cache."""
    large, small = laid_out(make(2000)), laid_out(make(50))
    paint = painter()
    columns = max(1, large.width - COLUMNS)
    lines = max(1, large.height - LINES)
    of_large = median_seconds(lambda number: frame(large, paint, number * 997 % lines, number * 4999 % columns))
    of_small = median_seconds(lambda number: frame(small, paint, 0, 0))
    print(f"{make.__name__}: frame of 2,000 nodes {of_large * 1000:.2f} ms, of 50 nodes {of_small * 1000:.2f} ms")
    assert of_large < MOST_SECONDS_A_FRAME
    assert of_large < of_small * MOST_RATIO_TO_SMALL + 0.001


@pytest.mark.parametrize("make", [mixed, wide])
def test_the_layout_of_2000_nodes(make: Callable[[int], Flow]) -> None:
    """The time of an edit beside saving."""
    shown = make(2000)
    seconds = median_seconds(lambda number: laid_out(shown), rounds=7)
    print(f"{make.__name__}: layout of 2,000 nodes {seconds * 1000:.1f} ms")
    assert seconds < MOST_SECONDS_A_LAYOUT


def test_a_step_through_2000_nodes() -> None:
    layout = laid_out(mixed(2000))
    keys = list(layout.boxes)
    seconds = median_seconds(lambda number: [step(layout, key, "down", {}) for key in keys]) / len(keys)
    print(f"a step: {seconds * 1_000_000:.1f} µs")
    assert seconds < 0.001


@pytest.fixture
def large(services: Services) -> Services:
    """A workspace with a flow of 2,000 nodes."""
    services.goals.save(GOAL.model_copy(update={"revision": 0}))
    services.flows.save(mixed(2000).model_copy(update={"revision": 0}))
    return services


async def test_the_whole_widget_scrolls_2000_nodes(large: Services) -> None:
    """Through Textual itself: scrolled, and every line composed."""
    async with running(large, (COLUMNS, LINES), area="flows") as pilot:
        chart = pilot.app.screen.query_one(FlowChart)
        width, height = chart.size

        def draw(number: int) -> None:
            chart.scroll_to(y=number * 23, animate=False, immediate=True)
            for y in range(height):
                chart.render_line(y)

        seconds = median_seconds(draw, rounds=40)
        print(f"widget: a frame of {width} x {height} {seconds * 1000:.2f} ms")
        assert seconds < MOST_SECONDS_A_FRAME


@pytest.mark.parametrize("what", ["collapse", "numbers"])
async def test_collapse_and_numbers_within_a_frame_of_2000_nodes(large: Services, what: str) -> None:
    """Through the widget: laid out again where something changed, and all lines in view drawn."""
    lines = ((("target", "3 went on"), ("dim", ", 2 left")), (("dim", "€ 5 at stake"),))
    async with running(large, (COLUMNS, LINES), area="flows") as pilot:
        chart = pilot.app.screen.query_one(FlowChart)
        shown = pilot.app.screen.flow
        branching = [node.id for node in shown.walk() if node.branches]
        tracking = [node.id for node in shown.walk() if node.kind == "track_goal"]

        def change(number: int) -> None:
            if what == "collapse":
                chart.collapsed = frozenset({branching[number]})
            else:
                chart.numbers = dict.fromkeys(tracking, lines) if number % 2 else {}
            for y in range(chart.size.height):
                chart.render_line(y)

        seconds = median_seconds(change)
        print(f"{what} in 2,000 nodes: {seconds * 1000:.2f} ms")
        assert seconds < MOST_SECONDS_A_FRAME
        times = []
        for number in range(15):
            begin = time.thread_time()
            change(number + 20)
            await settle(pilot)
            times.append(time.thread_time() - begin)
        print(f"{what} in 2,000 nodes, with the whole screen: {statistics.median(times) * 1000:.2f} ms")


async def test_a_key_of_the_search_in_2000_nodes(large: Services) -> None:
    """Through the dialog, in a terminal of 120 x 36: filter, sort, list and draw."""
    times = []
    async with running(large, (120, 36), area="flows") as pilot:
        await press(pilot, "slash")
        found = pilot.app.screen.query_one(SearchList)
        for key in [*"say", "space", *"19", *["backspace"] * 6] * 3:
            begin = time.thread_time()
            await pilot.press(key)
            times.append(time.thread_time() - begin)
        assert len(found.shown) == SearchList.MOST_ROWS
    seconds = statistics.median(times)
    print(f"search in 2,000 nodes: {seconds * 1000:.1f} ms a key, {max(times) * 1000:.1f} ms at most")
    assert seconds < MOST_SECONDS_A_KEY
