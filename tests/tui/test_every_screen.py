"""Every screen and dialog of the app has pictures: at three sizes and in both our themes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from textual.screen import Screen

import goals_tui.tui
from goals_tui.services.context import Services
from goals_tui.tui.opening import Opening
from tests.tui.harness import SIZES, running
from tests.tui.pictures import Pictures, each_size, take_in_both_themes

PICTURES = {
    "Ask": "goals/test_snapshots/test_questions[SIZE][conflict-THEME]",
    "AskPath": "packages/test_package_dialogs/test_pictures[SIZE][which-package-THEME]",
    "AskText": "settings/test_snapshots/test_views[SIZE][name-THEME]",
    "Calendar": "insights/test_insights_pictures/test_filters[SIZE][calendar-THEME]",
    "Choose": "settings/test_snapshots/test_views[SIZE][currency-THEME]",
    "ChooseFlow": "flows/test_snapshots/test_views[open-SIZE-THEME]",
    "DeleteGoal": "goals/test_snapshots/test_views[SIZE][delete-THEME]",
    "ExportFlow": "flows/test_snapshots/test_views[export-SIZE-THEME]",
    "ExportPackage": "packages/test_package_dialogs/test_pictures[SIZE][export-THEME]",
    "FilterDialog": "insights/test_insights_pictures/test_filters[SIZE][goals-THEME]",
    "FindDialog": "sessions/test_sessions_pictures/test_the_list[SIZE][find-THEME]",
    "FlowsScreen": "flows/test_snapshots/test_views[example-SIZE-THEME]",
    "GoalEditor": "goals/test_snapshots/test_views[SIZE][editor-THEME]",
    "GoalsScreen": "goals/test_snapshots/test_views[SIZE][list-THEME]",
    "HealthDialog": "insights/test_insights_pictures/test_data_health[SIZE][list-THEME]",
    "Help": "goals/test_snapshots/test_views[SIZE][help-THEME]",
    "InsightsScreen": "insights/test_insights_pictures/test_every_view[data-SIZE][performance-THEME]",
    "Jump": "goals/test_snapshots/test_views[SIZE][jump-THEME]",
    "KindMenu": "flows/test_snapshots/test_views[kinds-SIZE-THEME]",
    "LastCard": "welcome/test_tour/test_pictures[SIZE][4-THEME]",
    "Opening": "test_every_screen/test_opening[SIZE][opening-THEME]",
    "Palette": "goals/test_snapshots/test_views[SIZE][palette-THEME]",
    "PanelScreen": "flows/test_snapshots/test_views[panel-SIZE-THEME]",
    "ProjectForm": "welcome/test_welcome/test_pictures[SIZE][form-THEME]",
    "ReplaceSteps": "goals/test_snapshots/test_questions[SIZE][replace-steps-THEME]",
    "ReviewPackage": "packages/test_package_dialogs/test_pictures[SIZE][review-conflicts-THEME]",
    "SessionsScreen": "sessions/test_sessions_pictures/test_the_list[SIZE][THEME]",
    "SettingsScreen": "settings/test_snapshots/test_views[SIZE][list-THEME]",
    "SimulateDialog": "flows/test_snapshots/test_views[simulate-SIZE-THEME]",
    "StepForm": "goals/test_snapshots/test_views[SIZE][step-THEME]",
    "TasksScreen": "tasks/test_tasks_screen/test_pictures[SIZE][done-THEME]",
    "TimelineScreen": "sessions/test_sessions_pictures/test_a_timeline[SIZE][THEME]",
    "TourCard": "welcome/test_tour/test_pictures[SIZE][1-THEME]",
    "WelcomeScreen": "welcome/test_welcome/test_pictures[SIZE][welcome-THEME]",
}
"""One picture of each; the others of a screen lie beside it."""

BASES = {
    "BackgroundScreen",
    "ClosesOnce",
    "CycleActions",
    "Dialog",
    "EditorActions",
    "FilteredScreen",
    "FindingActions",
    "FlowActions",
    "Form",
    "NodeActions",
    "Reading",
    "ScreenFrame",
    "StepEditing",
}
"""What screens are built on, and nobody opens."""


def below(class_: type[object]) -> Iterator[type[object]]:
    """Every class that builds on this one."""
    for each in class_.__subclasses__():
        yield each
        yield from below(each)


def test_every_screen_is_in_the_table() -> None:
    for module in walk_packages(goals_tui.tui.__path__, "goals_tui.tui."):
        import_module(module.name)
    screens = {each.__name__ for each in below(Screen) if each.__module__.startswith("goals_tui.tui.")}
    assert screens - BASES == set(PICTURES)


@pytest.mark.parametrize("screen", PICTURES)
def test_every_screen_has_pictures(screen: str) -> None:
    *folders, test_file, name = PICTURES[screen].split("/")
    pictures = Path(__file__).parent.joinpath(*folders, "__snapshots__", test_file)
    for width, height in SIZES:
        for theme in ("dark", "light"):
            wanted = f"{name}.svg".replace("SIZE", f"{width}x{height}").replace("THEME", theme)
            assert (pictures / wanted).is_file()


@each_size
async def test_opening(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    async with running(services, size) as pilot:
        await pilot.app.push_screen(Opening())
        await take_in_both_themes(pictures, pilot, "opening")
    pictures.compare()
