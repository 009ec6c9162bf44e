"""The flow chart at 2,000 nodes: laid out, drawn and scrolled (60 lines a frame under 16 ms)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from rich.style import Style
from textual.content import Content

from goals_tui.domain.flow import Flow, Node
from goals_tui.domain.flow_text import search_text, summary
from goals_tui.tui.flows.chart import step
from goals_tui.tui.flows.chart_paint import CLASSES, Paint
from goals_tui.tui.flows.kinds import Names, appearance_of
from goals_tui.tui.flows.layout import ROOMY, START, Layout, lay_out
from goals_tui.tui.widgets.search_list import Option, searched
from tests.builders import book_a_flight, flow, if_, lookup, question, say, track

LINES, COLUMNS = 60, 200
MOST_SECONDS_A_FRAME = 0.016
MOST_SECONDS_A_LAYOUT = 0.1
MOST_RATIO_TO_FOLDING = 30.0
"""A key of the search may cost so many times folding the texts of all nodes: 50 ms on a quiet machine."""
MOST_RATIO_TO_BARE = 2.0
"""Collapsing and numbers may cost so many times the layout of the flow and a frame."""
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
    return lay_out(shown, lambda node: appearance_of(node, NAMES), ROOMY)


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
    keys = list(layout.spots)
    seconds = median_seconds(lambda number: [step(layout, key, "down", {}) for key in keys]) / len(keys)
    print(f"a step: {seconds * 1_000_000:.1f} µs")
    assert seconds < 0.001


async def test_the_whole_widget_scrolls_2000_nodes() -> None:
    """Through Textual itself: keys pressed, frames composed."""
    from textual.app import App, ComposeResult

    from goals_tui.tui.flows.chart import FlowChart

    class ChartApp(App[None]):
        def compose(self) -> ComposeResult:
            yield FlowChart()

    app = ChartApp()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        chart = app.query_one(FlowChart)
        chart.show(mixed(2000), NAMES, {})
        await pilot.pause()
        width, height = chart.size

        def draw(number: int) -> None:
            chart.scroll_to(y=number * 23, animate=False, immediate=True)
            for y in range(height):
                chart.render_line(y)

        seconds = median_seconds(draw, rounds=40)
        print(f"widget: a frame of {width} x {height} {seconds * 1000:.2f} ms")
        assert seconds < MOST_SECONDS_A_FRAME


async def test_collapse_and_numbers_cost_one_layout_and_one_frame_of_2000_nodes() -> None:
    """Through the widget: what it does beside laying the flow out and drawing what is in view costs next to nothing."""
    from textual.app import App, ComposeResult

    from goals_tui.tui.flows.chart import FlowChart

    class ChartApp(App[None]):
        def compose(self) -> ComposeResult:
            yield FlowChart()

    shown = mixed(2000)
    faces = {node.id: appearance_of(node, NAMES) for node in shown.walk()}
    branching = [node.id for node in shown.walk() if node.branches]
    tracking = [node.id for node in shown.walk() if node.kind == "track_goal"]
    lines = ((("target", "3 went on"), ("dim", ", 2 left")), (("dim", "€ 5 at stake"),))
    app = ChartApp()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        chart = app.query_one(FlowChart)
        chart.show(shown, NAMES, {})
        await pilot.pause()

        def draw() -> None:
            for y in range(chart.size.height):
                chart.render_line(y)

        def collapse(number: int) -> None:
            chart.collapsed = frozenset({branching[number]})
            draw()

        def collapse_all(number: int) -> None:
            chart.collapsed = frozenset(branching if number % 2 else ())
            draw()

        def number_nodes(number: int) -> None:
            chart.numbers = dict.fromkeys(tracking, lines) if number % 2 else {}
            draw()

        bare = median_seconds(lambda number: lay_out(shown, lambda node: faces[node.id], ROOMY, {branching[number]}))
        layout, paint = laid_out(shown), painter()
        bare += median_seconds(lambda number: frame(layout, paint, 0, 0))
        for name, work in (("collapse one", collapse), ("collapse all", collapse_all), ("numbers", number_nodes)):
            seconds = median_seconds(work)
            ratio = seconds / bare
            print(f"{name} in 2,000 nodes: {seconds * 1000:.1f} ms, {ratio:.2f}x of a bare layout and a frame")
            assert ratio < MOST_RATIO_TO_BARE


async def test_a_key_of_the_search_in_2000_nodes() -> None:
    """Through the list of the dialog, at its size in a terminal of 120 x 36: filter, sort, list and draw."""
    from textual.app import App, ComposeResult

    from goals_tui.tui.widgets.search_list import SearchList

    shown = mixed(2000)
    options = [
        Option(node.id, node.label, summary(node, NAMES.goals, {}), search_text(node, NAMES.goals, {}))
        for node in shown.walk()
    ]

    class SearchApp(App[None]):
        def compose(self) -> ComposeResult:
            yield SearchList(lambda option: Content(option.title))

    app = SearchApp()
    times = []
    async with app.run_test(size=(72, 28)) as pilot:
        found = app.query_one(SearchList)
        found.fill(options)
        found.search.focus()
        await pilot.pause()
        for key in [*"say", "space", *"19", *["backspace"] * 6] * 3:
            begin = time.thread_time()
            await pilot.press(key)
            times.append(time.thread_time() - begin)
    seconds = statistics.median(times)
    bare = median_seconds(lambda number: [text for text in map(searched, options) if "say" in text])
    print(f"search in 2,000 nodes: {seconds * 1000:.1f} ms a key, {seconds / bare:.1f}x of folding their texts")
    assert seconds < bare * MOST_RATIO_TO_FOLDING
