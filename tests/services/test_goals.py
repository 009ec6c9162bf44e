"""Goals: what can be saved, what is refused, and what goes with a deletion (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from goals_tui.domain.errors import ConflictError, NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.event import source
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services, open_services
from goals_tui.store.events.log import EventLog
from tests import builders

WEB = source("Webchat", "English", None, None)


@pytest.fixture
def flight(services: Services) -> Goal:
    return services.goals.save(fresh(builders.book_a_flight()))


def fresh(goal: Goal) -> Goal:
    """A built goal as one that was never saved."""
    return goal.model_copy(update={"revision": 0})


def test_a_goal_is_saved_with_a_version_and_found_by_name_and_id(services: Services, flight: Goal) -> None:
    again = open_services(services.workspace.path, env={})
    assert again.goals.get("Book a Flight") == flight
    assert again.goals.get(" book a flight ") == flight
    assert again.goals.get(flight.id) == flight
    assert flight.revision == 1


def test_an_unknown_goal_is_answered_with_the_nearest_names(services: Services, flight: Goal) -> None:
    with pytest.raises(NotFoundError, match=r"There is no goal 'Book a Fligth'\. Did you mean 'Book a Flight'\?"):
        services.goals.get("Book a Fligth")


def test_every_change_makes_a_version_and_keeps_the_old_one(services: Services, flight: Goal) -> None:
    changed = services.goals.save(flight.model_copy(update={"description": "From search to ticket"}))
    assert changed.version != flight.version
    assert [goal.version for goal in services.goals.versions(flight.id)] == [flight.version, changed.version]


def test_saving_what_is_unchanged_makes_no_version(services: Services, flight: Goal) -> None:
    assert services.goals.save(flight) == flight
    assert len(services.goals.versions(flight.id)) == 1


def test_two_goals_cannot_share_a_name(services: Services, flight: Goal) -> None:
    other = services.goals.draft().model_copy(update={"name": "BOOK A FLIGHT"})
    assert services.goals.problems(other)[0].message == (
        "There is a goal 'BOOK A FLIGHT' already. Choose another name."
    )
    with pytest.raises(RefusedError, match="already"):
        services.goals.save(other)


def test_the_step_limit_is_ten_and_can_be_raised(services: Services, flight: Goal) -> None:
    more = tuple(builders.step(f"Step {n}") for n in range(8))
    long = flight.model_copy(update={"steps": (*flight.steps, *more)})
    with pytest.raises(RefusedError, match=r"at most 10 steps.*has 11.*FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL"):
        services.goals.save(long)
    raised = open_services(services.workspace.path, env={"FEATURE_USE_GOALS__MAX_STEPS_PER_GOAL": "11"})
    assert len(raised.goals.save(long).steps) == 11


@pytest.mark.parametrize(
    ("currency", "amount", "fits"),
    [("JPY", "150", True), ("JPY", "150.50", False), ("KWD", "1.125", True), ("EUR", "1.125", False)],
)
def test_amounts_have_the_decimals_of_the_currency(
    new_services: Callable[..., Services], currency: str, amount: str, fits: bool
) -> None:
    services = new_services("other", currency=currency)
    goal = fresh(builders.goal("Claim", "Start", builders.step("Done", "completion", cost=amount)))
    if fits:
        assert services.goals.save(goal).steps[1].metrics.cost_savings == Decimal(amount)
    else:
        with pytest.raises(RefusedError, match=f"too many decimals for {currency}"):
            services.goals.save(goal)


def test_an_amount_from_before_a_change_of_currency_does_not_block_other_edits(services: Services) -> None:
    goal = services.goals.save(fresh(builders.book_a_flight()))
    services.project.save(services.project.get().model_copy(update={"currency": "JPY"}))
    assert services.goals.save(goal.model_copy(update={"name": "Flug"})).steps[1].metrics.cost_savings == Decimal(
        "2.50"
    )


def test_saving_over_a_newer_revision_names_what_changed(services: Services, flight: Goal) -> None:
    paid = flight.steps[2].model_copy(update={"metrics": SuccessMetrics(cost_savings=Decimal(20))})
    services.goals.save(flight.model_copy(update={"steps": (*flight.steps[:2], paid)}))
    mine = flight.model_copy(update={"name": "Fly"})
    with pytest.raises(ConflictError, match=r"'Book a Flight' was changed elsewhere \(step 'Payment completed'\)"):
        services.goals.save(mine)
    assert services.goals.save(mine, overwrite=True).name == "Fly"


def test_saving_a_goal_that_was_deleted_elsewhere_is_a_conflict(services: Services, flight: Goal) -> None:
    open_services(services.workspace.path, env={}).goals.delete(flight.id, confirm=flight.name)
    with pytest.raises(ConflictError, match="was deleted elsewhere"):
        services.goals.save(flight.model_copy(update={"name": "Fly"}))
    assert services.goals.save(flight.model_copy(update={"name": "Fly"}), overwrite=True).name == "Fly"


def test_a_duplicate_has_a_free_name_and_ids_of_its_own(services: Services, flight: Goal) -> None:
    copy = services.goals.duplicate(flight.id)
    assert copy.name == "Book a Flight (2)"
    assert not {copy.id, *(s.id for s in copy.steps)} & {flight.id, *(s.id for s in flight.steps)}
    assert [s.metrics for s in copy.steps] == [s.metrics for s in flight.steps]
    assert services.goals.duplicate(flight.id).name == "Book a Flight (3)"


def track(services: Services, goal: Goal, *names: str, session: str = "s1") -> None:
    services.tracking.track(session, goal.id, [goal.step(name).id for name in names], WEB)


def test_deleting_a_goal_takes_its_events_and_leaves_its_nodes_broken(services: Services, flight: Goal) -> None:
    flow = services.flows.save(builders.book_a_flight_flow(flight))
    track(services, flight, "Flight selected", "Payment completed")
    with pytest.raises(RefusedError, match=r"confirm with its name: 'Book a Flight', not 'flight'"):
        services.goals.delete(flight.id, confirm="flight")
    taken = services.goals.delete(flight.id, confirm="Book a Flight")
    assert (taken.events, taken.cycles, len(taken.uses)) == (2, 1, 3)
    assert services.workspace.events.stats().events == 0
    assert services.flows.get(flow.id).nodes == flow.nodes
    assert {f.code for f in services.flows.findings()} == {"unknown-goal"}
    assert services.goals.versions(flight.id) == []
    assert services.history.undo_label != "Delete goal 'Book a Flight'"


def test_a_deleted_step_loses_its_events_when_the_goal_is_saved(services: Services, flight: Goal) -> None:
    services.flows.save(builders.book_a_flight_flow(flight))
    track(services, flight, "Flight selected", "Passenger information entered", "Payment completed")
    shorter = flight.model_copy(update={"steps": (flight.steps[0], flight.steps[2])})
    [lost] = services.goals.lost_by_saving(shorter)
    assert (lost.name, lost.events, lost.cycles, len(lost.uses)) == ("Passenger information entered", 1, 1, 1)
    assert lost.step_id
    services.goals.save(shorter, delete_events_of={lost.step_id})
    assert services.workspace.events.stats().events == 2
    assert "unknown-step" in {finding.code for finding in services.flows.findings()}


@pytest.mark.parametrize("what", ["goal", "step"])
def test_others_save_while_events_are_deleted(
    services: Services, flight: Goal, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    track(services, flight, "Flight selected", "Payment completed")
    elsewhere, real = open_services(services.workspace.path, env={}), EventLog.deleting

    def meanwhile(log: EventLog, *wanted: Any) -> Any:
        elsewhere.flows.create("Meanwhile")  # would wait a minute for a lock, and then be refused
        return real(log, *wanted)

    monkeypatch.setattr(EventLog, "deleting", meanwhile)
    if what == "goal":
        services.goals.delete(flight.id, confirm=flight.name)
    else:
        gone = flight.steps[1]
        services.goals.save(
            flight.model_copy(update={"steps": (flight.steps[0], *flight.steps[2:])}), delete_events_of={gone.id}
        )
    assert [flow.name for flow in services.flows.all()] == ["Meanwhile"]


def test_overwriting_keeps_the_events_of_a_step_that_nobody_agreed_to_lose(services: Services, flight: Goal) -> None:
    extra = services.goals.new_step().model_copy(update={"name": "Seat chosen"})
    theirs = services.goals.save(flight.model_copy(update={"steps": (*flight.steps, extra)}))
    track(services, theirs, "Flight selected", "Seat chosen")
    mine = flight.model_copy(update={"name": "Fly"})
    with pytest.raises(ConflictError, match="step 'Seat chosen' added"):
        services.goals.lost_by_saving(mine)
    [lost] = services.goals.lost_by_saving(mine, overwrite=True)
    assert (lost.name, lost.events) == ("Seat chosen", 1)
    services.goals.save(mine, overwrite=True)
    assert services.workspace.events.stats().events == 2


def test_only_the_events_of_steps_that_are_gone_can_go(services: Services, flight: Goal) -> None:
    track(services, flight, "Flight selected")
    services.goals.save(flight.model_copy(update={"name": "Fly"}), delete_events_of={flight.initial.id})
    assert services.workspace.events.stats().events == 1


def test_nodes_can_track_another_goal_before_the_first_is_deleted(services: Services, flight: Goal) -> None:
    other = services.goals.duplicate(flight.id)
    services.flows.save(builders.book_a_flight_flow(flight))
    steps = {old.id: new.id for old, new in zip(flight.steps, other.steps, strict=True)}
    assert services.goals.uses.replace_goal(flight.id, other.id, steps) == 3
    assert [use.step_ids for use in services.goals.where_used(other.id)] == [(step.id,) for step in other.steps]
    assert services.goals.where_used(flight.id) == []
    services.history.undo()
    assert len(services.goals.where_used(flight.id)) == 3


def test_a_step_that_nothing_replaces_is_a_finding_and_not_guessed(services: Services, flight: Goal) -> None:
    start, passenger, paid = flight.steps
    room = services.goals.save(
        builders.goal("Book a Room", "Room selected", "◎Room paid").model_copy(update={"revision": 0})
    )
    selected, room_paid = room.steps
    both = builders.track(flight, passenger.name, paid.name)
    services.flows.save(builders.flow("One", builders.track(flight, start.name), both))
    assert services.goals.uses.replace_goal(flight.id, room.id, {paid.id: room_paid.id}) == 2
    assert [use.step_ids for use in services.goals.where_used(room.id)] == [(start.id,), (room_paid.id, passenger.id)]
    missing = [finding for finding in services.flows.findings() if finding.code == "unknown-step"]
    assert len(missing) == 2 and all(finding.severity == "error" for finding in missing)
    with pytest.raises(NotFoundError):
        services.goals.uses.replace_goal(room.id, flight.id, {selected.id: room_paid.id})


def test_nodes_can_be_removed_before_the_goal_is_deleted(services: Services, flight: Goal) -> None:
    flow = services.flows.save(builders.book_a_flight_flow(flight))
    assert services.goals.uses.remove_goal(flight.id) == 3
    assert len(list(services.flows.get(flow.id).walk())) == len(list(flow.walk())) - 3


def test_a_step_can_be_replaced_or_taken_out_of_its_nodes(services: Services, flight: Goal) -> None:
    start, passenger, paid = flight.steps
    both = builders.track(flight, start.name, passenger.name)
    services.flows.save(builders.flow("One", both, builders.track(flight, passenger.name, name="alone")))
    assert services.goals.uses.replace_step(flight.id, passenger.id, paid.id) == 2
    assert [use.step_ids for use in services.goals.where_used(flight.id)] == [(start.id, paid.id), (paid.id,)]
    assert services.goals.uses.remove_step(flight.id, paid.id) == 2
    assert [use.step_ids for use in services.goals.where_used(flight.id)] == [(start.id,)]


def test_undo_and_redo_of_an_edit_leave_the_goal_as_it_was(services: Services, flight: Goal) -> None:
    changed = services.goals.save(flight.model_copy(update={"name": "Fly"}))
    assert services.history.undo() == "Edit goal 'Fly'"
    back = services.goals.get(flight.id)
    assert back.model_dump(exclude={"revision"}) == flight.model_dump(exclude={"revision"})
    assert services.history.redo() == "Edit goal 'Fly'"
    assert services.goals.get(flight.id).model_dump(exclude={"revision"}) == changed.model_dump(exclude={"revision"})


def test_many_undos_go_back_to_nothing(services: Services, flight: Goal) -> None:
    goal = flight
    for name in ("A", "B", "C"):
        goal = services.goals.save(services.goals.get(goal.id).model_copy(update={"name": name}))
    for _ in range(4):
        services.history.undo()
    assert services.goals.all() == []
    with pytest.raises(RefusedError, match="nothing to undo"):
        services.history.undo()
    for _ in range(4):
        services.history.redo()
    assert services.goals.get(flight.id).name == "C"


def test_undo_never_overwrites_what_somebody_else_changed_since(services: Services, flight: Goal) -> None:
    services.goals.save(flight.model_copy(update={"name": "Fly"}))
    other = open_services(services.workspace.path, env={})
    other.goals.save(other.goals.get("Fly").model_copy(update={"name": "Theirs"}))
    with pytest.raises(ConflictError) as refused:
        services.history.undo()
    assert str(refused.value) == (
        "The goal 'Fly' was changed elsewhere (edited since). The edit can't be undone any more."
    )
    assert services.goals.get(flight.id).name == "Theirs"


def test_undo_and_redo_never_make_two_goals_of_one_name(services: Services, flight: Goal) -> None:
    renamed = services.goals.save(flight.model_copy(update={"name": "Fly"}))
    other = fresh(builders.goal("BOOK A FLIGHT", "Start", "◎ Done"))
    open_services(services.workspace.path, env={}).goals.save(other)
    with pytest.raises(ConflictError) as refused:
        services.history.undo()
    assert str(refused.value) == (
        "The goal 'Book a Flight' can't have its name again: another one has it now. The edit can't be undone any more."
    )
    assert [found.name for found in services.goals.all()] == ["BOOK A FLIGHT", "Fly"]
    services.goals.save(renamed.model_copy(update={"description": "Same name"}))
    services.history.undo()


def test_an_edit_that_cannot_be_undone_makes_way_for_the_one_before(services: Services, flight: Goal) -> None:
    services.filters.save("Mine", Filters())
    services.filters.save("Other", Filters())
    open_services(services.workspace.path, env={}).filters.delete("Other")
    with pytest.raises(ConflictError) as refused:
        services.history.undo()
    assert str(refused.value) == "The saved filter 'Other' was deleted elsewhere. The edit can't be undone any more."
    services.history.undo()
    assert services.filters.all() == []


def test_goals_by_id_are_parsed_where_they_are_asked_for(services: Services, flight: Goal) -> None:
    goals = services.goals.by_id()
    assert (flight.id in goals, "gone" in goals, len(goals), list(goals)) == (True, False, 1, [flight.id])
    assert goals[flight.id] == flight
    assert goals.get("gone") is None
    assert goals == services.goals.by_id()
    services.goals.save(flight.model_copy(update={"name": "Fly"}))
    assert goals != services.goals.by_id()


@pytest.mark.parametrize(
    ("path", "where"),
    [((), "colour"), (("steps", 1), "steps.1.colour"), (("steps", 1, "metrics"), "steps.1.metrics.colour")],
)
def test_a_key_that_is_not_ours_is_named_wherever_the_goal_is_read(
    services: Services, flight: Goal, path: tuple[str | int, ...], where: str
) -> None:
    document = flight.model_dump(mode="json")
    part: Any = document
    for key in path:
        part = part[key]
    part["colour"] = "red"
    with services.workspace.documents.transaction() as transaction:
        transaction.put("goals", flight.id, document)
    for read in (services.goals.summaries, services.goals.all, lambda: services.goals.get(flight.id)):
        with pytest.raises(UnreadableError) as unreadable:
            read()
        assert str(unreadable.value) == (
            f"goals.json: the goal 'Book a Flight' can't be read: {where}: there is no such key. "
            "Correct it there, or put a backup of goals.json in its place."
        )
