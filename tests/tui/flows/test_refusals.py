"""Everything that flows refuse is entered with the keyboard, and said.

What other tests enter already is named in `ENTERED`, with what they look for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from textual import events

from goals_tui.domain import flow_edit
from goals_tui.domain.flow import MAX_DEPTH, Node
from goals_tui.domain.model import MAX_TEXT
from goals_tui.services import flows as flows_service
from goals_tui.services.context import Services, open_services
from goals_tui.tui import flows as flows_package
from goals_tui.tui.flows.screen import FlowsScreen
from goals_tui.tui.flows.simulate import SimulateDialog
from tests.builders import flow, if_, node_id, say
from tests.domain import test_flow_edit
from tests.services import test_flows
from tests.tui.flows import test_flow_list, test_node_forms, test_simulate
from tests.tui.frame.refusals import not_entered, raised
from tests.tui.harness import messages, press, running, screen_text, settle, type_text


def elsewhere(services: Services) -> Services:
    """Another program on the same workspace."""
    return open_services(services.workspace.path, clock=services.clock, env={})


async def test_a_name_of_which_nothing_can_be_seen_is_none(services: Services) -> None:
    async with running(services, area="flows") as pilot:
        await press(pilot, "n")
        pilot.app.post_message(events.Paste("\u202e\u200b"))
        await press(pilot, "enter")
        assert "Name can't be empty." in screen_text(pilot.app)
    assert services.flows.summaries() == []


async def test_a_name_that_was_taken_elsewhere_meanwhile_is_refused(services: Services) -> None:
    services.flows.save(flow("Abc"))
    async with running(services, area="flows") as pilot:
        await press(pilot, "R", "end")
        await type_text(pilot, "d")
        elsewhere(services).flows.save(flow("Abcd"))
        await press(pilot, "enter")
        assert "There is a flow 'Abcd' already. Choose another name." in messages(pilot.app)
    assert [row.name for row in services.flows.summaries()] == ["Abc", "Abcd"]


async def test_branches_have_a_deepest_place(services: Services) -> None:
    node: Node = say("inner")
    for level in range(MAX_DEPTH, 0, -1):
        node = if_(f"level {level}", (node,))
    services.flows.save(flow("Deep", node, if_("more", (say("one more"),))))
    async with running(services, area="flows") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, FlowsScreen)
        screen.chart.select(node_id("more"))
        await press(pilot, "y")
        screen.chart.select(node_id("inner"))
        await press(pilot, "p")
        assert messages(pilot.app)[-1].startswith(f"Branches lie within branches at most {MAX_DEPTH} deep.")
    assert services.flows.get("Deep").revision == 1


async def test_a_text_has_an_end(services: Services) -> None:
    services.flows.save(flow("Abc", say("a")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e")
        pilot.app.post_message(events.Paste("x" * MAX_TEXT))
        await settle(pilot)
        await press(pilot, "ctrl+s")
        assert "✖ The text has 10,001 characters;" in screen_text(pilot.app)
        assert "allowed. Shorten it." in screen_text(pilot.app)
    assert services.flows.get("Abc").revision == 1


async def test_a_folder_without_a_flow(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(services, area="flows") as pilot:
        await press(pilot, "I")
        await type_text(pilot, "./gone.json")
        await press(pilot, "enter")
        assert "There is no file ./gone.json." in screen_text(pilot.app)
        await press(pilot, "escape", "I", ".", "enter")
        await settle(pilot)
        assert "There is no flow in ." in screen_text(pilot.app)
    assert services.flows.summaries() == []


async def test_a_simulation_needs_its_days(services: Services) -> None:
    services.flows.save(flow("Abc", say("a")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "S", "tab", "tab", "home", "shift+end", "delete", "tab", "home", "shift+end", "delete")
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, SimulateDialog)
        assert "Give a first and a last day, for example 2026-10-01." in screen_text(pilot.app)
    assert services.tasks.list() == []


@pytest.mark.parametrize(("rights", "names"), [(0, []), (1, ["Abc"])])
async def test_a_flow_that_was_deleted_elsewhere_is_back_if_wanted(
    services: Services, rights: int, names: list[str]
) -> None:
    services.flows.save(flow("Abc", say("a")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e")
        await type_text(pilot, "b")
        elsewhere(services).flows.delete(services.flows.get("Abc").id)
        await press(pilot, "enter")
        assert "was deleted elsewhere" in screen_text(pilot.app)
        await press(pilot, *["right"] * rights, "enter")
        assert isinstance(pilot.app.screen, FlowsScreen)
    assert [row.name for row in services.flows.summaries()] == names


async def test_an_edit_of_nodes_meets_a_flow_that_was_changed_elsewhere(services: Services) -> None:
    services.flows.save(flow("Abc", say("a"), say("b")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down")
        theirs = elsewhere(services)
        theirs.flows.save(theirs.flows.get("Abc").model_copy(update={"description": "Theirs."}))
        await press(pilot, "d")
        shown = screen_text(pilot.app)
        assert "Abc was changed elsewhere since you opened it" in shown
        assert "· description" in shown
        assert "· nodes" not in shown, "that is what this edit changes"
        await press(pilot, "enter")
    assert len(services.flows.get("Abc").nodes) == 2


ENTERED: dict[str, Callable[..., Any]] = {
    "There is a flow ": test_flow_list.test_a_name_that_is_taken_is_refused_while_typing,
    "Branches lie within branches at most ": test_branches_have_a_deepest_place,
    "allowed. Shorten it.": test_a_text_has_an_end,
    "There are two buttons ": test_node_forms.test_two_equal_buttons_are_refused_where_they_are_typed,
    "There are two cases ": test_node_forms.test_two_equal_cases_are_refused_where_they_are_typed,
    "Give a first and a last day": test_a_simulation_needs_its_days,
    " is a number from ": test_simulate.test_conversations_are_run_as_a_task,
}
"""A piece of each refusal, and the test that enters it."""

NO_KEY_LEADS_THERE: dict[str, Callable[..., Any]] = {
    "A flow needs a name": test_flows.test_names_are_one_for_each_flow_and_not_empty,
    "There is no place ": test_flow_edit.test_refusals,
    " has no branch number ": test_flow_edit.test_refusals,
    "Paste it again.": test_flow_edit.test_refusals,
}
"""Positions and ids that the chart never gives, and what a dialog says before the service does: tested below it."""


def test_no_refusal_of_flows_is_left_out() -> None:
    parts = [import_module(f"{flows_package.__name__}.{part.name}") for part in iter_modules(flows_package.__path__)]
    refusals = raised(flows_service, flow_edit, *parts)
    assert not_entered(refusals, ENTERED | NO_KEY_LEADS_THERE) == [], "enter these too"
