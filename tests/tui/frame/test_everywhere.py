"""The parts that every screen has: palette, jump, undo, messages, opening and refusing to open."""

from __future__ import annotations

from textual.events import Key

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import Source
from goals_tui.services.context import Services
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.config import Config
from goals_tui.tui.flows.screen import FlowsScreen
from tests.builders import say
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import has_ended, messages, press, running, screen_text, settle, shown_notifications, type_text


async def test_the_palette_goes_to_a_goal_by_name(services: Services) -> None:
    services.goals.save(book_a_flight(services, "[/foo] Alpha"))
    services.goals.save(book_a_flight(services, "Zeppelin"))
    async with running(services, area="settings") as pilot:
        await press(pilot, "colon")
        await type_text(pilot, "zeppelin")
        await settle(pilot)
        assert "Go to this goal" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.current_mode == "goals"
        assert pilot.app.screen.chosen.name == "Zeppelin"


async def test_the_palette_runs_an_action_of_another_screen(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "ctrl+p")
        await type_text(pilot, "goals: new")
        await settle(pilot)
        await press(pilot, "enter")
        assert "New goal" in screen_text(pilot.app)


async def test_the_palette_goes_to_a_session_by_its_id(services: Services) -> None:
    goal = services.goals.save(book_a_flight(services))
    services.tracking.track("caller-17", goal.id, [goal.steps[0].id], Source(endpoint_name="Web"))
    async with running(services) as pilot:
        await press(pilot, "ctrl+p")
        await type_text(pilot, "caller-17")
        await settle(pilot)
        assert "Go to this session" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.current_mode == "sessions"


async def test_the_palette_offers_what_works_now_only(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "ctrl+p")
        shown = screen_text(pilot.app)
        assert "Define a new goal" in shown
        assert "Make a copy of the chosen goal" not in shown
        assert "New goal" in shown
        assert "a session by its whole id…" in shown


async def test_jump_focuses_by_a_letter(services: Services) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "semicolon")
        assert " s " in screen_text(pilot.app)
        await press(pilot, "s")
        assert pilot.app.focused.id == "journey"
        await press(pilot, "ctrl+o", "escape")
        assert pilot.app.focused.id == "journey"
        await press(pilot, "semicolon")
        letters = pilot.app.screen
        for _ in range(2):
            letters.post_message(Key("x", "x"))
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 1


async def test_undo_says_what_it_did_and_works_where_there_is_something(services: Services) -> None:
    async with running(services) as pilot:
        assert "Undo (u)" not in screen_text(pilot.app)
        services.goals.save(book_a_flight(services))
        pilot.app.changed()
        await settle(pilot)
        assert "Undo (u): Edit goal 'Book a Flight'" in screen_text(pilot.app)
        await press(pilot, "u")
        assert messages(pilot.app) == ["Undone: Edit goal 'Book a Flight'"]
        await press(pilot, "ctrl+r")
        assert messages(pilot.app)[-1] == "Redone: Edit goal 'Book a Flight'"
        assert len(services.goals.summaries()) == 1


async def test_undo_says_where_it_was_on_a_screen_that_does_not_show_it(services: Services) -> None:
    """A flow that is not shown, and documents of another screen."""
    first = services.flows.create("First")
    services.flows.create("Second")
    services.flows.save(first.model_copy(update={"nodes": (say("Hello"),)}), label="Add 'Say'")
    async with running(services) as pilot:
        await press(pilot, "u")
        assert messages(pilot.app)[-1] == "Undone: Add 'Say' in flow 'First' (on the screen 2 Flows)"
        await press(pilot, "2", "U")
        shown = pilot.app.screen
        assert isinstance(shown, FlowsScreen) and shown.flow is not None and shown.flow.name == "First"
        assert messages(pilot.app)[-1] == "Redone: Add 'Say'"
        shown.show_flow(services.flows.get("Second"))
        await press(pilot, "u")
        assert messages(pilot.app)[-1] == "Undone: Add 'Say' in flow 'First'"
        await press(pilot, "3", "u")
        assert messages(pilot.app)[-1] == "Undone: Create flow 'Second' (on the screen 2 Flows)"


async def test_an_undo_that_somebody_else_made_impossible_is_refused(services: Services) -> None:
    goal = services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        with services.workspace.documents.transaction() as transaction:
            transaction.put("goals", goal.id, {**(transaction.get("goals", goal.id) or {}), "description": "theirs"})
        await press(pilot, "u")
        assert "has changed since: this can no longer be undone" in messages(pilot.app)[-1]


async def test_errors_of_workers_stay_until_they_are_closed(services: Services) -> None:
    def fail() -> None:
        raise UnreadableError("The disk is full. Make room.")

    async with running(services) as pilot:
        pilot.app.screen.load("test", fail, print)
        await settle(pilot)
        assert messages(pilot.app) == ["The disk is full. Make room."]
        assert shown_notifications(pilot.app)[0].timeout > 3600
        await pilot.app.run_action("close_messages")
        assert messages(pilot.app) == []


async def test_only_the_newest_result_of_a_group_arrives(services: Services) -> None:
    arrived: list[int] = []
    async with running(services) as pilot:
        for number in range(3):
            pilot.app.screen.load("test", lambda number=number: number, arrived.append)
        await settle(pilot)
    assert arrived == [2]


async def test_what_goes_by_itself_is_shown_one_at_a_time_and_covers_no_dialog(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        pilot.app.show_error(UnreadableError("The disk is full."))
        pilot.app.notify("Copied.")
        pilot.app.notify("Saved.")
        await settle(pilot)
        assert messages(pilot.app) == ["The disk is full.", "Saved."]
        await press(pilot, "question_mark")
        assert messages(pilot.app) == ["The disk is full."]


async def test_a_note_leaves_the_rows_and_the_keys_to_be_seen(services: Services) -> None:
    for number in range(30):
        services.goals.save(book_a_flight(services, f"Flight {number:02}"))
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "end", "s")
        before = screen_text(pilot.app).splitlines()
        pilot.app.notify("Copied.")
        await settle(pilot)
        after = screen_text(pilot.app).splitlines()
        assert "Copied." in after[1]
        assert before[2:] == after[2:]


async def test_ctrl_c_says_how_to_leave_with_the_key_that_is_set(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "ctrl+c")
        assert messages(pilot.app) == ["Press q to quit (ctrl+c copies)."]
        await press(pilot, "n", "ctrl+c")
        assert messages(pilot.app) == ["Press ctrl+q to quit (ctrl+c copies)."], "q would be typed"
    async with running(services, config=Config(keys={"app.quit": "ctrl+x"})) as pilot:
        await press(pilot, "ctrl+c")
        assert messages(pilot.app) == ["Press ctrl+x to quit (ctrl+c copies)."]


async def test_a_message_that_stays_has_a_key_that_closes_it(services: Services) -> None:
    async with running(services) as pilot:
        assert "Close messages" not in screen_text(pilot.app)
        pilot.app.notify("Copied.")
        await settle(pilot)
        assert "Close messages" not in screen_text(pilot.app), "it goes by itself"
        pilot.app.show_error(UnreadableError("The disk is full. Make room."))
        await settle(pilot)
        assert "esc Close messages" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert not messages(pilot.app)
        assert "Close messages" not in screen_text(pilot.app)


async def test_ctrl_c_in_a_field_copies(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await type_text(pilot, "Fly")
        await press(pilot, "shift+home", "ctrl+c")
        assert pilot.app.clipboard == "Fly"
        assert messages(pilot.app) == []


async def test_quit(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "q")
        assert has_ended(pilot.app)


async def test_a_workspace_that_cannot_be_opened_closes_the_app_with_the_reason() -> None:
    def refuse() -> Services:
        raise UnreadableError("There is no workspace here.")

    app = GoalsApp(refuse)
    async with app.run_test() as pilot:
        await pilot.pause()
    assert str(app.refusal) == "There is no workspace here."
