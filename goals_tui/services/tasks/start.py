"""Starting a task of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from goals_tui.services.export_files import storable
from goals_tui.services.tasks.work import (
    CreatePackage,
    DeriveGoal,
    ImportEvents,
    ImportLog,
    ImportPackage,
    JobServices,
    Simulate,
    Sync,
)

if TYPE_CHECKING:
    from goals_tui.domain.package import OnConflict
    from goals_tui.services.imports.log_import import LogOptions
    from goals_tui.services.imports.log_rows import Columns
    from goals_tui.services.packages.plan import Answers
    from goals_tui.services.tasks.record import Task
    from goals_tui.services.tasks.service import Tasks


class TaskServices(JobServices, Protocol):
    """The services that tasks are started with."""

    @property
    def tasks(self) -> Tasks:
        """The tasks."""


def create_package(
    services: TaskServices, goals: Sequence[str], path: Path, *, with_events: bool = False, flows: Sequence[str] = ()
) -> Task:
    """Start a task that writes goals and flows (ids) as a package."""
    job = CreatePackage(goals=tuple(goals), flows=tuple(flows), path=storable(path), with_events=with_events)
    return services.tasks.start_job(f"Create package {path.name}", job)


def import_package(services: TaskServices, path: Path, on_conflict: OnConflict | Answers) -> Task:
    """Start a task that imports a package, with one decision for all conflicts or one for each by id."""
    answers = on_conflict if isinstance(on_conflict, str) else dict(on_conflict)
    job = ImportPackage(path=storable(path), on_conflict=answers)
    return services.tasks.start_job(f"Import package {path.name}", job)


def import_events(services: TaskServices, paths: Sequence[Path], duration_unit: str = "seconds") -> Task:
    """Start a task that imports goals and events in the original system's export format, from files or folders."""
    job = ImportEvents(paths=tuple(map(storable, paths)), duration_unit=duration_unit)
    names = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return services.tasks.start_job(f"Import events from {names}", job)


def import_log(
    services: TaskServices, path: Path, goal: str | None, columns: Columns | None, options: LogOptions
) -> Task:
    """Start a task that imports a log as events of a goal, or as activities if `goal` is None."""
    job = ImportLog(
        path=storable(path),
        goal=goal,
        columns=columns.told() if columns else None,
        initial=options.initial,
        completion=tuple(options.completion),
        time_format=options.time_format,
        object_type=options.object_type,
    )
    return services.tasks.start_job(f"Import {path.name}", job)


def derive(services: TaskServices, goal_id: str) -> Task:
    """Start a task that derives a goal from all activities."""
    return services.tasks.start_job(f"Derive {services.goals.get(goal_id).name}", DeriveGoal(goal_id=goal_id))


def simulate(services: TaskServices, flow_id: str, *, sessions: int, seed: int, start: datetime, end: datetime) -> Task:
    """Start a task that runs simulated conversations through a flow."""
    job = Simulate(flow_id=flow_id, sessions=sessions, seed=seed, start=start, end=end)
    return services.tasks.start_job(f"Simulate {services.flows.get(flow_id).name}", job)


def sync(services: TaskServices, source: str) -> Task:
    """Start a task that reads what is new at a source."""
    return services.tasks.start_job(f"Sync {source}", Sync(source=source))
