"""The layout of the chart's boxes and lines, compared with drawings, and its rules for every flow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.flow import Flow, Node
from goals_tui.tui.flows.blocks import COMPACT, ROOMY, START, TRUNK, Blocks, Measures, slot_key
from goals_tui.tui.flows.kinds import Appearance, Names, appearance_of
from goals_tui.tui.flows.layout import Box, HorizontalLine, Layout, VerticalLine
from tests.builders import book_a_flight, book_a_flight_flow, end, flow, flow_sets, go_to, if_, lookup, node_id, say
from tests.examples import examples

SMALL = Measures(box=9, gap=3)


def drawn(flow: Flow, measures: Measures = SMALL) -> str:
    """The chart as text; boxes show their titles only."""
    layout = Layout(Blocks(flow, lambda node: Appearance("", node.label or "Say", "", ())), measures)
    return "\n".join(text_of_row(layout, y).rstrip() for y in range(layout.height))


def text_of_row(layout: Layout, y: int) -> str:
    text = ""
    for x, width, item, row in layout.row(y):
        text += " " * (x - len(text))
        if isinstance(item, VerticalLine):
            text += "│"
        elif isinstance(item, HorizontalLine):
            text += item.text
        else:
            text += spot_text(item, row, width)
    return text


def spot_text(box: Box, row: int, width: int) -> str:
    if box.is_slot:
        return "( + )".center(width)
    middle = box.spine - box.x
    edge = list("─" * width)
    if row == 0:
        edge[0], edge[-1], edge[middle] = "╭", "╮", "┴" if box.line_in else "─"
        return "".join(edge)
    if row == box.height - 1:
        edge[0], edge[-1], edge[middle] = "╰", "╯", "┬" if box.line_out else "─"
        return "".join(edge)
    title = box.face.title if box.face else "Start"
    return f"│{title[: width - 2].center(width - 2)}│"


def laid_out(shown: Flow, *, compact: bool = False, names: Names | None = None) -> Layout:
    names = names or Names()

    def face(node: Node) -> Appearance:
        return appearance_of(node, names, compact=compact)

    return Layout(Blocks(shown, face), COMPACT if compact else ROOMY)


def test_an_empty_flow_is_start_and_its_end() -> None:
    assert drawn(flow("Empty")) == "\n".join(
        [
            "  ╭─────────╮",
            "  │  Start  │",
            "  ╰────┬────╯",
            "       │",
            "  end of flow",
        ]
    )


def test_branches_stand_side_by_side_and_join_again() -> None:
    chart = flow("Branches", if_("Paid?", (say("a"), say("b")), (say("c"),)), say("d"))
    assert drawn(chart) == "\n".join(
        [
            "       ╭─────────╮",
            "       │  Start  │",
            "       ╰────┬────╯",
            "            │",
            "        ╭───┴───╮",
            "        │ Paid? │",
            "        ╰───┬───╯",
            "      ╭─────┴─────╮",
            "    Then        Else",
            "      │           │",
            "  ╭───┴───╮   ╭───┴───╮",
            "  │  Say  │   │  Say  │",
            "  ╰───┬───╯   ╰───┬───╯",
            "      │           │",
            "  ╭───┴───╮       │",
            "  │  Say  │       │",
            "  ╰───┬───╯       │",
            "      ╰─────┬─────╯",
            "            │",
            "        ╭───┴───╮",
            "        │  Say  │",
            "        ╰───┬───╯",
            "            │",
            "       end of flow",
        ]
    )


def test_a_branch_that_ends_the_flow_joins_nothing_and_an_empty_one_has_a_slot() -> None:
    chart = flow("Ends", if_("Stop?", (end(),)))
    assert drawn(chart).splitlines()[7:] == [
        "      ╭─────┴─────╮",
        "    Then        Else",
        "      │           │",
        "  ╭───┴───╮     ( + )",
        "  │  Say  │       │",
        "  ╰───────╯       │",
        "            ╭─────╯",
        "            │",
        "       end of flow",
    ]


def test_no_line_leads_to_a_node_after_the_end() -> None:
    layout = laid_out(flow("Unreached", go_to("Other"), say("never")))
    assert layout.boxes[node_id("go to Other")].line_out is False
    assert layout.boxes[node_id("never")].line_in is False


def test_long_and_wide_titles_of_branches_are_cut_to_the_box() -> None:
    chart = flow("Wide", lookup("By", {"予約" * 40: (), "x" * 300: (), "[/foo]": ()}))
    titles = [item.text for item in _titles(laid_out(chart, compact=True))]
    assert titles[0] == "予約" * 6 + "…"
    assert titles[1] == "x" * (COMPACT.box - 1) + "…"
    assert titles[2:4] == ["[/foo]", "Default"]


def test_only_what_lies_in_view_is_found() -> None:
    chart = flow("Wide", lookup("By", {str(number): (say(f"case {number}"),) for number in range(8)}))
    layout = laid_out(chart)
    box = layout.boxes[node_id("case 3")]
    seen = layout.visible(box.y, box.x + 5, box.x + box.width)
    assert [span.item for span in seen] == [box]
    assert layout.at(box.x + 1, box.y + 1) == box
    assert layout.at(box.x + box.width, box.y + 1) is None
    assert layout.row(-1) == layout.row(layout.height) == []


def test_the_example_has_a_box_of_its_own_for_every_node() -> None:
    tracked = book_a_flight()
    layout = laid_out(book_a_flight_flow(), names=Names({tracked.id: tracked}))
    assert next(iter(layout.boxes)) == START
    assert len(layout.boxes) == 11
    box = layout.boxes[node_id("track Book a Flight Flight selected")]
    assert box.height == 5, "a title, the goal and its step between two borders"


@pytest.mark.fuzz
@examples(40)
@given(flow_sets(most=1))
def test_nothing_overlaps_and_every_node_and_empty_branch_has_a_spot(flows: tuple[Flow, ...]) -> None:
    shown = flows[0]
    for compact in (False, True):
        layout = laid_out(shown, compact=compact)
        wanted = {START} | {node.id for node in shown.walk()}
        for node in shown.walk():
            wanted |= {slot_key(node.id, place) for place, way in enumerate(node.branches) if not way.nodes}
        assert set(layout.boxes) == wanted
        for y in range(layout.height):
            at = 0
            for span in layout.row(y):
                assert span.x >= at, f"line {y}: {span} overlaps what is left of it"
                at = span.x + span.width
            assert at <= layout.width


@examples(40)
@given(flow_sets(most=1))
def test_lines_have_no_gaps(flows: tuple[Flow, ...]) -> None:
    layout = laid_out(flows[0], compact=True)
    rows = [text_of_row(layout, y) for y in range(layout.height)]
    titles = {(item.x + column, item.y) for item in _titles(layout) for column in range(len(item.text))}
    slots = {(box.spine, box.y) for box in layout.boxes.values() if box.is_slot}
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            if (x, y) in titles or (x, y) in slots:
                continue
            if character in "┬╭╮" or (character == "│" and _is_pole(layout, x, y)):
                below = rows[y + 1][x : x + 1] if y + 1 < len(rows) else ""
                ends_here = (x, y + 1) in titles or (x, y + 1) in slots
                assert ends_here or below in tuple("│┴╰╯┼┬┤├"), f"the line at {x}, {y} stops:\n" + "\n".join(rows)


def _is_pole(layout: Layout, x: int, y: int) -> bool:
    return any(isinstance(span.item, VerticalLine) for span in layout.visible(y, x, x + 1))


def _titles(layout: Layout) -> list[HorizontalLine]:
    spans = (span for y in range(layout.height) for span in layout.row(y))
    return [span.item for span in spans if isinstance(span.item, HorizontalLine) and span.item.is_title]


@pytest.mark.fuzz
@examples(60)
@given(flow_sets(most=1), st.data())
def test_a_flow_laid_out_again_and_again_is_laid_out_as_at_once(flows: tuple[Flow, ...], data: st.DataObject) -> None:
    """Branches are collapsed and expanded, boxes get more lines, and widths change, in any order."""
    shown = flows[0]
    ids = [node.id for node in shown.walk()]
    more: dict[str, int] = {}
    collapsed: frozenset[str] = frozenset()

    def face(node: Node) -> Appearance:
        return Appearance("", node.label, "", ((("plain", "more"),),) * more.get(node.id, 0))

    again = Blocks(shown, face)
    Layout(again)
    for _ in range(data.draw(st.integers(1, 4))):
        changed = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
        if data.draw(st.booleans()):
            collapsed ^= changed
            again.collapse(collapsed)
        else:
            more.update(dict.fromkeys(changed, data.draw(st.integers(0, 3))))
            again.change(changed)
        width = data.draw(st.integers(20, 300))
        measures = again.fitting(width, compact=None)
        once = Blocks(shown, face, collapsed)
        assert once.fitting(width, compact=None) == measures
        assert everything_of(Layout(again, measures)) == everything_of(Layout(once, measures))


def everything_of(layout: Layout) -> tuple[object, ...]:
    rows = [layout.row(y) for y in range(layout.height)]
    sequences = [layout.sequence(box.parent, box.branch) for box in layout.boxes.values()]
    return layout.width, rows, list(layout.boxes.items()), sequences


def test_boxes_without_neighbours_take_the_room_of_the_view() -> None:
    shown = flow("Trunk", say("a"), lookup("b", {"x": (say("c"),)}, (say("d"),)), say("e"))
    blocks = Blocks(shown, lambda node: appearance_of(node, Names()))
    for width, trunk in ((30, ROOMY.box), (46, 41), (47, 43), (200, TRUNK)):
        assert ROOMY.trunk(width) == trunk
        boxes = Layout(blocks, ROOMY, trunk=trunk).boxes.values()
        assert {box.width for box in boxes if box.node and box.parent is None} == {trunk}
        assert {box.width for box in boxes if box.node and box.parent is not None} == {ROOMY.box}
        assert len({box.spine for box in boxes if box.parent is None}) == 1
