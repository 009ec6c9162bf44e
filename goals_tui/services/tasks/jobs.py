"""What a task does, as plain data: kept in its record, so that another program can do it again.

`JOBS` says for each kind of task what its data are, and `run` there what is done with them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.model import Instant, Model, reason
from goals_tui.domain.package import Decision, OnConflict
from goals_tui.domain.words import counted
from goals_tui.services.tasks.record import TaskKind, TaskResult

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.services.imports.result import ImportResult
    from goals_tui.services.tasks.service import TaskControl

_NAMED = 20
"""How many broken records a task names."""


class Job(Model):
    """The work of a task. Paths are absolute: the program that does it again may stand in another folder."""

    kind: ClassVar[TaskKind]

    def check(self, services: Services) -> None:
        """Raises GoalsError where what it needs is gone."""

    @abstractmethod
    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Do it. Raises GoalsError to fail, TaskCancelled where nobody wants it any more."""


class CreatePackage(Job):
    """Write goals and flows, by id, as a package (the seed's task *Create package*)."""

    kind = "create_package"
    goals: tuple[str, ...]
    flows: tuple[str, ...]
    path: Path
    with_events: bool

    def check(self, services: Services) -> None:
        """Its goals and flows, and the folder that it writes to."""
        for goal in self.goals:
            services.goals.get(goal)
        for flow in self.flows:
            services.flows.get(flow)
        if not self.path.parent.is_dir():
            raise UnreadableError(f"There is no folder {self.path.parent}.")

    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Export the package."""
        made = services.packages.export(
            self.goals, self.path, with_events=self.with_events, flows=self.flows, progress=control.progress
        )
        return TaskResult(made.summary(), made.path)


class ImportPackage(Job):
    """Bring a package in."""

    kind = "import_package"
    path: Path
    on_conflict: OnConflict | dict[str, Decision]

    def check(self, services: Services) -> None:
        """The package."""
        _check_there(self.path)

    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Import the package."""
        result = services.packages.import_package(self.path, self.on_conflict, progress=control.progress)
        return TaskResult(result.summary(), notices=result.notices)


class ImportEvents(Job):
    """Bring goals and events in, as the original system exports them: files or folders."""

    kind = "import_events"
    paths: tuple[Path, ...]
    duration_unit: str

    def check(self, services: Services) -> None:
        """The files."""
        for path in self.paths:
            _check_there(path)

    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Import goals and events."""
        result = services.imports.odata(self.paths, duration_unit=self.duration_unit, progress=control.progress)
        return TaskResult(result.summary(), notices=_worth_knowing(result))


class Seal(Job):
    """Turn the appended events into Parquet."""

    kind = "seal"

    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Seal the events."""
        sealed = services.workspace.events.seal(lambda fraction: control.progress(fraction, "Sealing"))
        return TaskResult(
            f"Sealed {counted(sealed.events, 'event')}." if sealed.events else "Everything is sealed already."
        )


class Simulate(Job):
    """Run conversations through a flow."""

    kind = "simulation"
    flow_id: str
    sessions: int
    seed: int
    start: Instant
    end: Instant

    def check(self, services: Services) -> None:
        """The flow."""
        services.flows.get(self.flow_id)

    def run(self, services: Services, control: TaskControl) -> TaskResult:
        """Talk to the flow."""
        result = services.simulation.simulate(
            self.flow_id,
            sessions=self.sessions,
            seed=self.seed,
            start=self.start,
            end=self.end,
            progress=control.progress,
        )
        return TaskResult(f"{counted(result.conversations, 'conversation')}, {counted(result.events, 'event')}.")


JOBS: Mapping[TaskKind, type[Job]] = {
    job.kind: job for job in (CreatePackage, ImportPackage, ImportEvents, Seal, Simulate)
}


def recorded(kind: TaskKind, document: Mapping[str, Any]) -> Job:
    """The job of a task's record; raises RefusedError for one that somebody changed wrongly."""
    try:
        return JOBS[kind].model_validate(document)
    except ValidationError as error:
        raise RefusedError(f"What it was to do can't be read from goals.json ({reason(error)}).") from None


def _check_there(path: Path) -> None:
    if not path.exists():
        raise UnreadableError(f"{path} is not there any more.")


def _worth_knowing(result: ImportResult) -> tuple[str, ...]:
    from goals_tui.services.imports.result import unpriced_text

    said = [f"{unpriced_text(goal, step)}." for goal, step in result.unpriced]
    said += [f"Missing: {missing}." for missing in result.incomplete]
    said += [f"Not used: {file.file} {file.why}." for file in result.unused if file.expected]
    named = [str(record) for record in result.broken[:_NAMED]]
    more = result.broken_total - len(named)
    return (*said, *named, *([f"Left out: {counted(more, 'more record')}."] if more else []))
