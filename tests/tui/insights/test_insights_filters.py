"""The filters of Insights: chosen, typed, kept under a name, copied as a command line."""

from __future__ import annotations

from textual.widgets import Input

from goals_tui.domain.filters import Choice, Filters
from goals_tui.tui.filters.dialog import FilterDialog
from goals_tui.tui.filters.screen import filter_words
from goals_tui.tui.filters.span import Calendar
from goals_tui.tui.insights.screen import InsightsScreen
from tests.tui.harness import messages, press, running, screen_text, type_text
from tests.tui.insights.conftest import Scenario, flight


async def test_filters_are_chosen_with_the_keyboard(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "f")
        assert isinstance(pilot.app.screen, FilterDialog)
        await press(pilot, "down", "enter")
        await type_text(pilot, "flight")
        await press(pilot, "enter", "shift+tab", "down", "enter")
        await type_text(pilot, "voice")
        await press(pilot, "enter", "tab", "space", "left", "ctrl+s")
        assert pilot.app.filters == Filters(
            goals=Choice(values=(flight().id,)), endpoints=Choice(values=("[/Voice]",), negated=True)
        )
        assert "Book a Flight · not [/Voice]" in screen_text(pilot.app)
        await press(pilot, "4")
        assert "Book a Flight · not [/Voice]" in screen_text(pilot.app), "filters go along to Sessions"
        await press(pilot, "backspace", "3")
        insights = pilot.app.screen
        assert isinstance(insights, InsightsScreen)
        assert insights.gathered is not None
        assert insights.gathered.wanted.filters == Filters()


async def test_snapshots_can_be_none(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "f", "down", "down", "down", "down", "enter", "enter", "down", "enter", "f2")
        assert pilot.app.filters.no_snapshot
        assert pilot.app.filters.snapshots == Choice(values=("v1",))
        assert "v1, or none" in screen_text(pilot.app)


async def test_all_but_those_without_a_snapshot_are_those_with_any(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "f", "down", "down", "down", "down", "enter", "enter", "tab", "space", "f2")
        assert pilot.app.filters == Filters(any_snapshot=True)
        assert "any snapshot" in screen_text(pilot.app)
        await press(pilot, "x")
        assert pilot.app.clipboard.endswith(" report --span last-7-days --any-snapshot")
        await press(pilot, "f")
        assert "any" in next(line for line in screen_text(pilot.app).splitlines() if "Snapshots" in line)
        await press(pilot, "f2")
        assert pilot.app.filters == Filters(any_snapshot=True), "opened and applied, nothing changes"


async def test_a_tick_changes_how_many_are_chosen_and_not_how_many_there_are(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "f", "down", "down", "down", "down", "enter")
        await type_text(pilot, "v1")
        assert "1 in all" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "1 chosen, 1 in all" in screen_text(pilot.app)


async def test_esc_cancels_at_once_and_a_problem_is_said_in_full(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (80, 24), area="insights") as pilot:
        await press(pilot, "f", "enter", "tab")
        await type_text(pilot, "2026-11-31")
        text = " ".join(screen_text(pilot.app).replace("▌", " ").split())
        assert "'2026-11-31' is not a date for 'from'. Write 2026-10-01, or 2026-10-01T08:30 with a time." in text
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, InsightsScreen)
        assert pilot.app.filters == Filters()
        await press(pilot, "f", "right", "tab", "left")
        assert pilot.app.focused.id == "kinds", "left from the beginning of a text comes back"


async def test_days_are_typed_or_picked_and_nonsense_is_refused(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "f", "enter", "tab")
        await press(pilot, "down")
        assert isinstance(pilot.app.screen, Calendar)
        await press(pilot, "pageup", "left", "up", "enter")
        since = pilot.app.screen.query_one("#since", Input)
        assert since.value == "2026-10-12"
        await press(pilot, "tab")
        await type_text(pilot, "2026-10-11")
        assert "The span ends before it begins" in screen_text(pilot.app)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, FilterDialog), "not applied"
        await press(pilot, "backspace", "9")
        await type_text(pilot, "T12:30")
        await press(pilot, "ctrl+s")
        assert pilot.app.filters == Filters(span="custom", since="2026-10-12", until="2026-10-19T12:30")
        assert "12 Oct 2026 00:00 – 19 Oct 2026 12:30" in screen_text(pilot.app)


async def test_spans_get_longer_and_shorter(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        seen = []
        for key in ["left_square_bracket"] + ["right_square_bracket"] * 7:
            await press(pilot, key)
            seen.append(pilot.app.filters.span)
        assert seen == [
            "today", "last-7-days", "this-month", "last-30-days", "this-year", "last-365-days", "all", "all",
        ]  # fmt: skip


async def test_filters_are_saved_loaded_deleted_and_brought_back(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        await press(pilot, "L")
        assert "No filters are saved yet" in messages(pilot.app)[-1]
        await press(pilot, "right_square_bracket", "S")
        await type_text(pilot, "The month [/foo]")
        await press(pilot, "enter")
        assert [saved.name for saved in services.filters.all()] == ["The month [/foo]"]
        await press(pilot, "backspace", "L")
        assert "The month [/foo]" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.filters.span == "this-month"
        await pilot.app.screen.run_action("delete_filters")
        await press(pilot, "enter")
        assert services.filters.all() == []
        await press(pilot, "u")
        assert [saved.name for saved in services.filters.all()] == ["The month [/foo]"]


async def test_the_command_line_is_copied(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        await press(pilot, "right_square_bracket", "x")
        assert pilot.app.clipboard == f"goals-tui --workspace {services.workspace.path} report --span this-month"


def test_saved_dates_are_named() -> None:
    def named(**filters: str | None) -> tuple[str, ...]:
        return filter_words(Filters(span="custom", **filters), None, {})  # type: ignore[arg-type]  # dates

    assert named(since="2026-11-01", until="2026-11-10") == ("Custom from 2026-11-01 to 2026-11-10",)
    assert named(until="2026-11-10") == ("Custom to 2026-11-10",)
    assert filter_words(Filters(span="today"), None, {}) == ("Today",)
