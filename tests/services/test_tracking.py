"""Tracking: which cycle a step joins (docs/semantics.md, *Cycle*), and what is refused."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta, timezone
from threading import Lock, Thread
from typing import Any

import pytest

from goals_tui.domain.cycle import EventTemplates, join_cycle
from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.event import GoalEvent, Source, source
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, open_services
from tests import builders
from tests.conftest import NOW, PATIENCE

WEB = source("Webchat", "Deutsch", "Spring", "5" * 24)
GOAL = builders.goal("Book a Flight", "● Chosen", "○ Passenger", "◎ Paid")
CHOSEN, PASSENGER, PAID = (step.id for step in GOAL.steps)


@pytest.fixture
def goal(services: Services) -> Goal:
    return services.goals.save(GOAL.model_copy(update={"revision": 0}))


def stored(services: Services) -> list[tuple[str, str]]:
    with services.workspace.events.connect() as connection:
        return connection.execute('SELECT "goalCycleId", "stepId" FROM events ORDER BY timestamp').fetchall()


def test_the_initial_step_opens_a_cycle_and_others_join_it(services: Services, goal: Goal) -> None:
    opened = services.tracking.track("s", goal.id, [CHOSEN], WEB)
    joined = services.tracking.track("s", goal.id, [PAID], WEB, at=NOW + timedelta(minutes=5))
    assert opened.cycle_id == joined.cycle_id is not None
    event = joined.events[0]
    assert (event.version, event.timestamp, event.session_id) == (goal.version, NOW + timedelta(minutes=5), "s")
    assert (event.endpoint_name, event.locale_name, event.snapshot_name) == ("Webchat", "Deutsch", "Spring")
    assert event.project_id == "5" * 24
    assert stored(services) == [(opened.cycle_id, CHOSEN), (opened.cycle_id, PAID)]


def test_the_initial_step_begins_a_new_attempt_where_a_cycle_is_open(services: Services, goal: Goal) -> None:
    track = services.tracking.track
    first = track("s", goal.id, [CHOSEN], WEB)
    second = track("s", goal.id, [CHOSEN], WEB, at=NOW + timedelta(seconds=1))
    third = track("s", goal.id, [PASSENGER], WEB, at=NOW + timedelta(seconds=2))
    assert first.cycle_id != second.cycle_id == third.cycle_id


def test_after_completion_later_steps_still_join(services: Services, goal: Goal) -> None:
    track = services.tracking.track
    opened = track("s", goal.id, [CHOSEN, PAID], WEB)
    assert track("s", goal.id, [PASSENGER], WEB, at=NOW + timedelta(days=1)).cycle_id == opened.cycle_id


def test_a_step_without_an_open_cycle_is_not_tracked_and_said(services: Services, goal: Goal) -> None:
    tracked = services.tracking.track("s", goal.id, [PAID], WEB)
    assert (tracked.events, tracked.cycle_id, tracked.not_tracked) == ((), None, (PAID,))
    assert tracked.why == (
        "Not tracked: 'Paid'. No cycle of 'Book a Flight' is open in this session; its initial step 'Chosen' opens one."
    )
    assert services.workspace.events.is_empty()


def test_sessions_and_goals_have_cycles_of_their_own(services: Services, goal: Goal) -> None:
    other = services.goals.save(builders.goal("Reserve", "● In", "◎ Out").model_copy(update={"revision": 0}))
    services.tracking.track("s", goal.id, [CHOSEN], WEB)
    assert services.tracking.track("t", goal.id, [PAID], WEB).not_tracked == (PAID,)
    assert services.tracking.track("s", other.id, [other.steps[1].id], WEB).cycle_id is None


def test_steps_of_one_moment_fire_in_the_goals_order(services: Services, goal: Goal) -> None:
    tracked = services.tracking.track("s", goal.id, [PAID, PASSENGER, CHOSEN, PAID], WEB)
    assert [event.step_id for event in tracked.events] == [CHOSEN, PASSENGER, PAID]
    assert {event.timestamp for event in tracked.events} == {NOW}


def test_the_cycle_is_found_again_by_another_process_and_after_sealing(services: Services, goal: Goal) -> None:
    opened = services.tracking.track("s", goal.id, [CHOSEN], WEB)
    other = open_services(services.workspace.path, clock=lambda: NOW, ids=Ids(seed=2), env={})
    assert other.tracking.track("s", goal.id, [PASSENGER], WEB).cycle_id == opened.cycle_id
    services.workspace.events.seal()
    assert services.tracking.track("s", goal.id, [PAID], WEB).cycle_id == opened.cycle_id
    later = other.tracking.track("s", goal.id, [CHOSEN], WEB, at=NOW + timedelta(minutes=1))
    joined = services.tracking.track("s", goal.id, [PAID], WEB)
    assert joined.cycle_id == later.cycle_id != opened.cycle_id


def test_a_clock_that_jumps_back_does_not_reopen_the_attempt_before(services: Services, goal: Goal) -> None:
    first = services.tracking.track("s", goal.id, [CHOSEN], WEB)
    second = services.tracking.track("s", goal.id, [CHOSEN], WEB, at=NOW - timedelta(hours=1))
    joined = services.tracking.track("s", goal.id, [PAID], WEB, at=NOW - timedelta(minutes=59))
    assert joined.cycle_id == second.cycle_id != first.cycle_id


def test_an_edited_goal_fires_under_its_new_version(services: Services, goal: Goal) -> None:
    services.tracking.track("s", goal.id, [CHOSEN], WEB)
    edited = services.goals.save(goal.model_copy(update={"description": "New."}))
    tracked = services.tracking.track("s", goal.id, [PAID], WEB)
    assert tracked.events[0].version == edited.version != goal.version


def test_moments_are_utc_and_whole_milliseconds(services: Services, goal: Goal) -> None:
    at = datetime(2026, 10, 1, 8, 0, 0, 123_999, timezone(timedelta(hours=2)))
    event = services.tracking.track("s", goal.id, [CHOSEN], WEB, at=at).events[0]
    assert event.timestamp == datetime(2026, 10, 1, 6, 0, 0, 123_000, UTC)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"at": datetime(2026, 10, 1)}, RefusedError, "The time 2026-10-01T00:00:00 (at) has no zone."),
        ({"at": datetime(1969, 1, 1, tzinfo=UTC)}, RefusedError, "is not between 1970 and 2200"),
        ({"goal_id": "f" * 24}, NotFoundError, "There is no goal"),
        ({"goal_id": "Book a Flight"}, NotFoundError, "There is no goal with the id 'Book a Flight'"),
        ({"step_ids": ["f" * 24]}, NotFoundError, "There is no step of the goal 'Book a Flight'"),
        ({"step_ids": []}, RefusedError, "No step of 'Book a Flight' was given."),
        ({"session_id": "\t"}, RefusedError, "A session id has 1 to 300 characters"),
        ({"session_id": "x" * 301}, RefusedError, "this one has 301"),
    ],
)
def test_what_is_refused(
    services: Services, goal: Goal, change: dict[str, object], error: type[Exception], message: str
) -> None:
    given = {"session_id": "s", "goal_id": goal.id, "step_ids": [CHOSEN], "source": WEB, **change}
    with pytest.raises(error) as raised:
        services.tracking.track(**given)  # type: ignore[arg-type]  # the wrong kinds are what is tested
    assert message in str(raised.value)
    assert services.workspace.events.is_empty()


def test_session_names_are_cleaned_like_every_other_name(services: Services, goal: Goal) -> None:
    assert services.tracking.track(" a\x1b[31m b ", goal.id, [CHOSEN], WEB).events[0].session_id == "a [31m b"


def test_copies_of_a_template_equal_checked_events() -> None:
    fields = {"id": "e", "timestamp": NOW, "goal_cycle_id": "c", "step_id": PAID, "session_id": "s"}
    copied = EventTemplates().of(GOAL, WEB).model_copy(update=fields)
    checked = GoalEvent(**fields, version=GOAL.version, goal_id=GOAL.id, **WEB.model_dump())
    assert copied == checked
    assert copied.model_dump_json() == checked.model_dump_json()


def test_templates_do_not_pile_up() -> None:
    templates = EventTemplates()
    for number in range(templates.MOST + 5):
        templates.of(GOAL, Source(endpoint_name=str(number)))
    assert len(templates._made) <= templates.MOST


def test_a_goal_that_is_deleted_meanwhile_takes_no_events(
    services: Services, goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, log = open_services(services.workspace.path, env={}), services.workspace.events
    opened = services.tracking.track("s", goal.id, [CHOSEN], WEB)
    append = log.append

    def deleted_before(*args: Any, **options: Any) -> bool:
        if other.goals.summaries():
            assert other.goals.delete(goal.id, confirm=goal.name).events == len(opened.events)
        return append(*args, **options)

    monkeypatch.setattr(log, "append", deleted_before)
    with pytest.raises(NotFoundError, match="There is no goal"):
        services.tracking.track("s", goal.id, [PASSENGER], WEB)
    assert log.is_empty()


def test_a_goal_that_is_edited_meanwhile_fires_under_its_new_version(
    services: Services, goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, log = open_services(services.workspace.path, env={}), services.workspace.events
    append = log.append

    def edited_before(*args: Any, **options: Any) -> bool:
        found = other.goals.get(goal.id)
        if not found.description:
            other.goals.save(found.model_copy(update={"description": "Edited"}))
        return append(*args, **options)

    monkeypatch.setattr(log, "append", edited_before)
    tracked = services.tracking.track("s", goal.id, [CHOSEN], WEB)
    assert [event.version for event in tracked.events] == [other.goals.get(goal.id).version] != [goal.version]
    assert len(stored(services)) == 1


def test_goals_that_are_edited_all_the_time_wait_for_a_step(
    services: Services, goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, log = open_services(services.workspace.path, env={}), services.workspace.events
    append, editing = log.append, Lock()
    edits = 0

    def edited_before(*args: Any, **options: Any) -> bool:
        nonlocal edits
        if editing.acquire(blocking=False):
            edits += 1
            edit = Thread(target=save, daemon=True)
            edit.start()
            edit.join(0.5)
        return append(*args, **options)

    def save() -> None:
        other.goals.save(other.goals.get(goal.id).model_copy(update={"description": f"Edit {edits}"}))
        editing.release()

    monkeypatch.setattr(log, "append", edited_before)
    assert len(services.tracking.track("s", goal.id, [CHOSEN], WEB).events) == 1
    assert editing.acquire(timeout=PATIENCE), "the last edit waited for the step"
    assert len(stored(services)) == 1 and other.goals.get(goal.id).description == f"Edit {edits}"


def test_the_rule_alone() -> None:
    assert join_cycle(GOAL, [PAID, CHOSEN], "open", lambda: "new") == ("new", (CHOSEN, PAID), ())
    assert join_cycle(GOAL, [PAID], "open", lambda: "new") == ("open", (PAID,), ())
    assert join_cycle(GOAL, [PAID, PASSENGER], None, lambda: "new") == (None, (), (PASSENGER, PAID))


def test_the_folder_of_the_events_is_made_where_it_is_missing_but_no_workspace(services: Services, goal: Goal) -> None:
    """A clone of git lacks an empty folder; a workspace that was removed does not come back."""
    path = services.workspace.path
    shutil.rmtree(path / "events")
    opened, gone = (open_services(path, env={}) for _ in range(2))
    tracked = opened.tracking.track("s", goal.id, [CHOSEN], WEB)
    assert stored(opened) == [(tracked.cycle_id, CHOSEN)]
    shutil.rmtree(path)
    with pytest.raises(UnreadableError):
        gone.workspace.events.append(tracked.events)
    with pytest.raises(UnreadableError):
        gone.workspace.events.seal()
    assert not path.exists()
