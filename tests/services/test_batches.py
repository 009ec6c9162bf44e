"""Batches: what an import or a simulation added is listed, and can be taken back without touching anything else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.event import source
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports.log_rows import Columns
from goals_tui.store.events.parts import MERGE_AT
from tests.builders import book_a_flight, book_a_flight_flow, flow, goal, track
from tests.conftest import NOW, make_services
from tests.examples import examples
from tests.faults.jobs import odata_records
from tests.store.builders import ids

WEB = source("Webchat", "en", None, None)


def bring(services: Services, name: str, *cycles: int) -> str:
    """Import these cycles of a goal; the id of the batch, or "" where nothing was added."""
    before = {one.id for one in services.batches.summaries()}
    records = odata_records(name, max(cycles) + 1)
    wanted = [one for one in records if "id" not in one or int(one["id"].split(".")[1].split("-")[0]) in cycles]
    path = services.workspace.path.parent / f"{name}.json"
    path.write_text(json.dumps(wanted))
    services.imports.odata([path])
    new = [one.id for one in services.batches.summaries() if one.id not in before]
    return new[0] if new else ""


def simulated(services: Services, sessions: int = 20) -> str:
    """Simulate Book a Flight; the id of the batch."""
    if not services.goals.all():
        booking = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
        services.flows.save(book_a_flight_flow(booking).model_copy(update={"revision": 0}))
    start = NOW - timedelta(days=5)
    services.simulation.simulate(services.flows.all()[0].id, sessions=sessions, start=start, end=NOW)
    return services.batches.summaries()[-1].id


def state(services: Services) -> object:
    """Return the report, goals and activities, and the ids of all events."""
    report = services.insights.report(Filters(span="all", include_test=True))
    goals = [goal.model_dump(mode="json") for goal in services.goals.all()]
    sessions = [f"log {number}.{place}" for number in range(3) for place in range(3)]
    happened = [one.model_dump_json() for session in sessions for one in services.activities.of_session_if_any(session)]
    return report, goals, services.activities.stats(), happened, ids(services.workspace.events)


def logged(services: Services, number: int) -> str:
    """Import some sessions as activities; the id of the batch, or "" where they were there already."""
    before = {one.id for one in services.batches.summaries()}
    path = services.workspace.path.parent / f"log {number}.csv"
    rows = [f"log {number}.{place},{name},2026-11-01T08:00:00Z" for place in range(3) for name in ("Begin", "Done")]
    path.write_text("\n".join(["case,activity,time", *rows]))
    services.imports.log([path], None, Columns("case", "activity", "time"))
    return next((one.id for one in services.batches.summaries() if one.id not in before), "")


def derived(services: Services) -> str:
    """Derive a goal; the id of the batch, or "" where nothing was new."""
    before = {one.id for one in services.batches.summaries()}
    services.deriving.derive(services.goals.get("Derived").id)
    return next((one.id for one in services.batches.summaries() if one.id not in before), "")


def rows(services: Services) -> list[tuple[str, int, int, int]]:
    return [(one.what, one.events, one.activities, one.goals) for one in services.batches.summaries()]


def test_everything_that_brings_events_in_is_a_batch(
    services: Services, new_services: Callable[..., Services], tmp_path: Path
) -> None:
    assert services.batches.summaries() == []
    simulated(services)
    first = services.batches.summaries()[0]
    assert first.what == "simulate Book a Flight: 20 conversations" and first.at == NOW
    assert first.events == services.workspace.events.stats().events and first.goals == 0
    bring(services, "Hotel", 0, 1)
    log = tmp_path / "log.csv"
    log.write_text("case,activity,time\n1,Begin,2026-11-01T08:00:00Z\n1,Done,2026-11-01T09:00:00Z\n")
    services.imports.log([log], "Logged", Columns("case", "activity", "time"))
    package = tmp_path / "goals.zip"
    services.packages.export(["Hotel"], package, with_events=True)
    assert rows(services)[1:] == [("import odata Hotel.json", 6, 0, 1), ("import log log.csv", 2, 0, 1)]
    other = new_services("other")
    other.packages.import_package(package)
    assert rows(other) == [("package import goals.zip", 6, 0, 1)]


def test_what_was_tracked_is_of_no_batch(services: Services) -> None:
    bring(services, "Hotel", 0)
    hotel = services.goals.get("Hotel")
    services.tracking.track("s", hotel.id, [hotel.steps[0].id], WEB)
    services.workspace.events.seal()
    assert rows(services) == [("import odata Hotel.json", 3, 0, 1)]


def test_an_event_is_of_the_batch_that_first_added_it(services: Services) -> None:
    first = bring(services, "Hotel", 0, 1)
    second = bring(services, "Hotel", 1, 2, 3)
    assert bring(services, "Hotel", 0, 1) == "", "nothing new is no batch"
    assert [(one.id, one.events) for one in services.batches.summaries()] == [(first, 6), (second, 6)]
    removed = services.batches.remove(first, confirm=first)
    assert (removed.events, removed.also_in) == (6, 2)
    assert removed.goals == () and [one.why for one in removed.stays] == ["it has 6 events that the batch did not add"]
    assert {one.split("-")[0] for one in ids(services.workspace.events)} == {"Hotel.2", "Hotel.3"}
    again = bring(services, "Hotel", 1, 2, 3)
    assert [(one.id, one.events) for one in services.batches.summaries()] == [(second, 6), (again, 3)]
    assert services.batches.remove(again, confirm=again).also_in == 0


def test_batches_survive_sealing_and_merging(services: Services) -> None:
    batches = {bring(services, f"Goal {number}", 0, 1): f"Goal {number}" for number in range(MERGE_AT + 1)}
    hotel = services.goals.get("Goal 0")
    for _ in range(2):
        services.tracking.track("s", hotel.id, [hotel.steps[0].id], WEB)
        services.workspace.events.seal()
    assert services.workspace.events.stats().parts <= 2
    assert {one.id: one.events for one in services.batches.summaries()} == dict.fromkeys(batches, 6)
    for batch, name in batches.items():
        if name != "Goal 0":
            assert services.batches.remove(batch, confirm=batch).goals == (name,)
    assert [goal.name for goal in services.goals.all()] == ["Goal 0"]
    assert len(ids(services.workspace.events)) == 8
    assert services.workspace.events.verify() == []


def test_what_was_removed_does_not_come_back_with_an_older_parts_json(services: Services) -> None:
    bring(services, "Hotel", 0)
    batch = bring(services, "Hotel", 1)
    catalog = services.workspace.events.path / "parts.json"
    older = catalog.read_bytes()
    services.batches.remove(batch, confirm=batch)
    left = ids(services.workspace.events)
    for content in (older, b"{}", None):
        catalog.unlink() if content is None else catalog.write_bytes(content)
        assert ids(services.workspace.events) == left
    assert services.workspace.events.verify() == []


@pytest.mark.parametrize("use", ["edited", "wired", "tracked"])
def test_a_goal_that_somebody_made_use_of_stays(services: Services, use: str) -> None:
    batch = bring(services, "Hotel", 0)
    hotel = services.goals.get("Hotel")
    if use == "edited":
        services.goals.save(hotel.model_copy(update={"description": "ours now"}))
    elif use == "wired":
        services.flows.save(flow("Stay", track(hotel, hotel.steps[0].name)).model_copy(update={"revision": 0}))
    else:
        services.tracking.track("s", hotel.id, [hotel.steps[0].id], WEB)
    removed = services.batches.remove(batch, confirm=batch)
    assert (removed.events, removed.goals) == (3, ())
    why = {
        "edited": "it was edited since",
        "wired": "it is wired in 'Stay'",
        "tracked": "it has 1 event that the batch did not add",
    }[use]
    assert [str(one) for one in removed.stays] == [f"The goal 'Hotel' stays: {why}"]
    assert services.goals.get("Hotel").id == hotel.id
    assert services.batches.summaries() == []


def test_goals_that_were_deleted_and_events_that_went_count_no_more(services: Services) -> None:
    bring(services, "Hotel", 0)
    bring(services, "Taxi", 0, 1)
    services.goals.delete("Taxi", confirm="Taxi")
    assert rows(services) == [("import odata Hotel.json", 3, 0, 1)]
    services.history.undo()
    assert rows(services) == [("import odata Hotel.json", 3, 0, 0)], "undo leaves the events"


def test_only_the_id_confirms(services: Services) -> None:
    batch = bring(services, "Hotel", 0)
    with pytest.raises(RefusedError, match="confirm with its id"):
        services.batches.remove(batch, confirm="Hotel")
    with pytest.raises(NotFoundError, match=batch):
        services.batches.remove(batch[:-1], confirm=batch[:-1])
    assert rows(services) == [("import odata Hotel.json", 3, 0, 1)]


def test_a_removed_goal_can_not_be_brought_back_by_undo(services: Services) -> None:
    batch = bring(services, "Hotel", 0)
    services.batches.remove(batch, confirm=batch)
    assert services.history.undo_label is None


BRINGS = ("Hotel 0 1", "Hotel 1 2", "Taxi 0", "simulate", "log 0", "log 1", "derive")
ACTIONS = (*BRINGS, "track", "seal", "lost")


def act(services: Services, action: str) -> str:
    """Do one thing; the id of the batch that it added, or ""."""
    if action == "simulate":
        count = len(services.batches.summaries())
        return simulated(services, 5 + count)
    if action.startswith("log"):
        return logged(services, int(action.split()[1]))
    if action == "derive":
        return derived(services)
    if action == "seal":
        services.workspace.events.seal()
        services.workspace.activities.seal()
    elif action == "lost":
        (services.workspace.events.path / "parts.json").unlink(missing_ok=True)
    elif action == "track":
        for goal in services.goals.all()[:1]:
            services.tracking.track("s", goal.id, [goal.steps[0].id], WEB)
    else:
        name, *cycles = action.split()
        return bring(services, name, *map(int, cycles))
    return ""


@pytest.mark.fuzz
@examples(10)
@given(before=st.lists(st.sampled_from(ACTIONS), max_size=4), brings=st.sampled_from(BRINGS),
       after=st.lists(st.sampled_from(["seal", "lost"]), max_size=2))  # fmt: skip
def test_removing_a_batch_gives_back_what_was_there(before: list[str], brings: str, after: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        services = make_services(Path(folder) / "workspace")
        if brings == "simulate" or "simulate" in before:
            booking = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
            services.flows.save(book_a_flight_flow(booking).model_copy(update={"revision": 0}))
        if "derive" in (brings, *before):
            made = services.goals.save(goal("Derived", "Begin", "◎Done").model_copy(update={"revision": 0}))
            for step in made.steps:
                services.goals.set_triggers(made.id, step.id, [Trigger(name=step.name)])
        for action in before:
            act(services, action)
        was, batches = state(services), services.batches.summaries()
        batch = act(services, brings)
        for action in after:
            act(services, action)
        if batch and batch not in {one.id for one in batches}:
            services.batches.remove(batch, confirm=batch)
        assert state(services) == was
        assert services.batches.summaries() == batches
        assert services.workspace.events.verify() == []
