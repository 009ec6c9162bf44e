"""A change of an amount that stands beside both amounts is what a reader finds by subtracting them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from goals_tui.domain.decisions import ComparedPart, Comparison, WhatIf
from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Change, Figures
from goals_tui.format import hours
from goals_tui.services.insights.documents import comparison_document, comparison_sentences
from goals_tui.tui.filters.texts import Formats
from goals_tui.tui.goals.what_if import Shown
from goals_tui.tui.insights.compare import compared

BEFORE = Figures(started=500, completed=100, partial=100, incomplete=300, revenue=Decimal("5867.00"))
AFTER = Figures(started=500, completed=200, partial=100, incomplete=200, revenue=Decimal("6893.00"))
"""11.734 and 13.786 a cycle: shown as 11.73 and 13.79, while the exact difference 2.052 would be shown as 2.05."""

RESULT = Comparison("locale", ComparedPart("de", BEFORE, Filters()), ComparedPart("en", AFTER, Filters()))


def test_the_sentence_of_a_comparison_subtracts_what_its_table_shows() -> None:
    table = comparison_document(RESULT, "EUR", "").tables[0]
    assert [row[-1] for row in table.rows] == ["€11.73", "€13.79"]
    assert "+€2.06, without an interval." in " ".join(comparison_sentences(RESULT, "EUR"))


def test_the_dialog_of_a_comparison_subtracts_what_it_shows() -> None:
    text = compared(RESULT, "", Formats("EUR"), 80).plain
    assert all(each in text for each in ("€11.73", "€13.79", "Value per cycle: +€2.06, without an interval."))


def test_counts_and_rates_of_a_comparison_stand_in_columns() -> None:
    lines = compared(RESULT, "", Formats("EUR"), 80).plain.splitlines()
    rows = [next(line for line in lines if title in line) for title in ("Completed", "Partially", "Incomplete")]
    assert len({line.index("%") for line in rows}) == len({line.rindex(" %") for line in rows}) == 1
    ends = {title: next(line for line in lines if line.startswith(title)) for title in ("Started", "  95 %", "Revenue")}
    assert {len(line.rstrip()) for line in ends.values()} == {len(lines[0])}, "one right edge, under the name"
    started = ends["Started"]
    assert started.rstrip().endswith(f"{AFTER.started}") and len(started) == len(rows[0])


def test_programs_get_the_exact_difference_rounded_once() -> None:
    assert Change(BEFORE, AFTER).as_json()["value_per_cycle"] == "2.05"


def test_a_difference_that_nobody_can_see_has_no_sign() -> None:
    nearly = Figures(started=500, completed=100, partial=100, incomplete=300, revenue=Decimal("5867.01"))
    assert Change(BEFORE, nearly).shown_value_per_cycle(2) == 0
    result = Comparison("locale", ComparedPart("de", BEFORE, Filters()), ComparedPart("en", nearly, Filters()))
    assert ": €0.00, without an interval." in " ".join(comparison_sentences(result, "EUR"))


@pytest.mark.parametrize(
    ("then", "now", "difference"),
    [
        (3_620, 7_250, "+1 h 01 min"),  # 1 h 00 min and 2 h 01 min; exactly 1 h 00 min 30 s
        (3_600, 3_620, ""),
        (40, 95, "+55 s"),
        (7_250, 3_620, "-1 h 01 min"),
        (3_602_000, 7_205_000, "+1,001 h"),
    ],
)
def test_what_if_subtracts_the_times_that_it_shows(then: int, now: int, difference: str) -> None:
    recorded, edited = (Figures(started=1, incomplete=1, time_saved_seconds=seconds) for seconds in (then, now))
    result = WhatIf("id", "Goal", recorded, edited, (), recorded)
    shown = Shown(result=result, span="", filters=(), formats=Formats("EUR"))
    row = next(row for row in shown.rows if row.title == "Time saved")
    assert (row.recorded, row.edited, row.difference) == (hours(then), hours(now), difference)
