"""Jobs: the work of each kind of task, and how a job reports progress and is cancelled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import ValidationError

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.model import Instant, Model, reason
from goals_tui.domain.package import Decision, OnConflict
from goals_tui.format import plural
from goals_tui.services.tasks.record import TaskKind, TaskResult

if TYPE_CHECKING:
    from goals_tui.services.deriving import Deriving
    from goals_tui.services.events import Events
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import History
    from goals_tui.services.imports.result import ImportResult
    from goals_tui.services.imports.service import Imports
    from goals_tui.services.packages.service import Packages
    from goals_tui.services.simulation import Simulation
    from goals_tui.services.sync import Syncs


class JobServices(Protocol):
    """The services that jobs use."""

    @property
    def history(self) -> History:
        """The edits of documents."""

    @property
    def goals(self) -> GoalService:
        """Goals."""

    @property
    def flows(self) -> FlowService:
        """Flows."""

    @property
    def packages(self) -> Packages:
        """Packages."""

    @property
    def imports(self) -> Imports:
        """Imports."""

    @property
    def deriving(self) -> Deriving:
        """Derivation."""

    @property
    def events(self) -> Events:
        """The event log."""

    @property
    def simulation(self) -> Simulation:
        """Simulation."""

    @property
    def syncs(self) -> Syncs:
        """Sources."""


class TaskCancelled(Exception):
    """Raised inside the work of a cancelled task; never shown to the user."""


class TaskControl:
    """Progress reporting and cancellation for the work of a task."""

    def __init__(self, report: Callable[[float | None, str], None]) -> None:
        self._report = report
        self._cancelled = Event()

    @property
    def cancelled(self) -> bool:
        """True if the task was cancelled."""
        return self._cancelled.is_set()

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Report the share that is done (0 to 1, None if unknown). Raises TaskCancelled after a cancellation."""
        self.check()
        self._report(fraction, text)

    def check(self) -> None:
        """Raise TaskCancelled after a cancellation."""
        if self.cancelled:
            raise TaskCancelled

    def cancel(self) -> None:
        """Request that the work stops at its next check."""
        self._cancelled.set()


_NAMED = 20
"""Number of broken records that a task lists."""


class Job(Model):
    """The work of a task. Paths are absolute, because a process in another folder may start it again."""

    kind: ClassVar[TaskKind]

    def check(self, services: JobServices) -> None:
        """Raise GoalsError where something that the job needs no longer exists."""

    @abstractmethod
    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Do the work. Raises GoalsError to fail, TaskCancelled after a cancellation."""


class CreatePackage(Job):
    """Writes goals and flows as a package."""

    kind = "create_package"
    goals: tuple[str, ...]
    flows: tuple[str, ...]
    path: Path
    with_events: bool

    def check(self, services: JobServices) -> None:
        """Check that the goals, the flows and the target folder exist."""
        for goal in self.goals:
            services.goals.get(goal)
        for flow in self.flows:
            services.flows.get(flow)
        if not self.path.parent.is_dir():
            raise UnreadableError(f"There is no folder {self.path.parent}.")

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Export the package."""
        made = services.packages.export(
            self.goals, self.path, with_events=self.with_events, flows=self.flows, progress=control.progress
        )
        return TaskResult(made.summary(), made.path)


class ImportPackage(Job):
    """Imports a package."""

    kind = "import_package"
    path: Path
    on_conflict: OnConflict | dict[str, Decision]

    def check(self, services: JobServices) -> None:
        """Check that the package exists."""
        _check_there(self.path)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Import the package."""
        result = services.packages.import_package(self.path, self.on_conflict, progress=control.progress)
        return TaskResult(result.summary(), notices=result.notices)


class ImportEvents(Job):
    """Imports goals and events in the original system's export format, from files or folders."""

    kind = "import_events"
    paths: tuple[Path, ...]
    duration_unit: str

    def check(self, services: JobServices) -> None:
        """Check that the files exist."""
        for path in self.paths:
            _check_there(path)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Import goals and events."""
        result = services.imports.odata(self.paths, duration_unit=self.duration_unit, progress=control.progress)
        return TaskResult(result.summary(), notices=_worth_knowing(result))


class ImportLog(Job):
    """Imports a log as events of a goal, or as activities."""

    kind = "import_events"
    path: Path
    goal: str | None
    columns: dict[str, str] | None
    initial: str | None
    completion: tuple[str, ...]
    time_format: str | None
    object_type: str | None

    def check(self, services: JobServices) -> None:
        """Check that the file exists."""
        _check_there(self.path)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Import the log."""
        from goals_tui.services.imports.log_import import LogOptions
        from goals_tui.services.imports.log_rows import Columns

        options = LogOptions(
            initial=self.initial,
            completion=self.completion,
            time_format=self.time_format,
            object_type=self.object_type,
        )
        columns = Columns(**self.columns) if self.columns else None
        result = services.imports.log([self.path], self.goal, columns, options, progress=control.progress)
        guesses = (str(guess) for guess in result.guesses if guess.what == "time_zone")
        return TaskResult(result.summary(), notices=(*result.notes, *guesses, *_worth_knowing(result)))


class DeriveGoal(Job):
    """Derives a goal from all activities."""

    kind = "import_events"
    goal_id: str

    def check(self, services: JobServices) -> None:
        """Check that the goal exists."""
        services.goals.get(self.goal_id)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Derive the goal."""
        done = services.deriving.derive(self.goal_id, progress=control.progress)
        return TaskResult(f"{done.summary()}.", notices=tuple(done.left_out()))


class Seal(Job):
    """Seals the appended events."""

    kind = "seal"

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Seal the events."""
        sealed = services.events.seal(lambda fraction: control.progress(fraction, "Sealing"))
        return TaskResult(
            f"Sealed {plural(sealed.events, 'event')}." if sealed.events else "Everything is sealed already."
        )


class Simulate(Job):
    """Runs simulated conversations through a flow."""

    kind = "simulation"
    flow_id: str
    sessions: int
    seed: int
    start: Instant
    end: Instant

    def check(self, services: JobServices) -> None:
        """Check that the flow exists."""
        services.flows.get(self.flow_id)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Run the simulation."""
        result = services.simulation.simulate(
            self.flow_id,
            sessions=self.sessions,
            seed=self.seed,
            start=self.start,
            end=self.end,
            progress=control.progress,
        )
        return TaskResult(f"{plural(result.conversations, 'conversation')}, {plural(result.events, 'event')}.")


class Sync(Job):
    """Reads what is new at a source."""

    kind = "sync"
    source: str

    def check(self, services: JobServices) -> None:
        """Check that the source exists."""
        services.syncs.get(self.source)

    def run(self, services: JobServices, control: TaskControl) -> TaskResult:
        """Import what is new; what came before a failure of the source stays."""
        done = services.syncs.run(self.source, control.progress)
        said = [line for result in done.imports for line in _worth_knowing(result)]
        if done.problem:
            raise UnreadableError(f"{done.problem} Until then: {done.summary()}.")
        return TaskResult(f"{done.summary()}.", notices=tuple(said))


JOBS: tuple[type[Job], ...] = (CreatePackage, ImportPackage, ImportEvents, ImportLog, DeriveGoal, Seal, Simulate, Sync)
"""Every kind of job. Some share a kind of task, because version 0.1.0 can't read records of tasks of other kinds."""


def recorded(kind: TaskKind, document: Mapping[str, Any]) -> Job:
    """Return the job of a task's record. Raises RefusedError for an invalid one."""
    jobs = [job for job in JOBS if job.kind == kind]
    fitting = next((job for job in jobs if job.model_fields.keys() == document.keys()), jobs[0])
    try:
        return fitting.model_validate(document)
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
    return (*said, *named, *([f"Left out: {plural(more, 'more record')}."] if more else []))
