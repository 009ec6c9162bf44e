"""The axis of time: what its buckets add up to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from goals_tui.domain.filters import start_of_day
from goals_tui.domain.report import NOTHING, Figures
from goals_tui.services.insights.service import TimeBucket
from goals_tui.tui.insights.buckets import Axis

ZONE = ZoneInfo("Europe/Berlin")


def bucket(day: int) -> TimeBucket:
    first = date(2026, 11, day)
    return TimeBucket("day", start_of_day(first, ZONE), start_of_day(date(2026, 11, day + 1), ZONE), first, first)


def test_the_totals_of_a_bucket_are_those_of_its_goals_added_up() -> None:
    some = Figures(started=3, completed=2, partial=1, time_saved_seconds=60, cost_savings=Decimal("1.50"))
    more = Figures(started=1, incomplete=1, revenue=Decimal("0.10"), unpriced_steps=2)
    figures = {(0, "a"): some, (0, "b"): more, (2, "a"): some}
    axis = Axis("day", (bucket(1), bucket(2), bucket(3)), figures, {"a": "A", "b": "B"})
    assert axis.totals == (some + more, NOTHING, some)
