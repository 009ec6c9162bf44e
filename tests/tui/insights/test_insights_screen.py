"""The behaviour of Insights: keys, views, filters, live numbers, and that no key ever waits."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Report
from goals_tui.domain.statistics import Share, difference
from goals_tui.format import percent
from goals_tui.services.context import Services, open_services
from goals_tui.services.insights.service import Cancellation
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.charts.spec import Bars, Nothing
from goals_tui.tui.filters.screen import FilterBar
from goals_tui.tui.insights.dialogs import HealthDialog
from goals_tui.tui.insights.how_made import HowMade
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.table import TableView
from goals_tui.tui.insights.tabs import TABS
from goals_tui.tui.insights.view_pane import ChartBelow
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.builders import event, goal, step
from tests.conftest import NOW
from tests.tui.harness import HOSTILE, SIZES, messages, press, running, screen_text, settle, until_true
from tests.tui.insights.conftest import WHEN, Scenario, fill, flight


def shown(pilot: Pilot[Any]) -> InsightsScreen:
    assert isinstance(pilot.app.screen, InsightsScreen)
    return pilot.app.screen


def labels(pilot: Pilot[Any]) -> tuple[str, ...]:
    spec = shown(pilot).query_one(Chart).spec
    assert isinstance(spec, Bars)
    return spec.labels


@contextmanager
def held_reports(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[threading.Event, list[Filters]]]:
    """Reports wait until the event is set; the filters of those that came to an end are listed."""
    real, go, ended = services.insights.report, threading.Event(), []

    def slow(filters: Filters, *, cancellation: Cancellation | None = None) -> Report:
        go.wait(20)
        report = real(filters, cancellation=cancellation)
        ended.append(filters)
        return report

    monkeypatch.setattr(services.insights, "report", slow)
    try:
        yield go, ended
    finally:
        go.set()


async def test_a_filter_changed_three_times_runs_the_last_one_only(
    scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        with held_reports(services, monkeypatch) as (go, ended):
            await pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
            go.set()
            await settle(pilot)
        assert [filters.span for filters in ended] == ["this-year"]
        gathered = shown(pilot).gathered
        assert gathered is not None
        assert gathered.wanted.filters.span == "this-year"


async def test_a_key_never_waits_for_a_query(scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        with held_reports(services, monkeypatch) as (go, _):
            await pilot.press("right_square_bracket")
            chart = shown(pilot).query_one(Chart)
            assert chart.place is not None
            before = chart.place.mark
            await pilot.press("down")
            assert chart.place.mark == before + 1
            bar = shown(pilot).query_one(FilterBar)
            assert "This month" in bar.words[0]
            await until_true(pilot, lambda: bar.busy)
            assert "… loading" in screen_text(pilot.app)
            go.set()
            await until_true(pilot, lambda: not bar.busy)
            await settle(pilot)
            assert "… loading" not in screen_text(pilot.app)


async def test_events_of_others_come_in_by_themselves_and_the_cursor_stays(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["forty"]()
    async with running(services, area="insights") as pilot:
        await press(pilot, "down", "down", "right")
        chart = shown(pilot).query_one(Chart)
        assert chart.place is not None
        name, part = labels(pilot)[chart.place.mark], chart.place.part
        before = shown(pilot).gathered
        assert before is not None
        pilot.app.look_for_changes()
        await settle(pilot)
        assert shown(pilot).gathered is before, "nothing came, so nothing was asked"
        other = open_services(services.workspace.path, clock=lambda: NOW, env={})
        last = next(row for row in before.report.goals if row.name == labels(pilot)[9])
        tracked = services.goals.get(last.goal_id)
        start = (NOW - WHEN - timedelta(minutes=1)).total_seconds()
        other.workspace.events.append(
            [
                event(tracked, step.name, cycle=f"new {number}", seconds=start)
                for number in range(300)
                for step in (tracked.steps[0], tracked.steps[-1])
            ]
        )
        pilot.app.look_for_changes()
        await settle(pilot)
        assert labels(pilot)[0] == last.name
        assert labels(pilot)[chart.place.mark] == name
        assert chart.place.part == part


async def test_every_view_has_its_key_its_table_and_a_way_back(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        for tab, key in zip(TABS, "prentbwl", strict=True):
            await press(pilot, key)
            assert shown(pilot).tab == tab
            assert shown(pilot).query_one(Chart).has_focus
            await press(pilot, "v")
            assert shown(pilot).query_one("#table", TableView).has_focus
            assert shown(pilot).query_one("#table", TableView).count == len(shown(pilot).shown.table.lines)  # type: ignore[union-attr]  # a view is shown
            await press(pilot, "v")
        await press(pilot, "full_stop")
        assert shown(pilot).tab == "performance"
        await press(pilot, "comma")
        assert shown(pilot).tab == "releases"


async def test_full_screen_and_back(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        small = shown(pilot).query_one(Chart).size.height
        await press(pilot, "z")
        assert shown(pilot).query_one(Chart).size.height > small
        await press(pilot, "escape")
        assert shown(pilot).query_one(Chart).size.height == small


async def test_top_bottom_and_all_goals(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["forty"](), area="insights") as pilot:
        top = labels(pilot)
        assert "top 10 of 40 goals" in screen_text(pilot.app)
        await press(pilot, "o")
        bottom = labels(pilot)
        assert len(top) == len(bottom) == 10
        await press(pilot, "o")
        every = labels(pilot)
        assert (every[:10], every[:-11:-1]) == (top, bottom)
        await press(pilot, "end")
        assert every[-1][:20] in screen_text(pilot.app), "the list follows the cursor"


async def test_the_largest_loss_is_named_and_leads_to_its_cycles(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        await press(pilot, "right_square_bracket")
        assert shown(pilot).gathered is not None
        loss = shown(pilot).gathered.report.largest_loss  # type: ignore[union-attr]  # just seen
        assert loss is not None
        assert f"Largest loss: {loss.goal} after {loss.step}" in screen_text(pilot.app)
        await press(pilot, "o", "v", "N")
        place, spec = shown(pilot).pane.chart.place, shown(pilot).pane.chart.spec
        assert isinstance(spec, Bars) and place is not None
        assert (shown(pilot).tab, spec.labels[place.mark], place.part) == ("funnel", loss.step, 1)
        assert spec.series[1].values[place.mark] == loss.dropped
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, SessionsScreen)
        assert pilot.app.screen.pages is not None
        assert pilot.app.screen.pages.count == loss.dropped
    async with running(scenarios["none"](), area="insights") as pilot:
        assert "Largest loss" not in screen_text(pilot.app)
        await press(pilot, "N")
        assert shown(pilot).tab == "performance"


async def test_hostile_names_are_shown_as_they_are(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["forty"](), size=(200, 60), area="insights") as pilot:
        await press(pilot, "right_square_bracket", "o", "o")
        for key in ("p", "e", "v", "n", "g"):
            await press(pilot, key)
            text = screen_text(pilot.app)
            if key == "p":
                assert all(name[:20] in text for name in HOSTILE if "✈" not in name)
        assert not messages(pilot.app)


async def test_nothing_says_what_to_do(scenarios: dict[str, Scenario]) -> None:
    for name in ("none", "no-goals"):
        async with running(scenarios[name](), area="insights") as pilot:
            for key in "prentbwl":
                await press(pilot, key)
                spec = shown(pilot).query_one(Chart).spec
                assert isinstance(spec, Nothing)
                assert spec.ways or "press" in spec.hint.casefold()
                assert spec.title in screen_text(pilot.app)
            assert not pilot.app.screen.check_action("table", ())


async def test_the_table_is_copied_and_saved_and_no_cell_is_a_formula(
    scenarios: dict[str, Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    services = scenarios["data"]()
    goal = services.goals.get("Book a Flight")
    services.goals.save(goal.model_copy(update={"name": "=HYPERLINK(1)"}))
    async with running(services, area="insights") as pilot:
        await press(pilot, "y")
        assert pilot.app.clipboard.startswith("Goal\tStarted\t✔ Completed")
        assert "=HYPERLINK(1)\t" in pilot.app.clipboard
        await press(pilot, "s")
        field = pilot.app.screen.query_one(Input)
        assert field.value == "insights-performance-2026-11-14-to-2026-11-20.csv"
        field.value = str(tmp_path / "table.csv")
        await press(pilot, "enter")
        lines = (tmp_path / "table.csv").read_text("utf-8").splitlines()
        assert lines[0].startswith("goal,started,completed,completion_rate")
        assert any(line.startswith("'=HYPERLINK(1),") for line in lines)
        for view, holds in (("n", "funnel"), ("b", "breakdown")):
            of = "hyperlink-1" if holds == "funnel" else "endpoint"
            for again in ("", "-2", "-3"):
                await press(pilot, view, "s")
                field = pilot.app.screen.query_one(Input)
                assert field.value == f"insights-{holds}-2026-11-14-to-2026-11-20-{of}{again}.csv"
                await press(pilot, "enter")
            assert (tmp_path / f"insights-{holds}-2026-11-14-to-2026-11-20-{of}-3.csv").exists()


async def test_a_table_is_saved_for_excel_where_asked(scenarios: dict[str, Scenario], tmp_path: Path) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        for name, keys in (("plain.csv", ()), ("excel.csv", ("tab", "space", "shift+tab"))):
            await press(pilot, "s", *keys)
            assert "For Excel" in screen_text(pilot.app)
            pilot.app.screen.query_one(Input).value = str(tmp_path / name)
            await press(pilot, "enter")
    plain = (tmp_path / "plain.csv").read_bytes()
    assert (tmp_path / "excel.csv").read_bytes() == codecs.BOM_UTF8 + plain


async def test_data_health_says_what_it_means_and_leads_to_orphans(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    tracked = flight()
    services.workspace.events.append(
        [event(tracked, "Flight chosen", cycle="lost", seconds=5), event(tracked, "Booking paid", cycle="lost")]
    )
    async with running(services, area="insights") as pilot:
        assert "⚠ data health: 1" in screen_text(pilot.app)
        await press(pilot, "h")
        assert isinstance(pilot.app.screen, HealthDialog)
        text = screen_text(pilot.app)
        assert "Orphan cycles: 1" in text
        assert "Cycles with no initial step" in text
        await pilot.click("#orphans")
        await settle(pilot)
        sessions = pilot.app.screen
        assert isinstance(sessions, SessionsScreen)
        assert sessions.pages is not None
        assert sessions.pages.count == 1


async def test_a_small_terminal_cuts_nothing(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), size=(80, 24), area="insights") as pilot:
        text = screen_text(pilot.app)
        for word in ("✔ Completed", "◐ Partial", "Time saved", "Cost savings", "Revenue", "Breakdown", "Book a Flight"):
            assert word in text
        assert "…" not in text


async def test_clicks_choose_views_and_bars(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await pilot.click("TabStrip", offset=(17, 0))
        await settle(pilot)
        assert shown(pilot).tab == "rate"
        await press(pilot, "p")
        chart = shown(pilot).query_one(Chart)
        await pilot.click(chart, offset=(25, 5))
        assert chart.place is not None
        assert (chart.place.mark, chart.place.part) == (1, 0)


async def test_room_under_the_bars_shows_the_chosen_goal_over_time(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        below = shown(pilot).query_one(ChartBelow)
        assert below.display
        assert below.shown is not None
        first = below.shown.title
        assert first.startswith(labels(pilot)[0])
        await press(pilot, "tab")
        chart = below.query_one(Chart)
        assert chart.has_focus
        assert chart.place is not None
        started = sum(series.values[chart.place.mark] or 0 for series in chart.spec.series)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, SessionsScreen)
        assert pilot.app.screen.pages is not None
        assert pilot.app.screen.pages.count == started
        await press(pilot, "3", "v")
        assert not below.display
        assert shown(pilot).query_one("#table", TableView).has_focus
        await press(pilot, "v", "tab", "r")
        assert not below.display
        assert shown(pilot).query_one("#chart").has_focus


async def test_a_narrow_table_shows_whole_columns_and_turns_by_one(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (80, 24), area="insights") as pilot:
        await press(pilot, "v")
        table = shown(pilot).pane.table

        def titles() -> list[str]:
            return [column.title for column in table.columns]

        main = ["Goal", "Started", "✔", "✔ %", "Time", "Savings", "Revenue"]
        assert titles()[: len(main)] == main
        assert all(title in screen_text(pilot.app) for title in main)
        assert [cell.plain for cell in table.row(0)][5].startswith("€")
        seen = list(titles())
        while table.hidden[1]:
            await press(pilot, "right")
            assert titles()[0] == "Goal", "the first column stays"
            seen += [title for title in titles() if title not in seen]
        assert {"◐", "◐ %", "✕"} <= set(seen)
        last = titles()
        await press(pilot, "right")
        assert titles() == last
        await press(pilot, *["left"] * 9)
        assert titles()[: len(main)] == main


async def test_a_name_in_a_table_is_cut_only_where_no_room_is_left(services: Services) -> None:
    name = "Passenger information entered, checked and confirmed"
    long = goal("Book a Flight", step("Start", "initial"), step(name, "completion", cost="15.00"))
    fill(services, [long], 1, 5)
    for width in (80, 200):
        async with running(services, (width, 36), area="insights") as pilot:
            await press(pilot, "n", "v")
            assert (name in screen_text(pilot.app)) == (width == 200)
            assert name[:12] in screen_text(pilot.app)


async def test_a_table_is_made_when_it_is_shown_and_marks_are_those_of_the_view(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        screen = shown(pilot)
        for key in "prentbwl":
            await press(pilot, key)
            assert screen.shown is not None and "table" not in vars(screen.shown), "while its chart is shown"
        await press(pilot, "b", "v")
        assert screen.shown is not None and "table" in vars(screen.shown)
        assert screen.pane.table.count == len(screen.shown.table.lines) > 1
        await press(pilot, "space", "v")
        assert screen.pane.table.marked == [0]
        await press(pilot, "n")
        assert screen.pane.table.marked == [], "another table has no marks"


async def test_every_view_has_a_narrow_table(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (80, 24), area="insights") as pilot:
        await press(pilot, "v")
        for key in "prentbwl":
            await press(pilot, key)
            table = shown(pilot).pane.table
            assert table.count
            assert all(len(table.row(row)) == len(table.columns) for row in range(table.count)), key


async def test_every_number_stands_once(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        for key in ("b", "n"):
            await press(pilot, key)
            assert [table.id for table in shown(pilot).query(TableView) if table.display] == []
            below = shown(pilot).query_one(ChartBelow)
            assert shown(pilot).pane.chart.size.height + below.size.height > 20 and below.display


async def test_below_a_funnel_stands_what_came_next_after_the_chosen_step(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (200, 60), area="insights") as pilot:
        await press(pilot, "n")
        assert "What came next · Start search" in screen_text(pilot.app)
        await press(pilot, "down")
        text = screen_text(pilot.app)
        assert "What came next · Flight chosen" in text and "Nothing more" in text
        await press(pilot, "down")
        assert "No cycle dropped off after this step" in screen_text(pilot.app)
        await press(pilot, "up", "tab", "enter")
        assert isinstance(pilot.app.screen, SessionsScreen)
        assert pilot.app.screen.drill_down.dropped_after is not None


async def test_below_a_breakdown_each_part_stands_against_all_others(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        await press(pilot, "b")
        text = screen_text(pilot.app)
        assert "Each endpoint against all others" in text
        rows = shown(pilot).gathered
        assert rows is not None
        first, *others = (row.figures for row in rows.found)
        rest = Share(sum(each.completed for each in others), sum(each.started for each in others))
        change = difference(rest, first.completed_share)
        line = next(line for line in text.splitlines() if percent(rest.rate) in line and " pts " in line)
        assert f"{(change.difference or 0) * 100:+.1f} pts" in line
        assert ("clearly" in line) == change.clear


async def test_below_the_releases_stands_for_whom_the_chosen_one_changed(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        await press(pilot, "l")
        text = screen_text(pilot.app)
        assert "For whom · v2 against v1, by goal" in text, "the last release is chosen at first"
        releases = shown(pilot).gathered
        assert releases is not None
        goals = releases.found[-1].goals
        assert sum(each.figures.started for each in goals) == releases.found[-1].figures.started
        for each in goals:
            line = next(line for line in text.splitlines() if line.strip().startswith(each.goal))
            assert percent(each.before.completion_rate) in line and each.verdict in line
        await press(pilot, "up")
        assert "For whom · v1, by goal" in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES[:2], ids="{0[0]}x{0[1]}".format)
async def test_bars_make_room_for_the_chart_below_them(scenarios: dict[str, Scenario], size: tuple[int, int]) -> None:
    async with running(scenarios["data"](), size, area="insights") as pilot:
        await press(pilot, "l")
        lines = screen_text(pilot.app).splitlines()
        title = next(y for y, line in enumerate(lines) if "For whom · v2 against v1, by goal" in line)
        below = [line.strip() for line in lines[title:]]
        assert all(any(line.startswith(f"{name} ") for line in below) for name in ("Book a Flight", "Reserve a Table"))
        await press(pilot, "b")
        text = screen_text(pilot.app)
        assert "Each endpoint against all others" in text and text.count("no clear difference") == 3


async def test_a_funnel_keeps_its_height_where_no_cycle_dropped_off(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        await press(pilot, "n")
        heights = [shown(pilot).pane.chart.size.height]
        for _ in range(2):
            await press(pilot, "down")
            heights.append(shown(pilot).pane.chart.size.height)
        assert "No cycle dropped off after this step" in screen_text(pilot.app)
        assert len(set(heights)) == 1


async def test_another_tab_takes_the_keys_from_a_tile_or_a_chart_below(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (120, 36), area="insights") as pilot:
        for away in ("shift+tab", "tab"):
            await press(pilot, "p", away)
            assert not shown(pilot).pane.chart.has_focus
            await press(pilot, "e")
            assert shown(pilot).pane.chart.has_focus
            await press(pilot, "i")
            assert isinstance(pilot.app.screen, HowMade) and pilot.app.screen.asked_for.metric == "cost_savings"
            await press(pilot, "escape")
        await press(pilot, "v", "shift+tab", "r")
        assert shown(pilot).pane.table.has_focus


async def test_keys_of_one_view_alone_are_said_beside_its_title(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["forty"](), (80, 24), area="insights") as pilot:
        for key, hint in (("p", "o bottom 10"), ("o", "o all goals"), ("n", "g goal"), ("b", "d by locale")):
            await press(pilot, key)
            assert hint in screen_text(pilot.app)
        await press(pilot, "p", "v")
        assert "o top 10" not in screen_text(pilot.app), "the table has all goals in any case"
        assert "f Filter  W Why  v Table" in screen_text(pilot.app).splitlines()[-1], (
            "what matters most fits in 80 columns"
        )


@pytest.mark.parametrize("error", [UnreadableError("The event log can't be read."), KeyError("what nobody expects")])
async def test_a_query_that_fails_ends_the_loading(
    error: Exception, scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, go = scenarios["data"](), threading.Event()
    async with running(services, area="insights") as pilot:

        def refuse(filters: Filters, *, cancellation: Cancellation | None = None) -> Report:
            go.wait(20)
            raise error

        monkeypatch.setattr(services.insights, "report", refuse)
        await pilot.press("right_square_bracket")
        bar = shown(pilot).query_one(FilterBar)
        await until_true(pilot, lambda: bar.busy)
        go.set()
        await until_true(pilot, lambda: not bar.busy)
        assert str(error) in messages(pilot.app)[0]


async def test_opening_the_screens_asks_once(scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch) -> None:
    services = scenarios["data"]()
    asked = []
    for name in ("report", "cycle_list"):
        real = getattr(services.insights, name)

        def count(*given: Any, name: str = name, real: Callable[..., Any] = real, **options: Any) -> Any:
            asked.append(name)
            return real(*given, **options)

        monkeypatch.setattr(services.insights, name, count)
    async with running(services) as pilot:
        asked.clear()  # The goals have asked for their rates.
        await press(pilot, "3", "4")
        assert asked == ["report", "cycle_list"]
