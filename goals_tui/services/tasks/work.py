"""Puts work into the background: packages, imports, sealing, simulation, each as a task with its title.

A path that is not valid UTF-8 is refused at once, with RefusedError: the record of a task could not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.package import OnConflict
from goals_tui.services.packages.paths import storable
from goals_tui.services.sealing import is_large
from goals_tui.services.tasks.jobs import CreatePackage, ImportEvents, ImportPackage, Seal, Simulate
from goals_tui.services.tasks.record import Task

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.services.packages.conflicts import Answers


def create_package(
    services: Services, goals: Sequence[str], path: Path, *, with_events: bool = False, flows: Sequence[str] = ()
) -> Task:
    """Write goals and flows, by id, as a package."""
    job = CreatePackage(goals=tuple(goals), flows=tuple(flows), path=storable(path), with_events=with_events)
    return services.tasks.start_job(f"Create package {path.name}", job)


def import_package(services: Services, path: Path, on_conflict: OnConflict | Answers) -> Task:
    """Bring a package in, with one answer to all conflicts or one for each by id."""
    answers = on_conflict if isinstance(on_conflict, str) else dict(on_conflict)
    job = ImportPackage(path=storable(path), on_conflict=answers)
    return services.tasks.start_job(f"Import package {path.name}", job)


def import_events(services: Services, paths: Sequence[Path], duration_unit: str = "seconds") -> Task:
    """Bring goals and events in, as the original system exports them: files or folders."""
    job = ImportEvents(paths=tuple(map(storable, paths)), duration_unit=duration_unit)
    names = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return services.tasks.start_job(f"Import events from {names}", job)


def seal(services: Services) -> Task:
    """Turn the appended events into Parquet."""
    return services.tasks.start_job("Seal events", Seal())


def seal_if_large(services: Services) -> Task | None:
    """Seal when the appended events are many; None when they are few or are being sealed. Costs a stat."""
    if not is_large(services) or any(task.kind == "seal" for task in services.tasks.running()):
        return None
    return seal(services)


def simulate(services: Services, flow_id: str, *, sessions: int, seed: int, start: datetime, end: datetime) -> Task:
    """Run conversations through a flow."""
    job = Simulate(flow_id=flow_id, sessions=sessions, seed=seed, start=start, end=end)
    return services.tasks.start_job(f"Simulate {services.flows.get(flow_id).name}", job)
