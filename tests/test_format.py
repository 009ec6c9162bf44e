"""Numbers in words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from goals_tui.domain.filters import Filters, resolve_span
from goals_tui.format import exact_time, hours, long_time, plural, points, shown_time, signed, span_range, sparkline


@pytest.mark.parametrize(
    ("number", "what", "said"),
    [
        (1, "event", "1 event"),
        (1_200, "event", "1,200 events"),
        (1, "activity", "1 activity"),
        (0, "activity", "0 activities"),
        (3, "day", "3 days"),
    ],
)
def test_a_number_has_the_right_form_of_its_noun(number: int, what: str, said: str) -> None:
    assert plural(number, what) == said


@pytest.mark.parametrize(
    ("seconds", "saved", "passed"),
    [
        (0, "0 s", "0 s"),
        (59.6, "1 min", "1 min"),
        (750, "12 min 30 s", "12 min 30 s"),
        (3599, "59 min 59 s", "59 min 59 s"),
        (7_200, "2 h", "2 h"),
        (11_135, "3 h 06 min", "3 h 06 min"),
        (86_369, "23 h 59 min", "23 h 59 min"),
        (86_399, "24 h", "1 d"),
        (352_800, "98 h", "4 d 2 h"),
        (423_000, "117 h 30 min", "4 d 22 h"),
        (4_449_000, "1,235 h", "51 d 12 h"),
        (-0.4, "0 s", "0 s"),
        (-7_500, "-2 h 05 min", "-2 h 05 min"),
    ],
)
def test_times_name_two_units_and_only_time_that_passed_has_days(seconds: float, saved: str, passed: str) -> None:
    assert (hours(seconds), long_time(seconds)) == (saved, passed)


def test_the_difference_of_two_shown_times_is_shown_as_it_is() -> None:
    assert hours(shown_time(7_289) - shown_time(3_629)) == "1 h 01 min"  # of "2 h 01 min" and "1 h"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (150, "2 min 30 s"),
        (3_900, "1 h 05 min"),
        (3_910, "1 h 05 min 10 s"),
        (7_205, "2 h 00 min 05 s"),
        (3_600_300, "1,000 h 05 min"),
    ],
)
def test_what_a_step_saves_is_exact(seconds: int, words: str) -> None:
    assert exact_time(seconds) == words


def test_changes_have_their_sign() -> None:
    assert (points(0.025), points(-0.025, "pts"), points(0.025, "")) == ("+2.5 points", "-2.5 pts", "+2.5")
    assert (points(-0.0001), points(None, "pts")) == ("+0.0 points", "—")
    assert [signed(words, change) for words, change in (("€1", 1), ("-€1", -1), ("0 s", 0))] == ["+€1", "-€1", "0 s"]


@pytest.mark.parametrize(
    ("filters", "said", "before"),
    [
        (Filters(span="last-7-days"), "14 Nov – 20 Nov 2026, until 13:00", "7 Nov – 13 Nov 2026, until 13:00"),
        (Filters(span="today"), "20 Nov 2026, until 13:00", "19 Nov 2026, until 13:00"),
        (
            Filters(span="custom", since="2025-12-30", until="2026-01-02"),
            "30 Dec 2025 – 2 Jan 2026",
            "26 Dec – 29 Dec 2025",
        ),
        (
            Filters(span="custom", since="2026-10-12T08:30", until="2026-10-12T09:30"),
            "12 Oct 2026 08:30 – 12 Oct 2026 09:30",
            "12 Oct 2026 07:30 – 12 Oct 2026 08:30",
        ),
        (Filters(span="all"), "all time", None),
    ],
)
def test_a_span_is_said_in_the_days_of_people(filters: Filters, said: str, before: str | None) -> None:
    span = resolve_span(filters, datetime(2026, 11, 20, 13, tzinfo=UTC), ZoneInfo("UTC"))
    assert span_range(span) == said
    previous = span.previous()
    assert (previous and span_range(previous)) == before


def test_a_sparkline_shows_the_means_of_as_many_bins_as_it_is_wide() -> None:
    assert sparkline([0, 1, 8], 3) == "▁▁█"
    assert sparkline([8.0] * 99 + [4.0], 10) == "█" * 10
    assert sparkline([1, None, 2], 10) == "▄▁█"
    assert sparkline([0, 0], 5) == "▁▁"
    assert sparkline([], 5) == ""
