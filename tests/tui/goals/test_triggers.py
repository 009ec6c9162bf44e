"""Triggers in the editor, with live counts, and deriving a goal after a look at what would change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from goals_tui.domain.activity import Activity, Trigger
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.goals.derive import DeriveDialog
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.triggers import TriggerEditor, TriggerForm
from tests.builders import goal
from tests.conftest import NOW, PATIENCE
from tests.tui.harness import HOSTILE, messages, press, running, screen_text, type_text


def happened(session: int, name: str, *, days: float = 1, kind: str = "tool", text: str | None = None) -> Activity:
    moment = NOW - timedelta(days=days) + timedelta(seconds=session)
    id_ = f"{session} {name} {kind}"
    return Activity.model_validate(
        {"id": id_, "timestamp": moment, "session_id": f"s{session}", "kind": kind, "name": name, "text": text}
    )


def with_activities(services: Services) -> Goal:
    """Forty sessions of the last days and ten old ones; a goal that no activity fires yet."""
    rows = [happened(number, "search_flights") for number in range(30)]
    rows += [happened(number, "pay", days=0.5) for number in range(12)]
    rows += [happened(number, "[/] hello", kind="user", text="I want a REFUND") for number in range(30, 40)]
    rows += [happened(number, "search_hotels", days=90) for number in range(40, 50)]
    services.workspace.activities.append(rows)
    return services.goals.save(goal("Book", "Search", "◎Pay").model_copy(update={"revision": 0}))


def triggers(services: Services) -> list[tuple[Trigger, ...]]:
    return [step.triggers for step in services.goals.get("Book").steps]


async def editor_of_initial(pilot: Pilot[Any]) -> None:
    await press(pilot, "o", "f3")
    assert isinstance(pilot.app.screen, TriggerEditor)


async def test_triggers_are_made_with_counts_and_the_goal_reads_what_was(services: Services) -> None:
    before = with_activities(services)
    async with running(services) as pilot:
        await press(pilot, "d")
        assert "has no trigger, so no cycle would open" in messages(pilot.app)[0]
        await editor_of_initial(pilot)
        assert "Nothing fires this step" in screen_text(pilot.app)
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, TriggerForm)
        await type_text(pilot, "search*")
        assert "Fires in 30 of 40 sessions in the last 30 days." in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "fires in 30 of 40 sessions in the last 30 days" in screen_text(pilot.app)
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, GoalEditor) and pilot.app.screen.draft.changed
        pilot.app.screen.form.steps.focus()
        await press(pilot, "down", "o", "f3", "a", "p", "down", "enter", "enter", "f2")
        assert isinstance(pilot.app.screen, StepForm) and "Triggers: 1…" in screen_text(pilot.app)
        await press(pilot, "f2", "f2")
        assert triggers(services) == [(Trigger(name="search*"),), (Trigger(kind="tool", name="pay"),)]
        assert services.goals.get("Book").version == before.version, "triggers are not part of the definition"
        await press(pilot, "d")
        text = screen_text(pilot.app)
        assert "52 activities fire a step, in 40 sessions." in text
        assert "52 added" in text and "0 replaced" in text
        assert services.workspace.events.is_empty(), "nothing happens before it is agreed to"
        await press(pilot, "enter")
        assert services.tasks.wait(PATIENCE)
        await press(pilot, "d")
        assert "Nothing would change." in screen_text(pilot.app)
        assert isinstance(pilot.app.screen, DeriveDialog)
    totals = services.insights.report(Filters(span="all")).totals
    assert (totals.started, totals.completed) == (40, 12)


async def test_a_changed_trigger_alone_is_a_change_and_is_undone(services: Services) -> None:
    with_activities(services)
    async with running(services) as pilot:
        await editor_of_initial(pilot)
        await press(pilot, "a")
        await type_text(pilot, "pay")
        await press(pilot, "enter", "f2")
        editor = pilot.app.screen
        assert isinstance(editor, GoalEditor) and editor.unsaved
        editor.form.steps.focus()
        await press(pilot, "u")
        assert not editor.draft.changed
        await press(pilot, "U", "escape")
        assert "has changes" in screen_text(pilot.app)


async def test_the_most_frequent_names_are_offered(services: Services) -> None:
    with_activities(services)
    services.workspace.activities.append([happened(number, f"name {number}") for number in range(100, 170)])
    async with running(services, (80, 24)) as pilot:
        await editor_of_initial(pilot)
        await press(pilot, "a")
        form = pilot.app.screen
        assert len(form.names) == 50 and form.names[0].name == "search_flights"
        assert "search_flights  30 sessions" in screen_text(pilot.app)
        await type_text(pilot, "hello")
        assert "user     [/] hello" in screen_text(pilot.app)
        await press(pilot, "down", "enter", "enter")
        assert pilot.app.screen.triggers == [Trigger(kind="user", name="[/] hello")]


async def test_what_can_be_no_trigger_is_said_beside_the_field(services: Services) -> None:
    with_activities(services)
    async with running(services) as pilot:
        await editor_of_initial(pilot)
        await press(pilot, "a", "enter")
        assert "Enter a name, a kind or a part of the text." in screen_text(pilot.app)
        await press(pilot, "tab")
        await type_text(pilot, "tol")
        assert "'tol' is not a kind of activity." in screen_text(pilot.app)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, TriggerForm)
        for _ in "tol":
            await press(pilot, "backspace")
        await press(pilot, "tab")
        await type_text(pilot, "refund")
        assert "Fires in 10 of 40 sessions in the last 30 days." in screen_text(pilot.app)


async def test_old_activities_are_counted_as_such_and_none_are_said(services: Services) -> None:
    services.goals.save(goal("Book", "Search", "◎Pay").model_copy(update={"revision": 0}))
    async with running(services) as pilot:
        await editor_of_initial(pilot)
        assert "There are no activities yet" in screen_text(pilot.app)
    services.workspace.activities.append([happened(number, "search_hotels", days=90) for number in range(4)])
    async with running(services) as pilot:
        await editor_of_initial(pilot)
        await press(pilot, "a")
        await type_text(pilot, "*")
        assert "Fires in 4 of 4 sessions, none of which is in the last 30 days." in screen_text(pilot.app)


async def test_names_are_shown_as_they_are(services: Services) -> None:
    services.goals.save(goal("Book", "Search", "◎Pay").model_copy(update={"revision": 0}))
    services.workspace.activities.append(
        [happened(place, name) for place, name in enumerate(HOSTILE) if len(name) < 200]
    )
    async with running(services) as pilot:
        await editor_of_initial(pilot)
        await press(pilot, "a")
        for name in HOSTILE[:3]:
            assert name in screen_text(pilot.app)
            await type_text(pilot, name)
            await press(pilot, "enter", "a")
        await press(pilot, "escape")
        assert all(name in screen_text(pilot.app) for name in HOSTILE[:3])


def test_counts_are_those_of_the_plain_rule(services: Services) -> None:
    with_activities(services)
    some = [Trigger(name="search*"), Trigger(text="refund"), Trigger(kind="user"), Trigger(name="pay", text="x")]
    found = services.deriving.firing(some)
    assert (found.recent, found.ever) == ((30, 10, 10, 0), (40, 10, 10, 0))
    assert (found.recent_all, found.ever_all, found.recent_sessions, found.sessions) == (40, 50, 40, 50)
    assert services.deriving.firing([]).ever_all == 0
