"""The breadcrumb: where the selected box lies."""

from __future__ import annotations

import pytest

from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.chart_pane import crumbs
from tests.builders import flow, if_, lookup, node_id, say
from tests.tui.flows.test_layout import laid_out

NESTED = flow("Nested", if_("Paid?", (lookup("By", {"a": (if_("inner", (say("deep"),)),)}),)))


def text(key: str, width: int = 200) -> str:
    layout = laid_out(NESTED)
    return crumbs(NESTED, layout, layout.boxes[key], width).plain


def test_every_node_and_branch_on_the_way_is_named() -> None:
    assert text(START) == "Nested › Start"
    way = "Nested › ◇ Paid? (answer = yes) › Then › ≡ By › a › ◇ inner (answer = yes) › Then › » Say"
    assert text(node_id("deep")) == way
    assert text(slot_key(node_id("Paid?"), 1)) == "Nested › ◇ Paid? (answer = yes) › Else › empty branch"


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80])
def test_in_little_width_the_middle_goes(width: int) -> None:
    cut = text(node_id("deep"), width)
    assert len(cut) <= width
    assert cut.startswith("Nested › … › ") and cut.endswith("» Say")


def test_an_empty_flow_says_what_to_do() -> None:
    empty = flow("Empty")
    layout = laid_out(empty)
    assert "add a node" in crumbs(empty, layout, layout.boxes[START], 80).plain
