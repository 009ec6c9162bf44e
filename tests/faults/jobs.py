"""The jobs of the children of `server` in a workspace. Each acknowledges, after a call has returned, what must last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from goals_tui.domain.activity import Activity
from goals_tui.domain.errors import ConflictError
from goals_tui.domain.event import GoalEvent, source
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.services import odata_source
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.services.imports.log_rows import Columns
from tests.builders import goal, hex_id, uuid_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GOAL, OTHER = "Book a Flight", "Find a Hotel"

Acknowledge = Callable[[Any], None]


def opened(workspace: Path) -> Services:
    """The services of a process of its own: its ids are random, so that nobody else has them."""
    return open_services(workspace, clock=lambda: NOW, ids=Ids(), env={})


def event(goal: Goal, cycle: str, place: int) -> GoalEvent:
    """The event of a goal's step in a cycle; its id says both."""
    return GoalEvent(
        id=f"{cycle}-{place}",
        version=goal.version,
        timestamp=NOW - timedelta(days=1) + timedelta(seconds=place),
        goal_cycle_id=uuid_of(cycle),
        step_id=goal.steps[place].id,
        goal_id=goal.id,
        session_id=f"session-{cycle}",
    )


def attempt(goal: Goal, cycle: str) -> list[GoalEvent]:
    """A whole cycle: an event for each step."""
    return [event(goal, cycle, place) for place in range(len(goal.steps))]


def activities(session: str, count: int, names: Sequence[str] = ("Begin", "Choose", "Done")) -> list[Activity]:
    """Activities of a session, one a second; their ids say the session and their place."""
    start = NOW - timedelta(days=1)
    return [
        Activity(
            id=f"{session}-{place}",
            timestamp=start + timedelta(seconds=place),
            session_id=session,
            kind="tool",
            name=names[place % len(names)],
        )
        for place in range(count)
    ]


def append(workspace: Path, acknowledge: Acknowledge, *, name: str, count: int) -> None:
    """Append whole cycles, each in one call."""
    services = opened(workspace)
    goal = services.goals.get(GOAL)
    for number in range(count):
        events = attempt(goal, f"{name}.{number}")
        services.workspace.events.append(events)
        acknowledge([one.id for one in events])


def save(workspace: Path, acknowledge: Acknowledge, *, first: int, count: int) -> None:
    """A goal again and again: its description and that of each step say the same number."""
    services = opened(workspace)
    for number in range(first, first + count):
        goal = services.goals.get(GOAL)
        steps = tuple(step.model_copy(update={"description": f"state {number}"}) for step in goal.steps)
        services.goals.save(goal.model_copy(update={"description": f"state {number}", "steps": steps}))
        acknowledge(number)


def import_odata(workspace: Path, acknowledge: Acknowledge, *, folder: str) -> None:
    result = opened(workspace).imports.odata([Path(folder)])
    acknowledge([result.goals_added, result.events_added, result.events_known])


def sync(workspace: Path, acknowledge: Acknowledge, *, name: str) -> None:
    """Read what is new from an OData service, in chunks of eight records."""
    odata_source.CHUNK = 8
    done = opened(workspace).syncs.run(name, env={}, sleep=lambda seconds: None)
    assert not done.problem, done.problem
    acknowledge(name)


def import_csv(workspace: Path, acknowledge: Acknowledge, *, file: str, goal: str) -> None:
    result = opened(workspace).imports.log([Path(file)], goal, Columns("case", "activity", "time"))
    acknowledge([result.goals_added, result.events_added, result.events_known])


def remove_batch(workspace: Path, acknowledge: Acknowledge, *, place: int) -> None:
    batches = opened(workspace).batches
    batch = batches.summaries()[place].id
    batches.remove(batch, confirm=batch)
    acknowledge("removed")


def derive(workspace: Path, acknowledge: Acknowledge, *, goal: str) -> None:
    services = opened(workspace)
    done = services.deriving.derive(services.goals.get(goal).id)
    acknowledge([done.added, done.replaced, done.removed])


def import_activities(workspace: Path, acknowledge: Acknowledge, *, file: str) -> None:
    result = opened(workspace).imports.log([Path(file)], None, Columns("case", "activity", "time"))
    acknowledge([result.activities_added, result.activities_known])


def append_activities(workspace: Path, acknowledge: Acknowledge, *, name: str, count: int) -> None:
    """Activities, some at a time."""
    log = opened(workspace).workspace.activities
    for number in range(count):
        some = activities(f"{name}.{number}", 3)
        log.append(some)
        acknowledge([one.id for one in some])


def seal_activities(workspace: Path, acknowledge: Acknowledge) -> None:
    opened(workspace).workspace.activities.seal()
    acknowledge("sealed")


def seal(workspace: Path, acknowledge: Acknowledge) -> None:
    opened(workspace).workspace.events.seal()
    acknowledge("sealed")


def expire(workspace: Path, acknowledge: Acknowledge) -> None:
    done = opened(workspace).events.expire()
    acknowledge([done.events, done.activities])


def delete(workspace: Path, acknowledge: Acknowledge, *, goal: str) -> None:
    opened(workspace).goals.delete(goal, confirm=goal)
    acknowledge("deleted")


def delete_step(workspace: Path, acknowledge: Acknowledge, *, goal: str, place: int) -> None:
    services = opened(workspace)
    found = services.goals.get(goal)
    steps = tuple(step for number, step in enumerate(found.steps) if number != place)
    gone = found.steps[place].id
    services.goals.save(found.model_copy(update={"steps": steps}), delete_events_of={gone})
    acknowledge("deleted")


def import_package(workspace: Path, acknowledge: Acknowledge, *, package: str) -> None:
    opened(workspace).packages.import_package(Path(package), "replace")
    acknowledge("imported")


def export_package(workspace: Path, acknowledge: Acknowledge, *, package: str, goals: Sequence[str]) -> None:
    opened(workspace).packages.export(goals, Path(package), with_events=True)
    acknowledge("exported")


def export_events(workspace: Path, acknowledge: Acknowledge, *, file: str) -> None:
    opened(workspace).workspace.events.export(Path(file))
    acknowledge("exported")


def demo(workspace: Path, acknowledge: Acknowledge, *, cycles: int) -> None:
    """The demo made anew, with a goal and so many cycles instead of all that it holds."""
    from goals_tui.services.demo import filling, service

    def fill(path: Path, now: datetime, ids: Ids) -> int:
        services = create_workspace(path, name="Demo", clock=lambda: now, ids=ids, env={})
        one = services.goals.save(goal(GOAL, "Begin", "Choose", "◎Done").model_copy(update={"revision": 0}))
        for number in range(cycles):
            services.workspace.events.append(attempt(one, f"demo.{number}"))
        services.workspace.events.seal()
        return cycles

    filling.fill = fill
    service.make_demo(workspace, fresh=True, clock=lambda: NOW)
    acknowledge(cycles)


def save_settings(workspace: Path, acknowledge: Acknowledge, *, name: str) -> None:
    services = opened(workspace)
    services.project.save(services.project.get().model_copy(update={"name": name}))
    acknowledge("saved")


def report(workspace: Path, acknowledge: Acknowledge) -> None:
    acknowledge(opened(workspace).insights.report(Filters(span="all")).totals.started)


# -- many at once


def track_for(workspace: Path, acknowledge: Acknowledge, *, name: str, seconds: float) -> None:
    """Track whole cycles as fast as they go, and acknowledge all ids at the end."""
    services = opened(workspace)
    goal = services.goals.get(GOAL)
    steps = [step.id for step in goal.steps]
    origin, ids, until = source("Webchat", "en", None, None), [], time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        tracked = services.tracking.track(f"{name}.{number}", goal.id, steps, origin)
        assert not tracked.not_tracked
        ids += [one.id for one in tracked.events]
        number += 1
    acknowledge(ids)


def edit_for(workspace: Path, acknowledge: Acknowledge, *, name: str, seconds: float) -> None:
    """The same goal as others edit; acknowledges how often it was saved, and how often a conflict was named."""
    services = opened(workspace)
    saved, conflicts, until = 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        goal = services.goals.get(OTHER)
        try:
            services.goals.save(goal.model_copy(update={"description": f"{name} {saved}"}))
        except ConflictError:
            conflicts += 1
        else:
            saved += 1
    acknowledge([saved, conflicts])


def seal_for(workspace: Path, acknowledge: Acknowledge, *, seconds: float) -> None:
    services, until, sealed = opened(workspace), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        sealed += services.workspace.events.seal().events
    acknowledge(sealed)


def report_for(workspace: Path, acknowledge: Acknowledge, *, seconds: float) -> None:
    """Acknowledges what each report said: started, completed, partial, incomplete, and what was odd."""
    services, until = opened(workspace), time.monotonic() + seconds
    while time.monotonic() < until:
        found = services.insights.report(Filters(span="all", include_test=True))
        totals, odd = found.totals, found.health
        acknowledge(
            [totals.started, totals.completed, totals.partial, totals.incomplete, sum(odd.model_dump().values())]
        )


def check_for(workspace: Path, acknowledge: Acknowledge, *, seconds: float) -> None:
    """Acknowledges the codes that each check of the log found, and how many events and torn lines its figures say."""
    log, until = opened(workspace).workspace.events, time.monotonic() + seconds
    while time.monotonic() < until:
        found, stats = log.verify(), log.stats()
        acknowledge([[one.code for one in found], stats.events, stats.torn_lines])


JOBS: dict[str, Callable[..., None]] = {
    job.__name__: job
    for job in (
        append,
        save,
        import_odata,
        sync,
        import_csv,
        remove_batch,
        derive,
        import_activities,
        append_activities,
        seal_activities,
        seal,
        expire,
        delete,
        delete_step,
        import_package,
        export_package,
        export_events,
        demo,
        save_settings,
        report,
        track_for,
        edit_for,
        seal_for,
        report_for,
        check_for,
    )
}


def odata_records(name: str, cycles: int) -> list[dict[str, Any]]:
    """A goal as the original system exports it, with events of so many whole cycles."""
    goal_id, version = hex_id(f"goal {name}"), uuid_of(f"version {name}")
    kinds = ("start", None, "completion")
    records: list[dict[str, Any]] = [{"goalId": goal_id, "name": name, "version": version}]
    for place, kind in enumerate(kinds):
        step = {"goalStepId": hex_id(f"{name} {place}"), "name": f"Step {place}", "type": kind, "order": place}
        records.append({**step, "goalId": goal_id, "version": version})
    for number in range(cycles):
        for place in range(len(kinds)):
            moment = NOW - timedelta(hours=number, seconds=-place)
            records.append(
                {
                    "id": f"{name}.{number}-{place}",
                    "version": version,
                    "timestamp": moment.isoformat(),
                    "goalCycleId": uuid_of(f"{name} {number}"),
                    "stepId": hex_id(f"{name} {place}"),
                    "goalId": goal_id,
                    "sessionId": f"{name}-{number}",
                }
            )
    return records
