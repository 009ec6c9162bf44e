"""The search in the list of goals: words in each order, however they were typed."""

from __future__ import annotations

import pytest

from goals_tui.services.goal_list import GoalSummary
from goals_tui.tui.goals.goal_list import ORDERS, GoalRows, Order


def row(name: str, description: str = "", flow: str = "", changed_at: str = "2026-01-01") -> GoalSummary:
    return GoalSummary(name, name, description, "v", 1, changed_at, ("initial", "completion"), (flow,) if flow else ())


ROWS = (
    row("Book a Flight", "Without the desk.", "Trips", "2026-01-03"),
    row("Change a Booking", flow="Trips", changed_at="2026-01-01"),
    row("STRASSE prüfen", "Anschrift", changed_at="2026-01-02"),
)


@pytest.mark.parametrize("order", ORDERS)
def test_typed_letter_by_letter_finds_what_all_at_once_finds(order: Order) -> None:
    typed, at_once = GoalRows(ROWS), GoalRows(ROWS)
    typed.sort(order, {})
    at_once.sort(order, {})
    text = "book trips"
    for until in (*range(1, len(text) + 1), *range(len(text), -1, -1)):
        typed.find(text[:until])
        at_once.find("")
        at_once.find(text[:until])
        assert typed.found == at_once.found, text[:until]


def test_words_are_looked_up_in_name_description_and_flow_whatever_their_case() -> None:
    rows = GoalRows(ROWS)
    for words, names in (("straße", ["STRASSE prüfen"]), ("desk TRIPS", ["Book a Flight"]), ("nothing", [])):
        rows.find(words)
        assert [found.name for found in rows.found] == names


def test_another_order_keeps_what_was_found() -> None:
    rows = GoalRows(ROWS)
    rows.find("a")
    rows.sort("changed", {})
    assert [found.name for found in rows.found] == ["Book a Flight", "STRASSE prüfen", "Change a Booking"]
    assert (rows.place_of("STRASSE prüfen"), rows.place_of("gone")) == (1, None)
