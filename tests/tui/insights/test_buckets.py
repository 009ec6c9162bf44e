"""The axis of time: what its buckets add up to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.event import Source
from goals_tui.domain.filters import Filters, start_of_day
from goals_tui.domain.ids import Ids
from goals_tui.domain.report import NOTHING, Figures
from goals_tui.services.context import Services, create_workspace
from goals_tui.tui.insights.model import Axis, axis_of
from tests.builders import goal

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


def half_an_hour(path: Path) -> Services:
    """The day on which summer begins where that is half an hour, and a cycle every twenty minutes of it."""
    now = datetime(2026, 10, 4, 10, tzinfo=UTC)
    services = create_workspace(
        path / "w", name="n", time_zone="Australia/Lord_Howe", clock=lambda: now, ids=Ids(seed=1), env={}
    )
    tracked = services.goals.save(goal("A", "s", "◎ e").model_copy(update={"revision": 0}))
    for number in range(-46, 0):
        at = now + number * timedelta(minutes=20)
        services.tracking.track(f"s{number}", tracked.id, [tracked.initial.id], Source(endpoint_name="Web"), at=at)
    return services


def test_hours_of_a_day_on_which_the_clock_is_put_by_half_an_hour(tmp_path: Path) -> None:
    services, today = half_an_hour(tmp_path), Filters(span="today")
    report, hours = services.insights.report(today), services.insights.series(today, "hour")
    axis = axis_of(report, 100, hours)
    assert axis is not None
    assert [axis.label(place) for place in range(5)] == ["00:00", "01:00", "02:30", "03:00", "04:00"]
    started = [figures.started for figures in axis.totals]
    assert sum(started) == report.totals.started
    counted = [len(services.insights.cycles(today, DrillDown(bucket=bucket))) for bucket in axis.buckets[:5]]
    assert started[:5] == counted


def test_hours_that_the_report_does_not_know_yet_are_left_out(tmp_path: Path) -> None:
    services = half_an_hour(tmp_path)
    report = services.insights.report(Filters(span="today"))
    later = Filters(span="custom", since="2026-10-03", until="2026-10-04")
    axis = axis_of(report, 100, services.insights.series(later, "hour"))
    assert axis is not None
    assert sum(figures.started for figures in axis.totals) == report.totals.started
