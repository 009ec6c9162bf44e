"""What goes into the background: packages, imports, sealing, simulation, each as a task with its title."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.package import OnConflict
from goals_tui.domain.words import counted
from goals_tui.services.tasks_record import Task, TaskResult
from goals_tui.store.event_append import APPENDED

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.services.imports_result import ImportResult
    from goals_tui.services.packages_plan import Answers
    from goals_tui.services.tasks import TaskControl

SEAL_FROM_BYTES = 16 * 1024 * 1024
"""From this size of the appended events on the app seals them by itself: reading them starts to take time."""


_NAMED = 20
"""How many broken records a task names."""


def create_package(
    services: Services, goals: Sequence[str], path: Path, *, with_events: bool = False, flows: Sequence[str] = ()
) -> Task:
    """Write goals and flows, by id, as a package (the seed's task *Create package*)."""

    def work(control: TaskControl) -> TaskResult:
        made = services.packages.export(goals, path, with_events=with_events, flows=flows, progress=control.progress)
        return TaskResult(made.summary(), made.path.absolute())

    return services.tasks.start(f"Create package {path.name}", "create_package", work)


def import_package(services: Services, path: Path, on_conflict: OnConflict | Answers) -> Task:
    """Bring a package in."""

    def work(control: TaskControl) -> TaskResult:
        result = services.packages.import_package(path, on_conflict, progress=control.progress)
        return TaskResult(result.summary(), notices=result.notices)

    return services.tasks.start(f"Import package {path.name}", "import_package", work)


def import_events(services: Services, paths: Sequence[Path], duration_unit: str = "seconds") -> Task:
    """Bring goals and events in, as the original system exports them: files or folders."""

    def work(control: TaskControl) -> TaskResult:
        result = services.imports.odata(paths, duration_unit=duration_unit, progress=control.progress)
        return TaskResult(result.summary(), notices=_broken(result))

    names = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return services.tasks.start(f"Import events from {names}", "import_events", work)


def seal(services: Services) -> Task:
    """Turn the appended events into Parquet."""

    def work(control: TaskControl) -> TaskResult:
        sealed = services.workspace.events.seal(lambda fraction: control.progress(fraction, "Sealing"))
        return TaskResult(
            f"Sealed {counted(sealed.events, 'event')}." if sealed.events else "Everything is sealed already."
        )

    return services.tasks.start("Seal events", "seal", work)


def seal_if_large(services: Services) -> Task | None:
    """Seal when the appended events are many; None when they are few or are being sealed. Costs a stat."""
    appended = services.workspace.events.path / APPENDED
    try:
        large = appended.stat().st_size >= SEAL_FROM_BYTES
    except OSError:
        # No events yet, or no way to read them: whoever needs them says so.
        return None
    if not large or any(task.kind == "seal" for task in services.tasks.running()):
        return None
    return seal(services)


def simulate(services: Services, flow_id: str, *, sessions: int, seed: int, start: datetime, end: datetime) -> Task:
    """Run conversations through a flow."""
    name = services.flows.get(flow_id).name

    def work(control: TaskControl) -> TaskResult:
        result = services.simulation.simulate(
            flow_id, sessions=sessions, seed=seed, start=start, end=end, progress=control.progress
        )
        return TaskResult(f"{counted(result.conversations, 'conversation')}, {counted(result.events, 'event')}.")

    return services.tasks.start(f"Simulate {name}", "simulation", work)


def _broken(result: ImportResult) -> tuple[str, ...]:
    named = [str(record) for record in result.broken[:_NAMED]]
    more = result.broken_total - len(named)
    return (*named, f"and {more:,} more records were left out.") if more else tuple(named)
