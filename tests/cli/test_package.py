"""`package import`: conflicts are asked about on a terminal, and refused without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.services.context import Services
from tests import builders
from tests.cli.conftest import Result, on_a_terminal, program

NAMES = ("Book a Flight", "Report a Claim", "Activate a SIM")


@pytest.fixture
def package(services: Services, tmp_path: Path) -> Path:
    """Three goals, of which two differ by now from what the workspace has."""
    saved = [
        services.goals.save(builders.goal(name, "Start", "◎ Done").model_copy(update={"revision": 0})) for name in NAMES
    ]
    services.packages.export(NAMES, tmp_path / "goals.zip")
    for goal in saved[:2]:
        services.goals.save(goal.model_copy(update={"description": "Ours."}))
    return tmp_path / "goals.zip"


def import_on_a_terminal(services: Services, package: Path, typed: str, *, interrupt: bool = False) -> Result:
    return on_a_terminal(services.workspace.path, "package", "import", str(package), typed=typed, interrupt=interrupt)


def descriptions(services: Services) -> dict[str, str]:
    return {goal.name: goal.description for goal in services.goals.all()}


def test_each_conflict_is_asked_about(services: Services, package: Path) -> None:
    done = import_on_a_terminal(services, package, "nonsense\ns\nDuplicate\n\n")
    assert (done.code, done.out) == (0, "Imported 2 goals, 0 flows, 0 events; 1 item left unchanged.\n")
    for name in NAMES:
        assert f"The goal {name!r}: here already, and " in done.err
    assert "Write skip, replace or duplicate, or one of them with all" in done.err
    there = descriptions(services)
    assert len(there) == 4
    assert there["Activate a SIM"] == ""


def test_an_answer_may_hold_for_all_others(services: Services, package: Path) -> None:
    done = import_on_a_terminal(services, package, "s all\n")
    assert (done.code, done.out) == (0, "Imported 0 goals, 0 flows, 0 events; 3 items left unchanged.\n")
    assert done.err.count("here already") == 1


def test_enter_takes_what_is_proposed(services: Services, package: Path) -> None:
    done = import_on_a_terminal(services, package, "\n\n\n")
    assert (done.code, done.out) == (0, "Imported 2 goals, 0 flows, 0 events; 1 item left unchanged.\n")
    assert set(descriptions(services).values()) == {""}


def test_an_end_of_the_input_imports_nothing(services: Services, package: Path) -> None:
    done = import_on_a_terminal(services, package, "\x04")
    assert (done.code, done.out) == (1, "")
    assert "goals-tui: Nothing was imported, for there are conflicts: " in done.err
    assert "Aborted" not in done.err


def test_ctrl_c_imports_nothing(services: Services, package: Path) -> None:
    done = import_on_a_terminal(services, package, "", interrupt=True)
    assert (done.code, done.out) == (130, "")
    assert done.err.endswith("\ngoals-tui: Stopped.\n")
    assert "Aborted" not in done.err and "Nothing was" not in done.err


def test_nothing_is_asked_without_a_terminal(services: Services, package: Path) -> None:
    done = program("package", "import", package, GOALS_TUI_WORKSPACE=str(services.workspace.path))
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert done.err.startswith("goals-tui: Nothing was imported, for there are conflicts: ")
