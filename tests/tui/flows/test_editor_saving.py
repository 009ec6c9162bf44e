"""The node editor loses nothing: neither what was typed in it nor what others do to the flow meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.flow import Flow, If, Lookup, Node, Say, TrackGoal
from goals_tui.domain.flow_edit import Position, insert_at, remove, replace
from goals_tui.services.context import Services, open_services
from goals_tui.tui.app.screen import FlowPlace
from goals_tui.tui.flows.flow_list import FlowList
from goals_tui.tui.flows.screen import FlowsScreen
from tests.builders import book_a_flight, flow, go_to, if_, lookup, node_id, say, track
from tests.tui.harness import messages, press, running, screen_text, settle, type_text


def elsewhere(services: Services, edit: Callable[[Flow], Flow], name: str = "Abc") -> None:
    """Another program changes a flow."""
    other = open_services(services.workspace.path, clock=services.clock, env={})
    other.flows.save(edit(other.flows.get(name)))


def inserting(parent: str, branch: int, text: str) -> Callable[[Flow], Flow]:
    return lambda flow: insert_at(flow, Position(node_id(parent), branch, 0), say(text))


def putting(node: Node) -> Callable[[Flow], Flow]:
    return lambda flow: replace(flow, node)


def removing(name: str) -> Callable[[Flow], Flow]:
    return lambda flow: remove(flow, node_id(name))[0]


def texts(services: Services, name: str = "Abc") -> list[str]:
    return [node.text for node in services.flows.get(name).walk() if isinstance(node, Say)]


def flows_screen(pilot: Pilot[Any]) -> FlowsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, FlowsScreen)
    return screen


async def opened(pilot: Pilot[Any], name: str) -> FlowsScreen:
    """The screen with the form of a node open."""
    screen = flows_screen(pilot)
    screen.chart.select(node_id(name))
    await press(pilot, "e")
    return screen


async def noticed(pilot: Pilot[Any]) -> None:
    """The app sees what another program wrote."""
    pilot.app.look_for_changes()
    await settle(pilot)


async def test_what_others_put_into_a_branch_stays_when_the_if_is_saved(services: Services) -> None:
    services.flows.save(flow("Abc", if_("Paid?", (say("thanks"),))))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "Paid?")
        elsewhere(services, inserting("Paid?", 0, "theirs"))
        await noticed(pilot)
        screen.query_one("#to", Input).value = "maybe"
        await press(pilot, "ctrl+s")
        node = services.flows.get("Abc").nodes[0]
        assert isinstance(node, If) and node.condition.to == "maybe"
        assert texts(services) == ["theirs", "thanks"]


async def test_what_others_put_into_a_case_stays_unless_that_case_is_cleared(services: Services) -> None:
    services.flows.save(flow("Abc", lookup("by", {"a": (say("in a"),), "b": (say("in b"),)})))
    async with running(services, area="flows") as pilot:
        await opened(pilot, "by")
        elsewhere(services, inserting("by", 0, "theirs"))
        await noticed(pilot)
        await press(pilot, "tab", "end", "2", "ctrl+s")
        node = services.flows.get("Abc").nodes[0]
        assert isinstance(node, Lookup) and [case.title for case in node.branches] == ["a2", "b", "Default"]
        assert texts(services) == ["theirs", "in a", "in b"]
        await opened(pilot, "by")
        elsewhere(services, inserting("by", 1, "theirs too"))
        await noticed(pilot)
        await press(pilot, "tab", "tab", "backspace", "ctrl+s")
        assert "· nodes in a case that you cleared" in screen_text(pilot.app)
        await press(pilot, "right", "enter")
        assert texts(services) == ["theirs", "in a", "theirs too", "in b"]


@pytest.mark.parametrize(
    ("rights", "expected", "copied"),
    [(0, "theirs", ""), (1, "theirs", ""), (2, "theirs", "mine"), (3, "mine", "")],
)
async def test_two_who_edit_the_same_node_are_asked(
    services: Services, rights: int, expected: str, copied: str
) -> None:
    services.flows.save(flow("Abc", say("b"), say("end")))
    async with running(services, area="flows") as pilot:
        await opened(pilot, "b")
        elsewhere(services, putting(say("theirs", "b")))
        await noticed(pilot)
        await press(pilot, "backspace")
        await type_text(pilot, "mine")
        await press(pilot, "ctrl+s")
        shown = screen_text(pilot.app)
        assert "Say was changed elsewhere since you opened it" in shown and "· text" in shown
        await press(pilot, *["right"] * rights, "enter")
        assert texts(services) == [expected, "end"]
        if copied:
            assert texts(services, "Abc (2)") == [copied, "end"]
        elif expected == "theirs":
            await press(pilot, "p")
            assert texts(services) == ["theirs", "mine", "end"]
        else:
            await press(pilot, "u")
            assert texts(services) == ["theirs", "end"]


async def test_a_form_in_which_nothing_was_typed_writes_nothing(services: Services) -> None:
    services.flows.save(flow("Abc", say("b")))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "b")
        elsewhere(services, putting(say("theirs", "b")))
        await noticed(pilot)
        await press(pilot, "escape")
        assert (screen.side, texts(services)) == ("", ["theirs"])


async def test_a_node_that_was_deleted_elsewhere_can_be_pasted(services: Services) -> None:
    services.flows.save(flow("Abc", say("a"), say("b")))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "b")
        await type_text(pilot, " and more")
        elsewhere(services, removing("b"))
        await noticed(pilot)
        await press(pilot, "ctrl+s")
        assert messages(pilot.app) == ["'Say' was deleted elsewhere. Yours is kept: p pastes it."]
        assert screen.side == ""
        await press(pilot, "p")
        assert texts(services) == ["a", "b and more"]


@pytest.mark.parametrize("others", [["Other"], []])
async def test_a_flow_that_was_deleted_elsewhere_leaves_what_was_typed(services: Services, others: list[str]) -> None:
    for name in ("Abc", *others):
        services.flows.save(flow(name, say("b", f"b of {name}")))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "b of Abc")
        await type_text(pilot, " and more")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.flows.delete(other.flows.get("Abc").id)
        await noticed(pilot)
        assert messages(pilot.app) == ["'Say' was deleted elsewhere. Yours is kept: p pastes it."]
        assert (screen.side, screen.has_class("-empty")) == ("", not others)
        if others:
            await press(pilot, "p")
            assert sorted(texts(services, "Other")) == ["b", "b and more"]


@pytest.fixture
def full(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on nothing can be saved."""

    def save(*_args: object, **_options: object) -> Flow:
        raise UnreadableError("Can't write goals.json: no space left on device.")

    return lambda: monkeypatch.setattr(services.flows, "save", save)


async def test_where_saving_fails_the_editor_stays(services: Services, full: Callable[[], None]) -> None:
    services.flows.save(flow("Abc", say("b")))
    other = services.flows.save(flow("Other"))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "b")
        await type_text(pilot, " and more")
        full()
        await press(pilot, "ctrl+s")
        assert "no space left" in messages(pilot.app)[-1]
        assert screen.side == "editor"
        pilot.app.go(FlowPlace(other.id))
        await settle(pilot)
        assert screen.side == "editor" and screen.flow is not None and screen.flow.name == "Abc"
        await press(pilot, "ctrl+q")
        assert pilot.app.is_running and "b and more" in screen_text(pilot.app)


async def test_going_elsewhere_saves(services: Services) -> None:
    services.flows.save(flow("Abc", say("b")))
    other = services.flows.save(flow("Other", say("o")))
    async with running(services, (200, 60), area="flows") as pilot:
        await opened(pilot, "b")
        await type_text(pilot, " and more")
        pilot.app.go(FlowPlace(other.id, node_id("o")))
        await settle(pilot)
        screen = flows_screen(pilot)
        assert (texts(services), messages(pilot.app), screen.side) == (["b and more"], [], "")
        assert screen.chart.selected == node_id("o")
        await opened(pilot, "o")
        await type_text(pilot, "!")
        screen.query_one(FlowList).focus()
        await press(pilot, "up")
        assert screen.flow is not None and screen.flow.name == "Abc"
        assert texts(services, "Other") == ["o!"]
        assert screen.query_one(FlowList).has_focus


async def test_opening_another_form_saves_the_one_before(services: Services) -> None:
    services.flows.save(flow("Abc", say("a"), say("b")))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "b")
        await type_text(pilot, "!")
        screen.chart.focus()
        await press(pilot, "e")
        assert texts(services) == ["a", "b!"]
        await press(pilot, "?")
        screen.chart.focus()
        await press(pilot, "a", "s")
        await type_text(pilot, "c")
        await press(pilot, "escape")
        assert texts(services) == ["a", "b!?", "c"]


async def test_quitting_saves_what_was_typed(services: Services) -> None:
    services.flows.save(flow("Abc", say("b")))
    async with running(services, area="flows") as pilot:
        await opened(pilot, "b")
        assert "not saved" not in screen_text(pilot.app)
        await type_text(pilot, " and more")
        assert "not saved" in screen_text(pilot.app)
        await press(pilot, "ctrl+q")
        assert not pilot.app.is_running
    assert texts(services) == ["b and more"]


async def test_quitting_waits_for_an_answer_and_for_what_is_kept(services: Services) -> None:
    services.flows.save(flow("Abc", say("a"), say("b")))
    async with running(services, area="flows") as pilot:
        await opened(pilot, "b")
        await type_text(pilot, "!")
        elsewhere(services, putting(say("theirs", "b")))
        await noticed(pilot)
        await press(pilot, "ctrl+q")
        assert "was changed elsewhere" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.is_running, "what was typed would be lost with the app: it can be pasted"
        await opened(pilot, "b")
        await type_text(pilot, "!")
        elsewhere(services, removing("b"))
        await noticed(pilot)
        await press(pilot, "ctrl+q")
        assert pilot.app.is_running
        await press(pilot, "p", "ctrl+q")
        assert not pilot.app.is_running
    assert texts(services) == ["a", "theirs!"]


async def test_what_is_chosen_and_what_is_typed_in_a_list_is_marked_as_not_saved(services: Services) -> None:
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(flow("Abc", lookup("by", {"a": ()}), track(tracked, "Flight selected"), go_to("Abc")))
    async with running(services, area="flows") as pilot:
        screen = await opened(pilot, "by")
        await press(pilot, "tab", "end", "!")
        assert screen.unsaved
        await press(pilot, "backspace")
        assert not screen.unsaved
        await press(pilot, "escape")
        node = next(node for node in services.flows.get("Abc").walk() if isinstance(node, TrackGoal))
        screen.chart.select(node.id)
        await press(pilot, "e", "down", "space")
        assert screen.unsaved
        await press(pilot, "escape")
        assert not screen.unsaved
