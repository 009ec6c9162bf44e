"""Axes and numbers as people read them."""

import itertools
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import goals_tui
from goals_tui.format import percent, value_words
from goals_tui.tui.charts.axis import (
    COUNT,
    PERCENT,
    TIME,
    Unit,
    between_times,
    fitted_marks,
    label_every,
    marks,
    round_multiples,
    short_number,
    short_time,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (0.5, "0.5"),
        (450, "450"),
        (999, "999"),
        (1200, "1.2k"),
        (13667, "13.7k"),
        (999_400, "999k"),
        (999_600, "1M"),
        (2_500_000, "2.5M"),
        (3_000_000_000, "3bn"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_units_say_what_they_are() -> None:
    assert Unit("money", "€").short(450) == "€450"
    assert Unit("money", "CHF").short(450) == "CHF 450"
    assert PERCENT.short(0.38) == "38 %"
    assert TIME.short(3 * 3600) == "3 h"
    assert TIME.short(5400) == "1.5 h"
    assert TIME.short(720) == "12 min"
    assert short_time(0) == "0"


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "—"), (0, "0 %"), (0.0016, "0.2 %"), (0.5636, "56 %"), (0.9993, "99.9 %"), (1.0, "100 %")],
)
def test_a_rate_never_rounds_to_none_or_all_that_is_not(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_marks_are_round_in_their_own_unit() -> None:
    assert marks(1630, 14, Unit("money", "€")) == (0, 500, 1000, 1500, 2000)
    assert marks(3 * 3600, 12, TIME) == (0, 3600, 7200, 10800)
    assert marks(0.4, 12, PERCENT) == (0, 0.25, 0.5, 0.75, 1)
    assert marks(3, 20, COUNT) == (0, 1, 2, 3)
    assert marks(0, 10, COUNT) == (0, 1)


def test_marks_leave_little_of_the_height_unused() -> None:
    assert marks(22, 8, COUNT) == (0, 10, 20, 30), "not up to 40, by which half of the chart would be empty"
    assert marks(5 * 3600 - 60, 17, TIME)[-1] == 5 * 3600
    assert marks(240, 11, Unit("money", "€"))[-1] == 250


@given(
    st.floats(min_value=1e-4, max_value=1e13), st.integers(1, 60), st.sampled_from([COUNT, TIME, Unit("money", "€")])
)
def test_marks_rise_evenly_to_at_least_the_top(top: float, rows: int, unit: Unit) -> None:
    scale = marks(top, rows, unit)
    assert scale[0] == 0
    assert scale[-1] >= top * (1 - 1e-6)
    assert 2 <= len(scale) <= 7
    assert all(high > low for low, high in itertools.pairwise(scale))


def test_labels_never_touch() -> None:
    assert label_every([6] * 30, 3.6) == 3
    assert label_every([6], 20) == 1
    assert label_every([6] * 200, 0.5) == 28


def test_labels_of_durations_stand_at_round_ones() -> None:
    assert round_multiples(10) == (1, 3, 6, 12, 30, 60, 90, 180, 360, 720, 1080, 1800, 3600)
    assert label_every([10] * 24, 5, round_multiples(10)) == 3, "30 s, 1 min, 1 min 30 s"
    assert round_multiples(86_400) == ()
    assert between_times(220, 230) == "3 min 40 s to 3 min 50 s"


@pytest.mark.parametrize("rows", range(7, 40))
def test_a_zoomed_axis_uses_its_height(rows: int) -> None:
    scale = fitted_marks(0.02, 1.0, rows)
    steps = len(scale) - 1
    assert (rows - 1) // steps * steps >= (rows - 1) * 0.7


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((Decimal("1.8"), 150, Decimal(0)), "saves €1.80 · 2 min 30 s"),
        ((Decimal(0), 150, Decimal(23)), "saves 2 min 30 s · earns €23.00"),
        ((Decimal(0), 0, Decimal(23)), "earns €23.00"),
        ((Decimal(0), 0, Decimal(0)), ""),
    ],
)
def test_value_has_one_form(value: tuple[Decimal, int, Decimal], words: str) -> None:
    assert " · ".join(value_words(lambda amount: f"€{amount:.2f}", *value)) == words


def test_rates_have_one_form_on_all_screens() -> None:
    for path in (Path(goals_tui.__file__).parent / "tui").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "precise_percent" not in text and not re.search(r":\.\d(f\}|%\}) ?%", text), path
