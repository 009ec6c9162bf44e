"""Odd days, odd zones and odd clocks: reports against a count in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.cli.run import run
from goals_tui.domain.buckets import Unit
from goals_tui.domain.event import PANEL_SOURCE, GoalEvent, Source
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.domain.report import Report
from goals_tui.services.context import Services, create_workspace, open_services
from tests.builders import count_behind, goal, uuid_of
from tests.examples import examples

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STEP = timedelta(minutes=20)
TINY = timedelta(microseconds=1)
UNITS: tuple[Unit, ...] = ("day", "week", "month")


@contextmanager
def workspace(zone: str, moments: Iterable[datetime], now: datetime = NOON) -> Iterator[Services]:
    """A workspace of a zone with a cycle for each of these moments."""
    with TemporaryDirectory() as folder:
        services = create_workspace(
            Path(folder) / "w", name="Clocks", time_zone=zone, clock=lambda: now, ids=Ids(seed=1), env={}
        )
        tracked = services.goals.save(goal("Book", "Begin", "◎Done").model_copy(update={"revision": 0}))
        services.workspace.events.append([started(tracked, n, at) for n, at in enumerate(moments)])
        yield services


def started(tracked: Goal, number: int, at: datetime) -> GoalEvent:
    return GoalEvent(
        id=f"e{number}",
        version=tracked.version,
        timestamp=at,
        goal_cycle_id=uuid_of(f"cycle {number}"),
        step_id=tracked.initial.id,
        goal_id=tracked.id,
        session_id=f"s{number}",
    )


def custom(first: date, last: date) -> Filters:
    return Filters(span="custom", since=first.isoformat(), until=last.isoformat())


def by_day(report: Report) -> dict[date, int]:
    return {row.day: row.figures.started for row in report.days}


def days_of(zone: str, moments: Iterable[datetime]) -> Counter[date]:
    """The oracle: on which calendar day of the zone each moment lies."""
    return Counter(moment.astimezone(ZoneInfo(zone)).date() for moment in moments)


ODD_DAYS = {
    "23 hours": ("Europe/Berlin", date(2026, 3, 29), 23),
    "25 hours": ("Europe/Berlin", date(2026, 10, 25), 25),
    "23.5 hours": ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    "24.5 hours": ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    "begins at 01:00": ("America/Sao_Paulo", date(2018, 11, 4), 23),
    "ends twice": ("America/Sao_Paulo", date(2018, 2, 17), 25),
    "begins at 01:00, Beirut": ("Asia/Beirut", date(2024, 3, 31), 23),
    "ends twice, Beirut": ("Asia/Beirut", date(2024, 10, 26), 25),
    "not there": ("Pacific/Apia", date(2011, 12, 30), 0),
    "before one that is not there": ("Pacific/Apia", date(2011, 12, 29), 24),
    "there twice": ("Pacific/Kwajalein", date(1993, 8, 20), 24),
    "last of the year": ("Pacific/Kiritimati", date(2025, 12, 31), 24),
    "first of the year": ("Pacific/Niue", date(2026, 1, 1), 24),
    "leap day": ("Europe/Berlin", date(2028, 2, 29), 24),
    "no leap day": ("Asia/Kathmandu", date(2100, 2, 28), 24),
    "first of all": ("Europe/Berlin", date(1970, 1, 3), 24),
}


@pytest.mark.parametrize(("zone", "day", "hours"), ODD_DAYS.values(), ids=ODD_DAYS.keys())
def test_odd_days(zone: str, day: date, hours: float) -> None:
    first, last = day - timedelta(days=2), day + timedelta(days=2)
    begin = datetime.combine(max(first, date(1970, 1, 1)), datetime.min.time(), UTC)
    moments = [begin + number * STEP for number in range(5 * 72)]
    moments = [near for at in moments for near in (at - TINY, at) if near.year >= 1970]
    expected = days_of(zone, moments)
    with workspace(zone, moments) as services:
        insights = services.insights
        assert by_day(insights.report(Filters(span="all"))) == dict(expected)
        for one in (day - timedelta(days=1), day, day + timedelta(days=1)):
            found = insights.report(custom(one, one))
            assert found.totals.started == expected[one], one
            assert by_day(found) == ({one: expected[one]} if expected[one] else {})
            if found.previous is not None and one in expected and one - timedelta(days=1) in expected:
                assert found.previous.started == expected[one - timedelta(days=1)]
            points = insights.series(custom(one, one), "hour")
            assert sum(point.figures.started for point in points) == expected[one]
            for point in points:
                behind = count_behind(insights, custom(one, one), bucket=point.bucket)
                assert behind == point.figures.started
            assert count_behind(insights, Filters(span="all"), day=one) == expected[one]
            sessions = [cycle.started_at for cycle in insights.cycles(custom(one, one)) if cycle.started_at]
            assert days_of(zone, sessions) == ({one: expected[one]} if expected[one] else {})
        for unit in UNITS:
            points = insights.series(custom(first, last), unit)
            assert sum(point.figures.started for point in points) == sum(
                count for one, count in expected.items() if first <= one <= last
            )
            for point in points:
                behind = count_behind(insights, custom(first, last), bucket=point.bucket)
                assert behind == point.figures.started
        whole = insights.report(custom(first, last))
        assert whole.totals.started == sum(n for one, n in expected.items() if first <= one <= last)
        span = insights.report(custom(day, day)).span
        assert span.start is not None and span.end is not None
        assert (span.end.timestamp() - span.start.timestamp()) == hours * 3600


@examples(8)
@given(
    zone=st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})),
    moments=st.lists(
        st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 28), timezones=st.just(UTC)), min_size=1, max_size=12
    ),
    width=st.integers(0, 3),
)
def test_any_zone_and_moment(zone: str, moments: list[datetime], width: int) -> None:
    expected = days_of(zone, moments)
    day = next(iter(expected))
    with workspace(zone, moments) as services:
        assert by_day(services.insights.report(Filters(span="all"))) == dict(expected)
        last = day + timedelta(days=width)
        found = services.insights.report(custom(day, last))
        assert by_day(found) == {one: count for one, count in expected.items() if day <= one <= last}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"])
@pytest.mark.parametrize("now", [datetime(2028, 2, 29, 23, 30, tzinfo=UTC), datetime(2025, 12, 31, 23, 30, tzinfo=UTC)])
def test_named_spans(zone: str, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(zone)).date()
    moments = [now + timedelta(hours=n) for n in range(-24 * 400, 72, 7)]
    firsts = {
        "today": today,
        "last-7-days": today - timedelta(days=6),
        "last-30-days": today - timedelta(days=29),
        "last-365-days": today - timedelta(days=364),
        "this-month": today.replace(day=1),
        "this-year": today.replace(month=1, day=1),
    }
    expected = days_of(zone, [moment for moment in moments if moment <= now])
    with workspace(zone, moments, now) as services:
        for name, first in firsts.items():
            found = services.insights.report(Filters.model_validate({"span": name}))
            assert by_day(found) == {one: count for one, count in expected.items() if first <= one <= today}, name


def test_events_from_the_future_count_on_their_day_and_not_before_it() -> None:
    later_today, tomorrow, next_year = (NOON + timedelta(hours=n) for n in (6, 30, 24 * 365))
    with workspace("UTC", [NOON, later_today, tomorrow, next_year]) as services:
        report = services.insights.report
        today = report(Filters(span="today"))
        assert (today.totals.started, today.later_cycles) == (1, 1), "left out, and not in silence"
        assert report(Filters(span="this-year")).totals.started == 1
        assert [entry.code for entry in services.insights.health_details(Filters(span="today"))] == ["later_cycles"]
        assert report(Filters(span="all")).totals.started == 4
        assert report(custom(tomorrow.date(), tomorrow.date())).totals.started == 1
        assert report(custom(NOON.date(), tomorrow.date())).later_cycles == 2


def test_a_clock_that_jumps_back_while_tracking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOON

    def clock() -> datetime:
        return now

    services = create_workspace(tmp_path / "w", name="Clocks", clock=clock, ids=Ids(seed=1), env={})
    tracked = services.goals.save(goal("Book", "Begin", "Choose", "◎Done").model_copy(update={"revision": 0}))
    begin, choose, done = (step.id for step in tracked.steps)

    def track(step: str) -> str | None:
        return services.tracking.track("s", tracked.id, [step], Source()).cycle_id

    first = track(begin)
    now -= timedelta(hours=1)
    assert track(choose) == first
    second = track(begin)
    assert second != first
    now -= timedelta(hours=1)
    assert track(done) == second
    now += timedelta(days=1)
    assert services.tracking.track("s", tracked.id, [choose], PANEL_SOURCE).cycle_id == second

    totals = services.insights.report(Filters(span="all")).totals
    assert (totals.started, totals.completed, totals.partial) == (2, 1, 1)
    funnel = services.insights.funnel(tracked.id, Filters(span="all"))
    assert [step.reached for step in funnel.steps] == [2, 2, 1]
    monkeypatch.setenv("GOALS_TUI_NOW", NOON.isoformat())
    for command in (["funnel", "Book", "--span", "all"], ["cycles", "--span", "all"], ["cycle", str(second)]):
        for form in ("table", "json", "csv"):
            assert run(["--workspace", str(tmp_path / "w"), *command, "--format", form]) == 0, capsys.readouterr().err
    capsys.readouterr()

    # Another process sees the same order: the cycle that was opened last, whatever the clock said then.
    other = open_services(tmp_path / "w", clock=clock, ids=Ids(seed=2), env={})
    assert other.tracking.track("s", tracked.id, [choose], Source()).cycle_id == second
    # For a given moment, the cycle that was open at that moment.
    at = other.tracking.track("s", tracked.id, [choose], Source(), at=NOON + timedelta(minutes=1))
    assert at.cycle_id == first
    at = other.tracking.track("s", tracked.id, [choose], Source(), at=NOON - timedelta(minutes=1))
    assert at.cycle_id == second
    # Before any was open: what was reached is kept, with the attempt that is open now.
    at = other.tracking.track("s", tracked.id, [choose], Source(), at=NOON - timedelta(days=1))
    assert at.cycle_id == second


@pytest.mark.parametrize("seals", [1, 9], ids=["one part", "merged parts"])
def test_attempts_of_one_moment_keep_their_order_when_sealed(tmp_path: Path, seals: int) -> None:
    services = create_workspace(tmp_path / "w", name="Clocks", clock=lambda: NOON, ids=Ids(seed=1), env={})
    tracked = services.goals.save(goal("Book", "Begin", "◎Done").model_copy(update={"revision": 0}))
    last = None
    for _ in range(seals):
        for _ in range(5):
            last = services.tracking.track("s", tracked.id, [tracked.initial.id], Source()).cycle_id
        services.workspace.events.seal()
    for _ in range(2):
        joined = services.tracking.track("s", tracked.id, [tracked.steps[1].id], Source())
        assert joined.cycle_id == last
        services = open_services(tmp_path / "w", clock=lambda: NOON, env={})
