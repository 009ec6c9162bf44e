"""Keys that come in one burst: each is looked at when what the one before did is done."""

from __future__ import annotations

import asyncio

import pytest
from rich.style import Style
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.services.context import Services
from goals_tui.tui.app import key_queue as key_order
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.screen import GoalsScreen
from goals_tui.tui.widgets.fields import Options
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.builders import flow
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, settle, type_text


async def burst(pilot: Pilot[None], *keys: str) -> None:
    """Keys as a terminal gives them that read several at once: all are there before the first is looked at."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await settle(pilot)


async def test_what_is_typed_right_after_tab_lands_in_the_next_field(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await burst(pilot, *"Fly", "tab", *"Far", "tab", "tab", *"Ask", "shift+tab", "shift+tab", "!")
        assert isinstance(pilot.app.screen, GoalEditor)
        goal = pilot.app.screen.draft.goal
        assert (goal.name, goal.description, goal.initial.name) == ("Fly", "Far!", "Ask")


async def test_pasted_text_too(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        pilot.app.post_message(events.Key("tab", None))
        pilot.app.post_message(events.Paste("Far"))
        pilot.app.post_message(events.Key("!", "!"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, GoalEditor)
        assert pilot.app.screen.draft.goal.description == "Far!"


async def test_words_after_slash_are_looked_for_and_run_nothing(services: Services) -> None:
    for name in ("Book a Flight", "Choose a Seat"):
        services.goals.save(book_a_flight(services, name))
    async with running(services) as pilot:
        await burst(pilot, "slash", *"seat", "enter")
        assert pilot.app.screen.query_one("#filter", Input).value == "seat"
        assert pilot.app.screen.query_one(VirtualList).count == 1
        assert pilot.app.screen.query_one(VirtualList).has_focus


async def test_a_key_that_closes_a_dialog_lets_the_next_ones_through(services: Services) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "x")
        await burst(pilot, *"Book", "escape", "s", "s", "down", "question_mark")
        await burst(pilot, "escape", "6")
        assert pilot.app.current_mode == "settings"


@pytest.mark.parametrize(("area", "opens"), [("goals", "n"), ("flows", "n"), ("flows", "o"), ("insights", "S")])
async def test_what_is_typed_right_after_the_key_of_a_dialog_is_all_there(
    services: Services, area: str, opens: str
) -> None:
    for name in ("One", "Two"):
        services.flows.save(flow(name))
    async with running(services, area=area) as pilot:
        await burst(pilot, opens, *"abcdef")
        assert pilot.app.screen.query(Input).first().value == "abcdef"


@pytest.mark.parametrize("more", ["ctrl+s", "escape", "3", "ctrl+p", "f1"])
async def test_a_key_right_behind_the_one_that_saves_does_no_harm(services: Services, more: str) -> None:
    saved = services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "J")
        await burst(pilot, "ctrl+s", more)
        assert services.goals.get(saved.id).version != saved.version
        # A dialog that is opened right behind puts the message away.
        assert messages(pilot.app) == ([] if more in ("ctrl+p", "f1") else [f"Saved {saved.name!r}."])
        assert not any(isinstance(frame, GoalEditor) for frame in pilot.app.frames())
        if more == "3":
            assert pilot.app.current_mode == "insights"
        elif more in ("ctrl+p", "f1"):
            assert len(pilot.app.screen_stack) == 2
        else:
            assert isinstance(pilot.app.screen, GoalsScreen)


async def test_two_enters_in_the_palette_are_one(services: Services) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "ctrl+p", *"sort")
        await burst(pilot, "enter", "enter")
        assert isinstance(pilot.app.screen, (GoalsScreen, GoalEditor))
        assert len(pilot.app.screen_stack) < 3


async def test_a_widget_that_is_gone_holds_up_no_key(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "PATIENCE", 0.01)
    async with running(services) as pilot:
        await press(pilot, "n")
        # No widget says that it is through with a key.
        monkeypatch.setattr(key_order.KeyQueue, "_passed", lambda *_: None)
        for key in "Fly!":
            pilot.app.post_message(events.Key(key, key))
        order = pilot.app._key_queue
        for _ in range(1000):
            await pilot.pause()
            if not order._held and not order._under_way and order._due is None:
                break
        assert isinstance(pilot.app.screen, GoalEditor)
        assert pilot.app.screen.draft.goal.name == "Fly!"


@pytest.mark.parametrize("key", ["pagedown", "pageup", "end", "home", "down", "up"])
async def test_keys_of_a_list_that_has_no_room_yet_do_no_harm(services: Services, key: str) -> None:
    services.flows.save(flow("One"))
    async with running(services, (20, 5), area="flows") as pilot:
        await burst(pilot, "ctrl+p", key, key, "escape")
        assert len(pilot.app.screen_stack) == 1
        for lists in pilot.app.screen.query(Options):
            lists.focus()
            await press(pilot, key, key)


async def test_a_click_on_an_option_that_is_gone_by_now_does_nothing(services: Services) -> None:
    for name in ("One", "Two"):
        services.flows.save(flow(name))
    async with running(services, area="flows") as pilot:
        await press(pilot, "o")
        rows = pilot.app.screen.query_one(Options)
        left, top = rows.content_region.offset
        over = (left + 4, top + 1)
        assert pilot.app.screen.get_style_at(*over).meta["option"] == 1
        rows.clear_options()
        click = events.Click(rows, 4, 1, 0, 0, 1, False, False, False, *over, style=Style.from_meta({"option": 1}))
        rows.post_message(click)
        await settle(pilot)
        assert pilot.app.screen.query_one(Options) is rows


async def test_what_was_chosen_before_the_list_changed_is_not_what_stands_there_now(services: Services) -> None:
    for name in ("One", "Two"):
        services.flows.save(flow(name))
    async with running(services, area="flows") as pilot:
        await press(pilot, "o")
        rows, dialog = pilot.app.screen.query_one(Options), pilot.app.screen
        chosen = Options.OptionSelected(rows, rows.get_option_at_index(1), 1)
        gone = Options.OptionSelected(rows, rows.get_option_at_index(0), 0)
        await type_text(pilot, "two")
        assert rows.option_count == 1
        rows.post_message(chosen)
        rows.post_message(gone)
        await settle(pilot)
        assert pilot.app.screen is dialog
        await press(pilot, "enter")
        assert pilot.app.screen.place == "Two"


@pytest.mark.parametrize(
    ("keys", "kind", "text"),
    [
        (("a", "s", *"Hello", "ctrl+s"), "say", "Hello"),
        (("a", "q", *"ditmaxk", "ctrl+s"), "question", "ditmaxk"),
        (("enter", "s", *"dxqe", "ctrl+s"), "say", "dxqe"),
        (("a", "slash", *"human", "enter", *"dx", "ctrl+s"), "handover", "dx"),
    ],
)
async def test_what_is_typed_right_after_a_node_was_added_is_its_text(
    services: Services, keys: tuple[str, ...], kind: str, text: str
) -> None:
    services.flows.save(flow("One"))
    async with running(services, area="flows") as pilot:
        await burst(pilot, *keys)
        assert [(node.kind, node.text) for node in services.flows.get("One").nodes] == [(kind, text)]  # type: ignore[union-attr]


async def test_keys_of_separate_reads_wait_for_the_form_too(services: Services) -> None:
    services.flows.save(flow("One"))
    async with running(services, area="flows") as pilot:
        for key in ("a", "s", *"dxqe", "ctrl+s"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await asyncio.sleep(0)
        await settle(pilot)
        assert [node.text for node in services.flows.get("One").nodes] == ["dxqe"]  # type: ignore[union-attr]
